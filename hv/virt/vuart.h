/* SPDX-License-Identifier: MIT */
/*
 * The UART a guest is shown: a PL011 r1p1 (Arm DDI 0183), which is an SBSA generic UART as well.
 *
 * Characters cost no time and have no errors: the line is always ready, and a character counts as
 * sent once the console has taken it.
 */
#ifndef VIRT_VUART_H
#define VIRT_VUART_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/spinlock.h"

struct vm;

#define VUART_FIFO_BYTES 16

struct vuart {
    struct spinlock lock; /* taken before the console's, vconsole's and VGIC's */
    bool level;           /* of the interrupt line */
    uint16_t ris;         /* raw interrupt status */
    uint16_t imsc;        /* interrupt mask: 1 lets through */
    uint16_t cr;
    uint16_t lcr_h;
    uint16_t ibrd;
    uint16_t fbrd;
    uint16_t ifls;
    uint16_t ilpr;
    uint16_t dmacr;
    uint32_t nr_waiting;            /* characters the console has not taken yet */
    char waiting[VUART_FIFO_BYTES]; /* the first is the oldest */
};

/** Gives a VM the UART its configuration asks for, if any, as after reset. */
void vuart_init(struct vm *vm);

/** Characters were typed for the VM: they are in its vconsole. May take VGIC and pCPU locks. */
void vuart_input(struct vm *vm);

/** The console has room again. May take VGIC and pCPU locks. */
void vuart_output_ready(struct vm *vm);

#endif
