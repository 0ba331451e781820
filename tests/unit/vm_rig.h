/* SPDX-License-Identifier: MIT */
/*
 * A machine with a VM whose life is real, from its files to its end, with real memory; what else
 * EL2 has stands still, and notes what was done to it. Included by one file of a test.
 */
#ifndef VM_RIG_H
#define VM_RIG_H

#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/log.h"
#include "fakes/memory.h"
#include "fakes/panic.h"
#include "fakes/tree.h"

#include "config/dt.c"
#include "config/machine_device.c"
#include "config/vm_check.c"
#include "config/vm_device.c"
#ifdef CONFIG_ITS
#include "config/vm_its.c"
#endif
#include "config/vm_range.c"
#include "config/vm_sriov.c"
#include "config/vm_load.c"
#include "config/vm_node.c"
#include "config/vm_place.c"
#include "config/vm_tree.c"
#include "config/vm_virtio.c"
#include "mm/stage2.c"
#include "mm/stage2_map.c"

#include "memory/budget.c"
#include "memory/guest.c"
#include "memory/vmem.c"
#include "vm/refusal.c"

#include "life/vm_build.c"
#include "life/vm_devices.c"
#include "life/vm_msi.h"
#include "life/vm_end.c"
#include "life/vm_life.c"
#include "life/vm_make.c"
#include "life/vm_rights.c"
#include "hypercall/vm.c"

#include "ktf.h"

#define RAM       UINT64_C(0x40000000)
#define RAM_BYTES (8 * BLOCK_2M)

/* More steps than any end takes. */
#define MANY 10000

static struct vm slots[2]; /* the first two numbers */
static struct vm *vm = &slots[0];
static uint64_t tree[TREE_BYTES / 8];
static uint8_t kernel[0x54321];
static uint8_t initrd[0x345678];
static struct vm_files files;

struct pcpu pcpus[CONFIG_NR_PCPUS];

struct spinlock sched_lock;

/* What was done to the VM, a letter for each; and what the rest of EL2 is like. */
static struct {
    char done[64];
    size_t nr_done;
    unsigned nr_shares;
    unsigned nr_vcpus;
    unsigned nr_attached;
    bool uart_ready;
    unsigned nr_polls;
    unsigned nr_crash_rows;
    unsigned status; /* the machine was powered off with it */
    bool is_off;
    bool no_controller;
    char refused[256]; /* why the last one was that could not be made, or not anew */
} world;

static void note(char letter)
{
    if (world.nr_done < sizeof(world.done) - 1)
        world.done[world.nr_done++] = letter;
}

/* --- the rest of EL2 ----------------------------------------------------------------------- */

void vgic_link(struct vm *linked, uint32_t intid, uint32_t phys, bool edge)
{
    (void)intid;
    (void)phys;
    (void)edge;
    EXPECT_TRUE(linked == vm);
}

void vgic_unlink(struct vm *linked)
{
    EXPECT_TRUE(linked == vm);
}

void smmu_attach(uint32_t vm_id, uint32_t first, uint32_t nr, const struct smmu_tables *tables,
                 pa_t root)
{
    (void)vm_id;
    (void)first;
    (void)nr;
    (void)tables;
    (void)root;
}

void smmu_detach(uint32_t vm_id)
{
    (void)vm_id;
}

#ifdef CONFIG_ITS
/* No VM here has one. */
const char *vm_msi_check(const struct vm_config *config)
{
    return vm_config_its(config) ? "none" : NULL;
}

bool vm_msi_alloc(struct vm *any)
{
    return !vm_config_its(&any->config);
}

void vm_msi_free(struct vm *any)
{
    EXPECT_NULL(vm_config_its(&any->config));
}

bool vm_msi_map(struct vm *any)
{
    return !vm_config_its(&any->config);
}

void vm_msi_stop(struct vm *any)
{
    EXPECT_NULL(vm_config_its(&any->config));
}
#endif

const char *sriov_check(const struct vm_config *config)
{
    (void)config;
    return NULL;
}

const char *vpci_init(struct vm *owner)
{
    (void)owner;
    return NULL;
}

uint32_t vpci_quiet(const struct vm *owner)
{
    (void)owner;
    return 0;
}

void vpci_attach(const struct vm *owner, void *context)
{
    (void)owner;
    (void)context;
}

bool smmu_next_event(struct smmu_event *event)
{
    (void)event;
    return false;
}

bool smmu_end_stream(uint32_t stream)
{
    (void)stream;
    return false;
}

const struct gic_ops *gic;

uint32_t pci_quiet_bus(pa_t config)
{
    (void)config;
    return 0;
}

uint32_t nr_pcpus = 1;

struct vm *vm_slot(uint32_t id)
{
    static struct vm others[CONFIG_NR_VMS];

    if (id - 1 >= CONFIG_NR_VMS)
        return NULL;
    if (id <= 2)
        return &slots[id - 1];
    others[id - 1].state = VM_RUNNING; /* not to be had */
    return &others[id - 1];
}

struct vm *vm_get(uint32_t index)
{
    struct vm *of = index < 2 ? &slots[index] : NULL;

    if (of && of->state != VM_RUNNING)
        of = NULL;
    if (of)
        vm_hold(of);
    return of;
}

struct vm *vm_get_numbered(uint32_t number)
{
    for (uint32_t i = 0; i < 2; i++)
        if (slots[i].number == number)
            return vm_get(i);
    return NULL;
}

struct vm *vm_get_steered(const struct vm *by, uint32_t number)
{
    struct vm *of = vm_get_numbered(number);

    if (of && vm_may_steer(by, of))
        return of;
    if (of)
        sched_release(of);
    return NULL;
}

bool vm_exists(uint32_t number)
{
    return (slots[0].number == number && slots[0].state != VM_OFF) ||
           (slots[1].number == number && slots[1].state != VM_OFF);
}

bool vm_is_named(const char name[STILE_VM_NAME_BYTES])
{
    return (strcmp(slots[0].config.name, name) == 0 && slots[0].state != VM_OFF) ||
           (strcmp(slots[1].config.name, name) == 0 && slots[1].state != VM_OFF);
}

void vm_give_number(struct vm *of)
{
    of->number = ++of->nr_uses << 8 | of->id;
}

struct pcpu *sched_place(uint64_t affinity)
{
    static char any;

    return affinity ? (struct pcpu *)(void *)&any : NULL;
}

struct vcpu *vcpu_create(struct vm *of, uint32_t index)
{
    struct vcpu *made = page_alloc(of->id, 1);

    if (!made)
        return NULL;
    made->vm = of;
    made->index = index;
    world.nr_vcpus++;
    return made;
}

void vcpu_reset(struct vcpu *vcpu)
{
    EXPECT_EQ(vcpu->vm->state == VM_RUNNING, false);
}

void vcpu_destroy(struct vcpu *vcpu)
{
    world.nr_vcpus--;
    page_free(vcpu, 1);
}

enum vcpu_start_result vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    char found[16];

    EXPECT_EQ(vcpu->vm->state, VM_RUNNING);
    EXPECT_EQ(guest_read(vcpu->vm, found, ipa_make(entry), sizeof(found)), sizeof(found));
    EXPECT_MEMEQ(found, kernel, sizeof(found));
    EXPECT_TRUE(context > entry);
    note('s');
    return VCPU_STARTED;
}

void sched_remove(struct vcpu *vcpu)
{
    vcpu->state = VCPU_STOPPED;
}

void sched_set_paused(struct vcpu *vcpu, uint32_t reason, bool paused)
{
    vcpu->paused = paused ? (uint8_t)reason : 0;
}

void sched_set_weight(struct vcpu *vcpu, uint32_t weight)
{
    vcpu->weight = weight;
}

void sched_set_affinity(struct vcpu *vcpu, uint64_t affinity)
{
    vcpu->affinity = affinity;
}

/* As the real one: what runs the steps is the test. */
void sched_release_last(struct vm *of)
{
    if (of->state == VM_ENDING && of->nr_holds == 0)
        of->state = VM_UNREADY;
}

uint64_t sched_online(void)
{
    return 3;
}

/* As that, of a VM that is being made. */
void sched_begin_steps(struct vm *of)
{
    EXPECT_EQ(of->state, VM_UNREADY);
    note('b');
}

bool vring_flush(struct vm *of, struct console_turn *turn)
{
    EXPECT_NE(turn->left, 0);
    if (of->state != VM_RUNNING)
        note('o');
    return true;
}

bool console_hv_ready(void)
{
    world.nr_polls += !world.uart_ready;
    return world.uart_ready;
}

bool advisor_print_row(const struct vm *of, uint32_t row)
{
    EXPECT_TRUE(of->vcpus[0] != NULL);
    note('a');
    return row < 2;
}

void console_attach(struct vm *of)
{
    EXPECT_EQ(of->nr_holds, 1); /* nobody takes it down meanwhile */
    world.nr_attached++;
}

void console_detach(struct vm *of)
{
    EXPECT_TRUE(of->vcpus[0] != NULL);
    world.nr_attached--;
    note('d');
}

void share_vm_started(struct vm *of)
{
    EXPECT_EQ(of->stage2.nr_owned, vm_config_pages(&of->config));
}

bool share_vm_gone(struct vm *of)
{
    EXPECT_EQ(of->stage2.nr_owned, vm_config_pages(&of->config));
    note('h');
    return world.nr_shares > 0 && world.nr_shares--;
}

void directory_vm_gone(uint32_t vm_id)
{
    (void)vm_id;
}

void events_vm_gone(struct vm *of)
{
    (void)of;
    note('p');
}

void events_vms_changed(void)
{
}

bool vm_pages_alloc(struct vm *of)
{
    of->page = page_alloc(of->id, PAGE_ORDER_4K);
    return of->page != NULL;
}

enum stile_error vm_pages_show(struct vm *of)
{
    return stage2_map_pool(&of->stage2, ipa_make(VM_SHARED_IPA), of->page, STAGE2_READ);
}

void vm_pages_free(struct vm *of)
{
    if (of->page)
        page_free(of->page, PAGE_ORDER_4K);
    of->page = NULL;
}

enum stile_error pvtime_init(struct vm *of)
{
    (void)of;
    return STILE_SUCCESS;
}

void pvtime_free(struct vm *of)
{
    (void)of;
}

const char *controller_init(struct vm *of)
{
    (void)of;
    return world.no_controller ? "there is no controller" : NULL;
}

void vconsole_init(struct vm *of)
{
    (void)of;
}

void vuart_init(struct vm *of)
{
    (void)of;
}

void vrtc_init(struct vm *of)
{
    (void)of;
}

void vslots_init(struct vm *of)
{
    (void)of;
}

bool virtio_alloc(struct vm *of)
{
    (void)of;
    return true;
}

void virtio_free(struct vm *of)
{
    (void)of;
}

void virtio_init(struct vm *of)
{
    (void)of;
}

void virtio_start(struct vm *of)
{
    (void)of;
}

void vm_backends_say(const struct vm *of)
{
    (void)of;
}

void vm_backends_started(struct vm *of)
{
    (void)of;
}

void vm_backends_leave(const struct vm *of)
{
    (void)of;
}

void vm_backends_gone(struct vm *of)
{
    (void)of;
}

void vflash_init(struct vm *of)
{
    (void)of;
}

void permit_first(struct vm *of)
{
    of->minor = 0;
}

void vcache_reset(struct vm *of)
{
    of->hcr = of->config.mode;
}

uint32_t vsve_bytes(const struct vm_config *config)
{
    (void)config;
    return 0;
}

unsigned vsve_order(uint32_t bytes)
{
    return bytes;
}

uint64_t trap_control_mdcr(bool pmu)
{
    return pmu;
}

bool remains_init(struct vm *of)
{
    (void)of;
    return true;
}

void remains_keep(struct vm *of)
{
    EXPECT_EQ(of->end, VM_END_CRASH);
    note('k');
}

void remains_note(const struct vcpu *vcpu, const char *why)
{
    (void)vcpu;
    (void)why;
}

void remains_refuse(struct vm *of, const char *why)
{
    (void)of;
    (void)snprintf(world.refused, sizeof(world.refused), "%s", why);
}

void remains_report_row(const struct vm *of, uint32_t row)
{
    EXPECT_EQ(of->end, VM_END_CRASH);
    EXPECT_EQ(row, world.nr_crash_rows++);
    if (row == 0)
        note('c');
}

void vid_show(struct vm *of)
{
    (void)of;
}

uint64_t vid_read(const struct vm *of, uint32_t index)
{
    (void)of;
    (void)index;
    return 0;
}

void flight_print_longest(void)
{
}

bool complain_may_report(struct vm *of)
{
    (void)of;
    return true;
}

void complain_finish(struct vm *of)
{
    (void)of;
}

void power_off(uint32_t status)
{
    world.is_off = true;
    world.status = status;
}

/* --- a machine with a VM ------------------------------------------------------------------- */

static void rig_setup(void)
{
    struct tree described = tree_default;

    described.initrd = 1;
    fake_memory();
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&pcpus[0]);
    memset(slots, 0, sizeof(slots));
    memset(&world, 0, sizeof(world));
    memset(ends, 0, sizeof(ends));
    memset(builds, 0, sizeof(builds));
    nr_expected = outcome = 0;
    committed = 0;
    world.uart_ready = true;
    for (size_t i = 0; i < sizeof(kernel); i++)
        kernel[i] = (uint8_t)fake_random();
    for (size_t i = 0; i < sizeof(initrd); i++)
        initrd[i] = (uint8_t)fake_random();
    *(struct image_header *)(void *)kernel =
        (struct image_header){.image_size = 0x80000, .flags = 0xA, .magic = IMAGE_MAGIC};
    files = (struct vm_files){
        .name = "vm",
        .kernel = {kernel, sizeof(kernel)},
        .dtb = {tree, tree_make(tree, &described)},
        .initrd = {initrd, sizeof(initrd)},
    };
    machine.gic_version = 3;
    log_clear();
    vm_end_expect(); /* another one, so that the machine stays on */
    ASSERT_TRUE(vm_make_at_boot(&files) == vm);
    vm_start_at_boot(vm);
    ASSERT_EQ(vm->state, VM_RUNNING);
    memset(world.done, 0, sizeof(world.done));
    world.nr_done = 0;
}

/* Its only vCPU ends it, and is put. */
static void end(enum vm_end how)
{
    vm_hold(vm);
    vm_stop(vm->vcpus[0], how);
    EXPECT_EQ(vm->state, VM_ENDING);
    EXPECT_EQ(vm->vcpus[0]->state, VCPU_STOPPED);
    sched_release(vm);
    EXPECT_EQ(vm->state, VM_UNREADY);
}

/* Takes steps of a VM, as the scheduler does, up to the last, or so many. Returns how many. */
static unsigned step_of(struct vm *of, unsigned most)
{
    unsigned nr = 0;

    while (nr < most) {
        nr++;
        if (!of->step(of))
            break;
    }
    return nr;
}

static unsigned step(unsigned most)
{
    return step_of(vm, most);
}

#endif
