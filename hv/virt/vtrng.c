/* SPDX-License-Identifier: MIT */
/*
 * TRNG 1.0 (DEN 0098) on top of the hypervisor's generator.
 */
#include "virt/vtrng.h"

#include "lib/random.h"
#include "stile/smccc.h"

/* A call returns up to three registers' worth of bits. */
#define NR_RESULTS 3

_Static_assert(NR_RESULTS * sizeof(uint64_t) <= RANDOM_MAX_BYTES, "drawn at once");

/* 423b58d1-3209-479f-8dd7-e10847cd639b names this source (DEN 0098, section 2.4). */
#define UUID_WORD0 0xD1583B42u
#define UUID_WORD1 0x9F470932u
#define UUID_WORD2 0x08E1D78Du
#define UUID_WORD3 0x9B63CD47u

static bool has(uint32_t function)
{
    switch (function) {
    case STILE_TRNG_VERSION:
    case STILE_TRNG_FEATURES:
    case STILE_TRNG_GET_UUID:
    case STILE_TRNG_RND32:
    case STILE_TRNG_RND64:
        return true;
    default:
        return false;
    }
}

static struct vtrng_result status(int64_t status)
{
    return (struct vtrng_result){status, 0, 0, 0};
}

/*
 * Sections 2.5 and 2.6: @nr_bits of them, in registers of @width bits, the last one first. Bits
 * beyond those asked for are 0.
 */
static struct vtrng_result draw(uint64_t nr_bits, uint32_t width)
{
    uint64_t words[NR_RESULTS];

    if (nr_bits == 0 || nr_bits > NR_RESULTS * width)
        return status(STILE_TRNG_INVALID_PARAMETERS);
    random_fill(words, sizeof(words));
    for (uint32_t i = 0; i < NR_RESULTS; i++) {
        uint64_t before = (uint64_t)i * width;
        uint64_t wanted = nr_bits > before ? nr_bits - before : 0;
        if (wanted > width)
            wanted = width;
        words[i] = wanted == 0 ? 0 : words[i] >> (64 - wanted);
    }
    return (struct vtrng_result){0, words[2], words[1], words[0]};
}

struct vtrng_result vtrng_call(uint32_t function, uint64_t x1)
{
    if (!random_is_seeded())
        return status(STILE_TRNG_NOT_SUPPORTED);
    switch (function) {
    case STILE_TRNG_VERSION:
        return status(STILE_TRNG_VERSION_1_0);
    case STILE_TRNG_FEATURES:
        return status(has((uint32_t)x1) ? 0 : STILE_TRNG_NOT_SUPPORTED);
    case STILE_TRNG_GET_UUID:
        return (struct vtrng_result){UUID_WORD0, UUID_WORD1, UUID_WORD2, UUID_WORD3};
    case STILE_TRNG_RND32:
        return draw((uint32_t)x1, 32);
    case STILE_TRNG_RND64:
        return draw(x1, 64);
    default:
        return status(STILE_TRNG_NOT_SUPPORTED);
    }
}
