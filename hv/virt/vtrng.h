/* SPDX-License-Identifier: MIT */
/*
 * The firmware's source of entropy as a guest is given it: TRNG 1.0 (DEN 0098), by HVC or SMC.
 */
#ifndef VIRT_VTRNG_H
#define VIRT_VTRNG_H

#include <stdint.h>

/** What a call leaves in x0 to x3. */
struct vtrng_result {
    int64_t status;
    uint64_t x1;
    uint64_t x2;
    uint64_t x3;
};

/**
 * vtrng_call() - answer a call of the TRNG's
 * @function: the function id, whatever follows PSCI's in the range of standard services
 * @x1: its only argument: a function id, or a number of bits
 *
 * status is 0, the version, or TRNG_* of stile/smccc.h; x1 to x3 are 0 unless the call has
 * results. If the hypervisor's generator has no seed, there is no TRNG: every call answers
 * TRNG_NOT_SUPPORTED. TRNG_NO_ENTROPY is never the answer, as a generator with a seed does not
 * run dry.
 */
struct vtrng_result vtrng_call(uint32_t function, uint64_t x1);

#endif
