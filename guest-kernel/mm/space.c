/* SPDX-License-Identifier: MIT */
/*
 * TTBR0_EL1 and what the TLBs remember of it.
 */
#include "arch/cpu.h"
#include "mm/page.h"
#include "mm/space.h"

#define ASID_SHIFT 48 /* TTBR0_EL1.ASID, and the same in TLBI's operand */

static uint64_t empty_root; /* a level 1 table with nothing in it */

void space_init(void)
{
    empty_root = page_alloc_zeroed();
}

void space_use(uint64_t root, uint32_t asid)
{
    write_sysreg(ttbr0_el1, (root ? root : empty_root) | (uint64_t)asid << ASID_SHIFT);
    isb();
}

void space_forget(uint32_t asid)
{
    dsb_ishst();
    __asm__ volatile("tlbi aside1is, %0" : : "r"((uint64_t)asid << ASID_SHIFT));
    dsb_ish();
    isb();
}
