/* SPDX-License-Identifier: MIT */
/*
 * A virtual CPU: the registers a guest sees, and what the hypervisor keeps about them.
 *
 * A vCPU is loaded while its EL1 registers, list registers and timer are in a physical CPU. Of a
 * loaded vCPU, only struct vcpu_regs is in memory, and only while EL2 runs.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/el1.h"
#include "core/stats.h"
#include "core/trace.h"
#include "lib/list.h"
#include "stile/abi.h"
#include "virt/vgic.h"
#include "virt/vtimer.h"

struct vm;
struct pcpu;

/** General registers. ELR and SPSR are in ELR_EL2 and SPSR_EL2 while the vCPU is loaded. */
struct vcpu_regs {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
};

enum vcpu_state {
    VCPU_OFF,      /* waits for PSCI CPU_ON */
    VCPU_STARTING, /* somebody is resetting it */
    VCPU_READY,    /* in a run queue, or loaded */
    VCPU_BLOCKED,  /* waits for an interrupt */
    VCPU_STOPPED,  /* its VM was stopped */
};

/* Bits of vcpu->work: what must be done before the guest runs again. */
#define VCPU_WORK_RESCHED (1u << 0) /* another vCPU may have to run */
#define VCPU_WORK_VGIC    (1u << 1) /* interrupts became pending: fill the list registers */

struct vcpu {
    struct vcpu_regs regs; /* first: SP_EL2 points here while the guest runs */
    uint64_t el2_stack;    /* the SP on which EL2 runs C while this vCPU is loaded */
    uint32_t work;         /* VCPU_WORK_*; set by any physical CPU, atomically */

    struct trace trace;
    struct vm *vm;
    const uint8_t *calls; /* vm->calls */
    int64_t more_status;  /* what hcall_values() returns as a status; not 0 in core_multicall */
    uint32_t index;       /* in vm->vcpus, and the guest's Aff0 */
    uint32_t weight;      /* its share of a physical CPU, relative to others */
    uint64_t affinity;    /* physical CPUs it may use, a bit for each */
    bool has_fp;          /* its FP/SIMD registers are in the physical CPU; only while loaded */
    bool yields;          /* it asked for others to run first; only while loaded */

    /* Under sched_lock: */
    enum vcpu_state state;
    bool loaded;                 /* its state is, or is about to be, in a physical CPU */
    bool saving;                 /* its state is being taken out of one; cleared without the lock */
    bool paused;                 /* ready or not, it does not run */
    struct pcpu *pcpu;           /* where it runs, now or next */
    struct list_node run_link;   /* in pcpu->run_queue */
    struct list_node sleep_link; /* in pcpu->sleepers while blocked with its timer armed */
    uint64_t wake_ticks;         /* when that timer fires, CNTPCT_EL0 */
    uint64_t virtual_ticks;      /* time it ran, scaled by its weight */
    uint64_t charged_ticks;      /* up to when that is counted, while it runs */
    uint64_t ready_since_ticks;  /* since when it waits for its physical CPU */
    bool kicked;                 /* it is not to sleep the next time it would */

    /* What else ends its sleep; its own to change, while it is loaded and does not sleep. */
    bool polls;          /* something does: its last sleep was sched_poll() */
    uint32_t poll_word;  /* of its mailbox */
    uint64_t poll_ports; /* bits of that word */
    uint64_t poll_ticks; /* when it wakes at the latest, CNTPCT_EL0 */

    struct stile_vcpu_page *page; /* shared with the guest, as is the next */
    struct stile_mailbox *mailbox;

    struct el1_state el1; /* valid while not loaded */
    struct fp_state fp;   /* valid unless has_fp */
    struct vgic_vcpu vgic;
    struct vtimer vtimer;
    struct vcpu_stats stats; /* last: it is large, and what is far costs an instruction more */
};

/**
 * vcpu_kick() - have a vCPU look at its work bits soon
 * @vcpu: any vCPU
 * @work: VCPU_WORK_* bits to set
 *
 * Wakes the vCPU if it is blocked; interrupts its physical CPU if it runs on another one. Any
 * physical CPU; takes sched_lock, so the caller may hold a VGIC or VM lock.
 */
void vcpu_kick(struct vcpu *vcpu, uint32_t work);

/** vcpu_kick_set() - the same for several of a VM, bit n being vCPU n */
void vcpu_kick_set(struct vm *vm, uint64_t vcpus, uint32_t work);

/** Sets work bits of a vCPU. Who takes them sees what was written before. */
static inline void vcpu_add_work(struct vcpu *vcpu, uint32_t work)
{
    __atomic_fetch_or(&vcpu->work, work, __ATOMIC_RELEASE);
}

enum vcpu_start_result {
    VCPU_STARTED,
    VCPU_ALREADY_ON,
    VCPU_ON_PENDING, /* another start of it is under way */
};

/**
 * vcpu_create() - allocate a vCPU of a VM and place it on a physical CPU
 * @vm: the VM, its configuration set
 * @index: which one
 *
 * The vCPU is off. Returns NULL if the pool is exhausted.
 */
struct vcpu *vcpu_create(struct vm *vm, uint32_t index);

/** vcpu_destroy() - free a vCPU that will never run again */
void vcpu_destroy(struct vcpu *vcpu);

/**
 * vcpu_start() - let a vCPU that is off run from its reset state (PSCI CPU_ON)
 * @vcpu: which one
 * @entry: IPA of its first instruction
 * @context: its x0
 *
 * Any physical CPU. Of several that start the same vCPU at once, one succeeds.
 */
enum vcpu_start_result vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t context);

/** Whether a vCPU is on, as PSCI AFFINITY_INFO tells it (DEN 0022, section 5.7). */
enum vcpu_power {
    VCPU_POWER_ON = 0,
    VCPU_POWER_OFF = 1,
    VCPU_POWER_ON_PENDING = 2,
};

/** vcpu_power() - whether a vCPU is on; off means that vcpu_start() can start it. Any context. */
enum vcpu_power vcpu_power(struct vcpu *vcpu);

/** vcpu_activity() - what a vCPU does; off means what it does to vcpu_power(). Any context. */
enum stile_vcpu_state vcpu_activity(struct vcpu *vcpu);

/**
 * vcpu_stop_self() - take the loaded vCPU off (PSCI CPU_OFF); it is not returned to
 *
 * Returns whether it was its VM's last one.
 */
bool vcpu_stop_self(struct vcpu *vcpu);

/**
 * vcpu_reset_self() - have the loaded vCPU lose its state (PSCI CPU_SUSPEND, power-down)
 * @entry: IPA of the instruction it is at then
 *
 * What is not in the CPU proper stays: its timers and its interrupts. x0 to x30 are the caller's.
 */
void vcpu_reset_self(struct vcpu *vcpu, uint64_t entry);

/**
 * vcpu_load() - move a vCPU's state into this physical CPU
 * @vcpu: the pCPU's current one, not loaded
 */
void vcpu_load(struct vcpu *vcpu);

/**
 * vcpu_put() - move a vCPU's state out of this physical CPU
 * @vcpu: the loaded one; x0 to x30 are in its regs already
 */
void vcpu_put(struct vcpu *vcpu);

/**
 * vcpu_work() - do what must be done before a guest runs again
 * @vcpu: the loaded vCPU, its registers all saved
 *
 * Called by entry.S when the vCPU's work is not 0. Returns the vCPU to enter, loaded: this one or
 * another. Sleeps while none can run.
 */
struct vcpu *vcpu_work(struct vcpu *vcpu);

/** vcpu_enter() - in entry.S: run the guest of a loaded vCPU; does not return */
_Noreturn void vcpu_enter(struct vcpu *vcpu);

/**
 * vcpu_print() - print a vCPU's registers to the log
 * @loaded: whether it is loaded on this physical CPU
 */
void vcpu_print(const struct vcpu *vcpu, bool loaded);

#endif
