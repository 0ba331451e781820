/* SPDX-License-Identifier: MIT */
/*
 * The one HVC instruction of libhypercall. Everything a guest asks of its hypervisor, Stile's
 * calls and the standard services alike, goes through stile_hvc().
 *
 * On a host there is no hypervisor below: compiled for another machine than arm64, or with
 * STILE_FAKE defined, the calls go to the fake hypervisor of stile/fake.h instead.
 */
#ifndef STILE_HVC_H
#define STILE_HVC_H

#include "stile/abi.h"

#if !defined(__aarch64__) && !defined(STILE_FAKE)
#define STILE_FAKE
#endif

#ifdef STILE_FAKE
#ifdef __cplusplus
extern "C" {
#endif

/** stile_fake_hvc() - what HVC #0 of the calling thread's vCPU returns, see stile/fake.h */
struct stile_result stile_fake_hvc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4,
                                   uint64_t x5, uint64_t x6);

#ifdef __cplusplus
}
#endif
#endif

/**
 * stile_hvc() - call the hypervisor (SMCCC 1.2: DEN 0028, section 3)
 * @fid: function id, x0
 * @x1: to @x6: arguments; unused ones must be 0
 *
 * Returns x0 as status and x1 to x3 as values. Every other register is preserved. Must only be
 * executed where something answers HVC; stile_handshake() finds that out. Any context.
 */
static inline struct stile_result stile_hvc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                                            uint64_t x4, uint64_t x5, uint64_t x6)
{
#ifdef STILE_FAKE
    return stile_fake_hvc(fid, x1, x2, x3, x4, x5, x6);
#else
    register uint64_t r0 __asm__("x0") = fid;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;
    register uint64_t r4 __asm__("x4") = x4;
    register uint64_t r5 __asm__("x5") = x5;
    register uint64_t r6 __asm__("x6") = x6;

    /* The hypervisor may read and write memory the caller described. */
    __asm__ volatile("hvc #0"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     : "r"(r4), "r"(r5), "r"(r6)
                     : "memory");

    struct stile_result result = {(int64_t)r0, {r1, r2, r3}};
    return result;
#endif
}

#endif
