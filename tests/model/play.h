/* SPDX-License-Identifier: MIT */
/*
 * What guests and devices do, and doing it to the virtual GIC and to the model at once.
 *
 * An action that has no sense where it comes (a vCPU that is not loaded, nothing to end) or of
 * which the architecture does not say what it does (an interrupt's configuration changed while it
 * is enabled) is left out. So any part of a sequence is a sequence.
 */
#ifndef MODEL_PLAY_H
#define MODEL_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "world.h"

enum action_kind {
    ACTION_LOAD, /* value: where */
    ACTION_PUT,
    ACTION_READ,  /* frame, offset, bytes */
    ACTION_WRITE, /* and value */
    ACTION_SGI,   /* value, to ICC_SGI1R_EL1 or, if bit 63 is set, ICC_SGI0R_EL1 */
    ACTION_ACKNOWLEDGE,
    ACTION_END,        /* of what was acknowledged last */
    ACTION_DEACTIVATE, /* value: which of those that vCPU @frame has ended only */
    ACTION_MASK,       /* value: the priority mask */
    ACTION_GROUPS,     /* value: which groups the CPU interface lets through */
    ACTION_SPLIT,      /* value: EOImode */
    ACTION_LINE,       /* offset: INTID, value: whether high; of a PPI, the vCPU's */
    ACTION_INJECT,     /* offset: INTID */
    ACTION_TIMER,      /* value: CNTV_CTL_EL0; offset: in how many ticks it is due */
    ACTION_TIME,       /* passes */
    ACTION_SLEEP,      /* whether WFI would end at once */
    ACTION_EXIT,       /* for nothing */
    ACTION_ENABLE,     /* by a call: offset: INTID, value: whether */
    NR_ACTIONS
};

struct action {
    uint8_t kind;
    uint8_t cpu;
    uint8_t bytes;
    bool early; /* before what the vCPU was asked for by others has taken effect */
    uint32_t frame;
    uint32_t offset;
    uint64_t value;
};

/** play() - from power-on, all of a sequence; how many actions were right: @nr if all */
uint32_t play(const struct world_setup *setup, const struct action *actions, uint32_t nr);

/** How many actions were played, of all sequences; those that were left out do not count. */
extern uint64_t play_nr;

/** What was wrong with the last action of the last play() that did not end. */
extern char play_fault[256];

/** play_print() - an action for people, a line */
void play_print(FILE *out, const struct action *action);

/** Where play() writes every action before it happens, and what was acknowledged; or NULL. */
extern FILE *play_log;

#endif
