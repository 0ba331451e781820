/* SPDX-License-Identifier: MIT */
/*
 * Boot, physical CPUs, and the machine's end: see world.h.
 *
 * A CPU that finds nothing to do would sleep in the scheduler until an interrupt comes. Here it
 * leaves the scheduler by longjmp(), and calls it again when there may be something. It does so,
 * too, after each step of a VM's end: what else happens comes between two of them.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "config/image.h"
#include "console/serial.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "edge.h"
#include "exits/irq.h"
#include "fakes/tree.h"
#include "hypercall/hypercall.h"
#include "ktf.h"
#include "lib/random.h"
#include "life/vcpu_life.h"
#include "life/vcpu_work.h"
#include "life/vm_end.h"
#include "life/vm_life.h"
#include "life/vm_make.h"
#include "machine.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "virt/events.h"
#include "vm/directory.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/remains.h"

/* A CPU that is still busy with interrupts after so many has hung. */
#define MANY 10000

static struct vcpu *guests[MACHINE_NR_CPUS]; /* what runs, or NULL: the CPU sleeps */
static void *hoard;                          /* pages taken from the pool, each leads to the next */
static size_t nr_pool;                       /* pages in it while there is no VM */
static bool is_waiting;                      /* a CPU waits for the others */

/* --- the hypervisor's data ----------------------------------------------------------------- */

static struct {
    char *begin;
    char *end;
    char *copy;
} sections[] = {
    {edge_data_begin, edge_data_end, NULL},
    {edge_bss_begin, edge_bss_end, NULL},
};

/* Word by word: there are red zones between variables, which memcpy() may not touch. */
__attribute__((no_sanitize("address"))) static void copy_words(char *to, const char *from,
                                                               const char *end)
{
    for (; from < end; from += sizeof(uint64_t), to += sizeof(uint64_t))
        *(volatile uint64_t *)to = *(const volatile uint64_t *)from;
}

static void restore_data(void)
{
    for (unsigned i = 0; i < 2; i++) {
        char *begin = sections[i].begin, *end = sections[i].end;

        if (sections[i].copy) {
            copy_words(begin, sections[i].copy, sections[i].copy + (end - begin));
            continue;
        }
        sections[i].copy = malloc((size_t)(end - begin));
        copy_words(sections[i].copy, begin, end);
    }
}

/* --- VMs ----------------------------------------------------------------------------------- */

static const struct image_header kernel = {.image_size = PAGE_SIZE, .magic = IMAGE_MAGIC};

static struct vm_files bundle[WORLD_NR_VMS];

static const struct tree_node memory_node = {
    .name = "memory@40000000", .reg = {WORLD_RAM, WORLD_RAM_BYTES}, .nr_regs = 1};
static const struct tree_node uart_node = {.name = "pl011@9000000",
                                           .compatible = "arm,pl011",
                                           .reg = {0x09000000, 0x1000},
                                           .nr_regs = 1,
                                           .interrupt = {0, 1, 4}};
static const struct tree_node gic_nodes[] = {
    [2] = {.name = "intc@8000000",
           .compatible = "arm,cortex-a15-gic",
           .reg = {0x08000000, 0x1000, 0x08010000, 0x2000},
           .nr_regs = 2},
    [3] = {.name = "intc@8000000",
           .compatible = "arm,gic-v3",
           .reg = {0x08000000, 0x10000, 0x080A0000, 0x40000},
           .nr_regs = 2},
};

size_t world_limit(void *tree)
{
    const fdt32_t quota[] = {cpu_to_fdt32(WORLD_QUOTA_MIB), cpu_to_fdt32(WORLD_QUOTA_VCPUS),
                             cpu_to_fdt32(WORLD_QUOTA_KIB)};

    EXPECT_EQ(fdt_open_into(tree, tree, TREE_BYTES), 0);
    EXPECT_EQ(fdt_setprop(tree, 0, "stile,privileged", quota, sizeof(quota)), 0);
    EXPECT_EQ(fdt_pack(tree), 0);
    return fdt_totalsize(tree);
}

/* The first is WORLD_NAME, privileged, and run by traps; the second has as little of the
 * hypervisor's memory as it may; the last has mailboxes in place of a GIC, and a quota for VMs that
 * it makes.
 */
static void make_bundle(uint32_t gic_version)
{
    static const char *const names[] = {"vm", "second", "third"};
    static _Alignas(8) char trees[WORLD_NR_VMS][TREE_BYTES];

    for (uint32_t i = 0; i < WORLD_NR_VMS; i++) {
        struct tree tree = {
            .mode = i == 0 ? "trap" : "paravirtual",
            .privileged = i == 0,
            .cells = {2, 2},
            .nr_cpus = WORLD_NR_VCPUS,
            .hv_memory_kib = i == 1 ? WORLD_LITTLE_KIB : 0,
            .nodes = {memory_node},
        };

        if (i < 2) {
            tree.nodes[1] = gic_nodes[gic_version];
            tree.nodes[2] = uart_node;
        }
        bundle[i] = (struct vm_files){
            .kernel = {&kernel, sizeof(kernel)},
            .dtb = {trees[i], tree_make(trees[i], &tree)},
        };
        strcpy(bundle[i].name, names[i]);
    }
    bundle[2].dtb.bytes = world_limit(trees[2]);
}

static bool is_running(const char *name)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->state != VM_OFF && strcmp(vm_slot(id)->config.name, name) == 0)
            return true;
    return false;
}

void world_start_vm(void)
{
    for (uint32_t i = 0; i < WORLD_NR_VMS; i++) {
        if (!is_running(bundle[i].name)) {
            struct vm *vm = vm_make_at_boot(&bundle[i]);
            if (vm)
                vm_start_at_boot(vm);
            return;
        }
    }
}

/* --- physical CPUs ------------------------------------------------------------------------- */

/* Has the CPU do what it has to, until it runs a guest again or sleeps. */
static void run(uint32_t cpu)
{
    struct vcpu *volatile vcpu = guests[cpu];

    fake.cpu = cpu;
    guests[cpu] = NULL;
    if (setjmp(fake.sleep) != 0) {
        if (!fake.serial_stuck)
            fake.serial_room = SERIAL_BUFFER_BYTES; /* meanwhile the UART sends */
        return;
    }
    if (!vcpu && pcpus[cpu].current) {
        /* It slept with a vCPU loaded; what was to be done then is still to be done. */
        vcpu = pcpus[cpu].current;
        vcpu_add_work(vcpu, VCPU_WORK_RESCHED | VCPU_WORK_VGIC);
    } else if (!vcpu) {
        vcpu = sched_enter();
    }
    guests[cpu] = vcpu->work ? vcpu_work(vcpu) : vcpu;
}

void world_exit(void)
{
    run(fake.cpu);
}

static void take_interrupts(uint32_t cpu)
{
    for (unsigned i = 0; machine_has_interrupt(cpu); i++) {
        fake.cpu = cpu;
        if (i == MANY)
            panic("cpu %u is not done with its interrupts", cpu);
        if (guests[cpu])
            irq_handle(guests[cpu]);
        run(cpu);
    }
}

void world_interrupts(void)
{
    for (uint32_t cpu = 0; cpu < MACHINE_NR_CPUS; cpu++)
        take_interrupts(cpu);
}

/* Called where one CPU waits, without a lock, until another has done something. */
void machine_wait(void)
{
    uint32_t self = fake.cpu;
    jmp_buf sleep;

    if (is_waiting || fake.is_between)
        longjmp(fake.abandon, 1);
    is_waiting = true;
    memcpy(&sleep, &fake.sleep, sizeof(sleep));
    for (uint32_t cpu = 0; cpu < MACHINE_NR_CPUS; cpu++) {
        if (cpu != self)
            take_interrupts(cpu);
    }
    memcpy(&fake.sleep, &sleep, sizeof(sleep));
    fake.cpu = self;
    is_waiting = false;
}

void world_visit(void (*visit)(struct vcpu *vcpu))
{
    uint32_t self = fake.cpu;
    jmp_buf sleep;

    memcpy(&sleep, &fake.sleep, sizeof(sleep));
    fake.cpu = (self + 1) % MACHINE_NR_CPUS;
    fake.is_between = true;
    if (guests[fake.cpu])
        visit(guests[fake.cpu]);
    fake.is_between = false;
    fake.cpu = self;
    memcpy(&fake.sleep, &sleep, sizeof(sleep));
}

/* Where a vCPU runs, or MACHINE_NR_CPUS. */
static uint32_t find_guest(const struct vcpu *vcpu)
{
    uint32_t cpu = 0;

    while (cpu < MACHINE_NR_CPUS && guests[cpu] != vcpu)
        cpu++;
    return cpu;
}

/* Lets others go first on the vCPU's CPU until it is its turn. */
static void wait_for_turn(struct vcpu *vcpu)
{
    for (unsigned i = 0; i < CONFIG_NR_VMS * WORLD_NR_VCPUS; i++) {
        uint32_t cpu = vcpu->pcpu->index;

        if (find_guest(vcpu) < MACHINE_NR_CPUS || vcpu->state != VCPU_READY)
            return;
        fake.cpu = cpu;
        fake.now += 10;
        if (guests[cpu])
            sched_let_others_run(guests[cpu]);
        run(cpu);
    }
}

struct vcpu *world_bring(uint32_t index_vm, uint32_t index)
{
    struct vm *vm = vm_slot(index_vm + 1);
    bool is_there = vm->state == VM_RUNNING && index < vm->config.nr_vcpus;

    if (is_there && vm->vcpus[index]->state == VCPU_BLOCKED)
        sched_wake(vm->vcpus[index], VCPU_BLOCKED);
    if (is_there && vm->vcpus[index]->state == VCPU_READY) {
        fake.cpu = 0;
        wait_for_turn(vm->vcpus[index]);
        fake.cpu = find_guest(vm->vcpus[index]);
        if (fake.cpu < MACHINE_NR_CPUS)
            return guests[fake.cpu];
    }
    for (fake.cpu = 0; fake.cpu < MACHINE_NR_CPUS; fake.cpu++) {
        run(fake.cpu);
        if (guests[fake.cpu])
            return guests[fake.cpu];
    }
    fake.cpu = 0;
    return NULL;
}

struct stile_result world_call(uint64_t fid, const uint64_t words[6])
{
    struct vcpu *vcpu = guests[fake.cpu];

    vcpu->regs.x[2] = vcpu->regs.x[3] = 0;
    struct hcall_result result =
        hypercall_dispatch(vcpu, words[0], words[1], words[2], words[3], words[4], words[5], fid);
    return (struct stile_result){result.status, {result.x1, vcpu->regs.x[2], vcpu->regs.x[3]}};
}

/* --- begin and end ------------------------------------------------------------------------- */

void world_hoard(uint64_t nr_left)
{
    while (page_nr_free() > nr_left) {
        void **page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

        *page = hoard;
        hoard = page;
    }
    while (hoard && page_nr_free() < nr_left) {
        void *next = *(void **)hoard;

        page_free(hoard, PAGE_ORDER_4K);
        hoard = next;
    }
}

void world_begin(uint32_t gic_version)
{
    uint8_t seed[MACHINE_RNG_SEED_BYTES] = {1};

    restore_data();
    machine_reset(gic_version);
    memset(guests, 0, sizeof(guests));
    hoard = NULL;
    is_waiting = false;
    nr_pool = page_nr_free();
    make_bundle(gic_version);
    random_init(seed, sizeof(seed));
    for (uint32_t i = 0; i < WORLD_NR_VMS; i++)
        world_start_vm();
    EXPECT_EQ(vm_end_nr_expected(), WORLD_NR_VMS);
}

static void destroy_all(void)
{
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        struct vm *vm = vm_get(i);

        if (vm) {
            vm_destroy(vm);
            sched_release(vm);
        }
    }
}

void world_end(void)
{
    /* Some may be about to start anew, and are destroyed after that. Each takes many steps. */
    fake.serial_stuck = false;
    for (unsigned i = 0; i < MANY; i++) {
        destroy_all();
        world_interrupts();
        run(i % MACHINE_NR_CPUS);
    }
    panic("a VM does not end");
}

static void expect_nothing_published(uint32_t vm_id)
{
    struct directory_entry entry;

    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++)
        EXPECT_EQ(directory_read(vm_id, i, &entry), STILE_NOT_FOUND);
}

/* What outlives VMs is kept until their numbers are used again. */
void world_ended(void)
{
    size_t nr_kept = 0;

    world_hoard(nr_pool);
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        EXPECT_EQ(vm_slot(id)->state, VM_OFF);
        expect_nothing_published(id);
        if (vm_slot(id)->remains)
            nr_kept += UINT64_C(1) << page_order(sizeof(struct remains));
    }
    EXPECT_EQ(page_nr_free() + nr_kept, nr_pool);
    EXPECT_EQ(page_nr_free_guest(), page_nr_guest());
    machine_is_clean();
}
