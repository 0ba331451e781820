/* SPDX-License-Identifier: MIT */
/*
 * VMs that another one makes.
 */
#ifndef FAKE_MAKE_H
#define FAKE_MAKE_H

#include "fake.h"

/** Says where the files of a VM that waits for them are to be put. */
void fake_make_places(const struct fake_vm *vm, struct stile_vm_info *info);

#endif
