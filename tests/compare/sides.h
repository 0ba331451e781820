/* SPDX-License-Identifier: MIT */
/*
 * The two that are asked the same: the hypervisor, as the fuzzer runs it on the host (tests/fuzz),
 * and the fake of libhypercall. Both have the VMs of tests/fuzz/world.h, of the same numbers.
 */
#ifndef COMPARE_SIDES_H
#define COMPARE_SIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/abi.h"

enum side {
    SIDE_HV,
    SIDE_FAKE,
    NR_SIDES,
};

/** The VM, from 0, that calls nothing: others' peer, with few pages of the hypervisor's own. */
#define SIDES_IDLE_VM 1u

/** sides_begin() - all VMs start, on both sides */
void sides_begin(void);

/** sides_end() - all VMs end; the hypervisor must have got back all it gave */
void sides_end(void);

/** sides_have_vcpu() - whether a vCPU is on: the hypervisor's word for it */
bool sides_have_vcpu(uint32_t vm, uint32_t vcpu);

/** sides_vm_number() - the number of the last VM at a place, from 0; 0: it has had none */
uint32_t sides_vm_number(uint32_t place);

/**
 * sides_put() - write into a VM's memory, as it does itself
 *
 * Returns false, and has written nothing, if not all of it is the VM's own, to read and to write.
 */
bool sides_put(enum side side, uint32_t vm, uint64_t ipa, const void *from, size_t bytes);

/**
 * sides_call() - a vCPU that is on makes a call, on one side
 * @vm: which VM, from 0
 */
struct stile_result sides_call(enum side side, uint32_t vm, uint32_t vcpu, uint32_t nr,
                               const uint64_t x[6]);

/** sides_mailbox() - a vCPU's mailbox */
struct stile_mailbox *sides_mailbox(enum side side, uint32_t vm, uint32_t vcpu);

#endif
