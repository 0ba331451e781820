/* SPDX-License-Identifier: MIT */
/*
 * Driver of the PrimeCell UART (PL011, Arm DDI 0183, section 3). Also fits the SBSA generic UART's
 * subset once firmware has set that up.
 */
#include "dev/pl011.h"

#include "arm64/io.h"

#define DR    0x000
#define FR    0x018
#define LCR_H 0x02C
#define CR    0x030
#define IFLS  0x034
#define IMSC  0x038
#define ICR   0x044

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_TXFE (1u << 7)

#define LCR_H_FEN   (1u << 4)
#define LCR_H_8BITS (3u << 5)

#define CR_UARTEN (1u << 0)
#define CR_TXE    (1u << 8)
#define CR_RXE    (1u << 9)

/* Transmit interrupt at 1/8 full, receive interrupt at 1/2. */
#define IFLS_TX_1_8_RX_1_2 0x10u

#define INT_RX  (1u << 4)
#define INT_TX  (1u << 5)
#define INT_RT  (1u << 6)
#define INT_ALL 0x7FFu

/* Of every revision; later ones hold 32. */
#define FIFO_CHARACTERS 16

/* A character at 9600 baud takes about 1 ms, and a read of FR 100 ns or more. */
#define DRAIN_POLLS 1000000

void pl011_init(uintptr_t base)
{
    /* Firmware may still be sending; a UART that never ends is not waited for for ever. */
    for (int polls = 0; (io_read32(base + FR) & FR_BUSY) != 0 && polls < DRAIN_POLLS; polls++)
        ;
    io_write32(base + IMSC, 0);
    io_write32(base + CR, 0);
    /* But for those of what was typed already: they stay until it is read. */
    io_write32(base + ICR, INT_ALL & ~(INT_RX | INT_RT));
    io_write32(base + IFLS, IFLS_TX_1_8_RX_1_2);
    io_write32(base + LCR_H, LCR_H_8BITS | LCR_H_FEN);
    /* Which may have emptied the FIFO (QEMU 8): nobody would read what these tell of. */
    if (io_read32(base + FR) & FR_RXFE)
        io_write32(base + ICR, INT_RX | INT_RT);
    io_write32(base + CR, CR_UARTEN | CR_TXE | CR_RXE);
}

/* Writes characters for which there is room. Eight at a time: each costs a load and a store. */
static void send_burst(uintptr_t base, const char *text, size_t length)
{
    const char *end = text + length;

    for (; end - text >= 8; text += 8) {
        io_write32(base + DR, (uint8_t)text[0]);
        io_write32(base + DR, (uint8_t)text[1]);
        io_write32(base + DR, (uint8_t)text[2]);
        io_write32(base + DR, (uint8_t)text[3]);
        io_write32(base + DR, (uint8_t)text[4]);
        io_write32(base + DR, (uint8_t)text[5]);
        io_write32(base + DR, (uint8_t)text[6]);
        io_write32(base + DR, (uint8_t)text[7]);
    }
    for (; text < end; text++)
        io_write32(base + DR, (uint8_t)*text);
}

size_t pl011_send(uintptr_t base, const char *text, size_t length)
{
    size_t sent = 0;

    while (sent < length) {
        uint32_t flags = io_read32(base + FR);
        size_t room = (flags & FR_TXFE) != 0 ? FIFO_CHARACTERS : (flags & FR_TXFF) == 0;

        if (room == 0)
            break;
        if (room > length - sent)
            room = length - sent;
        send_burst(base, text + sent, room);
        sent += room;
    }
    return sent;
}

bool pl011_send_one(uintptr_t base, char character)
{
    if ((io_read32(base + FR) & FR_TXFF) != 0)
        return false;
    io_write32(base + DR, (uint8_t)character);
    return true;
}

size_t pl011_receive(uintptr_t base, char *text, size_t limit)
{
    size_t count = 0;

    while (count < limit && (io_read32(base + FR) & FR_RXFE) == 0)
        text[count++] = (char)io_read32(base + DR);
    return count;
}

static void set_mask(uintptr_t base, uint32_t interrupts, bool on)
{
    uint32_t mask = io_read32(base + IMSC);

    io_write32(base + IMSC, on ? mask | interrupts : mask & ~interrupts);
}

void pl011_enable_receive(uintptr_t base, bool on)
{
    set_mask(base, INT_RX | INT_RT, on);
}

void pl011_enable_transmit(uintptr_t base, bool on)
{
    set_mask(base, INT_TX, on);
}

void pl011_acknowledge_transmit(uintptr_t base)
{
    io_write32(base + ICR, INT_TX);
}
