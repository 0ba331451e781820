/* SPDX-License-Identifier: MIT */
/*
 * The longest time at EL2, kept by each physical CPU for itself.
 */
#include "vm/el2_time.h"

#include "arch/timer.h"
#include "dev/pcpu.h"
#include "vm/vcpu.h"

static struct {
    uint64_t since;          /* when the exit that is being dealt with began; 0: none yet */
    struct el2_time current; /* which exit that is */
    struct el2_time longest;
} times[CONFIG_NR_PCPUS];

void el2_time_start(void)
{
    times[pcpu_self()->index].since = timer_now();
}

void el2_time_note_exit(const struct vcpu *vcpu)
{
    times[pcpu_self()->index].current = (struct el2_time){
        .vm = vcpu->vm,
        .vcpu_id = vcpu->index,
        .exit = trace_kept(&vcpu->trace, 0),
    };
}

void el2_time_stop(void)
{
    uint32_t cpu = pcpu_self()->index;
    uint64_t ticks = timer_now() - times[cpu].since;

    if (times[cpu].since == 0 || !times[cpu].current.vm || ticks <= times[cpu].longest.ticks)
        return;
    times[cpu].longest = times[cpu].current;
    times[cpu].longest.ticks = ticks;
}

bool el2_time_longest(struct el2_time *longest)
{
    *longest = (struct el2_time){.ticks = 0};
    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (times[i].longest.ticks > longest->ticks)
            *longest = times[i].longest;
    return longest->ticks > 0;
}
