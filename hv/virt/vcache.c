/* SPDX-License-Identifier: MIT */
/*
 * See vcache.h.
 */
#include "virt/vcache.h"

#include "arch/clamp.h"
#include "arch/cpu.h"

/* CLIDR_EL1 (Arm ARM D17.2.27): three bits for each of seven levels, from level 1 on. */
#define NR_LEVELS          7
#define CLIDR_CTYPE(c, l)  ((uint32_t)((c) >> 3 * (l)) & 7)
#define CTYPE_HAS_CODE(t)  ((t) == 1 || (t) == 3)
#define CTYPE_HAS_DATA(t)  ((t) >= 2)
#define NR_SELECTIONS      16 /* CSSELR_EL1: InD, bit 0; Level, bits 3:1 */
#define CSSELR_INSTRUCTION 1

static uint64_t ccsidr[NR_SELECTIONS];

static uint64_t read_ccsidr(uint32_t selection)
{
    write_sysreg(csselr_el1, selection);
    isb();
    return read_sysreg(ccsidr_el1);
}

void vcache_init(void)
{
    uint64_t clidr = read_sysreg(clidr_el1);

    for (uint32_t level = 0; level < NR_LEVELS; level++) {
        uint32_t type = CLIDR_CTYPE(clidr, level);
        if (CTYPE_HAS_DATA(type))
            ccsidr[2 * level] = read_ccsidr(2 * level);
        if (CTYPE_HAS_CODE(type))
            ccsidr[2 * level + CSSELR_INSTRUCTION] = read_ccsidr(2 * level + CSSELR_INSTRUCTION);
    }
}

uint64_t vcache_ccsidr(uint64_t csselr)
{
    return csselr < NR_SELECTIONS ? ccsidr[clamp(csselr, NR_SELECTIONS)] : 0;
}
