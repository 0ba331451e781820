/* SPDX-License-Identifier: MIT */
/*
 * Doing the same on both sides, and comparing what comes of it. An action says nothing of what was
 * before it: so any part of a sequence is a sequence.
 */
#ifndef COMPARE_PLAY_H
#define COMPARE_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "stile/abi.h"

/** A call; or, after the last line of the table, a guest that goes through its mailbox. */
struct action {
    uint8_t vm; /* from 0, whose vCPU it is */
    uint8_t vcpu;
    uint8_t line;       /* of calls/words.h */
    uint8_t entry;      /* of the mailbox, if the call is made by core_multicall */
    uint64_t random[6]; /* from which the arguments are made: words.h */
};

/** action->entry of a call that is made by an HVC of its own. */
#define ACTION_DIRECT UINT8_MAX

/** What came of a sequence, and of all before it. */
struct play_record {
    uint32_t played;   /* of the sequence: how many actions came to their end and were alike */
    char fault[512];   /* of the one after those; empty if there is none */
    uint64_t nr_calls; /* compared */
    uint64_t nr_successes[STILE_NR_CALLS_MAX]; /* by the line of calls/words.h, on both sides */
};

/**
 * play() - from the start of the VMs, all of a sequence, in a process of its own
 *
 * What ends that process, a failed CHECK or what a sanitizer finds, is a fault as a difference is.
 */
const struct play_record *play(const struct action *actions, uint32_t nr);

/** Where play() writes every call, with what the hypervisor answered; or NULL. */
extern FILE *play_log;

#endif
