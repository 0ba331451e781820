/* SPDX-License-Identifier: MIT */
/*
 * The machine's PL011 UART (Arm DDI 0183). Moves characters between its FIFOs and the caller;
 * who may print what is console/console.c's business, as are locks.
 */
#ifndef DEV_PL011_H
#define DEV_PL011_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * pl011_init() - set the UART to 8n1 with FIFOs, transmitter and receiver on
 * @base: its registers, mapped at EL2 as device memory
 *
 * Keeps the speed that firmware set. Interrupts are left off.
 */
void pl011_init(uintptr_t base);

/** Sends what fits into the transmit FIFO without waiting; returns how many characters. */
size_t pl011_send(uintptr_t base, const char *text, size_t length);

/** Sends one character; returns false if the transmit FIFO is full. */
bool pl011_send_one(uintptr_t base, char character);

/** Takes up to @limit received characters; returns how many there were. */
size_t pl011_receive(uintptr_t base, char *text, size_t limit);

/**
 * pl011_enable_receive() - receive interrupts on or off
 *
 * They are levels, which nothing but reading lowers (DDI 0183, section 2.8): what is left in the
 * FIFO interrupts again at once, or soon. While they are off, the FIFO fills up.
 */
void pl011_enable_receive(uintptr_t base, bool on);

/** Transmit interrupt on or off: raised when a full transmit FIFO has run low. */
void pl011_enable_transmit(uintptr_t base, bool on);

/** Acknowledges the transmit interrupt, before the FIFO is filled again. */
void pl011_acknowledge_transmit(uintptr_t base);

#endif
