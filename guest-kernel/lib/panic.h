/* SPDX-License-Identifier: MIT */
/*
 * The end of a kernel that cannot go on.
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include <stdint.h>

struct exception_frame;

/**
 * panic() - stop the other CPUs, print a message and a backtrace, and end the machine
 *
 * Any context, also with the console's lock held.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** panic_exception() - the same after an exception in the kernel: prints @frame's registers too */
_Noreturn void panic_exception(const char *what, const struct exception_frame *frame);

/** panic_stop_cpu() - stop the calling CPU, for ever */
_Noreturn void panic_stop_cpu(void);

#endif
