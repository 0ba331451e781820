/* SPDX-License-Identifier: MIT */
/*
 * What console.c and console_write.c share. Nobody else includes this.
 *
 * Invariant: the line that the VM with the focus has begun, in its port, is what stands on the
 * screen's last line; if it is empty, the cursor is at the start of a line.
 */
#ifndef CONSOLE_CONSOLE_STATE_H
#define CONSOLE_CONSOLE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/spinlock.h"
#include "vm/console_port.h"
#include "vm/vm.h"

/** How the hypervisor's own lines are named. */
#define CONSOLE_HV_NAME "hv"

struct console_state {
    struct spinlock lock; /* of what follows, and of the UART; last of all locks */
    struct vm *vms[CONFIG_NR_VMS];
    uint32_t nr_vms;
    struct vm *focus;           /* NULL: the hypervisor's console, or nobody */
    bool monitor;               /* somebody chose the hypervisor's console */
    bool unsaid;                /* the focus moved, and there was no room to say so */
    uint32_t nr_moves;          /* of the focus; wraps */
    struct console_port prompt; /* what the hypervisor's console has begun */
    bool named;                 /* lines carry names */
    uint32_t nr_left_out;       /* lines that guests caused and that found no room */
};

extern struct console_state console;

static inline struct console_port *console_port_of(struct vm *vm)
{
    return &vm->console.port;
}

#endif
