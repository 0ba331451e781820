/* SPDX-License-Identifier: MIT */
/*
 * Event ports where the mailbox is the interrupt controller: each is an interrupt of its own.
 */
#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS 3000
#define QUIET_MS 2

static uint32_t taken[NR_IRQS];

static void need_mailbox(void)
{
    if (gic_distributor() != 0 || !sensitive_is_paravirtual())
        SKIP("the mailbox is not the interrupt controller");
}

KTF_SUITE(hc_event_interrupt, .suite_setup = need_mailbox);

static void note(uint32_t intid, void *argument)
{
    (void)argument;
    __atomic_fetch_add(&taken[intid], 1, __ATOMIC_RELEASE);
}

static uint32_t taken_of(uint32_t intid)
{
    return __atomic_load_n(&taken[intid], __ATOMIC_ACQUIRE);
}

/* A port whose bit this VM sets itself, on the first vCPU, as all but SGIs and PPIs here. */
static uint32_t new_port(void)
{
    struct stile_result made = stile_event_bind_ipi(stile_vcpu_id(0));

    EXPECT_EQ(made.status, STILE_SUCCESS);
    taken[made.value[0]] = 0;
    return (uint32_t)made.value[0];
}

static void end_port(uint32_t port)
{
    irq_unregister(port);
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);
}

static void send(uint32_t port)
{
    EXPECT_EQ(stile_event_send(stile_port(port)).status, STILE_SUCCESS);
}

KTF_TEST(hc_event_interrupt, every_event_is_handled)
{
    uint32_t port = new_port();

    irq_register(port, note, NULL);
    for (uint32_t i = 1; i <= 100; i++) {
        send(port);
        ASSERT_TRUE(support_wait(taken_of(port) == i, LIMIT_MS));
    }
    end_port(port);
}

KTF_TEST(hc_event_interrupt, one_that_is_masked_comes_when_it_is_enabled)
{
    uint32_t port = new_port();

    irq_register(port, note, NULL);
    for (uint32_t i = 1; i <= 20; i++) {
        gic->disable(port);
        send(port);
        thread_sleep_ms(QUIET_MS);
        ASSERT_EQ(taken_of(port), i - 1);
        gic->enable(port);
        ASSERT_TRUE(support_wait(taken_of(port) == i, LIMIT_MS));
    }
    end_port(port);
}
