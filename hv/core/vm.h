/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine: its memory, its vCPUs, and the devices it is shown.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bundle.h"
#include "core/events.h"
#include "core/stats.h"
#include "core/vm_config.h"
#include "lib/ratelimit.h"
#include "mm/stage2.h"
#include "stile/abi.h"
#include "virt/mmio.h"
#include "virt/pvtime.h"
#include "virt/vconsole.h"
#include "virt/vgic.h"
#include "virt/vuart.h"

struct vcpu;

enum vm_state {
    VM_OFF,     /* nothing allocated */
    VM_RUNNING, /* its vCPUs may be loaded */
    VM_ENDING,  /* none will be loaded again; taken down when nobody holds it */
    VM_ENDED,   /* being taken down */
};

/** What becomes of a VM that has ended. */
enum vm_end {
    VM_END_OFF,
    VM_END_REBOOT,
    VM_END_CRASH,
    VM_END_DESTROYED,
};

struct vm {
    struct vm_config config;         /* what its device tree said; constant */
    struct bundle_vm image;          /* its files, for a reboot */
    uint32_t id;                     /* from 1; also its VMID and its pages' owner */
    uint64_t hcr;                    /* HCR_EL2 while one of its vCPUs runs: trap_hcr() */
    uint64_t mdcr;                   /* MDCR_EL2: trap_mdcr() */
    uint32_t minor;                  /* the ABI minor agreed on; 0 before */
    bool agreed;                     /* core_version has succeeded */
    uint8_t calls[STATS_CALL_SLOTS]; /* by number: its line, from 1, or HYPERCALL_NONE */
    enum vm_state state;
    enum vm_end end;
    bool paused;                 /* its vCPUs are not loaded until it is resumed */
    uint32_t nr_holds;           /* vCPUs that are loaded or about to be, and vm_get(); atomic */
    struct ratelimit complaints; /* lines in the log about what it did */
    struct spinlock lock;        /* of minor, agreed, state, end and paused */
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
    struct mmio_map mmio; /* emulated devices by IPA */
    struct events events;
};

/**
 * vm_create() - make a VM from its folder in the bundle
 * @from: the folder
 *
 * Boot only. The VM's first vCPU is ready to run. A VM that cannot be made is refused with one
 * line in the log, and leaves nothing behind.
 */
void vm_create(const struct bundle_vm *from);

/** vm_nr_running() - how many VMs have not ended */
uint32_t vm_nr_running(void);

/**
 * vm_stop() - end the loaded vCPU's VM
 * @vcpu: the loaded vCPU; it is not returned to
 * @end: what becomes of the VM
 *
 * The VM is taken down, or started anew, when its last loaded vCPU has been put. The first end
 * counts if several vCPUs stop the VM at once.
 */
void vm_stop(struct vcpu *vcpu, enum vm_end end);

/**
 * vm_crash() - end a VM that cannot go on, and show why
 * @vcpu: the loaded vCPU
 * @why: a text for the log
 *
 * Prints the vCPU's registers and last exits. The machine goes on.
 */
void vm_crash(struct vcpu *vcpu, const char *why);

/** vm_hold() - one of its vCPUs is about to be loaded: the VM is not taken down before vm_release()
 */
static inline void vm_hold(struct vm *vm)
{
    __atomic_fetch_add(&vm->nr_holds, 1, __ATOMIC_RELAXED);
}

/** vm_let_go() - nobody holds a VM any more that is ending: it is taken down */
void vm_let_go(struct vm *vm);

/** vm_release() - it was put. The last hold of a VM that is ending takes it down. No lock held. */
static inline void vm_release(struct vm *vm)
{
    if (__atomic_sub_fetch(&vm->nr_holds, 1, __ATOMIC_ACQ_REL) == 0 &&
        __atomic_load_n(&vm->state, __ATOMIC_RELAXED) == VM_ENDING)
        vm_let_go(vm);
}

/**
 * vm_slot() - where the VM of a number is, if one is running
 * @id: any number
 *
 * Returns NULL if no VM can have the number. Says nothing about whether there is one: what may be
 * used of it without a hold has a lock of its own.
 */
struct vm *vm_slot(uint32_t id);

/**
 * vm_get() - look at a VM from outside
 * @index: 0 to CONFIG_NR_VMS - 1
 *
 * Returns NULL if there is no such VM, or it is ending. Otherwise it and its vCPUs stay until
 * vm_release(). No lock held.
 */
struct vm *vm_get(uint32_t index);

/** What vm_describe() tells. */
struct vm_description {
    char name[STILE_VM_NAME_BYTES];
    enum stile_vm_state state;
    uint32_t nr_vcpus;
    uint64_t nr_pages;
};

/**
 * vm_numbered() - the VM of a number, in whatever state it is, if only its end
 * @number: any
 *
 * Returns NULL if there has never been one. Of what it returns only what outlives a VM may be used
 * (core/remains.h, console_read_kept()).
 */
struct vm *vm_numbered(uint32_t number);

/** vm_describe() - look at a VM of vm_numbered(). No lock held. */
struct vm_description vm_describe(struct vm *vm);

/**
 * vm_find() - the number of the VM of a name
 * @name: padded with zeroes
 *
 * Returns 0 if none of that name is running. No lock held.
 */
uint32_t vm_find(const char name[STILE_VM_NAME_BYTES]);

/**
 * vm_pause() - keep a VM's vCPUs from running
 * @vm: held
 *
 * They leave their physical CPUs soon, not at once. Interrupts for the VM are kept, time goes on.
 */
void vm_pause(struct vm *vm);

/** vm_resume() - let a VM's vCPUs run again, from where they were; harmless if it is not paused */
void vm_resume(struct vm *vm);

/** vm_destroy() - end a VM from outside; it is taken down by the vm_release() that is last */
void vm_destroy(struct vm *vm);

#endif
