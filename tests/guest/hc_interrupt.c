/* SPDX-License-Identifier: MIT */
/*
 * Groups irq, time and vcpu: interrupts by call, the timer, yielding, blocking, counting.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gicd.h"
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

/* CNTV_CTL_EL0 */
#define CTL_ENABLE  (1u << 0)
#define CTL_ISTATUS (1u << 2)

KTF_SUITE(hc_irq, .suite_setup = support_need_hypervisor);

static void count(uint32_t intid, void *argument)
{
    (void)intid;
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELEASE);
}

static uint32_t load(const uint32_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

KTF_TEST(hc_irq, an_injected_spi_arrives)
{
    uint32_t taken = 0;

    irq_register(SPI, count, &taken);
    for (uint32_t i = 1; i <= 20; i++) {
        EXPECT_EQ(stile_irq_inject(stile_vcpu_id(0), stile_intid(SPI)).status, STILE_SUCCESS);
        ASSERT_TRUE(support_wait(load(&taken) == i, LIMIT_MS));
    }
    irq_unregister(SPI);
}

KTF_TEST(hc_irq, an_injected_spi_waits_until_it_is_enabled)
{
    uint32_t taken = 0;

    EXPECT_EQ(stile_irq_inject(stile_vcpu_id(0), stile_intid(SPI)).status, STILE_SUCCESS);
    thread_sleep_ms(2);
    irq_register(SPI, count, &taken);
    EXPECT_TRUE(support_wait(load(&taken) == 1, LIMIT_MS));
    irq_unregister(SPI);
}

KTF_TEST(hc_irq, an_injected_ppi_arrives_at_its_vcpu)
{
    uint32_t taken = 0;
    uint64_t flags = irq_save();
    uint32_t self = smp_cpu()->index;

    irq_register(PPI, count, &taken);
    EXPECT_EQ(stile_irq_inject(stile_vcpu_id(self), stile_intid(PPI)).status, STILE_SUCCESS);
    EXPECT_EQ(load(&taken), 0);
    irq_restore(flags);
    EXPECT_TRUE(support_wait(load(&taken) == 1, LIMIT_MS));
    irq_register(PPI, NULL, NULL);
}

KTF_TEST(hc_irq, an_ipi_arrives_at_every_vcpu)
{
    uint32_t taken = 0;

    irq_register(SGI, count, &taken);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        EXPECT_EQ(stile_irq_ipi(stile_vcpu_id(cpu), stile_intid(SGI)).status, STILE_SUCCESS);
        ASSERT_TRUE(support_wait(load(&taken) == cpu + 1, LIMIT_MS));
    }
    irq_register(SGI, NULL, NULL);
}

KTF_TEST(hc_irq, inject_refuses_what_is_no_interrupt_of_its)
{
    stile_vcpu_id_t first = stile_vcpu_id(0);

    expect_bad(stile_irq_inject(first, stile_intid(0)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(15)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(machine.timer_intid)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(SUPPORT_END_INTID)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(1020)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(1023)), 2);
    expect_bad(stile_irq_inject(first, stile_intid(UINT32_MAX)), 2);
}

KTF_TEST(hc_irq, inject_refuses_what_is_no_vcpu)
{
    expect_bad(stile_irq_inject(stile_vcpu_id(machine.nr_cpus), stile_intid(PPI)), 1);
    expect_bad(stile_irq_inject(stile_vcpu_id(UINT32_MAX), stile_intid(PPI)), 1);
    expect_bad(stile_irq_inject(stile_vcpu_id(1), stile_intid(SPI)), 1);
}

KTF_TEST(hc_irq, ipi_refuses_what_there_is_not)
{
    expect_bad(stile_irq_ipi(stile_vcpu_id(machine.nr_cpus), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi(stile_vcpu_id(UINT32_MAX), stile_intid(SGI)), 1);
    expect_bad(stile_irq_ipi(stile_vcpu_id(0), stile_intid(16)), 2);
    expect_bad(stile_irq_ipi(stile_vcpu_id(0), stile_intid(UINT32_MAX)), 2);
}

KTF_SUITE(hc_time, .suite_setup = support_need_hypervisor);

/* With interrupts masked the scheduler does not touch the timer; it arms it anew afterwards. */
static void end_timer_test(uint64_t flags)
{
    (void)stile_time_oneshot(stile_ticks(STILE_TIME_NEVER));
    irq_restore(flags);
    thread_yield();
}

KTF_TEST(hc_time, oneshot_is_the_virtual_timer)
{
    uint64_t flags = irq_save();
    uint64_t deadline = cpu_ticks() + time_ms_to_ticks(1000);

    EXPECT_EQ(stile_time_oneshot(stile_ticks(deadline)).status, STILE_SUCCESS);
    isb();
    EXPECT_EQ(read_sysreg(cntv_cval_el0), deadline);
    EXPECT_EQ(read_sysreg(cntv_ctl_el0) & (CTL_ENABLE | CTL_ISTATUS), CTL_ENABLE);
    end_timer_test(flags);
}

KTF_TEST(hc_time, a_deadline_in_the_past_is_due)
{
    uint64_t flags = irq_save();

    EXPECT_EQ(stile_time_oneshot(stile_ticks(0)).status, STILE_SUCCESS);
    isb();
    EXPECT_EQ(read_sysreg(cntv_ctl_el0) & CTL_ISTATUS, CTL_ISTATUS);
    end_timer_test(flags);
}

KTF_TEST(hc_time, never_disarms)
{
    uint64_t flags = irq_save();

    EXPECT_EQ(stile_time_oneshot(stile_ticks(0)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_time_oneshot(stile_ticks(STILE_TIME_NEVER)).status, STILE_SUCCESS);
    isb();
    EXPECT_EQ(read_sysreg(cntv_ctl_el0) & CTL_ENABLE, 0);
    end_timer_test(flags);
}

KTF_SUITE(hc_vcpu, .suite_setup = support_need_hypervisor);

KTF_TEST(hc_vcpu, yield_comes_back)
{
    for (int i = 0; i < 100; i++)
        ASSERT_EQ(stile_vcpu_yield().status, STILE_SUCCESS);
}

KTF_TEST(hc_vcpu, block_returns_at_once_if_something_is_pending)
{
    uint64_t flags = irq_save();

    (void)stile_time_oneshot(stile_ticks(0));
    EXPECT_EQ(stile_vcpu_block().status, STILE_SUCCESS);
    end_timer_test(flags);
}

KTF_TEST(hc_vcpu, block_lasts_until_the_timer)
{
    uint64_t flags = irq_save();
    uint64_t deadline = cpu_ticks() + time_ms_to_ticks(5);

    (void)stile_time_oneshot(stile_ticks(deadline));
    /* It may return early, so ask again, but not for ever. */
    for (int i = 0; i < 1000000 && cpu_ticks() < deadline; i++)
        ASSERT_EQ(stile_vcpu_block().status, STILE_SUCCESS);
    EXPECT_GE(cpu_ticks(), deadline);
    end_timer_test(flags);
}

static uint64_t counter(uint32_t which)
{
    struct stile_result result = stile_vcpu_counter(which);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

KTF_TEST(hc_vcpu, hypercalls_are_counted_this_one_included)
{
    uint64_t flags = irq_save();
    uint64_t before = counter(STILE_COUNTER_HYPERCALLS);

    EXPECT_EQ(counter(STILE_COUNTER_HYPERCALLS), before + 1);
    (void)stile_core_null();
    (void)stile_core_info(UINT32_MAX);
    EXPECT_EQ(counter(STILE_COUNTER_HYPERCALLS), before + 4);
    irq_restore(flags);
}

KTF_TEST(hc_vcpu, device_accesses_are_counted)
{
    if (gic_distributor() == 0)
        SKIP("the machine has no device");
    uint64_t flags = irq_save();
    uint64_t before = counter(STILE_COUNTER_DATA_ABORTS);

    (void)io_read32(gic_distributor() + GICD_TYPER);
    EXPECT_EQ(counter(STILE_COUNTER_DATA_ABORTS), before + 1);
    irq_restore(flags);
}

KTF_TEST(hc_vcpu, exits_are_the_sum)
{
    uint64_t flags = irq_save();
    uint64_t sum = 0;

    /* Every reading is an exit itself; a physical interrupt between two would be one more. */
    uint64_t before = counter(STILE_COUNTER_EXITS);
    for (uint32_t i = STILE_COUNTER_HYPERCALLS; i <= STILE_COUNTER_OTHER; i++)
        sum += counter(i);
    uint64_t after = counter(STILE_COUNTER_EXITS);
    EXPECT_GE(sum, before);
    EXPECT_LE(sum, after);
    irq_restore(flags);
}

KTF_TEST(hc_vcpu, what_is_no_counter_is_refused)
{
    expect_bad(stile_vcpu_counter(STILE_NR_COUNTERS), 1);
    expect_bad(stile_vcpu_counter(UINT32_MAX), 1);
}
