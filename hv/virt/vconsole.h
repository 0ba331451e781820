/* SPDX-License-Identifier: MIT */
/*
 * What a VM has of the console: its place there, and the characters typed for it that it has not
 * read. Shared by the emulated UART (vuart.c), the ring (vring.c) and the console calls
 * (hypercall/console.c).
 */
#ifndef VIRT_VCONSOLE_H
#define VIRT_VCONSOLE_H

#include <stddef.h>

struct vm;

/**
 * The SPI that tells a paravirtual guest of input: STILE_INFO_CONSOLE_INTID. None that QEMU's virt
 * gives a device, between those of its own and of its virtio,mmio slots: guests drive both beside
 * it.
 */
#define VCONSOLE_INTID 47

/** Empties the VM's console: a VM that starts, or starts anew. Attaching is the caller's. */
void vconsole_init(struct vm *vm);

/** Takes up to @limit typed characters; returns how many there were. */
size_t vconsole_read(struct vm *vm, char *text, size_t limit);

/** How many typed characters wait to be read. */
size_t vconsole_pending(struct vm *vm);

#endif
