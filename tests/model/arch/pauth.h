/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/pauth.h: no keys are moved here.
 */
#ifndef ARCH_PAUTH_H
#define ARCH_PAUTH_H

#include <stdint.h>

struct pauth_keys {
    uint64_t none;
};

#endif
