/* SPDX-License-Identifier: MIT */
/*
 * What happens between calls: guests write shared pages, touch memory and devices, handle their
 * interrupts; time passes; people type, pause and end VMs.
 */
#include <string.h>

#include "arch/esr.h"
#include "arch/cpu.h"
#include "calls/words.h"
#include "console/console.h"
#include "console/serial.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "memory/guest.h"
#include "memory/vm_pages.h"
#include "image.h"
#include "ktf.h"
#include "machine.h"
#include "mm/page.h"
#include "memory/vmem.h"
#include "record.h"
#include "exits/mmio.h"
#include "world.h"
#include "dev/intid.h"
#include "life/vm_life.h"
#include "sched/sched.h"
#include "virt/vtimer.h"
#include "vgic/vgic.h"

#define WORD_BYTES 8

/* ESR_EL2 of a data abort: the register is x1. */
#define ESR_SRT (UINT64_C(1) << 16)

static uint64_t word_of(const struct record *record)
{
    return record_word(record, 1, CALL_u64);
}

static void fill_entry(const struct record *record, struct vcpu *vcpu)
{
    struct stile_call_entry *entry = &vcpu->mailbox->calls[record->flip / 8 % STILE_MULTICALL_MAX];
    unsigned line = record_line(record);
    bool is_known = line < CALL_NR_LINES;

    entry->nr = is_known ? call_lines[line].nr : record->choice[0];
    for (unsigned i = 0; i < 6; i++)
        entry->x[i] = record_word(record, i, is_known ? call_lines[line].kinds[i] : CALL_u64);
}

/* Its bits and busy; or, once in a while, anything at all. */
static void write_mailbox(const struct record *record, struct vcpu *vcpu)
{
    uint64_t word = record->what % 2 ? word_of(record) : UINT64_MAX * (record->what / 2 % 2);
    size_t nr_words = record->flip % 16
                          ? offsetof(struct stile_mailbox, words[STILE_PORT_WORDS]) / WORD_BYTES
                          : sizeof(struct stile_mailbox) / WORD_BYTES;

    memcpy((char *)vcpu->mailbox + record->choice[0] % nr_words * WORD_BYTES, &word, WORD_BYTES);
}

/* Its indexes, a little further or anywhere; and some characters. */
static void write_ring(const struct record *record, struct vcpu *vcpu)
{
    struct stile_console_ring *ring = vcpu->vm->ring;
    uint32_t *fields[] = {&ring->out_produced, &ring->in_consumed, &ring->out_consumed,
                          &ring->out_sleeps,   &ring->in_produced, &ring->in_lost};
    uint32_t *field = fields[record->what % 6];

    *field = record->flip % 4 ? *field + record->choice[0] % 4096 : (uint32_t)word_of(record);
    memset(ring->out + record->choice[2] % STILE_CONSOLE_RING_OUT, record->choice[3] & 0xFF, 1);
}

static uint64_t address_of(const struct record *record)
{
    static const uint64_t pages[] = {VM_PAGE_IPA,       VM_VCPU_PAGE_IPA(1), VM_RING_IPA,
                                     VM_MAILBOX_IPA(0), VM_STOLEN_IPA,       VM_GICC_IPA};

    return record->what % 16 < 6 ? pages[record->what % 16] : record_word(record, 0, CALL_ipa);
}

/* The guest reads and writes where stage 2 lets it, once the hypervisor has answered its fault. */
static void touch(const struct record *record, struct vcpu *vcpu)
{
    ipa_t ipa = ipa_make(align_down(address_of(record), WORD_BYTES));
    struct stage2_mapping mapping;
    uint64_t word = word_of(record);
    enum vmem_fault found;

    do
        found = vmem_fault(vcpu->vm, ipa);
    while (found == VMEM_PART);
    if (found == VMEM_NOT_THERE)
        return;
    EXPECT_TRUE(stage2_lookup(&vcpu->vm->stage2, ipa, &mapping));
    EXPECT_EQ(mapping.attrs & STAGE2_FRESH, 0);
    if (mapping.attrs & STAGE2_DEVICE)
        return;
    memcpy(&vcpu->regs.x[1], page_va(mapping.pa), WORD_BYTES);
    if (mapping.attrs & STAGE2_WRITE)
        memcpy(page_va(mapping.pa), &word, WORD_BYTES);
}

static void access_device(const struct record *record, struct vcpu *vcpu)
{
    const struct mmio_map *map = &vcpu->vm->mmio;
    uint64_t esr = ABORT_ISV | ESR_SRT | (record->flip % 2 ? ABORT_WNR : 0);
    uint64_t width = record->choice[5] % 4;

    if (map->nr_regions == 0)
        return;
    const struct mmio_region *region = &map->regions[record->what % map->nr_regions];
    vcpu->regs.x[1] = word_of(record);
    (void)mmio_emulate(vcpu, region->base + align_down(record->choice[0] * 4 % region->bytes, 4),
                       esr | width << 22);
}

static void use_cpu(const struct record *record, struct vcpu *vcpu)
{
    switch (record->what % 6) {
    case 0: /* handles interrupts */
        machine_handle_interrupts(fake.cpu, record->choice[0]);
        break;
    case 1: /* takes all there are, of both groups */
        *machine_vmcr(fake.cpu) =
            0xF0u << GIC_VMCR_PMR_SHIFT | GIC_VMCR_GROUP0_ENABLE | GIC_VMCR_GROUP1_ENABLE;
        break;
    case 2:
        *machine_vmcr(fake.cpu) = (uint32_t)word_of(record);
        break;
    case 3: /* arms its virtual timer, which does not trap */
        write_sysreg(cntv_cval_el0, record_word(record, 0, CALL_ticks));
        write_sysreg(cntv_ctl_el0, record->choice[1] % 4);
        break;
    case 4:
        vtimer_write(vcpu, VTIMER_CVAL, record_word(record, 0, CALL_ticks));
        vtimer_write(vcpu, VTIMER_CTL, record->choice[1] % 4);
        vcpu->regs.x[1] = vtimer_read(vcpu, VTIMER_CTL);
        break;
    case 5:
        if (vcpu->vm->config.gic_version == 3)
            vgic_write_sgi1r(vcpu, word_of(record));
        break;
    }
}

/* --- what VMs are made of -------------------------------------------------------------------- */

static uint64_t image_bytes; /* of the last one */

void record_begin(void)
{
    image_bytes = 0;
}

uint64_t record_image_bytes(void)
{
    return image_bytes;
}

/* Changes a word of what the guest has there, to one at which a check may be missing. */
static void spoil(struct vm *vm, uint32_t where, uint32_t value)
{
    static const uint32_t words[] = {0, 1, 2, 3, 4, 9, 0x80000000, UINT32_MAX, 0x7FFFFFFF, 0x10000};
    uint32_t nr = sizeof(words) / sizeof(words[0]);
    ipa_t at = ipa_make(IMAGE_IPA + align_down(where % image_bytes, sizeof(uint32_t)));
    uint32_t word = value < 0x8000 ? value : words[value % nr];

    if (value % 4)
        word = __builtin_bswap32(word); /* as a tree has its numbers */
    (void)guest_write(vm, at, &word, value % 8 == 1 ? 1 : sizeof(word));
}

/* A sound one, or that with some words changed; or some more words of the last one. */
static void write_image(const struct record *record, struct vcpu *vcpu)
{
    static _Alignas(8) char image[IMAGE_BYTES_MAX];
    const uint16_t *choice = record->choice;
    unsigned nr_spoilt = record->flip % 4;

    if (image_bytes == 0 || record->what % 4 != 3) {
        image_bytes =
            image_make(image, (enum image_kind)(choice[0] % IMAGE_NR_KINDS), choice[0] / 16);
        (void)guest_write(vcpu->vm, ipa_make(IMAGE_IPA), image, image_bytes);
    }
    if (record->what % 4 < 2)
        return;
    for (unsigned i = 1; i < 1 + 2 * nr_spoilt && i < 5; i += 2)
        spoil(vcpu->vm, choice[i], choice[i + 1]);
}

void record_happens(const struct record *record, struct vcpu *vcpu)
{
    switch (record->kind % RECORD_NR_KINDS) {
    case RECORD_ENTRY:
        fill_entry(record, vcpu);
        break;
    case RECORD_MAILBOX:
        write_mailbox(record, vcpu);
        break;
    case RECORD_RING:
        write_ring(record, vcpu);
        break;
    case RECORD_TOUCH:
        touch(record, vcpu);
        break;
    case RECORD_DEVICE:
        access_device(record, vcpu);
        break;
    case RECORD_CPU:
        use_cpu(record, vcpu);
        break;
    case RECORD_IMAGE:
        write_image(record, vcpu);
        break;
    }
    world_exit();
}

/* --- from outside -------------------------------------------------------------------------- */

static void type(const struct record *record)
{
    memcpy(fake.typed, record->choice, sizeof(record->choice));
    fake.nr_typed = sizeof(record->choice);
    if (record->flip % 4 == 0)
        fake.typed[record->flip / 4 % sizeof(record->choice)] = CONSOLE_FOCUS_KEY;
    machine_interrupt(0, machine.uart_intid);
}

/* As the hypervisor's own console does. */
static void steer(const struct record *record)
{
    struct vm *vm = vm_get(record->choice[0] % CONFIG_NR_VMS);

    if (!vm)
        return;
    if (record->choice[1] % 16 == 0)
        vm_destroy(vm);
    else if (record->choice[1] % 4 == 1)
        vm_pause(vm);
    else
        vm_resume(vm);
    sched_release(vm);
}

void record_outside(const struct record *record)
{
    if (record->kind % RECORD_NR_KINDS == RECORD_TIME) {
        fake.now += UINT64_C(1) << record->what % 32;
        return;
    }
    switch (record->what % 5) {
    case 0:
        type(record);
        break;
    case 1:
        fake.serial_room = record->choice[0] % (SERIAL_BUFFER_BYTES + 1);
        fake.serial_stuck = record->flip % 2;
        machine_interrupt(1, machine.uart_intid);
        break;
    case 2:
        world_hoard(record->flip % 2 ? SIZE_MAX : record->choice[0] % 32);
        break;
    case 3: /* at boot, nothing else happens meanwhile */
        if (!fake.is_between)
            world_start_vm();
        break;
    case 4:
        steer(record);
        break;
    }
}
