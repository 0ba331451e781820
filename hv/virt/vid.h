/* SPDX-License-Identifier: MIT */
/*
 * The identification registers a guest is shown: what the hardware has, less what the hypervisor
 * keeps for itself or does not switch between vCPUs.
 *
 * The registers trapped by HCR_EL2.TID3: Op0 = 3, Op1 = 0, CRn = 0, CRm = 1 to 7 (Arm ARM
 * D17.3.1), by the numbers of arch/id.h. MIDR_EL1 and MPIDR_EL1 come from VPIDR_EL2 and VMPIDR_EL2
 * instead.
 */
#ifndef VIRT_VID_H
#define VIRT_VID_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/id.h"

struct vm;

/** Reads the hardware's registers and works out what guests see. Boot; machine_tree_parse() is
 * done. */
void vid_init(void);

/**
 * vid_show() - what a VM is shown: vm->ids, which does not change then
 * @vm: its config and sve_bytes are complete
 *
 * Unallocated registers read as zero.
 */
void vid_show(struct vm *vm);

/**
 * vid_read() - the value of an identification register
 * @vm: the VM that asks; after vid_show()
 * @index: ID_INDEX() of the register, below ID_NR_REGISTERS; a constant
 */
uint64_t vid_read(const struct vm *vm, uint32_t index);

/** vid_pa_bits() - how many bits a physical address has to the guest, by ID_AA64MMFR0_EL1.PARange
 */
uint32_t vid_pa_bits(const struct vm *vm);

/**
 * vid_is_told() - whether an access to an identification register that there is not is reported as
 *                 a trapped one (FEAT_IDST), not as undefined
 * @esr: the syndrome of any trap
 */
bool vid_is_told(const struct vm *vm, uint64_t esr);

#endif
