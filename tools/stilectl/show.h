/* SPDX-License-Identifier: MIT */
/*
 * What is shown: records of fields, as a table or lines for people, or as JSON (RFC 8259) for
 * programs.
 */
#ifndef STILECTL_SHOW_H
#define STILECTL_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A field of a record; of a text, or else a number. */
struct field {
    const char *name;
    int width; /* of its column: of a number, it is to the right */
    const char *text;
    uint64_t number;
    bool is_hex;
};

enum show_form {
    SHOW_TABLE, /* a line for each record, below the fields' names */
    SHOW_LINES, /* a line for each field */
    SHOW_JSON_LIST,
    SHOW_JSON,
};

/** show_begin() - records are to come; of SHOW_LINES and SHOW_JSON one */
void show_begin(enum show_form as);

/** show() - a record */
void show(const struct field fields[], size_t nr);

/** show_end() - no more come */
void show_end(void);

#endif
