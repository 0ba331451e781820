/* SPDX-License-Identifier: MIT */
/*
 * What stilectl can do. Each takes the words behind its name; how many there may be, main.c has
 * seen to.
 */
#ifndef STILECTL_COMMANDS_H
#define STILECTL_COMMANDS_H

#include <stdbool.h>

/** What options ask for. */
struct options {
    bool json;
    bool follow; /* do not end, or not go to the background, while the VM lives */
};

/** A command's work. @words: NULL behind the last */
typedef void command_run(const struct options *options, char *words[]);

/* look.c: what VMs are, and what they did */
command_run command_list, command_info, command_exits, command_trace, command_crash;

/* top.c */
command_run command_top;

/* create.c */
command_run command_create;

/* steer.c */
command_run command_pause, command_resume, command_destroy, command_set, command_console;

#endif
