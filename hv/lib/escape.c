/* SPDX-License-Identifier: MIT */
/*
 * Finding the ends of control sequences.
 */
#include "lib/escape.h"

#define ESC '\x1B'
#define BEL '\x07'

/* After an ESC: a final character ends it. */
#define CSI '['

/* Where the first character of a range is, from @at on; @length if there is none. */
static size_t find_final(const char *text, size_t at, size_t length, char low, char high)
{
    while (at < length && (text[at] < low || text[at] > high))
        at++;
    return at;
}

/* Where a string ends: with BEL, or with ESC and a backslash, of which the ESC does. */
static size_t find_terminator(const char *text, size_t length)
{
    size_t at = 2;

    while (at < length && text[at] != BEL && text[at] != ESC)
        at++;
    return at < length && text[at] == ESC ? at + 1 : at;
}

size_t escape_length(const char *text, size_t length)
{
    if (text[0] != ESC)
        return 0;
    if (length == 1)
        return 2;
    switch (text[1]) {
    case CSI:
        return find_final(text, 2, length, '@', '~') + 1;
    case ']': /* OSC, DCS, SOS, PM, APC */
    case 'P':
    case 'X':
    case '^':
    case '_':
        return find_terminator(text, length) + 1;
    default:
        return find_final(text, 1, length, '0', '~') + 1;
    }
}

bool escape_is_open(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t sequence = escape_length(text + at, length - at);
        if (sequence > length - at)
            return true;
        at += sequence > 0 ? sequence : 1;
    }
    return false;
}

/* CSI n: device status report, which tells the cursor's place. CSI c: device attributes. */
bool escape_is_query(const char *sequence, size_t length)
{
    char last = sequence[length - 1];

    return length > 2 && sequence[1] == CSI && (last == 'n' || last == 'c');
}
