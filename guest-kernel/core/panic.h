/* SPDX-License-Identifier: MIT */
/*
 * The end of a kernel that cannot go on.
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <stdint.h>

struct exception_frame;

/** Prints a message and a backtrace, stops the other CPUs, and ends the machine. Any context. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same for a fault of the kernel's own: prints the registers of @frame too. */
_Noreturn void panic_exception(const char *what, const struct exception_frame *frame);

/** What a CPU does when another one has panicked. */
_Noreturn void panic_stop_cpu(void);

#endif
