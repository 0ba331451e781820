/* SPDX-License-Identifier: MIT */
/*
 * A physical CPU's run queue: its ready vCPUs by virtual run time, the least first. When who runs
 * is sched/sched.c's, which alone includes this. Everything here is under sched_lock.
 */
#ifndef SCHED_RUN_QUEUE_H
#define SCHED_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/pcpu.h"
#include "lib/list.h"
#include "vm/vcpu.h"

/** Compares virtual run times. By their difference: moving a vCPU may take one below 0. */
static inline bool run_queue_is_before(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

/** Adds the time since the current vCPU was last charged to its virtual run time. */
static inline void run_queue_charge(struct vcpu *vcpu, uint64_t now)
{
    vcpu->virtual_ticks += (now - vcpu->charged_ticks) * VM_WEIGHT_DEFAULT / vcpu->weight;
    vcpu->charged_ticks = now;
}

/** Queues a vCPU that is in no queue where it belongs. */
static inline void run_queue_insert(struct vcpu *vcpu)
{
    struct list_node *head = &vcpu->pcpu->run_queue, *before = head->next;

    while (before != head &&
           !run_queue_is_before(vcpu->virtual_ticks,
                                list_entry(before, struct vcpu, run_link)->virtual_ticks))
        before = before->next;
    list_insert_before(before, &vcpu->run_link);
}

/** Changes a vCPU's weight, and by how much it is ahead of others: so long it would have run. */
static inline void run_queue_weigh(struct vcpu *vcpu, uint32_t weight)
{
    uint64_t least = vcpu->pcpu->virtual_ticks;
    bool waits = !list_empty(&vcpu->run_link);

    if (run_queue_is_before(least, vcpu->virtual_ticks))
        vcpu->virtual_ticks = least + (vcpu->virtual_ticks - least) * vcpu->weight / weight;
    vcpu->weight = weight;
    list_remove(&vcpu->run_link);
    if (waits)
        run_queue_insert(vcpu);
}

/** The vCPU that waits and has had the least, or NULL. */
static inline struct vcpu *run_queue_first(const struct pcpu *pcpu)
{
    return list_empty(&pcpu->run_queue) ? NULL
                                        : list_entry(pcpu->run_queue.next, struct vcpu, run_link);
}

/** A CPU's virtual time is that of the vCPU which has had the least there, and never goes back. */
static inline void run_queue_advance(struct pcpu *pcpu)
{
    const struct vcpu *current = pcpu->current, *least = run_queue_first(pcpu);

    if (current && (!least || run_queue_is_before(current->virtual_ticks, least->virtual_ticks)))
        least = current;
    if (least && run_queue_is_before(pcpu->virtual_ticks, least->virtual_ticks))
        pcpu->virtual_ticks = least->virtual_ticks;
}

/**
 * run_queue_settle() - bring a CPU's virtual time up to date: its vCPU may have run alone, and long
 *
 * Due before that time is looked at, and before one of those it is taken from is no more among
 * them.
 */
static inline void run_queue_settle(struct pcpu *pcpu, uint64_t now)
{
    if (pcpu->current)
        run_queue_charge(pcpu->current, now);
    run_queue_advance(pcpu);
}

/**
 * run_queue_catch_up() - a vCPU that slept is to be queued on its CPU, which is settled
 * @credit: of the time it did not use it gets this much, so that it soon runs and one that sleeps
 *          often and briefly keeps its share
 */
static inline void run_queue_catch_up(struct vcpu *vcpu, uint64_t credit)
{
    uint64_t least = vcpu->pcpu->virtual_ticks - credit;

    if (run_queue_is_before(vcpu->virtual_ticks, least))
        vcpu->virtual_ticks = least;
}

/** Has a vCPU that is in no queue not be before any other of its CPU, which is settled. */
static inline void run_queue_go_last(struct vcpu *vcpu)
{
    const struct list_node *last = vcpu->pcpu->run_queue.prev;
    uint64_t most = vcpu->pcpu->virtual_ticks;

    if (last != &vcpu->pcpu->run_queue)
        most = list_entry(last, struct vcpu, run_link)->virtual_ticks;
    if (run_queue_is_before(vcpu->virtual_ticks, most))
        vcpu->virtual_ticks = most;
}

/** Has a vCPU that is not loaded belong to another CPU. It keeps its lead or lag. */
static inline void run_queue_move(struct vcpu *vcpu, struct pcpu *to, uint64_t now)
{
    struct pcpu *from = vcpu->pcpu;

    run_queue_settle(from, now);
    run_queue_settle(to, now);
    from->nr_vcpus--;
    to->nr_vcpus++;
    vcpu->virtual_ticks += to->virtual_ticks - from->virtual_ticks;
    vcpu->pcpu = to;
}

/**
 * run_queue_put_first() - have a vCPU that waits be the first of a CPU's queue
 * @loaded: the CPU's; what the other one is lent of virtual run time, it pays
 * @credit: the most that is lent: two that lend to one another would else keep others from running
 */
static inline void run_queue_put_first(struct vcpu *loaded, struct vcpu *target, uint64_t credit,
                                       uint64_t now)
{
    struct pcpu *pcpu = loaded->pcpu;

    run_queue_settle(pcpu, now);
    if (target->pcpu != pcpu)
        run_queue_move(target, pcpu, now);
    list_remove(&target->run_link);
    struct vcpu *first = run_queue_first(pcpu);
    uint64_t lent = first ? target->virtual_ticks - first->virtual_ticks : 0;
    if ((int64_t)lent > (int64_t)credit) {
        run_queue_insert(target);
        return;
    }
    if ((int64_t)lent > 0) {
        loaded->virtual_ticks += lent;
        target->virtual_ticks -= lent;
    }
    list_insert_before(first ? &first->run_link : &pcpu->run_queue, &target->run_link);
}

#endif
