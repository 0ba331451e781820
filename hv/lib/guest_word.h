/* SPDX-License-Identifier: MIT */
/*
 * Bits of a word in a page that a guest writes, too, changed atomically.
 *
 * A loop of exclusive accesses ends when nobody else writes to the word, or near it, for a moment,
 * and a guest may see to it that there is no such moment: a CPU at EL2 would loop for as long as
 * the guest likes, with whatever locks are held. So there is a limit, and whoever reaches it stops
 * the guest. Memory that guests do not write needs none of this.
 */
#ifndef LIB_GUEST_WORD_H
#define LIB_GUEST_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/exclusive.h"

/**
 * How often it is tried. A guest that uses the word as it should writes it once for each event, and
 * does not get in the way twice in a row.
 */
#define GUEST_WORD_TRIES 64

/**
 * guest_word_change() - set or clear bits of a word that a guest writes, too
 * @before: what the word was, if it was changed
 *
 * Returns false if the guest did not let it be done: it is to be stopped. Acquire and release. On a
 * fast path exclusive_try() comes first.
 */
bool guest_word_change(uint64_t *word, enum exclusive_change change, uint64_t bits,
                       uint64_t *before);

#endif
