/* SPDX-License-Identifier: MIT */
/*
 * See guest_word.h.
 */
#include "lib/guest_word.h"

#include "lib/cold.h"

COLD bool guest_word_change(uint64_t *word, enum exclusive_change change, uint64_t bits,
                            uint64_t *before)
{
    if (exclusive_has_lse()) {
        *before = exclusive_lse(word, change, bits);
        return true;
    }
    for (uint32_t i = 0; i < GUEST_WORD_TRIES; i++)
        if (exclusive_try(word, change, bits, before))
            return true;
    return false;
}
