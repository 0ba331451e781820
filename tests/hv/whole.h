/* SPDX-License-Identifier: MIT */
/*
 * At once, for tests of the host and of EL2, what EL2 does with the memory of a VM in parts.
 */
#ifndef WHOLE_H
#define WHOLE_H

#include "memory/vmem.h"
#include "vm/vm.h"

static inline void whole_destroy(struct vm *vm)
{
    while (vmem_destroy(vm))
        ;
}

static inline enum stile_error whole_fill(struct vm *vm)
{
    enum stile_error error;

    do
        error = vmem_fill(vm);
    while (error == STILE_BUSY);
    return error;
}

/** The memory of a VM's device tree is all there, or nothing is. */
static inline enum stile_error whole_create(struct vm *vm)
{
    enum stile_error error = vmem_create(vm);

    if (error)
        return error;
    error = whole_fill(vm);
    if (!error)
        return error;
    whole_destroy(vm);
    vmem_forget(vm);
    return error;
}

#endif
