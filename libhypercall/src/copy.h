/* SPDX-License-Identifier: MIT */
/*
 * The library's own copy, eight bytes at a time at any alignment: what rings cost must not depend
 * on the kernel's memcpy, which may be a loop of bytes.
 */
#ifndef STILE_COPY_H
#define STILE_COPY_H

#include "stile/base.h"

/* At any address, in memory of any type. */
struct stile_copy_word {
    uint64_t value;
} __attribute__((packed, may_alias));

static inline void stile_copy(void *to, const void *from, size_t bytes)
{
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;

    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t)) {
        uint64_t word = ((const struct stile_copy_word *)(const void *)in)->value;

        /* So that no compiler takes the loop for a memcpy(), and calls that. */
        __asm__("" : "+r"(word));
        ((struct stile_copy_word *)(void *)out)->value = word;
        in += sizeof(uint64_t);
        out += sizeof(uint64_t);
    }
    for (; bytes > 0; bytes--) {
        uint8_t byte = *in++;

        __asm__("" : "+r"(byte));
        *out++ = byte;
    }
}

#endif
