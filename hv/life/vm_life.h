/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM: made from its files, run, paused, ended, taken down or started anew.
 */
#ifndef LIFE_VM_LIFE_H
#define LIFE_VM_LIFE_H

#include <stdint.h>

#include "vm/vm.h"

struct vcpu;

/**
 * vm_create() - make a VM from its folder in the bundle
 * @from: the folder
 *
 * Boot only. The VM's first vCPU is ready to run. A VM that cannot be made is refused with one
 * line in the log, and leaves nothing behind.
 */
void vm_create(const struct vm_files *from);

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
