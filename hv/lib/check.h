/* SPDX-License-Identifier: MIT */
/*
 * Invariants of the hypervisor's own. What a guest does wrong is never a CHECK.
 */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include "lib/printk.h"

/** Stops the machine if @cond, a rule the hypervisor itself keeps, does not hold. Always on. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0))                                                          \
            panic("%s:%d: check failed: %s", __FILE_NAME__, __LINE__, #cond);                      \
    } while (0)

#endif
