/* SPDX-License-Identifier: MIT */
/*
 * Which vCPU a physical CPU runs: weighted fair sharing, and sleep when none can run.
 *
 * Each vCPU has a virtual run time, which grows with the time it runs, slower the larger its
 * weight. A physical CPU runs the ready vCPU with the smallest. A vCPU that becomes ready goes to
 * an idle physical CPU that it may use, if there is one, and a physical CPU that has nothing to run
 * takes a waiting vCPU from another.
 *
 * A VM that ends is taken down, and perhaps loaded anew, in steps, at its own expense: once nobody
 * holds it any more, its first vCPU waits and has turns as before, and a turn is one vm->step(). A
 * step runs with interrupts masked; between two of them an interrupt is taken, and others run whose
 * turn it is. While there are steps on a physical CPU and a slice longer, slices are short there.
 *
 * Handlers never switch: they change a vCPU's state and set VCPU_WORK_RESCHED, and vcpu_work()
 * calls sched_switch() before the guest runs again.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/spinlock.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

struct pcpu;

/**
 * Protects every physical CPU's queues and every vCPU's scheduling state. One lock, because a vCPU
 * changes its CPU often, and what it protects is short.
 */
extern struct spinlock sched_lock;

/** sched_init_pcpu() - make the queues of a physical CPU empty */
void sched_init_pcpu(struct pcpu *pcpu);

/** sched_online() - the physical CPUs that are there and run, a bit for each */
uint64_t sched_online(void);

/** sched_place() - choose the physical CPU with the fewest vCPUs of those in @affinity, or NULL */
struct pcpu *sched_place(uint64_t affinity);

/**
 * sched_let_others_run() - let others of this physical CPU run first
 * @vcpu: the loaded vCPU, which stays ready
 */
void sched_let_others_run(struct vcpu *vcpu);

/**
 * sched_yield_to() - let a certain vCPU of the VM run first, if it waits and may run here
 * @vcpu: the loaded vCPU, which stays ready; the others run first in any case
 * @target: another one; it is lent what it lacks to be the next, and @vcpu is charged for that
 */
void sched_yield_to(struct vcpu *vcpu, struct vcpu *target);

/**
 * sched_start() - a vCPU in VCPU_STARTING, reset by now, may run
 *
 * It is not before the others of its physical CPU, nor before where it was when it stopped: nothing
 * is gained by stopping and starting. Any physical CPU, sched_lock not held.
 */
void sched_start(struct vcpu *vcpu);

/**
 * sched_wake() - a vCPU that was blocked may run
 * @vcpu: any vCPU, loaded or not
 * @from: the state it must be in; if it is in another by now, nothing happens
 *
 * Any physical CPU, sched_lock not held.
 */
void sched_wake(struct vcpu *vcpu, enum vcpu_state from);

/** sched_make_ready() - a vCPU that did not run is to, from now on; sched_lock is held */
void sched_make_ready(struct vcpu *vcpu);

/** sched_enter() - load a vCPU on this physical CPU, where none is. Sleeps until there is one. */
struct vcpu *sched_enter(void);

/**
 * sched_kick_set() - set work bits of several vCPUs, and let those that were blocked run
 * @vcpus: of @vm, bit n being vCPU n
 * @work: VCPU_WORK_*
 *
 * Returns a bit for each of the other physical CPUs that some of them are loaded on, but for those
 * that a kick is on its way to: the caller sends those an IRQ_KICK. Any physical CPU, sched_lock
 * not held.
 */
uint64_t sched_kick_set(struct vm *vm, uint64_t vcpus, uint32_t work);

/**
 * sched_switch() - put the loaded vCPU and load the next one, if another is to run
 * @previous: the loaded vCPU
 *
 * Returns the vCPU now loaded. Sleeps until there is one.
 */
struct vcpu *sched_switch(struct vcpu *previous);

/**
 * sched_remove() - take a vCPU out of all queues for good, because its VM was stopped
 *
 * If it is loaded, its physical CPU is told to put it.
 */
void sched_remove(struct vcpu *vcpu);

/**
 * sched_set_paused() - keep a vCPU from being run, or no longer for this reason
 * @vcpu:   any vCPU of a VM that is held, or is taken down not yet
 * @reason: VCPU_PAUSED_*; it runs when there is none
 *
 * A paused vCPU goes on sleeping, waking and being stopped; if it is ready, it is in no queue. If
 * it is loaded, its physical CPU is told to put it.
 */
void sched_set_paused(struct vcpu *vcpu, uint32_t reason, bool paused);

/**
 * sched_set_weight() - change a vCPU's share from now on
 * @vcpu:   of a VM that is held, as of the next
 * @weight: 1 to VM_WEIGHT_MAX; what the vCPU is ahead of others, it is by as much time as before
 */
void sched_set_weight(struct vcpu *vcpu, uint32_t weight);

/**
 * sched_set_affinity() - change which physical CPUs a vCPU may use
 * @affinity: a bit for each; some of them are online
 *
 * If it is loaded in another one, that is told to put it.
 */
void sched_set_affinity(struct vcpu *vcpu, uint64_t affinity);

/** sched_release_last() - nobody holds a VM any more that may be ending; see sched_release() */
void sched_release_last(struct vm *vm);

/**
 * sched_release() - give up a hold: of vm_hold(), vm_get()
 *
 * After the last one of a VM that is ending, vm->step() has the turns of its first vCPU. No lock
 * held.
 */
static inline void sched_release(struct vm *vm)
{
    if (__atomic_sub_fetch(&vm->nr_holds, 1, __ATOMIC_ACQ_REL) == 0 &&
        __atomic_load_n(&vm->state, __ATOMIC_RELAXED) == VM_ENDING)
        sched_release_last(vm);
}

/**
 * sched_begin_steps() - give vm->step() the turns of a VM's first vCPU
 * @vm: VM_UNREADY; none of its vCPUs is in a queue or loaded. No lock held.
 */
void sched_begin_steps(struct vm *vm);

/** sched_rearm() - the emulated timer of the vCPU loaded here has changed. sched_lock not held. */
void sched_rearm(void);

/** sched_timer() - the hypervisor's timer fired on this physical CPU */
void sched_timer(void);

#endif
