/* SPDX-License-Identifier: MIT */
/*
 * What a VM has of the console: its place there, and the characters typed for it that it has not
 * read. Shared by the emulated UART (vuart.c), the ring (vring.c) and the console calls
 * (hypercall/console.c).
 */
#ifndef VIRT_VCONSOLE_H
#define VIRT_VCONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/console_port.h"
#include "lib/ring.h"
#include "lib/spinlock.h"
#include "virt/vring.h"

struct vm;

/** The SPI that tells a paravirtual guest of input: STILE_INFO_CONSOLE_INTID. */
#define VCONSOLE_INTID 34

/** Characters typed ahead; further ones are lost, as in a UART. A power of two. */
#define VCONSOLE_INPUT_BYTES 256

struct vconsole {
    struct console_port port;
    struct spinlock lock; /* of what follows; taken after vuart's */
    struct vring ring;
    struct ring input;
    char input_bytes[VCONSOLE_INPUT_BYTES];
};

/** Empties the VM's console: a VM that starts, or starts anew. Attaching is the caller's. */
void vconsole_init(struct vm *vm);

/**
 * vconsole_input() - characters were typed for a VM
 *
 * Queues them, in the ring if the VM uses that. Interrupts the VM through its UART, and through
 * VCONSOLE_INTID once it has agreed on an ABI version. May take VGIC and pCPU locks.
 */
void vconsole_input(struct vm *vm, const char *text, size_t length);

/** The console has room again for a VM whose write was cut short. May take VGIC and pCPU locks. */
void vconsole_output_ready(struct vm *vm);

/** Takes up to @limit typed characters; returns how many there were. */
size_t vconsole_read(struct vm *vm, char *text, size_t limit);

/** How many typed characters wait to be read. */
size_t vconsole_pending(struct vm *vm);

#endif
