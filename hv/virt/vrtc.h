/* SPDX-License-Identifier: MIT */
/*
 * The real-time clock a guest is shown: a PL031 (Arm DDI 0224). It tells the wall clock
 * (vm/clock.h) until the guest sets it, which sets the VM's own time and no other's, until the VM
 * starts anew.
 *
 * There is no alarm: the match register is kept, and its interrupt never comes.
 */
#ifndef VIRT_VRTC_H
#define VIRT_VRTC_H

struct vm;

/** Gives a VM the clock its configuration asks for, if any. */
void vrtc_init(struct vm *vm);

#endif
