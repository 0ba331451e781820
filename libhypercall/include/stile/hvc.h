/* SPDX-License-Identifier: MIT */
/*
 * The one HVC instruction of libhypercall. Everything a guest asks of its hypervisor, Stile's
 * calls and the standard services alike, goes through stile_hvc().
 *
 * On a host there is no hypervisor below: compiled for another machine than arm64, or with
 * STILE_FAKE defined, the calls go to the fake hypervisor of stile/fake.h instead.
 *
 * A kernel that wants to see each call, to trace it or to answer it itself in a test, defines
 * STILE_HAVE_HVC, includes this file, defines a stile_hvc() of its own, which makes the call by
 * stile_hvc_instruction(), and includes the others then. The library's sources are compiled with
 * the same before them.
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
 * stile_hvc_instruction() - call the hypervisor (SMCCC 1.2: DEN 0028, section 3)
 * @fid: function id, x0
 * @x1: to @x6: arguments; unused ones must be 0
 *
 * Returns x0 as status and x1 to x3 as values. Every other register is preserved. Must only be
 * executed where something answers HVC; stile_handshake() finds that out. Any context.
 */
static inline struct stile_result stile_hvc_instruction(uint32_t fid, uint64_t x1, uint64_t x2,
                                                        uint64_t x3, uint64_t x4, uint64_t x5,
                                                        uint64_t x6)
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
    struct stile_result result;

    /* The hypervisor may read and write memory the caller described. */
    __asm__ volatile("hvc #0"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     : "r"(r4), "r"(r5), "r"(r6)
                     : "memory");

    result.status = (int64_t)r0;
    result.value[0] = r1;
    result.value[1] = r2;
    result.value[2] = r3;
    return result;
#endif
}

#ifndef STILE_HAVE_HVC
/** stile_hvc() - the same, as the stubs make it: see above */
static inline struct stile_result stile_hvc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                                            uint64_t x4, uint64_t x5, uint64_t x6)
{
    return stile_hvc_instruction(fid, x1, x2, x3, x4, x5, x6);
}
#endif

#endif
