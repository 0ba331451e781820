/* SPDX-License-Identifier: MIT */
/*
 * The arguments of a call, for either side, and what calls have returned there. Numbers that each
 * side gives as it likes, the handles of shares, are in the order in which they were given: the
 * same random number means the same share to both.
 */
#ifndef COMPARE_WORDS_H
#define COMPARE_WORDS_H

#include <stdint.h>

#include "sides.h"

#define WORDS_NO_HANDLE UINT32_MAX

/** words_begin() - a new sequence: forgets what calls have returned */
void words_begin(void);

/** words_make() - the six arguments of a VM's call of a line of calls/words.h, for one side */
void words_make(enum side side, uint32_t vm, uint32_t line, const uint64_t random[6],
                uint64_t x[6]);

/** What a call has returned that later ones are about: an event port, or the handle of a share. */
struct words_thing {
    uint64_t value;
    uint32_t owner; /* the VM that made the call, by its index */
    uint64_t peer;  /* the number of the VM that it is for */
    uint64_t count; /* of a share: its pages */
    uint64_t access;
};

/** words_note_port() and words_note_share() - a call has returned this on one side */
void words_note_port(enum side side, const struct words_thing *port);
void words_note_share(enum side side, const struct words_thing *share);

/** words_handle() - which share a handle is, in the order in which they were noted */
uint32_t words_handle(enum side side, uint64_t handle);

#endif
