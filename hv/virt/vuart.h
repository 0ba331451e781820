/* SPDX-License-Identifier: MIT */
/*
 * The UART a guest is shown: a PL011 r1p1 (Arm DDI 0183), which is an SBSA generic UART as well.
 *
 * Characters cost no time and have no errors: the line is always ready, and a character counts as
 * sent once the console has taken it.
 */
#ifndef VIRT_VUART_H
#define VIRT_VUART_H

struct console_turn;
struct vm;

/** Gives a VM the UART its configuration asks for, if any, as after reset. */
void vuart_init(struct vm *vm);

/** Characters were typed for the VM: they are in its vconsole. May take VGIC and pCPU locks. */
void vuart_input(struct vm *vm);

/** The console has room again. May take VGIC and pCPU locks. */
void vuart_output_ready(struct vm *vm, struct console_turn *turn);

#endif
