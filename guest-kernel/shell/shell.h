/* SPDX-License-Identifier: MIT */
/*
 * The shell: lines typed at the console, and what they do.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

/** shell_run() - read lines and run them, for ever */
_Noreturn void shell_run(void);

/** shell_execute() - run one line; it is changed */
void shell_execute(char *line);

#endif
