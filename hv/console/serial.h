/* SPDX-License-Identifier: MIT */
/*
 * The machine's UART with a buffer in front of it, so that nobody waits for a character to be sent.
 *
 * Characters go straight to the UART while that keeps up; the buffer takes the rest, and the
 * UART's interrupt empties it. Only console/console.c and
 * console_write.c use this, under the console's lock.
 */
#ifndef CONSOLE_SERIAL_H
#define CONSOLE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for the report of a crash, which does not wait for the UART. A power of two. */
#define SERIAL_BUFFER_BYTES 8192

/** At 9600 baud a character takes 1 ms; a poll takes 100 ns or more. */
#define SERIAL_POLLS_PER_CHARACTER 100000

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

/** serial_send() - the UART's interrupt: move the buffer on */
void serial_send(void);

/**
 * serial_receive() - take received characters
 * @text: where they go
 * @limit: room for them
 *
 * Returns how many there were. What is left interrupts again.
 */
size_t serial_receive(char *text, size_t limit);

/** serial_hold_input() - have received characters wait in the UART without interrupting, or not */
void serial_hold_input(bool hold);

#endif
