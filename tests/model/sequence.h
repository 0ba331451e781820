/* SPDX-License-Identifier: MIT */
/*
 * Made-up sequences of actions: a kernel that starts, then anything, few interrupts at a time so
 * that they meet; at last the state of all of them is read.
 */
#ifndef MODEL_SEQUENCE_H
#define MODEL_SEQUENCE_H

#include "play.h"

#define SEQUENCE_NR 256u

/** sequence_make() - the same for the same @seed and @number; returns how many actions it has */
uint32_t sequence_make(uint64_t seed, uint64_t number, struct world_setup *setup,
                       struct action actions[SEQUENCE_NR]);

#endif
