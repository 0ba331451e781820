/* SPDX-License-Identifier: MIT */
/*
 * The end of a VM: taken down and, for a reboot, made anew; in bounded steps. And how many VMs have
 * not ended: after the last one the machine is powered off.
 */
#ifndef LIFE_VM_END_H
#define LIFE_VM_END_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/** vm_end_expect() - there is one more VM that will end */
void vm_end_expect(void);

/** vm_end_nr_expected() - how many VMs have not ended */
uint32_t vm_end_nr_expected(void);

/**
 * vm_end_step() - do a part of what the end of a VM asks for: its vm->step
 * @vm: VM_UNREADY; nobody else touches it
 *
 * Returns whether there is more. If not, the VM is gone, or runs anew.
 */
bool vm_end_step(struct vm *vm);

/**
 * vm_end_make() - make a VM, in turns of its own, as one that starts anew
 * @vm: VM_UNREADY, with what it keeps over a reboot
 *
 * It counts as one that has not ended, and may run and end before this returns.
 */
void vm_end_make(struct vm *vm);

/** vm_end_off() - a VM is VM_OFF from now on, the last one that has ended; locked */
void vm_end_off(struct vm *vm);

/** vm_end_free() - free what a VM keeps over a reboot; its memory is free already */
void vm_end_free(struct vm *vm);

#endif
