/* SPDX-License-Identifier: MIT */
/*
 * Which sensitive operations are in use: entry/start.c and sensitive/sensitive.c choose.
 */
#include "machine/sensitive_ops.h"

const struct sensitive_ops *sensitive;
