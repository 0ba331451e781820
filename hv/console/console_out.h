/* SPDX-License-Identifier: MIT */
/*
 * How a line looks on the screen that all share: its name before it, its end, a second time. Who
 * writes when is console/console.c's, under whose lock all of this is called.
 */
#ifndef CONSOLE_CONSOLE_OUT_H
#define CONSOLE_CONSOLE_OUT_H

#include <stddef.h>

#include "lib/escape.h"
#include "stile/abi.h"

#define CONSOLE_OUT_LINE_END "\r\n"

/**
 * What is added to a line: its end, before it the end of a control sequence, and a prefix; all of
 * it again for the line it broke into.
 */
#define CONSOLE_OUT_EXTRA                                                                          \
    (2 *                                                                                           \
     (STILE_VM_NAME_BYTES + sizeof("[] ") + sizeof(ESCAPE_CANCEL) + sizeof(CONSOLE_OUT_LINE_END)))

/** console_out_prefix() - at the start of a line: whose it is */
void console_out_prefix(const char *name);

/** console_out_end() - end a line, which is @line; what follows is no part of anything in it */
void console_out_end(const char *line, size_t length);

/** console_out_line() - a whole line, at the start of one */
void console_out_line(const char *name, const char *text, size_t length);

/** console_out_again() - what was written before; a terminal is not asked again what it answered */
void console_out_again(const char *text, size_t length);

#endif
