/* SPDX-License-Identifier: MIT */
/*
 * The console's input: characters typed, kept until somebody reads them.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <stddef.h>

/** console_init() - start to receive input */
void console_init(void);

/** console_break_lock() - let a panic write, whoever was writing */
void console_break_lock(void);

/** console_getchar() - the next character typed; blocks until there is one. Threads only */
char console_getchar(void);

#endif
