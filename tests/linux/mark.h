/* SPDX-License-Identifier: MIT */
#ifndef LINUX_MARK_H
#define LINUX_MARK_H

/**
 * mark() - mark a place in the instructions
 *
 * A hint that no CPU knows: nothing happens, but tests/bench/count notes how far its counters are.
 */
static inline void mark(void)
{
    __asm__ volatile("hint #112" : : : "memory");
}

#endif
