/* SPDX-License-Identifier: MIT */
/*
 * What a VM may call.
 */
#ifndef FAKE_CORE_H
#define FAKE_CORE_H

#include "fake.h"

/** Whether a VM may make a call under the version agreed on. */
bool fake_core_permits(const struct fake_vm *vm, uint64_t nr);

#endif
