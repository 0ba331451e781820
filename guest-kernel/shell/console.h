/* SPDX-License-Identifier: MIT */
/*
 * The console's input: characters typed, kept until a thread reads them. Output is lib/printk.h.
 */
#ifndef SHELL_CONSOLE_H
#define SHELL_CONSOLE_H

/** console_init() - start to receive input */
void console_init(void);

/** console_getchar() - the next character typed; blocks until there is one. Threads only */
char console_getchar(void);

#endif
