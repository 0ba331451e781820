/* SPDX-License-Identifier: MIT */
/*
 * exits/skip.c: every PSTATE that an instruction can have trapped with, against the pseudocode of
 * the Arm ARM (ConditionHolds(), AArch32.ITAdvance()).
 */
#include "exits/skip.c"

#include "ktf.h"

#define PC UINT64_C(0x80001000)

KTF_SUITE(skip);

static uint64_t spsr_with(uint32_t it, uint32_t nzcv, bool thumb)
{
    return SPSR_AARCH32 | (uint64_t)thumb << 5 | (uint64_t)(it & 3) << 25 |
           (uint64_t)(it >> 2) << 10 | (uint64_t)nzcv << 28;
}

static uint32_t it_in(uint64_t spsr)
{
    return (uint32_t)((spsr >> 25 & 3) | (spsr >> 10 & 0x3F) << 2);
}

static uint64_t skip_from(uint64_t spsr, uint64_t esr)
{
    fake_sysreg_write("spsr_el2", spsr);
    fake_sysreg_write("elr_el2", PC);
    skip_instruction(esr);
    return fake_sysreg_read("spsr_el2");
}

/* The pseudocode, in its order. */
static bool condition_holds(uint32_t cond, uint32_t nzcv)
{
    bool n = nzcv >> 3 & 1, z = nzcv >> 2 & 1, c = nzcv >> 1 & 1, v = nzcv & 1;
    bool result = false;

    switch (cond >> 1) {
    case 0:
        result = z;
        break;
    case 1:
        result = c;
        break;
    case 2:
        result = n;
        break;
    case 3:
        result = v;
        break;
    case 4:
        result = c && !z;
        break;
    case 5:
        result = n == v;
        break;
    case 6:
        result = n == v && !z;
        break;
    case 7:
        result = true;
        break;
    }
    return (cond & 1) && cond != 15 ? !result : result;
}

KTF_TEST(skip, it_goes_on_by_the_instructions_length)
{
    (void)skip_from(SPSR_M_EL1H, ESR_IL);
    EXPECT_EQ(fake_sysreg_read("elr_el2"), PC + 4);
    (void)skip_from(spsr_with(0, 0, true), 0);
    EXPECT_EQ(fake_sysreg_read("elr_el2"), PC + 2);
    (void)skip_from(spsr_with(0, 0, true), ESR_IL);
    EXPECT_EQ(fake_sysreg_read("elr_el2"), PC + 4);
}

/* Every bit that is not BTYPE's or SS stays, whatever it is. */
KTF_TEST(skip, aarch64_is_left_without_btype_and_step)
{
    static const uint64_t modes[] = {SPSR_M_EL0T, SPSR_M_EL1T, SPSR_M_EL1H};

    for (uint32_t m = 0; m < 3; m++) {
        for (uint64_t bits = 0; bits < UINT64_C(1) << 16; bits++) {
            /* bits 6 to 13, 20 to 25 and 28 to 29, which are those with a meaning */
            uint64_t spsr =
                modes[m] | (bits & 0xFF) << 6 | (bits >> 8 & 0x3F) << 20 | (bits >> 14) << 28;

            EXPECT_EQ(skip_from(spsr, ESR_IL), spsr & ~(UINT64_C(3) << 10) & ~(UINT64_C(1) << 21));
        }
    }
}

KTF_TEST(skip, aarch32_advances_it_and_has_stepped)
{
    for (uint32_t it = 0; it < 256; it++) {
        for (uint32_t nzcv = 0; nzcv < 16; nzcv++) {
            uint64_t spsr = spsr_with(it, nzcv, true);
            uint32_t advanced = (it & 7) == 0 ? 0 : (it & 0xE0) | (it << 1 & 0x1F);
            uint64_t after = skip_from(spsr | SPSR_SS, 0);

            EXPECT_EQ(it_in(after), advanced);
            EXPECT_EQ(after, spsr_with(advanced, nzcv, true));
        }
    }
}

KTF_TEST(skip, a_condition_is_the_syndromes_or_the_blocks)
{
    for (uint32_t nzcv = 0; nzcv < 16; nzcv++) {
        for (uint32_t cond = 0; cond < 16; cond++) {
            uint64_t valid = ISS_CV | (uint64_t)cond << ISS_COND_SHIFT;
            uint64_t left_out = (uint64_t)cond << ISS_COND_SHIFT;
            bool holds = condition_holds(cond, nzcv);

            EXPECT_EQ(skip_condition_holds(spsr_with(0, nzcv, false), valid), holds);
            EXPECT_EQ(skip_condition_holds(spsr_with(cond << 4 | 8, nzcv, true), left_out), holds);
            EXPECT_TRUE(skip_condition_holds(spsr_with(0, nzcv, true), left_out));
            EXPECT_TRUE(skip_condition_holds((uint64_t)nzcv << 28, valid)); /* AArch64 has none */
        }
    }
}
