/* SPDX-License-Identifier: MIT */
/*
 * Between core/sched.c, which runs vCPUs, and core/sleep.c, where they go to sleep and are roused.
 */
#ifndef CORE_SLEEP_H
#define CORE_SLEEP_H

struct vcpu;

/** sched_make_ready() - a vCPU that did not run is to, from now on; sched_lock is held */
void sched_make_ready(struct vcpu *vcpu);

#endif
