/* SPDX-License-Identifier: MIT */
/*
 * The PL011 UART (DDI 0183), as the firmware set it up.
 */
#ifndef DEV_PL011_H
#define DEV_PL011_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** pl011_init() - take the machine's UART; false if it has none */
bool pl011_init(void);

/** pl011_write() - send characters, waiting for room in the FIFO */
void pl011_write(const char *text, size_t length);

/** pl011_read() - take up to @limit received characters; how many there were */
size_t pl011_read(char *text, size_t limit);

/** pl011_listen() - let the UART interrupt for input; its interrupt */
uint32_t pl011_listen(void);

/** pl011_data_register() - the virtual address of DR; 0 without a UART */
uint64_t pl011_data_register(void);

#endif
