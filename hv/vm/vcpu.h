/* SPDX-License-Identifier: MIT */
/*
 * A virtual CPU: the registers a guest sees, and what the hypervisor keeps about them.
 *
 * A vCPU is loaded while its EL1 registers, list registers and timer are in a physical CPU. Of a
 * loaded vCPU, only struct vcpu_regs is in memory, and only while EL2 runs. What happens to a vCPU
 * from its creation to its end is life/vcpu_life.h's.
 */
#ifndef VM_VCPU_H
#define VM_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/el1.h"
#include "lib/list.h"
#include "stile/abi.h"
#include "vm/baseline.h"
#include "vm/stats.h"
#include "vm/trace.h"
#include "vm/vdebug_state.h"
#include "vm/vgic_state.h"
#include "vm/vpmu_state.h"
#include "vm/vtimer_state.h"

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
    VCPU_STEPS,    /* its turns are for vm->step(): waits for one, or is having it */
};

/* Bits of vcpu->work: what must be done before the guest runs again. */
#define VCPU_WORK_RESCHED (1u << 0) /* another vCPU may have to run */
#define VCPU_WORK_VGIC    (1u << 1) /* interrupts became pending: fill the list registers */
#define VCPU_WORK_CRASH   (1u << 2) /* its VM keeps writing to its mailbox: stop it */

/* Bits of vcpu->paused: why it does not run. */
#define VCPU_PAUSED_BY_VM  (1u << 0) /* its VM is paused */
#define VCPU_PAUSED_DEVICE (1u << 1) /* it waits for the back end of a virtio device */
#define VCPU_PAUSED_PLACE  (1u << 2) /* it leaves a CPU that it may use no longer */

/* Bits of vcpu->has: what is moved with it, beside what every vCPU has. Most have none. */
#define VCPU_HAS_MORE  (1u << 0) /* registers beyond Armv8.0, which some CPU has: vm/baseline.h */
#define VCPU_HAS_DEBUG (1u << 1) /* debug registers, since debug.mdscr says so: virt/vdebug.h */
#define VCPU_HAS_PMU   (1u << 2) /* performance monitors: virt/vpmu.h */
#define VCPU_HAS_FP    (1u << 3) /* FP/SIMD registers are in the physical CPU; only while loaded */

/** What the guest does to caches by set and way: memory/set_way.c. */
struct set_way {
    uint64_t first; /* the operand that its last loop began with */
    uint64_t next;  /* IPA at which cleaning goes on */
    uint32_t level; /* of the last loop, from 1; 0 before the first */
    bool cleaning;  /* the first operation of the loop is not done yet */
};

struct vcpu {
    struct vcpu_regs regs; /* first: SP_EL2 points here while the guest runs */
    uint64_t el2_stack;    /* the SP on which EL2 runs C while this vCPU is loaded */
    uint32_t work;         /* VCPU_WORK_*; set by any physical CPU, atomically */

    struct trace trace;
    struct vm *vm;
    const uint8_t *calls;  /* vm->calls */
    const uint64_t *ids;   /* vm->ids */
    int64_t more_status;   /* what hcall_values() returns as a status; not 0 in core_multicall */
    uint32_t index;        /* in vm->vcpus */
    uint32_t weight;       /* its share of a physical CPU, relative to others */
    uint64_t affinity;     /* physical CPUs it may use, a bit for each */
    uint64_t mpidr;        /* its affinity fields, as the guest knows it */
    uint32_t has;          /* VCPU_HAS_*; changed by the CPU it is loaded in, or while it is off */
    bool has_asked_stolen; /* PV_TIME_ST has told it where its stolen time is */
    bool yields;           /* it asked for others to run first; only while loaded */

    /* Under sched_lock: */
    enum vcpu_state state;
    bool loaded;                 /* its state is, or is about to be, in a physical CPU */
    bool saving;                 /* its state is being taken out of one; cleared without the lock */
    uint8_t paused;              /* VCPU_PAUSED_*: if any, ready or not, it does not run */
    struct pcpu *pcpu;           /* where it runs, now or next */
    struct list_node run_link;   /* in pcpu->run_queue */
    struct list_node sleep_link; /* in the sleepers of where it blocked, its timer armed */
    uint64_t wake_ticks;         /* when that timer fires, CNTPCT_EL0 */
    uint64_t virtual_ticks;      /* time it ran, scaled by its weight */
    uint64_t charged_ticks;      /* up to when that is counted, while it runs */
    uint64_t ready_since_ticks;  /* since when it waits for its physical CPU */
    bool kicked;                 /* it is not to sleep the next time it would */

    /* What else ends its sleep; its own to change, while it is loaded and does not sleep. */
    bool polls;          /* something does: its last sleep was sleep_poll() */
    uint32_t poll_word;  /* of its mailbox */
    uint64_t poll_ports; /* bits of that word */
    uint64_t poll_ticks; /* when it wakes at the latest, CNTPCT_EL0 */

    struct stile_vcpu_page *page; /* shared with the guest, as is the next */
    struct stile_mailbox *mailbox;

    struct el1_state el1;       /* valid while not loaded, as is the next */
    struct baseline_state more; /* registers that not every CPU has */
    struct fp_state fp;         /* valid unless VCPU_HAS_FP, as are the next */
    void *sve;                  /* pages for the registers of SVE; NULL without it */
    uint64_t zcr;               /* ZCR_EL1 */
    struct vgic_vcpu vgic;
    struct vtimer vtimer;
    struct set_way set_way;
    /* Last: they are large, and what is far costs an instruction more. */
    struct vcpu_stats stats;
    struct vdebug debug; /* used seldom, as is the next */
    struct vpmu vpmu;
};

/** Sets work bits of a vCPU. Who takes them sees what was written before. */
static inline void vcpu_add_work(struct vcpu *vcpu, uint32_t work)
{
    __atomic_fetch_or(&vcpu->work, work, __ATOMIC_RELEASE);
}

#endif
