/* SPDX-License-Identifier: MIT */
/*
 * Making a VM ready to run, for the first time or anew: memory, devices, shared pages, files; in
 * bounded steps. What it keeps over a reboot, its vCPUs and pages, is there already.
 */
#ifndef LIFE_VM_BUILD_H
#define LIFE_VM_BUILD_H

#include <stdbool.h>

struct vm;

/** How far a VM is. */
enum vm_build_state {
    VM_BUILD_NEW,
    VM_BUILD_DEVICES, /* they are to leave its memory alone */
    VM_BUILD_MEMORY,
    VM_BUILD_FILES,
    VM_BUILD_READY, /* all has been done */
    VM_BUILD_FAILED,
};

/** vm_build_begin() - forget what was done: nothing of it is there any more */
void vm_build_begin(const struct vm *vm);

/**
 * vm_build_some() - do a part of what is to be done
 * @vm: nobody else touches it
 *
 * Returns the new state. If it failed, vmem_destroy() is due.
 */
enum vm_build_state vm_build_some(struct vm *vm);

/** vm_build_fault() - why it failed: a constant text; NULL if it did not */
const char *vm_build_fault(const struct vm *vm);

/**
 * vm_build_run() - let a VM go that is ready: its first vCPU, unless its maker is to do that
 * @vm: VM_UNREADY
 *
 * Returns false if the VM was ended meanwhile: then nothing has changed. Else it is VM_RUNNING, and
 * the caller has touched it for the last time: it may have ended by now, and be taken down.
 */
bool vm_build_run(struct vm *vm);

/**
 * vm_build_start() - let the first vCPU go of a VM that waits for that: its maker has written its
 * files
 * @vm: held
 *
 * Returns false if it does not wait: then nothing has changed.
 */
bool vm_build_start(struct vm *vm);

#endif
