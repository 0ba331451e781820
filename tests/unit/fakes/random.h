/* SPDX-License-Identifier: MIT */
/*
 * Numbers that look random and are the same in every run.
 */
#ifndef FAKES_RANDOM_H
#define FAKES_RANDOM_H

#include <stdint.h>

static inline uint64_t fake_random(void)
{
    static uint64_t state = 0x9E3779B97F4A7C15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

#endif
