/* SPDX-License-Identifier: MIT */
/*
 * See sleeper.h.
 */
#include "sleeper.h"

#include "arch/cpu.h"
#include "dev/gic.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "support.h"

#define LIMIT_MS 5000

static void go_off(void *argument)
{
    struct sleeper *sleeper = argument;
    uint64_t flags = irq_save();

    sleeper->cpu = smp_cpu()->index;
    __atomic_store_n(&sleeper->goes_off, true, __ATOMIC_RELEASE);
    sleeper->result =
        power_call(&sleeper->context, sleeper->conduit->is_smc, sleeper->function, 0, 0, 0);
    /* The CPU interface of the GIC is as after a reset. */
    gic->init_cpu(sleeper->cpu);
    gic->enable(machine.timer_intid);
    irq_restore(flags);
}

struct thread *sleeper_start(struct sleeper *sleeper, const struct conduit *conduit,
                             uint64_t function)
{
    sleeper->conduit = conduit;
    sleeper->function = function;
    sleeper->goes_off = false;
    struct thread *thread = thread_create("sleeper", go_off, sleeper, NULL);

    EXPECT_NOT_NULL(thread);
    EXPECT_TRUE(support_wait(__atomic_load_n(&sleeper->goes_off, __ATOMIC_ACQUIRE), LIMIT_MS));
    return thread;
}
