/* SPDX-License-Identifier: MIT */
/*
 * The guest's ends of the console's two rings: struct stile_console_ring. Turn them on with
 * stile_console_use_ring(1), the call, first.
 *
 * Ordering: characters are written before the index that covers them (release), and read after it
 * (acquire). To be told of input, or to know whether to tell of output, a side stores its own index
 * and then loads what the other side has written, with stile_cpu_barrier() between, so never do
 * both sides miss what the other has just stored.
 *
 * A ring has one writer and one reader at a time: the caller holds a lock of its own, or masks
 * interrupts on the only vCPU that uses it. Output and input are independent.
 */
#ifndef STILE_CONSOLE_RING_H
#define STILE_CONSOLE_RING_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * stile_console_ring_try() - write as many characters as there is room for
 * @ring: mapped
 * @text: the characters
 * @length: how many
 *
 * Calls console_notify if the reader sleeps; no call otherwise. Returns how many were written; or
 * the error of console_notify: then none were. STILE_BUSY says that the ring is not used, see
 * console_use_ring.
 */
int64_t stile_console_ring_try(struct stile_console_ring *ring, const char *text, size_t length);

/**
 * stile_console_ring_write() - write without ever waiting
 *
 * As stile_console_ring_try(); what finds no room is lost, and counted in out_lost. Returns how
 * many were written, or the error.
 */
int64_t stile_console_ring_write(struct stile_console_ring *ring, const char *text, size_t length);

/**
 * stile_console_ring_puts() - write all
 *
 * While there is no room, calls console_notify, and gives the physical CPU away if that made none.
 * Returns 0, or the error of the call that failed: STILE_BUSY if the ring is not used.
 */
int64_t stile_console_ring_puts(struct stile_console_ring *ring, const char *text, size_t length);

/**
 * stile_console_ring_read() - take what was typed
 * @ring: mapped
 * @text: where to put it
 * @limit: the most to take
 *
 * Returns how many there were. Less than the limit says that the ring was found empty: the next
 * character raises STILE_INFO_CONSOLE_INTID. No call.
 */
size_t stile_console_ring_read(struct stile_console_ring *ring, char *text, size_t limit);

#ifdef __cplusplus
}
#endif

#endif
