/* SPDX-License-Identifier: MIT */
/*
 * What VMs publish.
 */
#ifndef FAKE_DIRECTORY_H
#define FAKE_DIRECTORY_H

#include "fake.h"

/** Withdraws all that a VM has published. */
void fake_directory_vm_gone(struct fake_vm *vm);

#endif
