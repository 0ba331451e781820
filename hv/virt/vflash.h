/* SPDX-License-Identifier: MIT */
/*
 * The flash of a VM's device tree (cfi-flash), as a ROM that is erased. It is no more than that: it
 * takes no commands, so a driver that asks it what it is (JESD68) finds no flash.
 */
#ifndef VIRT_VFLASH_H
#define VIRT_VFLASH_H

struct vm;

/** Gives a VM the flash its configuration asks for, if any. */
void vflash_init(struct vm *vm);

#endif
