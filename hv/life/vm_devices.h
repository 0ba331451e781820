/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine's that a VM has, from its creation to its end.
 */
#ifndef LIFE_VM_DEVICES_H
#define LIFE_VM_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/**
 * vm_devices_check() - whether a VM can have the devices of its tree
 * @vm: is being created
 *
 * Returns NULL, or a text that says which other VM has one of them.
 */
const char *vm_devices_check(const struct vm *vm);

/** vm_devices_say() - the log says which ones it has */
void vm_devices_say(const struct vm *vm);

/**
 * vm_devices_alloc() - make what the SMMU needs for them, for as long as there is the VM
 *
 * Returns false if the VM's budget has not so much; vm_devices_free() is due even so.
 */
bool vm_devices_alloc(struct vm *vm);

/** vm_devices_free() - free that, after vm_devices_stop() */
void vm_devices_free(struct vm *vm);

/**
 * vm_devices_map() - put their registers where the VM's tree has them
 * @vm: has its memory, and its interrupt controller
 *
 * Returns NULL, or a text that says why that cannot be.
 */
const char *vm_devices_map(struct vm *vm);

/**
 * vm_devices_quiet() - have the devices that can be told so leave memory alone
 * @done: how far that is; 0 at first
 *
 * Those behind PCI bridges, which firmware or the last guest may have left as bus masters, a bus at
 * a time. Returns whether there is more: then it is to be called again.
 */
bool vm_devices_quiet(const struct vm *vm, uint32_t *done);

/** vm_devices_start() - let them reach its memory, and their interrupts come; it is about to run */
void vm_devices_start(struct vm *vm);

/**
 * vm_devices_faults() - deal with the accesses that the SMMU has refused
 *
 * The first of a VM is told by the log, all are counted. After VM_DEVICES_FAULTS of them each
 * stream that has another one is ended. By the SMMU's interrupt, and IRQ_DEVICES, which this CPU
 * sends itself if there are more than a turn's. Returns whether there were any.
 */
bool vm_devices_faults(void);
#define VM_DEVICES_FAULTS 1024u

/**
 * vm_devices_stop() - let none come any more, and none of them reach memory; the VM has ended
 *
 * The devices stay as the guest has left them: what makes the VM anew finds them so, as after a
 * kexec.
 */
void vm_devices_stop(struct vm *vm);

#endif
