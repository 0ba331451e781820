/* SPDX-License-Identifier: MIT */
/*
 * What is measured on which machine.
 */
#ifndef BENCH_SETS_H
#define BENCH_SETS_H

/** sets_run() - measure what "rows=" on the command line names, by default one vCPU's rows */
void sets_run(void);

#endif
