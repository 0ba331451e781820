/* SPDX-License-Identifier: MIT */
/*
 * Group irq: an IPI to several vCPUs; enabling, priorities and asking by call. The same with
 * either interrupt controller.
 */
#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS 3000
#define SPI      82
#define PPI      22
#define SGI      5

#define URGENT     0x40
#define NOT_URGENT 0xA0

KTF_SUITE(hc_irq_state, .suite_setup = support_need_hypervisor);

static uint32_t taken;
static uint32_t cpus_seen; /* that took one, a bit for each */

static void note(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    __atomic_fetch_or(&cpus_seen, 1u << smp_cpu()->index, __ATOMIC_RELAXED);
    __atomic_fetch_add(&taken, 1, __ATOMIC_RELEASE);
}

static uint32_t nr_taken(void)
{
    return __atomic_load_n(&taken, __ATOMIC_ACQUIRE);
}

static void listen(uint32_t intid)
{
    taken = 0;
    cpus_seen = 0;
    irq_register(intid, note, NULL);
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

static void expect_done(struct stile_result result)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
}

static uint64_t flags_of(uint32_t cpu, uint32_t intid)
{
    struct stile_result result = stile_irq_query(stile_vcpu_id(cpu), stile_intid(intid));

    expect_done(result);
    return result.value[0];
}

/* --- several at once --- */

KTF_TEST(hc_irq_state, one_ipi_reaches_all_vcpus)
{
    uint32_t all = (1u << machine.nr_cpus) - 1;

    listen(SGI);
    for (uint32_t i = 1; i <= 10; i++) {
        expect_done(stile_irq_ipi_set(stile_vcpu_set(all), stile_intid(SGI)));
        ASSERT_TRUE(support_wait(nr_taken() == i * machine.nr_cpus, LIMIT_MS));
    }
    EXPECT_EQ(cpus_seen, all);
    irq_register(SGI, NULL, NULL);
}

static uint32_t nr_bits(uint32_t set)
{
    uint32_t count = 0;

    for (; set; set &= set - 1)
        count++;
    return count;
}

KTF_TEST(hc_irq_state, one_ipi_reaches_no_others)
{
    for (uint32_t targets = 1; targets < 1u << machine.nr_cpus; targets++) {
        listen(SGI);
        expect_done(stile_irq_ipi_set(stile_vcpu_set(targets), stile_intid(SGI)));
        EXPECT_TRUE(support_wait(nr_taken() == nr_bits(targets), LIMIT_MS));
        EXPECT_EQ(cpus_seen, targets);
    }
    irq_register(SGI, NULL, NULL);
}

KTF_TEST(hc_irq_state, ipi_set_refuses_what_there_is_not)
{
    uint64_t beyond = UINT64_C(1) << machine.nr_cpus;

    expect_bad(stile_irq_ipi_set(stile_vcpu_set(0), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(beyond), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(beyond | 1), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(UINT64_C(1) << 63), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(UINT64_MAX), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(1), stile_intid(16)), 2);
    expect_bad(stile_irq_ipi_set(stile_vcpu_set(1), stile_intid(UINT32_MAX)), 2);
}

/* --- enabling --- */

static void expect_it_waits(uint32_t cpu, uint32_t intid)
{
    stile_vcpu_id_t target = stile_vcpu_id(cpu);

    EXPECT_EQ(flags_of(cpu, intid), STILE_IRQ_ENABLED);
    expect_done(stile_irq_mask(target, stile_intid(intid)));
    EXPECT_EQ(flags_of(cpu, intid), 0);
    expect_done(stile_irq_inject(target, stile_intid(intid)));
    EXPECT_EQ(flags_of(cpu, intid), STILE_IRQ_PENDING);
    thread_sleep_ms(2);
    EXPECT_EQ(nr_taken(), 0);
    expect_done(stile_irq_unmask(target, stile_intid(intid)));
    EXPECT_TRUE(support_wait(nr_taken() == 1, LIMIT_MS));
    /* Its CPU may not have ended it yet. */
    EXPECT_TRUE(support_wait(flags_of(cpu, intid) == STILE_IRQ_ENABLED, LIMIT_MS));
}

KTF_TEST(hc_irq_state, a_masked_spi_waits)
{
    listen(SPI);
    expect_it_waits(0, SPI);
    irq_unregister(SPI);
    EXPECT_EQ(flags_of(0, SPI), 0);
}

/* On whichever CPU this thread is at first, whatever CPU makes the calls. */
KTF_TEST(hc_irq_state, a_masked_ppi_waits)
{
    uint64_t flags = irq_save();
    uint32_t cpu = smp_cpu()->index;

    listen(PPI);
    irq_restore(flags);
    expect_it_waits(cpu, PPI);
    EXPECT_EQ(cpus_seen, 1u << cpu);
    expect_done(stile_irq_mask(stile_vcpu_id(cpu), stile_intid(PPI)));
    irq_register(PPI, NULL, NULL);
}

/* --- priorities --- */

KTF_TEST(hc_irq_state, a_priority_is_kept)
{
    static const uint32_t intids[] = {SGI, PPI, SPI};

    for (size_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        stile_vcpu_id_t target = stile_vcpu_id(0);
        stile_intid_t intid = stile_intid(intids[i]);

        expect_done(stile_irq_set_priority(target, intid, URGENT));
        EXPECT_LT(stile_irq_query(target, intid).value[1], 0x80);
        expect_done(stile_irq_set_priority(target, intid, NOT_URGENT));
        EXPECT_GE(stile_irq_query(target, intid).value[1], 0x80);
    }
}

static uint32_t order[2];
static uint32_t nr_in_order;

static void note_order(uint32_t intid, void *argument)
{
    (void)argument;
    order[__atomic_fetch_add(&nr_in_order, 1, __ATOMIC_ACQ_REL) % 2] = intid;
}

/* Both are pending before this CPU takes either. */
static void expect_order(uint32_t first, uint32_t second)
{
    uint64_t flags = irq_save();
    stile_vcpu_id_t self = stile_vcpu_id(smp_cpu()->index);

    nr_in_order = 0;
    irq_register(first, note_order, NULL);
    irq_register(second, note_order, NULL);
    expect_done(stile_irq_set_priority(self, stile_intid(first), URGENT));
    expect_done(stile_irq_ipi(self, stile_intid(second)));
    expect_done(stile_irq_ipi(self, stile_intid(first)));
    irq_restore(flags);
    EXPECT_TRUE(support_wait(nr_in_order == 2, LIMIT_MS));
    EXPECT_EQ(order[0], first);
    EXPECT_EQ(order[1], second);
    expect_done(stile_irq_set_priority(self, stile_intid(first), NOT_URGENT));
    irq_register(first, NULL, NULL);
    irq_register(second, NULL, NULL);
}

KTF_TEST(hc_irq_state, the_urgent_one_is_taken_first)
{
    expect_order(SGI, SGI + 1);
    expect_order(SGI + 1, SGI);
}

/* --- refusals --- */

static void expect_bad_name(uint32_t cpu, uint32_t intid, uint64_t argument)
{
    stile_vcpu_id_t target = stile_vcpu_id(cpu);

    expect_bad(stile_irq_mask(target, stile_intid(intid)), argument);
    expect_bad(stile_irq_unmask(target, stile_intid(intid)), argument);
    expect_bad(stile_irq_set_priority(target, stile_intid(intid), 0), argument);
    expect_bad(stile_irq_query(target, stile_intid(intid)), argument);
}

KTF_TEST(hc_irq_state, what_is_no_interrupt_is_refused)
{
    expect_bad_name(0, SUPPORT_END_INTID, 2);
    expect_bad_name(0, 1023, 2);
    expect_bad_name(0, UINT32_MAX, 2);
    expect_bad_name(machine.nr_cpus, SGI, 1);
    expect_bad_name(UINT32_MAX, PPI, 1);
    expect_bad_name(1, SPI, 1);
    expect_bad_name(UINT32_MAX, SPI, 1);
}

KTF_TEST(hc_irq_state, what_is_no_priority_is_refused)
{
    expect_bad(stile_irq_set_priority(stile_vcpu_id(0), stile_intid(SPI), 256), 3);
    expect_bad(stile_irq_set_priority(stile_vcpu_id(0), stile_intid(SPI), UINT32_MAX), 3);
}
