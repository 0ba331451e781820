/* SPDX-License-Identifier: MIT */
/*
 * The virtio,mmio slots of a VM's device tree (virtio 1.2, section 4.2). None has a device in it:
 * a driver that probes one reads DeviceID 0 and goes on to the next.
 */
#ifndef VIRT_VSLOTS_H
#define VIRT_VSLOTS_H

struct vm;

/** Gives a VM the slots its configuration asks for, if any. */
void vslots_init(struct vm *vm);

#endif
