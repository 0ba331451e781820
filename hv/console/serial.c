/* SPDX-License-Identifier: MIT */
/*
 * Buffered output. The transmit interrupt is on exactly while the buffer is in use: the FIFO was
 * full when something was left over, so that it will run low.
 */
#include "console/serial.h"

#include "dev/pl011.h"
#include "lib/ring.h"
#include "mm/layout.h"

static char backlog_bytes[SERIAL_BUFFER_BYTES];
static struct ring backlog = {.bytes = backlog_bytes, .size = SERIAL_BUFFER_BYTES};

_Static_assert(CONFIG_EARLY_UART < HV_IDENTITY_END, "boot.S and el2map_init() map it one to one");

/* 0: there is none yet, and everything is kept. */
static uintptr_t uart = CONFIG_EARLY_UART;

/* Moves to the UART what that takes at once. */
static void drain(void)
{
    size_t length, sent;

    do {
        const char *oldest = ring_oldest(&backlog, &length);
        sent = pl011_send(uart, oldest, length);
        ring_drop(&backlog, sent);
    } while (sent > 0);
}

size_t serial_room(void)
{
    return ring_room(&backlog);
}

bool serial_wait_for_room(size_t room)
{
    uint32_t polls = 0;

    while (ring_room(&backlog) < room) {
        uint32_t used = ring_used(&backlog);

        if (uart == 0 || polls++ == SERIAL_POLLS_PER_CHARACTER)
            return false;
        drain();
        if (ring_used(&backlog) != used)
            polls = 0;
    }
    return true;
}

void serial_write(const char *text, size_t length)
{
    size_t sent = 0;

    if (uart != 0 && ring_used(&backlog) == 0) {
        sent = pl011_send(uart, text, length);
        if (sent == length)
            return;
        pl011_enable_transmit(uart, true);
    }
    ring_put(&backlog, text + sent, length - sent);
}

bool serial_write_one(char character)
{
    return uart != 0 && ring_used(&backlog) == 0 && pl011_send_one(uart, character);
}

void serial_panic_write(const char *text, size_t length)
{
    if (uart == 0) {
        (void)ring_put(&backlog, text, length);
        return;
    }
    (void)serial_wait_for_room(SERIAL_BUFFER_BYTES);
    for (uint32_t polls = 0; length > 0 && polls < SERIAL_POLLS_PER_CHARACTER; polls++) {
        size_t sent = pl011_send(uart, text, length);

        if (sent > 0)
            polls = 0;
        text += sent;
        length -= sent;
    }
}

void serial_send(void)
{
    pl011_acknowledge_transmit(uart);
    drain();
    if (ring_used(&backlog) == 0)
        pl011_enable_transmit(uart, false);
}

size_t serial_receive(char *text, size_t limit)
{
    return pl011_receive(uart, text, limit);
}

bool serial_take_kept(char *character)
{
    size_t length;
    const char *oldest = ring_oldest(&backlog, &length);

    if (uart != 0 || length == 0)
        return false;
    *character = *oldest;
    ring_drop(&backlog, 1);
    return true;
}

void serial_early(uintptr_t base)
{
    uart = base;
}

void serial_hold_input(bool hold)
{
    pl011_enable_receive(uart, !hold);
}

void serial_init(uintptr_t base)
{
    pl011_init(base);
    uart = base;
    (void)serial_wait_for_room(SERIAL_BUFFER_BYTES);
    pl011_enable_receive(base, true);
}
