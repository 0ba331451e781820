/* SPDX-License-Identifier: MIT */
/*
 * What is left of a VM after its end, until another VM takes its place: the end of its output, and
 * of one that crashed, or could not be made, why.
 */
#ifndef WATCH_REMAINS_H
#define WATCH_REMAINS_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/abi.h"
#include "vm/trace.h"

struct vcpu;
struct vm;

struct remains {
    char output[STILE_CONSOLE_KEPT_BYTES]; /* of its console's port, under the console's lock */
    /* Under vm->lock: */
    bool is_noted;                 /* a vCPU has crashed: the message is there */
    bool is_whole;                 /* and so is the rest: the VM has ended */
    struct stile_crash_info crash; /* of the vCPU that crashed first, as is the next */
    struct trace trace;
};

/** Allocates what will be left of a new VM, or takes over its predecessor's; false without memory.
 */
bool remains_init(struct vm *vm);

/** A loaded vCPU's VM crashes, for this reason. vm->lock is not held. */
void remains_note(const struct vcpu *vcpu, const char *why);

/** A VM cannot be made, or not anew, for this reason; what it did before is forgotten. The same. */
void remains_refuse(struct vm *vm, const char *why);

/** A VM is taken down because it crashed: keeps registers and last exits. As remains_note(). */
void remains_keep(struct vm *vm);

/** Copies what a crash left of @vm, any that has a number; false if it did not crash. */
bool remains_read_crash(struct vm *vm, struct stile_crash_info *crash);

/** The same for one of the crashed vCPU's last exits; as trace_read(). */
bool remains_read_trace(struct vm *vm, uint32_t vcpu_id, uint32_t age, struct trace_entry *entry);

/* The message, two rows of special registers, eight of general ones; those of flight_print_row().
 */
#define REMAINS_ROWS (1 + 2 + 8 + TRACE_ENTRIES + 1)

/** Prints row @row, below REMAINS_ROWS, of what remains_keep() has kept: for the VM's end. */
void remains_report_row(const struct vm *vm, uint32_t row);

/** The same for the hypervisor's console, of any VM that has a number; nothing if it did not crash.
 */
void remains_print_row(struct vm *vm, uint32_t row);

#endif
