/* SPDX-License-Identifier: MIT */
/*
 * life/vcpu_life.c: what is between one vCPU and the next on a physical CPU. What one has left in
 * TLBs and branch predictors serves no other; WFE traps while somebody waits for the CPU.
 */
#include <string.h>

#include "arch/tlb.h"

#include "life/vcpu_life.c"

#include "fakes/panic.h"
#include "ktf.h"

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = 2;
struct spinlock sched_lock;

static uint8_t stacks[2][64] __attribute__((aligned(16)));
static struct vm vms[2];
static struct vcpu vcpus[2][2]; /* of each VM */
static struct stile_vcpu_page page;
static unsigned nr_cleaned;
static const struct vcpu *masked; /* the last whose mailbox became all masked */
static bool wfe_traps;

/* --- the rest of EL2 ----------------------------------------------------------------------- */

uint32_t errata;

void predictor_clean(const struct pcpu *self)
{
    EXPECT_EQ(self, pcpu_self());
    nr_cleaned++;
}

void trap_control_load(const struct pcpu *pcpu, const struct vcpu *vcpu, bool contended)
{
    EXPECT_EQ(pcpu, vcpu->pcpu);
    wfe_traps = contended;
}

void mailbox_start(struct vcpu *vcpu)
{
    masked = vcpu;
}

/* What the tests have nothing to do with, by what it takes. */
#define NOTHING(name, type)                                                                        \
    void name(type of)                                                                             \
    {                                                                                              \
        (void)of;                                                                                  \
    }
#define NOTHING_MORE(name, type)                                                                   \
    void name(type of, uint32_t more)                                                              \
    {                                                                                              \
        (void)of;                                                                                  \
        (void)more;                                                                                \
    }

NOTHING(pvtime_update, struct vcpu *)
NOTHING(sched_start, struct vcpu *)
NOTHING(trap_control_put_fp, struct vcpu *)
NOTHING(vdebug_load, const struct vcpu *)
NOTHING(vdebug_reset, struct vcpu *)
NOTHING(vgic_flush, struct vcpu *)
NOTHING(vgic_load, struct vcpu *)
NOTHING(vgic_put, struct vcpu *)
NOTHING(vgic_vcpu_reset, struct vcpu *)
NOTHING(vpmu_load, struct vcpu *)
NOTHING(vpmu_put, struct vcpu *)
NOTHING(vpmu_reset, struct vcpu *)
NOTHING(vtimer_expire, struct vcpu *)
NOTHING(vtimer_reset, struct vcpu *)
NOTHING(el1_reset, struct el1_state *)
NOTHING(el1_restore, const struct el1_state *)
NOTHING(el1_save, struct el1_state *)
NOTHING_MORE(baseline_restore, const struct baseline_state *)
NOTHING_MORE(baseline_save, struct baseline_state *)
NOTHING_MORE(page_free, void *)

void el1_forbid_walks(void)
{
}

void vdebug_put(void)
{
}

void *page_alloc(uint32_t owner, unsigned order)
{
    (void)owner;
    (void)order;
    return NULL;
}

unsigned vsve_order(uint32_t bytes)
{
    (void)bytes;
    return 0;
}

struct pcpu *sched_place(uint64_t affinity)
{
    (void)affinity;
    return &pcpus[0];
}

struct vcpu *sched_switch(struct vcpu *previous)
{
    return previous;
}

/* --- tests --------------------------------------------------------------------------------- */

static void setup(void)
{
    memset(pcpus, 0, sizeof(pcpus));
    memset(vms, 0, sizeof(vms));
    for (uint32_t i = 0; i < nr_pcpus; i++) {
        pcpus[i].index = i;
        pcpus[i].stack_top = (uintptr_t)stacks[i] + sizeof(stacks[i]);
        list_init(&pcpus[i].run_queue);
    }
    for (uint32_t v = 0; v < 2; v++)
        for (uint32_t i = 0; i < 2; i++)
            vcpus[v][i] = (struct vcpu){
                .vm = &vms[v], .index = i, .page = &page, .vtimer.deadline = TIMER_NEVER};
    nr_cleaned = 0;
    fake_tlb_flushes = 0;
}

KTF_SUITE(vcpu_load, .setup = setup);

/* Loads a vCPU on a CPU; what that has flushed of the CPU's TLB and cleaned of its predictors. */
static unsigned load(uint32_t pcpu, struct vcpu *vcpu)
{
    unsigned flushed = fake_tlb_flushes;

    fake_sysreg_write("tpidr_el2", (uintptr_t)&pcpus[pcpu]);
    vcpu->pcpu = &pcpus[pcpu];
    vcpu_load(vcpu);
    vcpu_put(vcpu);
    return fake_tlb_flushes - flushed;
}

KTF_TEST(vcpu_load, what_another_vcpu_of_the_vm_left_in_the_tlb_is_flushed)
{
    EXPECT_EQ(load(0, &vcpus[0][0]), 1);
    EXPECT_EQ(load(0, &vcpus[0][0]), 0);
    EXPECT_EQ(load(0, &vcpus[0][1]), 1);
    EXPECT_EQ(load(0, &vcpus[1][0]), 1); /* the first of its VM there */
    EXPECT_EQ(load(0, &vcpus[0][1]), 0); /* others have a VMID of their own */
    EXPECT_EQ(load(1, &vcpus[0][1]), 1); /* each CPU has a TLB */
    EXPECT_EQ(load(0, &vcpus[0][0]), 1);
    EXPECT_EQ(load(1, &vcpus[0][1]), 0);
}

KTF_TEST(vcpu_load, predictors_are_cleaned_between_two_vms)
{
    static const struct {
        uint32_t pcpu, vm, vcpu;
        bool cleans;
    } loads[] = {
        {0, 0, 0, true}, {0, 0, 0, false}, {0, 0, 1, false}, {0, 1, 0, true},
        {1, 1, 1, true}, {1, 1, 0, false}, {0, 1, 0, false}, {0, 0, 0, true},
    };

    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        unsigned before = nr_cleaned;
        (void)load(loads[i].pcpu, &vcpus[loads[i].vm][loads[i].vcpu]);
        EXPECT_EQ(nr_cleaned - before, loads[i].cleans);
    }
}

KTF_TEST(vcpu_load, wfe_traps_while_another_waits)
{
    struct list_node waiting;

    (void)load(0, &vcpus[0][0]);
    EXPECT_FALSE(wfe_traps);
    list_push_back(&pcpus[0].run_queue, &waiting);
    (void)load(0, &vcpus[0][0]);
    EXPECT_TRUE(wfe_traps);
    (void)load(1, &vcpus[0][1]);
    EXPECT_FALSE(wfe_traps);
}

/* So that what is sent to a vCPU before it is on does not interrupt it then. */
KTF_TEST(vcpu_load, a_vcpu_that_was_never_on_has_all_masked)
{
    static struct stile_mailbox mailbox;
    struct vcpu *vcpu = &vcpus[0][1];

    vcpu->mailbox = &mailbox;
    vcpu_reset(vcpu);
    EXPECT_EQ(masked, vcpu);
}
