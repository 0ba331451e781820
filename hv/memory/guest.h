/* SPDX-License-Identifier: MIT */
/*
 * Copying between the hypervisor and a guest's memory, by IPA.
 *
 * Only what the VM owns is touched: not a device, not a page shared with it. The VM's stage 2 is
 * locked while a page is copied, so that it cannot be given back meanwhile. Each call copies as
 * far as it can and returns how far that was; it never faults. Any context in which the stage-2
 * lock may be taken.
 *
 * EL2 copies through the caches. So must a guest that names memory in a call, or it maintains the
 * caches itself, as for any other CPU that shares memory with it.
 */
#ifndef MEMORY_GUEST_H
#define MEMORY_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

struct vm;

/** Copies @bytes from the guest's @from to @to. Returns how many bytes could be read. */
size_t guest_read(struct vm *vm, void *to, ipa_t from, size_t bytes);

/** Copies @bytes from @from to the guest's @to. Returns how many bytes could be written. */
size_t guest_write(struct vm *vm, ipa_t to, const void *from, size_t bytes);

/** Whether a byte is memory of the VM that it may write. */
bool guest_may_write(struct vm *vm, ipa_t ipa);

/**
 * guest_clean() - have memory itself hold what was written, and no data cache a line of it
 * @code: nor instruction caches: it may be code, where there was other code before
 *
 * Whole pages (mm/handover.h). Returns how many bytes are memory of the VM.
 */
size_t guest_clean(struct vm *vm, ipa_t base, size_t bytes, bool code);

#endif
