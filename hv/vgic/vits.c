/* SPDX-License-Identifier: MIT */
/*
 * The registers of a guest's ITS, and what of its redistributors is about LPIs (IHI 0069, 12.19 and
 * 12.11). It has no tables in memory: all that it maps is EL2's. Its queue is gone through a few
 * commands at a time, by whoever reads how far it is, and by an interrupt to oneself.
 */
#include <stddef.h>
#include <string.h>

#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/pcpu.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/mmio_map.h"
#include "vm/vits_state.h"

/* How many commands are done before the guest goes on; of those that take long, one. */
#define COMMANDS_A_TURN 8u

#define CBASER_PAGE     0x1000u
#define CBASER_WRITABLE (ITS_BASE_VALID | UINT64_C(0x7CE0000000000CFF) | ITS_BASE_ADDRESS)
#define WRITER_OFFSET   UINT32_C(0xFFFE0)

#define PROPBASER_WRITABLE UINT64_C(0x070FFFFFFFFFFF9F)
#define PENDBASER_WRITABLE UINT64_C(0x070FFFFFFFFF0F80)

/* 14 bits of INTID, whose number has the bits of 10 bits'. */
#define TYPER_LPIS                                                                                 \
    (GICD_TYPER_LPIS | 13u << GICD_TYPER_IDBITS_SHIFT |                                            \
     (31u - (uint32_t)__builtin_clz(VITS_NR_LPIS) - 1) << GICD_TYPER_NR_LPIS_SHIFT)

#define ENTRY_BYTES 8u /* of the guest's tables of events, which nobody uses */

/* --- the queue ----------------------------------------------------------------------------- */

static uint32_t queue_bytes(const struct vits *its)
{
    return ((uint32_t)(its->cbaser & ITS_BASE_PAGES) + 1) * CBASER_PAGE;
}

static bool has_commands(const struct vits *its)
{
    return its->enabled && (its->cbaser & ITS_BASE_VALID) && its->reader != its->writer &&
           its->writer < queue_bytes(its);
}

/* What cannot be read is no command. */
static enum vits_result run_one(struct vcpu *vcpu, const struct vits *its)
{
    uint64_t words[ITS_COMMAND_WORDS];
    ipa_t at = ipa_make((its->cbaser & ITS_BASE_ADDRESS) + its->reader);

    if (its->read(vcpu->vm, words, at, sizeof(words)) != sizeof(words))
        return VITS_DONE;
    return vits_command(vcpu, words);
}

static void run_some(struct vcpu *vcpu, struct vits *its)
{
    for (uint32_t nr = 0; nr < COMMANDS_A_TURN && has_commands(its); nr++) {
        enum vits_result result = run_one(vcpu, its);

        if (result == VITS_LATER)
            break;
        its->reader = (its->reader + ITS_COMMAND_BYTES) % queue_bytes(its);
        if (result == VITS_LONG)
            break;
    }
    __atomic_store_n(&its->has_more, has_commands(its), __ATOMIC_RELAXED);
    if (its->has_more)
        gic_send_sgi(pcpu_self()->index, IRQ_DEVICES);
}

void vits_go_on(struct vcpu *vcpu)
{
    struct vits *its = vits_of(vcpu->vm);

    if (!its)
        return;
    spin_lock(&its->lock);
    run_some(vcpu, its);
    spin_unlock(&its->lock);
}

/* --- registers ----------------------------------------------------------------------------- */

/* As many bits of DeviceIDs as the last one takes. */
static uint64_t its_typer(const struct vm *vm)
{
    uint64_t last = vm->config.its_devices.first + (uint64_t)vm->config.its_devices.nr - 1;
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(last | 1);

    return GITS_TYPER_PHYSICAL | (ENTRY_BYTES - 1) << GITS_TYPER_ITT_BYTES_SHIFT |
           (ITS_NR_EVENTS_LOG2 - 1) << GITS_TYPER_EVENTS_SHIFT |
           (bits - 1) << GITS_TYPER_DEVICES_SHIFT |
           (uint64_t)VITS_NR_COLLECTIONS << GITS_TYPER_HCC_SHIFT;
}

/* Part of a register of 64 bits, as an access of 4 or 8 bytes has it. */
static uint64_t part_of(uint64_t value, uint32_t offset)
{
    return value >> 8 * (offset & 4);
}

static uint64_t with_part(uint64_t before, uint32_t offset, uint32_t bytes, uint64_t value)
{
    uint32_t shift = 8 * (offset & 4);

    if (bytes == 8)
        return value;
    return (before & ~((uint64_t)UINT32_MAX << shift)) | value << shift;
}

static uint64_t read_word(struct vcpu *vcpu, struct vits *its, uint32_t offset)
{
    switch (offset) {
    case GITS_TYPER:
        return its_typer(vcpu->vm);
    case GITS_CBASER:
        return its->cbaser;
    case GITS_CWRITER:
        return its->writer;
    case GITS_CREADR:
        run_some(vcpu, its);
        return its->reader;
    default:
        return 0;
    }
}

static uint64_t read_its(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    struct vits *its = vits_of(vcpu->vm);
    uint64_t value;

    if (bytes < 4 || offset >= GITS_DOORBELL)
        return 0;
    spin_lock(&its->lock);
    if (offset == GITS_CTLR)
        value =
            (its->enabled ? GITS_CTLR_ENABLED : 0) | (has_commands(its) ? 0 : GITS_CTLR_QUIESCENT);
    else if (offset == GITS_IIDR)
        value = VGIC_IIDR;
    else if (offset == GICV3_PIDR2)
        value = 3 << 4 | VGIC_PIDR2;
    else
        value = part_of(read_word(vcpu, its, offset & ~7u), offset);
    spin_unlock(&its->lock);
    return value;
}

static void write_word(struct vits *its, uint32_t offset, uint32_t bytes, uint64_t value)
{
    switch (offset & ~7u) {
    case GITS_CBASER:
        if (its->enabled)
            break;
        its->cbaser = with_part(its->cbaser, offset, bytes, value) & CBASER_WRITABLE;
        its->reader = 0;
        break;
    case GITS_CWRITER:
        its->writer = (uint32_t)with_part(its->writer, offset, bytes, value) & WRITER_OFFSET;
        break;
    default:
        break;
    }
}

/* A vCPU is no device: what it writes to the doorbell means nothing. */
static void write_its(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct vits *its = vits_of(vcpu->vm);

    if (bytes < 4 || offset >= GITS_DOORBELL)
        return;
    spin_lock(&its->lock);
    if (offset == GITS_CTLR)
        its->enabled = value & GITS_CTLR_ENABLED;
    else
        write_word(its, offset, bytes, value);
    run_some(vcpu, its);
    spin_unlock(&its->lock);
}

static const struct mmio_ops its_ops = {.read = read_its, .write = write_its, .exit = EXIT_GICD};

void vits_init(struct vm *vm)
{
    const struct vm_device_range *range = vm_config_its(&vm->config);
    struct vits *its = vits_of(vm);

    if (!its || !range)
        return;
    memset((char *)its + offsetof(struct vits, enabled), 0,
           sizeof(*its) - offsetof(struct vits, enabled));
    vm->vgic.typer |= TYPER_LPIS;
    mmio_add(&vm->mmio, range->at.base, range->at.bytes, &its_ops);
    vlpi_show(vm, true);
}

/* --- redistributors ------------------------------------------------------------------------ */

bool vits_has_lpis_on(const struct vcpu *owner)
{
    return vits_of(owner->vm)->lpis_on & 1u << owner->index;
}

uint64_t vits_read_gicr(const struct vcpu *owner, uint32_t offset, uint32_t bytes)
{
    struct vits *its = vits_of(owner->vm);
    uint64_t value = 0;

    if (!its || bytes < 4)
        return 0;
    spin_lock(&its->lock);
    switch (offset & ~7u) {
    case GICR_PROPBASER:
        value = its->propbaser;
        break;
    case GICR_PENDBASER:
        value = its->pendbaser[owner->index];
        break;
    default:
        break;
    }
    spin_unlock(&its->lock);
    return part_of(value, offset);
}

static void start_lpis(struct vcpu *owner)
{
    spin_lock(&owner->vm->vgic.lock);
    vits_of(owner->vm)->lpis_on |= 1u << owner->index;
    owner->vgic.is_odd = true;
    vgic_request_refill(owner);
    spin_unlock(&owner->vm->vgic.lock);
}

/* Once LPIs are on they stay so; then there is one table of them for all. */
void vits_write_gicr(struct vcpu *owner, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct vits *its = vits_of(owner->vm);
    uint64_t *pending;

    if (!its || bytes < 4)
        return;
    spin_lock(&its->lock);
    pending = &its->pendbaser[owner->index];
    if (offset == GICR_CTLR && (value & GICR_CTLR_ENABLE_LPIS))
        start_lpis(owner);
    else if ((offset & ~7u) == GICR_PROPBASER && its->lpis_on == 0)
        its->propbaser = with_part(its->propbaser, offset, bytes, value) & PROPBASER_WRITABLE;
    else if ((offset & ~7u) == GICR_PENDBASER)
        *pending = with_part(*pending, offset, bytes, value) & PENDBASER_WRITABLE;
    spin_unlock(&its->lock);
}
