/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations of a kernel that asks the hypervisor.
 */
#ifndef SENSITIVE_PARAVIRTUAL_H
#define SENSITIVE_PARAVIRTUAL_H

#include "machine/sensitive_ops.h"

extern const struct sensitive_ops sensitive_paravirtual;

#endif
