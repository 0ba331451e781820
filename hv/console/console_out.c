/* SPDX-License-Identifier: MIT */
/*
 * Lines and what must not be torn in them: control sequences of the guests'.
 */
#include "console/console_out.h"

#include <string.h>

#include "console/serial.h"

void console_out_prefix(const char *name)
{
    serial_write("[", 1);
    serial_write(name, strlen(name));
    serial_write("] ", 2);
}

void console_out_end(const char *line, size_t length)
{
    if (escape_is_open(line, length))
        serial_write(ESCAPE_CANCEL, sizeof(ESCAPE_CANCEL) - 1);
    serial_write(CONSOLE_OUT_LINE_END, sizeof(CONSOLE_OUT_LINE_END) - 1);
}

void console_out_line(const char *name, const char *text, size_t length)
{
    console_out_prefix(name);
    serial_write(text, length);
    console_out_end(text, length);
}

void console_out_again(const char *text, size_t length)
{
    size_t from = 0;

    for (size_t at = 0; at < length;) {
        size_t sequence = escape_length(text + at, length - at);
        size_t next = at + (sequence > 0 ? sequence : 1);
        if (next <= length && sequence > 0 && escape_is_query(text + at, sequence)) {
            serial_write(text + from, at - from);
            from = next;
        }
        at = next;
    }
    serial_write(text + from, length - from);
}
