/* SPDX-License-Identifier: MIT */
/*
 * Physical addresses that nobody maps, made accessible for one function.
 */
#ifndef GUEST_HOSTILE_WINDOW_H
#define GUEST_HOSTILE_WINDOW_H

#include "arch/layout.h"
#include "mm/map.h"
#include "support.h"

/* Where they are meanwhile. */
#define HOSTILE_VA USER_VA

/**
 * hostile_window_try() - call a function with some pages mapped at HOSTILE_VA
 * @pa: of the first
 * @nr_pages: how many, 0 for none
 * @argument: of the function
 *
 * Returns whether the function raised an exception, which @fault then tells. Interrupts are masked.
 */
bool hostile_window_try(uint64_t pa, uint64_t nr_pages, enum map_kind kind,
                        void (*function)(void *argument), uint64_t argument, struct fault *fault);

/** hostile_window_try_root() - the same with a table of the caller's for the whole lower half */
bool hostile_window_try_root(uint64_t root, void (*function)(void *argument), uint64_t argument,
                             struct fault *fault);

/** What a function can do with an address: read 4 bytes, write ones there, go there. */
void hostile_load(void *address);
void hostile_store(void *address);
void hostile_jump(void *address);

/** hostile_is_emulated() - whether this machine's devices are a hypervisor's */
bool hostile_is_emulated(void);

#endif
