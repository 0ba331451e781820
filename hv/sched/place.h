/* SPDX-License-Identifier: MIT */
/*
 * Where a vCPU waits: on a CPU that idles, if it may use one. When who runs is sched/sched.c's,
 * which alone includes this. Everything here is under sched_lock.
 */
#ifndef SCHED_PLACE_H
#define SCHED_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/timer.h"
#include "dev/pcpu.h"
#include "lib/cold.h"
#include "sched/run_queue.h"
#include "vm/vcpu.h"

/**
 * The CPUs that sleep and have nothing to run, a bit for each. A blocked vCPU may be parked there.
 */
static uint64_t place_idle_pcpus;

/** A CPU's bit in such a set. */
static inline uint64_t place_bit(const struct pcpu *pcpu)
{
    return UINT64_C(1) << pcpu->index;
}

/** A CPU has something to run. */
static inline void place_set_busy(const struct pcpu *pcpu)
{
    place_idle_pcpus &= ~place_bit(pcpu);
}

/** Whether what has this affinity may run on a CPU. */
static inline bool place_allows(uint64_t affinity, const struct pcpu *pcpu)
{
    return pcpu->online && (affinity & place_bit(pcpu));
}

/** The CPU with the fewest vCPUs of those in @affinity, or NULL. */
static COLD struct pcpu *place_fewest(uint64_t affinity)
{
    struct pcpu *best = NULL;

    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (place_allows(affinity, &pcpus[i]) && (!best || pcpus[i].nr_vcpus < best->nr_vcpus))
            best = &pcpus[i];
    return best;
}

/** Puts a vCPU into the queue of one of these idle CPUs; if its own is one, there. */
static COLD void place_idle(struct vcpu *vcpu, uint64_t idle, uint64_t now)
{
    if (!(idle & place_bit(vcpu->pcpu)))
        run_queue_move(vcpu, &pcpus[__builtin_ctzll(idle)], now);
    run_queue_insert(vcpu);
    place_set_busy(vcpu->pcpu);
}

/** Puts a vCPU that is ready, not loaded and in no queue where it will run soonest. */
static inline void place_ready(struct vcpu *vcpu, uint64_t now)
{
    uint64_t idle = place_idle_pcpus & vcpu->affinity;

    vcpu->ready_since_ticks = now;
    if (idle)
        place_idle(vcpu, idle, now);
    else
        run_queue_insert(vcpu);
}

/**
 * place_moved() - a vCPU that is loaded no more goes where it may run, if that is not where it is
 *
 * Returns whether nothing else keeps it from running.
 */
static COLD bool place_moved(struct vcpu *vcpu, uint64_t now)
{
    uint64_t idle = place_idle_pcpus & vcpu->affinity;

    vcpu->paused &= (uint8_t)~VCPU_PAUSED_PLACE;
    if (!place_allows(vcpu->affinity, vcpu->pcpu))
        run_queue_move(vcpu, idle ? &pcpus[__builtin_ctzll(idle)] : place_fewest(vcpu->affinity),
                       now);
    return vcpu->paused == 0;
}

/** The affinity of a vCPU that is not loaded has changed. Returns whether it waits for a CPU. */
static COLD bool place_again(struct vcpu *vcpu, uint64_t now)
{
    uint64_t idle = place_idle_pcpus & vcpu->affinity;
    bool waits = !list_empty(&vcpu->run_link);

    run_queue_settle(vcpu->pcpu, now); /* before it is no more among those there */
    list_remove(&vcpu->run_link);
    (void)place_moved(vcpu, now);
    if (waits && idle)
        place_idle(vcpu, idle, now);
    else if (waits)
        run_queue_insert(vcpu);
    return waits;
}

/** Takes a vCPU that waits for another CPU and may run here. */
static COLD struct vcpu *place_steal(struct pcpu *self)
{
    uint64_t now = timer_now();

    for (uint32_t i = 0; i < nr_pcpus; i++)
        list_for_each(node, &pcpus[i].run_queue) {
            struct vcpu *vcpu = list_entry(node, struct vcpu, run_link);
            if (!place_allows(vcpu->affinity, self))
                continue;
            run_queue_move(vcpu, self, now);
            list_remove(node);
            place_set_busy(self);
            return vcpu;
        }
    return NULL;
}

#endif
