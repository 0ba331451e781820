/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM from its files to its end, in life/vm_life.c, vm_build.c and vm_end.c, with real
 * memory: what a step may do, what comes after what, and an end that comes at any step.
 */
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

static struct pcpu self;

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
    EXPECT_EQ(of->stage2.nr_owned, RAM_BYTES >> PAGE_SHIFT);
}

bool share_vm_gone(struct vm *of)
{
    EXPECT_EQ(of->stage2.nr_owned, RAM_BYTES >> PAGE_SHIFT);
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

static void setup(void)
{
    struct tree described = tree_default;

    described.initrd = 1;
    fake_memory();
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
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
    ASSERT_TRUE(vm_create(&files) == vm);
    vm_start(vm);
    ASSERT_EQ(vm->state, VM_RUNNING);
    memset(world.done, 0, sizeof(world.done));
    world.nr_done = 0;
}

KTF_SUITE(vm_end, .setup = setup);

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

/* Takes steps up to the last, or so many. Returns how many there were. */
static unsigned step(unsigned most)
{
    unsigned nr = 0;

    while (nr < most) {
        nr++;
        if (!vm->step(vm))
            break;
    }
    return nr;
}

static void expect_gone(void)
{
    EXPECT_EQ(vm->state, VM_OFF);
    EXPECT_EQ(world.nr_vcpus, 0);
    EXPECT_EQ(world.nr_attached, 0);
    EXPECT_EQ(page_nr_free_guest(), page_nr_guest());
    EXPECT_EQ(page_audit(), 0);
    EXPECT_EQ(vm->stage2.quota, 0);
    EXPECT_EQ(fake_windows_open, 0);
    EXPECT_EQ(vm_end_nr_expected(), 1);
}

static void expect_running(void)
{
    EXPECT_EQ(vm->state, VM_RUNNING);
    EXPECT_EQ(vm->nr_holds, 0);
    EXPECT_EQ(world.nr_attached, 1);
    EXPECT_EQ(vm->stage2.nr_owned, RAM_BYTES >> PAGE_SHIFT);
    EXPECT_EQ(vm_end_nr_expected(), 2);
}

static void expect_initrd(void)
{
    static uint8_t found[sizeof(initrd)];

    EXPECT_EQ(guest_read(vm, found, builds[0].load.initrd.base, sizeof(found)), sizeof(found));
    EXPECT_MEMEQ(found, initrd, sizeof(found));
}

/* --- tests --------------------------------------------------------------------------------- */

KTF_TEST(vm_end, an_end_goes_through_its_phases)
{
    end(VM_END_OFF);
    world.nr_shares = 2;
    EXPECT_LT(step(MANY), MANY);
    EXPECT_STREQ(world.done, "oaaadhhhp");
    EXPECT_TRUE(strstr(log_text, "vm: powered off") != NULL);
    expect_gone();
    EXPECT_EQ(outcome, 0);
}

KTF_TEST(vm_end, a_status_is_told_and_kept)
{
    vm_hold(vm);
    vm_power_off(vm->vcpus[0], 300);
    sched_release(vm);
    (void)step(MANY);
    EXPECT_TRUE(strstr(log_text, "vm: powered off, status 300") != NULL);
    EXPECT_EQ(vm->status, 300);
    EXPECT_EQ(outcome, 254);
    expect_gone();
}

KTF_TEST(vm_end, a_reboot_ends_in_a_vm_that_runs)
{
    for (unsigned i = 0; i < 3; i++) {
        memset(world.done, 0, sizeof(world.done));
        world.nr_done = 0;
        end(VM_END_REBOOT);
        EXPECT_LT(step(MANY), MANY);
        EXPECT_STREQ(world.done, "oaaadhps");
        expect_running();
        expect_initrd();
    }
    end(VM_END_OFF);
    (void)step(MANY);
    expect_gone();
}

KTF_TEST(vm_end, what_a_crash_left_is_kept_first)
{
    vm_hold(vm);
    vm_crash(vm->vcpus[0], "it had to");
    sched_release(vm);
    (void)step(MANY);
    EXPECT_STREQ(world.done, "okcaaadhp");
    EXPECT_EQ(world.nr_crash_rows, REMAINS_ROWS);
    expect_gone();
    EXPECT_EQ(outcome, 1);
}

/* Nobody but the VM itself waits for what is shown of its crash. */
KTF_TEST(vm_end, a_crash_is_shown_a_row_at_a_time)
{
    unsigned before = log_lines;

    vm_hold(vm);
    vm_crash(vm->vcpus[0], "it had to");
    sched_release(vm);
    EXPECT_EQ(log_lines, before);
    for (unsigned shown = 0; shown < REMAINS_ROWS;) {
        EXPECT_EQ(step(1), 1);
        EXPECT_LE(world.nr_crash_rows, shown + 1);
        shown = world.nr_crash_rows;
    }
    world.uart_ready = false;
    EXPECT_EQ(step(100), 100);
    EXPECT_EQ(log_lines, before);
    world.uart_ready = true;
    (void)step(MANY);
    expect_gone();
}

/* Pages that a step frees or takes, and bytes that it copies. */
KTF_TEST(vm_end, no_step_does_much)
{
    end(VM_END_REBOOT);
    for (bool more = true; more;) {
        uint64_t before = page_nr_free_guest();

        fake_cache_flushed = 0;
        more = vm->step(vm);
        uint64_t after = page_nr_free_guest();
        if (after > before)
            EXPECT_LE(after - before, 64 * 512); /* blocks: a descriptor each */
        EXPECT_LE(fake_cache_flushed, BLOCK_2M + 2 * PIECE_BYTES);
    }
    expect_running();
}

/* A VM of single pages is taken down in many steps, each of which frees few. */
KTF_TEST(vm_end, single_pages_go_a_few_at_a_time)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);

    for (uint64_t at = 0; at < RAM_BYTES; at += BLOCK_2M)
        EXPECT_EQ(stage2_protect_locked(locked, ipa_make(RAM + at), PAGE_SIZE, STAGE2_READ),
                  STILE_SUCCESS);
    stage2_unlock(locked);
    end(VM_END_OFF);
    for (bool more = true; more;) {
        uint64_t before = page_nr_free_guest();

        more = vm->step(vm);
        EXPECT_LE(page_nr_free_guest() - before, DESTROY_MOST / COST_LEAF);
    }
    expect_gone();
}

/* Whatever has been done of a reboot when somebody ends the VM: it ends, and leaves nothing. */
KTF_TEST(vm_end, a_reboot_is_ended_at_any_step)
{
    unsigned nr_steps = MANY;

    for (unsigned i = 0; i < nr_steps; i++) {
        setup();
        end(VM_END_REBOOT);
        unsigned done = step(i);
        if (vm->state == VM_RUNNING) {
            nr_steps = done;
            EXPECT_FALSE(vm_destroy_rebooting(vm));
            break;
        }
        EXPECT_TRUE(vm_destroy_rebooting(vm));
        EXPECT_FALSE(vm_destroy_rebooting(vm));
        EXPECT_LT(step(MANY), MANY);
        EXPECT_TRUE(strchr(world.done, 's') == NULL);
        expect_gone();
        EXPECT_EQ(outcome, 0);
    }
    EXPECT_GT(nr_steps, 20);
    EXPECT_LT(nr_steps, MANY);
}

/* The same where it runs again before the step that let it run has returned. */
KTF_TEST(vm_end, what_is_no_reboot_stays_so)
{
    EXPECT_FALSE(vm_destroy_rebooting(vm)); /* it runs */
    end(VM_END_OFF);
    EXPECT_FALSE(vm_destroy_rebooting(vm));
    (void)step(MANY);
    expect_gone();
    EXPECT_FALSE(vm_destroy_rebooting(vm));
}

KTF_TEST(vm_end, what_cannot_be_made_anew_is_refused_and_gone)
{
    world.no_controller = true;
    end(VM_END_REBOOT);
    (void)step(MANY);
    EXPECT_TRUE(strstr(log_text, "vm: cannot be started anew: there is no controller\n") != NULL);
    expect_gone();
    EXPECT_EQ(outcome, 1);
}

/* However little of its budget is left: it runs, or it is gone. */
KTF_TEST(vm_end, a_budget_that_is_used_up_leaves_nothing_half_done)
{
    for (size_t left = 0; left < 20; left++) {
        setup();
        end(VM_END_REBOOT);
        while (ends[0].phase != PHASE_BUILD)
            (void)vm->step(vm);
        void *hoard = fake_hoard(vm->id, left);
        while (vm->state == VM_UNREADY && ends[0].phase != PHASE_FREE)
            (void)vm->step(vm);
        fake_give_back(hoard); /* before its budget ends */
        if (vm->state == VM_RUNNING) {
            expect_running();
        } else {
            (void)step(MANY);
            expect_gone();
        }
    }
    EXPECT_EQ(vm->state, VM_RUNNING);
}

KTF_TEST(vm_end, lines_wait_for_the_uart_but_not_for_ever)
{
    end(VM_END_OFF);
    world.uart_ready = false;
    EXPECT_EQ(step(100), 100);
    EXPECT_EQ(log_lines, 1); /* of its creation */
    world.uart_ready = true;
    EXPECT_LT(step(MANY), MANY);
    expect_gone();

    setup();
    end(VM_END_OFF);
    world.uart_ready = false;
    EXPECT_LT(step(10 * POLLS_MOST), 10 * POLLS_MOST);
    expect_gone();
}

KTF_TEST(vm_end, after_the_last_one_the_machine_is_powered_off)
{
    nr_expected = 1;
    outcome = 3;
    end(VM_END_OFF);
    EXPECT_PANIC((void)step(MANY)); /* it is still on */
    EXPECT_TRUE(world.is_off);
    EXPECT_EQ(world.status, 3);
    EXPECT_EQ(page_audit(), 0);
}

/* Somebody who waits for one of its locks, for a VM that is gone, has to get it. */
KTF_TEST(vm_end, locks_outlive_a_slots_vm)
{
    end(VM_END_OFF);
    (void)step(MANY);
    struct spinlock *locks[] = {&vm->lock,        &vm->stage2.lock,  &vm->vgic.lock,
                                &vm->events.lock, &vm->console.lock, &vm->vuart.lock};
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        locks[i]->next = locks[i]->serving = 7;
    ASSERT_TRUE(vm_create(&files) == vm);
    EXPECT_EQ(vm->state, VM_UNREADY);
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        EXPECT_GE(locks[i]->next, 7);
    vm_start(vm);
    expect_running();
}

KTF_TEST(vm_end, those_that_are_made_count_before_they_start)
{
    ASSERT_TRUE(vm_create(&files) == &slots[1]);
    EXPECT_EQ(slots[1].state, VM_UNREADY);
    EXPECT_EQ(vm_end_nr_expected(), 3);
    end(VM_END_OFF);
    (void)step(MANY);
    EXPECT_EQ(vm->state, VM_OFF);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    vm_start(&slots[1]);
    EXPECT_EQ(slots[1].state, VM_RUNNING);
}

KTF_TEST(vm_end, one_that_is_refused_does_not_count)
{
    files.initrd.bytes = RAM_BYTES;
    EXPECT_NULL(vm_create(&files));
    EXPECT_TRUE(strstr(log_text, "vm: refused: initrd: it does not fit") != NULL);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    EXPECT_EQ(slots[1].number, 0);
    EXPECT_EQ(slots[1].state, VM_OFF);
    EXPECT_EQ(page_nr_guest() - page_nr_free_guest(), RAM_BYTES >> PAGE_SHIFT);
}

/* Whoever held it still when it was ended has come too late to pause it. */
KTF_TEST(vm_end, what_has_ended_is_not_paused)
{
    vm_hold(vm);
    vm_destroy(vm);
    vm_pause(vm);
    EXPECT_FALSE(vm->paused);
    EXPECT_FALSE(vm->vcpus[0]->paused);
    sched_release(vm);
    (void)step(MANY);
    expect_gone();
    EXPECT_TRUE(strstr(log_text, "vm: destroyed") != NULL);
}

/* Of two bridges, whose registers and interrupts are apart. */
KTF_TEST(vm_end, streams_are_one_vms)
{
    static struct vm_config a, b;

    a = b = (struct vm_config){.nr_devices = 1, .nr_streams = 0x100};
    a.devices[0].name = "pcie@1";
    b.first_stream = 0x100;
    EXPECT_STREQ(find_common(&a, &b), NULL);
    b.nr_streams = 0;
    b.first_stream = 0;
    EXPECT_STREQ(find_common(&a, &b), NULL);
    b.nr_streams = 0x200;
    EXPECT_STREQ(find_common(&a, &b), "pcie@1");
    a.first_stream = 0x100;
    EXPECT_STREQ(find_common(&a, &b), "pcie@1");
}
