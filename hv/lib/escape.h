/* SPDX-License-Identifier: MIT */
/*
 * Control sequences of terminals (ECMA-48), as far as one has to know where they end.
 */
#ifndef LIB_ESCAPE_H
#define LIB_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/** Ends what a terminal has begun to read as a control sequence (ECMA-48, 8.3.6). */
#define ESCAPE_CANCEL "\x18"

/**
 * escape_length() - how long the control sequence is that @text begins with
 * @length: of @text, not 0
 *
 * 0 if it begins with none; more than @length if its end is not there.
 */
size_t escape_length(const char *text, size_t length);

/** escape_is_open() - whether a terminal that has read @text waits for the end of a sequence */
bool escape_is_open(const char *text, size_t length);

/** escape_is_query() - whether a whole sequence has a terminal answer as if it had been typed */
bool escape_is_query(const char *sequence, size_t length);

#endif
