/* SPDX-License-Identifier: MIT */
/*
 * The instrument: what sensitive operations cost, in instructions.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/** bench_run() - measure every operation in every way there is here, and print a line for each */
void bench_run(void);

#endif
