/* SPDX-License-Identifier: MIT */
/*
 * What the machine's console has for a VM, handed to what the VM reads and writes it by: the
 * emulated UART (virt/vuart.h) or the ring (virt/vring.h).
 */
#ifndef VIRT_VTTY_H
#define VIRT_VTTY_H

#include <stddef.h>

struct console_turn;
struct vm;

/**
 * vtty_input() - characters were typed for a VM
 *
 * Queues them; if the VM uses its ring, they move on into that as it has room. Interrupts the VM
 * through its UART, and through VCONSOLE_INTID once it has agreed on an ABI version. Returns how
 * many there was room for, VCONSOLE_INPUT_BYTES in all. May take VGIC and pCPU locks.
 */
size_t vtty_input(struct vm *vm, const char *text, size_t length);

/** vtty_lose() - characters typed for a VM were dropped: the ring, if the VM uses it, counts them
 */
void vtty_lose(struct vm *vm, size_t length);

/** The console has room again for a VM whose write was cut short. May take VGIC and pCPU locks. */
void vtty_output_ready(struct vm *vm, struct console_turn *turn);

#endif
