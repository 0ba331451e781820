/* SPDX-License-Identifier: MIT */
/*
 * The machine's UART with a buffer in front of it, so that nobody waits for a character to be sent.
 *
 * Characters go straight to the UART while that keeps up; the buffer takes the rest, and the
 * UART's interrupt empties it. Only console/console.c uses this, under its lock.
 */
#ifndef CONSOLE_SERIAL_H
#define CONSOLE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_BUFFER_BYTES 4096

/** Starts to use the UART at @base, mapped at EL2, and sends what was written before. */
void serial_init(uintptr_t base);

/**
 * serial_early() - use a UART as firmware left it
 * @base: mapped as a device
 *
 * For what fails before serial_init(): what was written before is sent when more is.
 */
void serial_early(uintptr_t base);

/** serial_take_kept() - take back a character that no UART was there for; false if there is none */
bool serial_take_kept(char *character);

/** How many characters serial_write() takes for sure. */
size_t serial_room(void);

/**
 * serial_wait_for_room() - send until the buffer has room
 * @room: characters, at most SERIAL_BUFFER_BYTES
 *
 * Returns false if the UART has stopped, or there is none yet.
 */
bool serial_wait_for_room(size_t room);

/** Sends or buffers characters, for which there is room. */
void serial_write(const char *text, size_t length);

/** Sends one character if that can be done at once; returns whether it was. */
bool serial_write_one(char character);

/**
 * serial_panic_write() - send characters, after what the buffer holds, and wait until they are out
 *
 * Without a UART they are kept, as far as there is room. Takes no lock.
 */
void serial_panic_write(const char *text, size_t length);

/**
 * serial_interrupt() - handle the UART's interrupt
 * @text: where received characters go
 * @limit: room for them, more than a FIFO's worth
 *
 * Moves the buffer on. Returns how many characters were received.
 */
size_t serial_interrupt(char *text, size_t limit);

#endif
