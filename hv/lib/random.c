/* SPDX-License-Identifier: MIT */
/*
 * A generator with fast key erasure: each block of the ChaCha20 stream (RFC 8439) is half the next
 * key and half output, so that who reads the key learns nothing of what was drawn before.
 *
 * The counter and nonce of a block need not differ, since the key does. They carry what has become
 * known since the last one: the time, and 64 bits of the CPU's own source if there is one.
 */
#include "lib/random.h"

#include <string.h>

#include "arch/rndr.h"
#include "arch/timer.h"
#include "lib/check.h"
#include "lib/spinlock.h"

#define KEY_WORDS     8
#define BLOCK_WORDS   16
#define DOUBLE_ROUNDS 10

/* How often the CPU's source is asked at boot; as much as the key holds, and some may fail. */
#define RNDR_TRIES 16
#define RNDR_WORDS 4

_Static_assert(RANDOM_MAX_BYTES == (BLOCK_WORDS - KEY_WORDS) * sizeof(uint32_t), "half a block");

static uint32_t key[KEY_WORDS];
static bool is_seeded;
static struct spinlock lock; /* of key */

/* --- ChaCha20, RFC 8439 sections 2.1 to 2.3 ------------------------------------------------ */

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static void quarter_round(uint32_t s[BLOCK_WORDS], unsigned a, unsigned b, unsigned c, unsigned d)
{
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

/* One block of the stream; @tail is the counter and the nonce. */
static void chacha20_block(const uint32_t with_key[KEY_WORDS], const uint32_t tail[4],
                           uint32_t out[BLOCK_WORDS])
{
    /* "expand 32-byte k" */
    uint32_t start[BLOCK_WORDS] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};

    memcpy(&start[4], with_key, KEY_WORDS * sizeof(uint32_t));
    memcpy(&start[4 + KEY_WORDS], tail, 4 * sizeof(uint32_t));
    memcpy(out, start, sizeof(start));
    for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
        for (unsigned column = 0; column < 4; column++)
            quarter_round(out, column, 4 + column, 8 + column, 12 + column);
        for (unsigned row = 0; row < 4; row++)
            quarter_round(out, row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4);
    }
    for (unsigned i = 0; i < BLOCK_WORDS; i++)
        out[i] += start[i];
}

/* --- the generator ------------------------------------------------------------------------- */

/* Replaces the key; the rest of the block is for the caller, who wipes it. Under the lock. */
static void advance(uint32_t block[BLOCK_WORDS])
{
    uint64_t tail[2] = {timer_now(), rndr_read()};
    uint32_t words[4];

    memcpy(words, tail, sizeof(words));
    chacha20_block(key, words, block);
    memcpy(key, block, sizeof(key));
}

/* Makes sure that what was in memory is not there any more, although nobody reads it again. */
static void wipe(void *start, size_t bytes)
{
    memset(start, 0, bytes);
    __asm__ volatile("" : : "r"(start) : "memory");
}

/* Mixes up to a key's length of something into the key. */
static void absorb(const void *from, size_t bytes)
{
    uint32_t words[KEY_WORDS] = {0}, block[BLOCK_WORDS];

    memcpy(words, from, bytes);
    for (unsigned i = 0; i < KEY_WORDS; i++)
        key[i] ^= words[i];
    advance(block);
    wipe(words, sizeof(words));
    wipe(block, sizeof(block));
}

/* Whether the CPU's own source gave a key's length. */
static bool absorb_rndr(void)
{
    uint64_t words[RNDR_WORDS];
    unsigned nr_words = 0;

    for (unsigned i = 0; i < RNDR_TRIES && nr_words < RNDR_WORDS; i++) {
        uint64_t word = rndr_read();
        if (word != 0)
            words[nr_words++] = word;
    }
    absorb(words, nr_words * sizeof(words[0]));
    wipe(words, sizeof(words));
    return nr_words == RNDR_WORDS;
}

void random_init(uint8_t *seed, size_t bytes)
{
    is_seeded = absorb_rndr() || bytes >= sizeof(key);
    for (size_t i = 0; i < bytes; i += sizeof(key))
        absorb(seed + i, bytes - i < sizeof(key) ? bytes - i : sizeof(key));
    wipe(seed, bytes);
}

bool random_is_seeded(void)
{
    return is_seeded;
}

void random_fill(void *out, size_t bytes)
{
    uint32_t block[BLOCK_WORDS];

    CHECK(is_seeded && bytes <= RANDOM_MAX_BYTES);
    spin_lock(&lock);
    advance(block);
    spin_unlock(&lock);
    memcpy(out, &block[KEY_WORDS], bytes);
    wipe(block, sizeof(block));
}
