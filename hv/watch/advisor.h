/* SPDX-License-Identifier: MIT */
/*
 * The trap advisor: what a VM's traps cost, and which call, shared page or mode would do without.
 *
 * It multiplies counters (stats.h) by prices (costs.h): no clock runs on any exit for it.
 */
#ifndef WATCH_ADVISOR_H
#define WATCH_ADVISOR_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/**
 * advisor_print_row() - print one line of the report
 * @vm: held; it may be running, so a later row may be of later counts
 * @row: 0, 1, and so on
 *
 * Returns whether there is another.
 */
bool advisor_print_row(const struct vm *vm, uint32_t row);

#endif
