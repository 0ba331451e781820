/* SPDX-License-Identifier: MIT */
/*
 * See skip.h.
 */
#include "exits/skip.h"

/* ITSTATE in SPSR: IT[1:0] and IT[7:2] (C5.2.18). IT[7:4] is a condition while IT[3:0] is not 0. */
#define SPSR_IT_1_0_SHIFT 25
#define SPSR_IT_7_2_SHIFT 10
#define SPSR_IT           (UINT64_C(3) << SPSR_IT_1_0_SHIFT | UINT64_C(0x3F) << SPSR_IT_7_2_SHIFT)

#define NZCV_SHIFT 28
#define NZCV_V     1u
#define NZCV_C     2u
#define NZCV_Z     4u
#define NZCV_N     8u

/* Conditions come in pairs, each the opposite of the next but for the last (C1.2.4). */
#define COND_AL 0xEu

static uint32_t it_state(uint64_t spsr)
{
    return (uint32_t)(spsr >> SPSR_IT_1_0_SHIFT & 3) | (uint32_t)(spsr >> SPSR_IT_7_2_SHIFT & 0x3F)
                                                           << 2;
}

/* The block's last instruction ends it; else the next one's condition moves up. */
static uint32_t it_advance(uint32_t it)
{
    return (it & 7) == 0 ? 0 : (it & 0xE0) | (it << 1 & 0x1F);
}

static uint64_t it_put(uint64_t spsr, uint32_t it)
{
    return (spsr & ~SPSR_IT) | (uint64_t)(it & 3) << SPSR_IT_1_0_SHIFT |
           (uint64_t)(it >> 2) << SPSR_IT_7_2_SHIFT;
}

static bool holds(uint32_t cond, uint32_t nzcv)
{
    bool n = nzcv & NZCV_N, z = nzcv & NZCV_Z, c = nzcv & NZCV_C, v = nzcv & NZCV_V;
    const bool pairs[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};

    return cond >= COND_AL || pairs[cond >> 1] != (cond & 1);
}

bool skip_condition_holds(uint64_t spsr, uint64_t esr)
{
    uint32_t cond = COND_AL;

    if (!(spsr & SPSR_AARCH32))
        return true;
    if (esr & ISS_CV)
        cond = (uint32_t)(esr >> ISS_COND_SHIFT) & 0xF;
    else if (it_state(spsr) != 0) /* of T32, where the syndrome may leave it to ITSTATE */
        cond = it_state(spsr) >> 4;
    return holds(cond, (uint32_t)(spsr >> NZCV_SHIFT) & 0xF);
}

/* SPSR_EL2 behind the instruction. */
static uint64_t pstate_behind(uint64_t spsr)
{
    spsr &= ~SPSR_SS;
    if (spsr & SPSR_AARCH32)
        return it_put(spsr, it_advance(it_state(spsr)));
    return spsr & ~SPSR_BTYPE;
}

void skip_other(uint64_t spsr, uint64_t esr)
{
    write_sysreg(elr_el2, read_sysreg(elr_el2) + (esr & ESR_IL ? 4 : 2));
    write_sysreg(spsr_el2, pstate_behind(spsr));
}
