/* SPDX-License-Identifier: MIT */
/*
 * Showing the flight recorder (vm/trace.h): exits with names and arguments.
 */
#ifndef WATCH_FLIGHT_H
#define WATCH_FLIGHT_H

#include <stdint.h>

struct trace;
struct vcpu;
struct vm;

/**
 * flight_print_row() - print one line of a vCPU's last exits: a heading, then oldest first, decoded
 * @vcpu: of a VM that is held; it may be running, and what it does meanwhile is not shown
 * @row: 0 to TRACE_ENTRIES; nothing is printed for the last ones if there were fewer exits
 *
 * Only the hypervisor's console uses this: row 0 takes the copy that the others show.
 */
void flight_print_row(const struct vcpu *vcpu, uint32_t row);

/**
 * flight_print_kept() - the same for a recorder that is kept otherwise
 * @vm: whose it is
 * @vcpu_id: of which of its vCPUs
 */
void flight_print_kept(const struct vm *vm, uint32_t vcpu_id, const struct trace *trace,
                       uint32_t row);

/** flight_print_longest() - print the longest time at EL2 and the exit behind it, if measured */
void flight_print_longest(void);

#endif
