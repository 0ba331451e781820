/* SPDX-License-Identifier: MIT */
/*
 * The commands of the hypervisor's own console. Only monitor/monitor.c uses this.
 */
#ifndef MONITOR_MONITOR_COMMANDS_H
#define MONITOR_MONITOR_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

struct monitor_command;

/** A command that is being carried out, a row at a time. */
struct monitor_job {
    const struct monitor_command *command; /* NULL: none is */
    bool all_vms;                          /* else one, or none */
    uint32_t vm;                           /* index of the VM it has got to */
    uint32_t row;                          /* of that VM */
};

/**
 * monitor_job_start() - understand a line
 * @line: what was typed, zero-terminated; changed
 *
 * Says in one line what is wrong with it, if something is; job->command is then NULL.
 */
void monitor_job_start(struct monitor_job *job, char *line);

/** monitor_job_step() - print the next row; job->command is NULL after the last one. No lock held.
 */
void monitor_job_step(struct monitor_job *job);

#endif
