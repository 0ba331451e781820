/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine: its memory, its vCPUs, and the devices it is shown; and the table of all VMs.
 * What happens to a VM from its creation to its end is life/vm_life.h's.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/clamp.h"
#include "arch/id.h"
#include "lib/ratelimit.h"
#include "mm/stage2.h"
#include "stile/abi.h"
#include "vm/events_state.h"
#include "vm/mmio_map.h"
#include "vm/stats.h"
#include "vm/vcache_state.h"
#include "vm/vconsole_state.h"
#include "vm/vgic_state.h"
#include "vm/virtio_state.h"
#include "vm/vm_config.h"
#include "vm/vm_files.h"
#include "vm/vrtc_state.h"
#include "vm/vuart_state.h"

struct controller;
struct pvtime_stolen;
struct remains;
struct vcpu;

enum vm_state {
    VM_OFF,     /* nothing allocated */
    VM_RUNNING, /* its vCPUs may be loaded */
    VM_ENDING,  /* none will be loaded again; taken down when nobody holds it */
    VM_UNREADY, /* being made, taken down or made anew, by whoever does that alone */
};

/** What becomes of a VM that has ended. */
enum vm_end {
    VM_END_OFF,
    VM_END_REBOOT,
    VM_END_CRASH,
    VM_END_DESTROYED,
};

/** Whether the first vCPU of a VM that is running has been started. */
enum vm_start {
    VM_STARTED,
    VM_START_NOT_YET, /* another VM is to do that: soon */
    VM_START_WAITS,   /* and now: vm_build_start() */
};

struct vm {
    struct vm_config config; /* what its device tree said; constant but for vm_set_*() */
    struct vm_files image;   /* its files, for a reboot */
    uint32_t id;             /* its place in the table, from 1; its VMID and its pages' owner */
    uint32_t number;         /* what VMs and people call it: vm_give_number() */
    uint32_t nr_uses;        /* how many VMs have had the place */
    uint32_t maker;          /* vm_maker() */
    uint32_t ended;          /* in which order it did: vm_end_off() */
    uint64_t hcr;            /* HCR_EL2 while one of its vCPUs runs: trap_control_hcr() */
    uint64_t mdcr;           /* MDCR_EL2: trap_control_mdcr() */
    uint32_t sve_bytes;      /* its longest vector; 0 without SVE: vsve_bytes() */
    struct vcache caches;    /* what its guest is shown of caches */
    bool has_pmu;            /* its vCPUs have performance monitors: virt/vpmu.h */
    uint32_t minor;          /* the ABI minor agreed on; 0 before */
    bool agreed;             /* core_version has succeeded since the last reset */
    uint8_t calls[STATS_CALL_SLOTS]; /* by number: its line, from 1, or PERMIT_NONE */
    enum vm_state state;
    enum vm_end end;
    uint32_t status;             /* with which it was powered off; else 0 */
    bool (*step)(struct vm *vm); /* does a part of what is to be done; false: that was the last */
    bool paused;                 /* its vCPUs are not loaded until it is resumed */
    enum vm_start start;         /* of the VM that another one makes */
    ipa_t kernel_at, initrd_at;  /* where its maker is to put its files */
    uint32_t nr_holds;           /* vCPUs that are loaded or about to be, and vm_get(); atomic */
    struct ratelimit complaints; /* lines in the log about what it did: watch/complain.h */
    struct ratelimit reports;    /* of its ends and starts; as the first, over its reboots */
    uint32_t complained;         /* of aborts: a bit for each enum complain_abort; atomic */
    struct spinlock
        lock; /* of number, name, minor, agreed, state to initrd_at, settings; for good */
    struct stage2 stage2;
    struct vcpu *vcpus[CONFIG_NR_VCPUS];
    uint32_t last_loaded[CONFIG_NR_PCPUS]; /* which vCPU was, on each CPU: its index + 1, or 0 */
    struct stile_vm_page *page;            /* shared with the guest, as is the next */
    struct stile_console_ring *ring;
    struct remains *remains;             /* stays when the VM is gone */
    struct pvtime_stolen *stolen;        /* by vCPU; shared with the guest */
    const struct controller *controller; /* what brings it its interrupts */
    struct vgic vgic;
    struct vuart vuart;
    struct vconsole console;
    struct vrtc rtc;
    struct mmio_map mmio; /* emulated devices by IPA */
    struct events events;
    struct virtio virtio;
    uint64_t ids[ID_NR_REGISTERS];    /* identification registers its guest is shown: virt/vid.h */
    char typed[VCONSOLE_INPUT_BYTES]; /* and not read; last: it is large */
};

/** vm_maker() - the number of the VM that made this one at run time; 0: it is the bundle's */
static inline uint32_t vm_maker(const struct vm *vm)
{
    return IS_ENABLED(CONFIG_CALLS_VM) ? vm->maker : 0;
}

/** vm_hold() - the VM is not taken down before sched_release(): a vCPU is about to be loaded */
static inline void vm_hold(struct vm *vm)
{
    __atomic_fetch_add(&vm->nr_holds, 1, __ATOMIC_RELAXED);
}

/**
 * vm_vcpu() - a vCPU by its number
 * @index: below config.nr_vcpus: checked by the caller, under speculation here
 */
static inline struct vcpu *vm_vcpu(const struct vm *vm, uint64_t index)
{
    return vm->vcpus[clamp(index, CONFIG_NR_VCPUS)];
}

/**
 * vm_slot() - a place of the table
 * @id: any; places are 1 to CONFIG_NR_VMS
 *
 * Returns NULL if there is no such place. Says nothing about whether it has a VM: what may be used
 * of that without a hold has a lock of its own.
 */
struct vm *vm_slot(uint32_t id);

/**
 * vm_give_number() - call the VM of a place as none was called for long
 * @vm: its id set; nothing of it runs; locked
 *
 * A number is the place in its lower bits and, above them, how often that was used: a VM that gets
 * the place of one that has ended is not taken for it. Never 0, which is the hypervisor, and kept
 * over a reboot.
 */
void vm_give_number(struct vm *vm);

/**
 * vm_get() - look at a VM from outside
 * @index: 0 to CONFIG_NR_VMS - 1
 *
 * Returns NULL if there is no such VM, or it is ending. Otherwise it and its vCPUs stay until
 * sched_release(). No lock held.
 */
struct vm *vm_get(uint32_t index);

/**
 * vm_numbered() - the VM of a number, in whatever state it is, if only its end
 * @number: any
 *
 * Returns NULL if there has never been one, or another VM has its place by now. Of what it returns
 * only what outlives a VM may be used (watch/remains.h, console_read_kept()).
 */
struct vm *vm_numbered(uint32_t number);

/**
 * vm_get_numbered() - vm_get() of a number
 * @number: any
 */
struct vm *vm_get_numbered(uint32_t number);

/**
 * vm_may_steer() - whether a VM may look at another one and steer it
 * @by: one that has the calls of group control
 */
static inline bool vm_may_steer(const struct vm *by, const struct vm *vm)
{
    return by->config.privileged || vm_maker(vm) == by->number || vm == by;
}

/** vm_get_steered() - vm_get_numbered() of a VM that @by may steer; others are none to it */
struct vm *vm_get_steered(const struct vm *by, uint32_t number);

/** vm_exists() - whether a number is that of a VM that has not ended for good. No lock held. */
bool vm_exists(uint32_t number);

/**
 * vm_after() - walk all VMs, those that have ended too
 * @number: any; 0: to begin
 *
 * Returns the first VM whose place is behind that of the number, or NULL. So a walk goes on
 * although the VM it has got to is gone. As vm_numbered() otherwise.
 */
struct vm *vm_after(uint32_t number);

/** vm_describe() - look at a VM of vm_numbered() or vm_after(). No lock held. */
struct stile_vm_info vm_describe(struct vm *vm);

/**
 * vm_find() - the number of the VM of a name
 * @name: padded with zeroes
 *
 * Returns 0 if none of that name is running. No lock held.
 */
uint32_t vm_find(const char name[STILE_VM_NAME_BYTES]);

/** vm_is_named() - whether there is a VM of that name that has not ended for good. As vm_find(). */
bool vm_is_named(const char name[STILE_VM_NAME_BYTES]);

#endif
