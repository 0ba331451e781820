/* SPDX-License-Identifier: MIT */
/*
 * A VM's end of the console: the line it has begun and not ended. Only console/console.c looks
 * inside, under its lock.
 */
#ifndef VM_CONSOLE_PORT_H
#define VM_CONSOLE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stile/abi.h"

/** Longer lines are broken, or only their end is known. */
#define CONSOLE_LINE_BYTES 256

/**
 * Of a VM that shows at once, the line holds what it wrote since it last ended with a newline,
 * whole lines before the begun one included: those are sorted out by console_port_trim(), when
 * somebody else is about to write. Of another VM, it holds the begun line.
 */
struct console_port {
    bool wants_room; /* a write was cut short: tell when there is room */
    bool had_focus;  /* when the VM left: a VM that starts anew gets it back */
    bool quiet;      /* nothing is said of its comings and goings: there were many */
    uint32_t length; /* not 0: a line has been begun */
    char line[CONSOLE_LINE_BYTES];
    char *kept;       /* the last STILE_CONSOLE_KEPT_BYTES characters; outlives the VM */
    uint64_t nr_kept; /* counts characters ever written; modulo the size, where the next goes */
};

/** Keeps what the console took of a VM. */
static inline void console_port_keep(struct console_port *port, const char *text, size_t length)
{
    while (length > 0) {
        size_t at = port->nr_kept % STILE_CONSOLE_KEPT_BYTES;
        size_t room = STILE_CONSOLE_KEPT_BYTES - at;
        size_t part = length < room ? length : room;

        memcpy(port->kept + at, text, part);
        port->nr_kept += part;
        text += part;
        length -= part;
    }
}

/** The same for one character. */
static inline void console_port_keep_one(struct console_port *port, char character)
{
    port->kept[port->nr_kept++ % STILE_CONSOLE_KEPT_BYTES] = character;
}

/** Forgets the whole lines, so that the begun one is left. */
static inline void console_port_trim(struct console_port *port)
{
    uint32_t start = port->length;

    while (start > 0 && port->line[start - 1] != '\n')
        start--;
    port->length -= start;
    memmove(port->line, port->line + start, port->length);
}

/**
 * console_port_make_room() - have room for the begun line, of what was written and @text
 *
 * In console_write.c, as it is seldom needed. Returns where in @text that begins, and how long it
 * is.
 */
const char *console_port_make_room(struct console_port *port, const char *text, size_t *length);

/** Notes what a VM that shows at once has written; @length is not 0. */
static inline void console_port_add(struct console_port *port, const char *text, size_t length)
{
    if (text[length - 1] == '\n') {
        port->length = 0;
        return;
    }
    if (length > CONSOLE_LINE_BYTES - port->length)
        text = console_port_make_room(port, text, &length);
    memcpy(port->line + port->length, text, length);
    port->length += (uint32_t)length;
}

/** The same for one character. */
static inline void console_port_add_one(struct console_port *port, char character)
{
    if (character == '\n') {
        port->length = 0;
        return;
    }
    if (port->length == CONSOLE_LINE_BYTES)
        console_port_trim(port);
    if (port->length == CONSOLE_LINE_BYTES)
        port->length = 0;
    port->line[port->length++] = character;
}

/** Whether the last it wrote is a carriage return. */
static inline bool console_port_returned(const struct console_port *port)
{
    return port->length > 0 && port->line[port->length - 1] == '\r';
}

#endif
