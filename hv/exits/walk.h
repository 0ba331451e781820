/* SPDX-License-Identifier: MIT */
/*
 * The guest's own translation, stage 1 of EL1&0 (Arm ARM D8): what a stage-2 syndrome leaves out of
 * a fault that the guest sees as one of stage 1.
 *
 * All act on the vCPU loaded on this CPU, and need its EL1 registers in the CPU. Tables are read as
 * they are now; a guest that changes them meanwhile is told of a fault that it might have had.
 */
#ifndef EXITS_WALK_H
#define EXITS_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/esr.h"
#include "lib/addr.h"

#define SCTLR_E0E (UINT64_C(1) << 24)
#define SCTLR_EE  (UINT64_C(1) << 25)

struct vm;

/** No page: a walk to the last descriptor. */
#define WALK_NOWHERE UINT64_MAX

/** Where a walk has come to. */
struct walk {
    uint32_t level; /* of the last descriptor: 0 to 3 */
    bool is_first;  /* it is in the table that TTBR names */
};

/**
 * walk_to() - walk to the descriptor of a virtual address that is in a page, or to the last one
 * @va: any
 * @table: the page, by any address in it, or WALK_NOWHERE
 *
 * The last one is a block's or page's, not valid, or where the VM has no memory.
 */
struct walk walk_to(struct vm *vm, uint64_t va, ipa_t table);

/**
 * walk_translate() - what the guest's own translation makes of a virtual address
 * @write: as for a store
 * @el0: as for a program
 *
 * Returns false if there is a fault. Leaves PAR_EL1 as it was.
 */
bool walk_translate(uint64_t va, bool write, bool el0, ipa_t *ipa);

/** walk_data_order() - whether the interrupted code's data is big-endian, where it may be */
bool walk_data_order(void);

/** walk_data_is_big_endian() - whether what the interrupted code loads and stores is */
static inline bool walk_data_is_big_endian(void)
{
    bool may_be =
        (read_sysreg(spsr_el2) & SPSR_AARCH32) || (read_sysreg(sctlr_el1) & (SCTLR_EE | SCTLR_E0E));

    return may_be && walk_data_order();
}

#endif
