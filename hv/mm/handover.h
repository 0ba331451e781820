/* SPDX-License-Identifier: MIT */
/*
 * Memory on its way to a guest: what memory itself holds, and what caches hold of it.
 *
 * A guest reads and writes past the data caches while its MMU is off, and through mappings of its
 * own that are not cacheable. So when a page reaches it, memory itself must hold what the page is
 * to hold, or such a guest reads what was there before; and no data cache may hold a line of the
 * page, or the line is written back over what such a guest wrote, or is read instead of that later
 * on. Every page on its way to a guest passes through one of the functions below. FEAT_S2FWB makes
 * all accesses of guests cacheable: then there is nothing to do for data.
 *
 * Guest memory is handed over through copy windows that are not cacheable (mm/window.h), since
 * through a cacheable one lines could come back by speculation.
 */
#ifndef MM_HANDOVER_H
#define MM_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

/**
 * handover_zeroed() - zero guest memory that its new owner has not seen yet
 * @base:  page aligned
 * @bytes: a multiple of the page size, inside one block of 2 MiB; more than a page: a part of it
 * @stale: it belonged to somebody before: instruction caches may hold that owner's code
 *
 * Takes about 5 instructions for each line of 64 bytes. Uses this CPU's copy windows.
 */
void handover_zeroed(pa_t base, size_t bytes, bool stale);

/**
 * handover_filled() - have memory hold what a VM's memory holds, and no cache a line of it
 * @base, @bytes: as of handover_zeroed()
 * @code: nor instruction caches: another VM than before may execute it
 *
 * For what was written into it for a guest that starts, what a VM lends or gives away, and on a
 * VM's own demand.
 */
void handover_filled(pa_t base, size_t bytes, bool code);

/**
 * handover_to_el2() - zero pages of the pool for EL2's own use, which is cacheable
 * @start: page aligned
 * @bytes: a multiple of the page size
 * @stale: they were freed before
 */
void handover_to_el2(void *start, size_t bytes, bool stale);

/**
 * handover_pool() - the same for a page of the pool, which stays mapped at EL2
 * @page: filled with what the guest is to find
 *
 * EL2 goes on using its own cacheable mapping, and so must the guest, if it wants to see more than
 * what the page holds now. No mapping shows what the page was used for before.
 */
void handover_pool(const void *page);

#endif
