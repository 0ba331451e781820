/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations of a kernel that has the machine to itself.
 */
#ifndef SENSITIVE_NATIVE_H
#define SENSITIVE_NATIVE_H

#include <stdint.h>

#include "machine/sensitive_ops.h"

extern const struct sensitive_ops sensitive_native;

/** native_timer_arm() - timer_arm of both tables: by the CPU's own virtual timer */
void native_timer_arm(uint64_t deadline);

/** native_timer_disarm() - timer_disarm of both tables */
void native_timer_disarm(void);

#endif
