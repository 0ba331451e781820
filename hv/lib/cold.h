/* SPDX-License-Identifier: MIT */
/*
 * A mark for functions off the fast path of a file that is otherwise on it.
 */
#ifndef LIB_COLD_H
#define LIB_COLD_H

/** In front of a function: out of line, and small rather than fast. */
#define COLD __attribute__((noinline, cold))

#endif
