/* SPDX-License-Identifier: MIT */
/*
 * Figures of a kernel at work: exits of a fixed load, IPIs to several CPUs.
 */
#ifndef BENCH_SEVERAL_H
#define BENCH_SEVERAL_H

/** several_run_steady() - print how many exits a fixed load takes */
void several_run_steady(void);

/** several_run_ipis() - print what an IPI to one and to four CPUs costs; needs four, and a PMU */
void several_run_ipis(void);

#endif
