/* SPDX-License-Identifier: MIT */
/*
 * What a VM has of its physical CPU beside one that starts anew for ever.
 */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

/** beside_run() - print what others took of the CPU, and for how long at once */
void beside_run(void);

/** beside_reset() - be the other one: start anew at once */
void beside_reset(void);

/** beside_split() - the same, having split all memory into single pages */
void beside_split(void);

#endif
