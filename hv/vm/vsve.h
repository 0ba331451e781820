/* SPDX-License-Identifier: MIT */
/*
 * SVE for guests: which vector length a VM has, and moving the registers of its vCPUs. Of a VM that
 * has SVE, the FP/SIMD registers are the lower parts of these and move with them, lazily: when is
 * vm/trap_control.h's.
 */
#ifndef VM_VSVE_H
#define VM_VSVE_H

#include <stdint.h>

struct vcpu;
struct vm_config;

/** vsve_init_pcpu() - find the calling CPU's vector length. SVE must not trap at EL2. */
void vsve_init_pcpu(void);

/**
 * vsve_bytes() - the longest vector a VM is given, in bytes
 * @config: what its device tree said
 *
 * Returns 0 if the VM has no SVE: its tree says so, or a CPU has none. It is what the tree says,
 * and no more than any CPU has. All CPUs are online.
 */
uint32_t vsve_bytes(const struct vm_config *config);

/** vsve_order() - how many pages, as a power of two, hold registers of @bytes each */
unsigned vsve_order(uint32_t bytes);

/**
 * vsve_load(), vsve_put() - move the registers of a vCPU of a VM that has SVE
 * @vcpu: is loaded
 *
 * Neither FP/SIMD nor SVE traps at EL2.
 */
void vsve_load(const struct vcpu *vcpu);
void vsve_put(struct vcpu *vcpu);

/**
 * vsve_vector() - where a SIMD register of a vCPU is that is not in the CPU
 * @n: of 32
 * @bytes: becomes how long the vector is of which it is the lowest 16 bytes
 */
void *vsve_vector(struct vcpu *vcpu, uint32_t n, uint32_t *bytes);

#endif
