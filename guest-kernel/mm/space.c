/* SPDX-License-Identifier: MIT */
/*
 * TTBR0_EL1, and what the TLBs hold of its tables.
 */
#include "mm/space.h"

#include "arch/cpu.h"
#include "mm/page.h"

#define ASID_SHIFT 48 /* TTBR0_EL1.ASID, and the same in TLBI's operand */

static struct space empty; /* its level 1 table has nothing in it */

void space_init(void)
{
    empty.root = page_alloc_zeroed();
}

void space_use(const struct space *space)
{
    if (!space)
        space = &empty;
    write_sysreg(ttbr0_el1, space->root | (uint64_t)space->asid << ASID_SHIFT);
    isb();
}

void space_forget(const struct space *space)
{
    dsb_ishst();
    __asm__ volatile("tlbi aside1is, %0" : : "r"((uint64_t)space->asid << ASID_SHIFT));
    dsb_ish();
    isb();
}
