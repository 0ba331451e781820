/* SPDX-License-Identifier: MIT */
/*
 * Calling code that was compiled without the hypervisor's register rule (hv/build.mk).
 */
#ifndef ARCH_PLAIN_ABI_H
#define ARCH_PLAIN_ABI_H

/**
 * plain_abi_call() - call a function that may change what the procedure call standard lets it
 *
 * An exit leaves the guest's x11 to x15 and x18 in the registers while EL2 runs (exits/entry.S).
 * They are kept here while @function runs with @context. Any context; not for code that uses
 * FP/SIMD registers, which are the guest's, too.
 */
void plain_abi_call(void (*function)(void *context), void *context);

#endif
