/* SPDX-License-Identifier: MIT */
/*
 * Random numbers that nobody can predict, from whatever the machine was started with.
 *
 * The seed is what the firmware left in /chosen/rng-seed of the machine's device tree, or the CPUs'
 * own source (FEAT_RNG), or both; the time is mixed in, but does not count. Without either there
 * are no random numbers, and who needs them must do without.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The most random_fill() gives at once, in bytes. */
#define RANDOM_MAX_BYTES 32

/**
 * random_init() - start the generator
 * @seed: what the firmware gave, wiped on return: nothing that was drawn can be worked out again
 * @bytes: how much of that there is; 0 if nothing
 *
 * Boot, before the other CPUs.
 */
void random_init(uint8_t *seed, size_t bytes);

/** random_is_seeded() - whether there are random numbers; does not change after random_init() */
bool random_is_seeded(void);

/**
 * random_fill() - draw random bytes
 * @out: where to
 * @bytes: at most RANDOM_MAX_BYTES
 *
 * The generator is seeded. Any CPU; takes a lock that is held for one block of ChaCha20.
 */
void random_fill(void *out, size_t bytes);

#endif
