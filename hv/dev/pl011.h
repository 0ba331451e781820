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

/** Receive interrupts on: for every character, or soon after the last. */
void pl011_enable_receive(uintptr_t base);

/** Transmit interrupt on or off: raised when a full transmit FIFO has run low. */
void pl011_enable_transmit(uintptr_t base, bool on);

/** Acknowledges the interrupts that are raised, before what raised them is dealt with. */
void pl011_acknowledge(uintptr_t base);

#endif
