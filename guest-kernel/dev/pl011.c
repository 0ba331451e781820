/* SPDX-License-Identifier: MIT */
/*
 * PL011: polled output, interrupts for input.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/pl011.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"

#define UART_DR   0x00
#define UART_FR   0x18
#define UART_LCRH 0x2C
#define UART_CR   0x30
#define UART_IMSC 0x38
#define UART_ICR  0x44

#define FR_RX_EMPTY (1u << 4)
#define FR_TX_FULL  (1u << 5)

#define CR_ENABLE (1u << 0)
#define CR_TX     (1u << 8)
#define CR_RX     (1u << 9)

#define LCRH_8_BITS (3u << 5)
#define LCRH_FIFO   (1u << 4)

#define INT_RX         (1u << 4)
#define INT_RX_TIMEOUT (1u << 6)
#define INT_ALL        0x7FFu

static uint64_t base;

bool pl011_init(void)
{
    if (machine.uart.bytes == 0)
        return false;
    base = kernel_map_device(machine.uart.base, machine.uart.bytes);
    io_write32(base + UART_IMSC, 0);
    io_write32(base + UART_LCRH, LCRH_8_BITS | LCRH_FIFO);
    io_write32(base + UART_CR, CR_ENABLE | CR_TX | CR_RX);
    return true;
}

uint64_t pl011_data_register(void)
{
    return base ? base + UART_DR : 0;
}

void pl011_write(const char *text, size_t length)
{
    for (size_t i = 0; base != 0 && i < length; i++) {
        while (io_read32(base + UART_FR) & FR_TX_FULL)
            ;
        io_write32(base + UART_DR, (uint8_t)text[i]);
    }
}

size_t pl011_read(char *text, size_t limit)
{
    size_t count = 0;

    while (base != 0 && count < limit && !(io_read32(base + UART_FR) & FR_RX_EMPTY))
        text[count++] = (char)io_read32(base + UART_DR);
    return count;
}

uint32_t pl011_listen(void)
{
    if (base == 0)
        return 0;
    io_write32(base + UART_ICR, INT_ALL);
    io_write32(base + UART_IMSC, INT_RX | INT_RX_TIMEOUT);
    return machine.uart_intid;
}
