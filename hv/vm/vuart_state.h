/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VM's emulated UART (virt/vuart.h).
 */
#ifndef VM_VUART_STATE_H
#define VM_VUART_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/spinlock.h"

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

#endif
