/* SPDX-License-Identifier: MIT */
/*
 * Content that is made of a number, and that another place, another size or another number would
 * not have.
 */
#ifndef IO_SEQUENCE_H
#define IO_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Odd numbers without a pattern: the product of different numbers differs. */
#define SEQUENCE_SEED UINT64_C(0x9E3779B97F4A7C15)
#define SEQUENCE_STEP UINT64_C(0xD1342543DE82EF95)

/** sequence_mix() - a number without a pattern for each number */
static inline uint64_t sequence_mix(uint64_t number)
{
    number = (number + SEQUENCE_SEED) * SEQUENCE_STEP;
    number = (number ^ number >> 32) * SEQUENCE_SEED;
    return number ^ number >> 29;
}

static inline size_t sequence_part(size_t bytes)
{
    return bytes < sizeof(uint64_t) ? bytes : sizeof(uint64_t);
}

/** sequence_fill() - make the content of a number */
static inline void sequence_fill(uint8_t *to, size_t bytes, uint64_t number)
{
    uint64_t word = sequence_mix(number);

    for (size_t at = 0; at < bytes; at += sizeof(word), word += SEQUENCE_STEP)
        memcpy(to + at, &word, sequence_part(bytes - at));
}

/** sequence_check() - where content, to within 8 bytes, is not that of a number; @bytes if it is
 * all */
static inline size_t sequence_check(const uint8_t *from, size_t bytes, uint64_t number)
{
    uint64_t word = sequence_mix(number);

    for (size_t at = 0; at < bytes; at += sizeof(word), word += SEQUENCE_STEP)
        if (memcmp(from + at, &word, sequence_part(bytes - at)) != 0)
            return at;
    return bytes;
}

#endif
