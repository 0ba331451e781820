/* SPDX-License-Identifier: MIT */
/*
 * Stolen time, as DEN 0057 tells a guest of it: how long each vCPU was ready and another one ran.
 *
 * The structures of a VM's vCPUs are in a page of their own, which the guest can read. It is not
 * the vCPU's shared page (stile/shared.h), because a stock kernel maps this one as Normal memory in
 * granules of its own, up to 64 KiB, and no other mapping may have other attributes (section 3.2).
 */
#ifndef VIRT_PVTIME_H
#define VIRT_PVTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/errors.h"

struct vcpu;
struct vm;

/** Section 3.2.2, all little-endian. Written with single stores while the guest may read. */
struct pvtime_stolen {
    uint32_t revision;   /* 0 */
    uint32_t attributes; /* 0 */
    uint64_t stolen_ns;
    uint8_t reserved[48];
};

_Static_assert(sizeof(struct pvtime_stolen) == 64, "DEN 0057, section 3.2.2");
_Static_assert(offsetof(struct pvtime_stolen, stolen_ns) == 8, "DEN 0057, section 3.2.2");

/**
 * pvtime_init() - show a VM its page, all zero
 * @vm: starts, for the first time or anew; its stage 2 is there
 *
 * NO_MEMORY: the pool is used up; ALREADY_MAPPED: something else is there
 */
enum stile_error pvtime_init(struct vm *vm);

/** pvtime_free() - give the page back; the VM is gone. Also if pvtime_init() failed. */
void pvtime_free(struct vm *vm);

/**
 * pvtime_update() - tell a vCPU what vcpu->page->stolen_ticks says
 * @vcpu: it runs here or is about to, and has asked where its structure is: kept for no other
 */
void pvtime_update(struct vcpu *vcpu);

/**
 * pvtime_call() - answer a call of the paravirtualised-time service
 * @vcpu: the caller
 * @function: its function id
 * @x1: its argument
 *
 * Returns what x0 becomes: 0, an IPA, or SMCCC's NOT_SUPPORTED.
 */
int64_t pvtime_call(struct vcpu *vcpu, uint32_t function, uint64_t x1);

#endif
