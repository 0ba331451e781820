/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: a fault or a broken invariant of the hypervisor's own.
 */
#ifndef WATCH_PANIC_H
#define WATCH_PANIC_H

#include <stdint.h>

/** x0 to x30 and SP at an exception that EL2 itself took, as entry.S stores them. */
struct panic_registers {
    uint64_t x[31];
    uint64_t sp;
};

/**
 * panic_exception() - called by entry.S on the panic stack
 * @vector: 0 to 7, which of EL2's own vectors it was
 */
_Noreturn void panic_exception(uint64_t vector, const struct panic_registers *registers);

#endif
