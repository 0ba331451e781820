/* SPDX-License-Identifier: MIT */
/*
 * Consoles.
 */
#ifndef FAKE_CONSOLE_H
#define FAKE_CONSOLE_H

#include "fake.h"

/** Takes out of a VM's ring, if it uses one, what the VM has written there. */
void fake_console_drain(struct fake_vm *vm);

#endif
