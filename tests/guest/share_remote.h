/* SPDX-License-Identifier: MIT */
/*
 * Two VMs that test shares: the one with "peer=NAME" on its command line has the tests, and the
 * one with "serve" does what it is asked to, by a page that the first has shared with it.
 */
#ifndef GUEST_SHARE_REMOTE_H
#define GUEST_SHARE_REMOTE_H

#include <stdint.h>

/** What the other VM can be asked for. */
enum remote_op {
    REMOTE_CALL,  /* a hypercall: its number, x1 to x4; results: x0 to x3 */
    REMOTE_READ,  /* a word at an address; results: whether that failed, the word */
    REMOTE_WRITE, /* an address, a word; results: whether that failed */
    REMOTE_CHASE, /* so many times: accept at an address what is offered, touch it, release it */
};

#define REMOTE_NR_SLOTS 4
#define REMOTE_NR_ARGS  5

/** The page; the first VM writes what comes before slots, the other one the rest. */
struct remote_page {
    uint32_t request; /* how many were made */
    uint32_t op;
    uint64_t args[REMOTE_NR_ARGS];
    uint64_t slots[REMOTE_NR_SLOTS]; /* addresses where the other VM has given a page away */
    uint64_t results[4];
    uint32_t reply; /* how many were answered */
};

#endif
