/* SPDX-License-Identifier: MIT */
/*
 * virt/vdebug.c: which registers there are, what they keep, and when they are in the CPU.
 */
#include <string.h>

#include "arch/debug.c"
#include "virt/vdebug.c"

#include "ktf.h"

/* --- what it calls --- */

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};

#define NR_SHOWN UINT64_C(3) /* of each, less one: the CPU has more */

uint64_t vid_read(const struct vm *of, uint32_t index)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(index, ID_AA64DFR0);
    return NR_SHOWN << DFR0_BRPS_SHIFT | NR_SHOWN << DFR0_WRPS_SHIFT;
}

static void setup(void)
{
    memset(&vcpu.debug, 0xFF, sizeof(vcpu.debug));
    fake_sysreg_write("id_aa64dfr0_el1", UINT64_C(5) << DFR0_BRPS_SHIFT | UINT64_C(4) << 20);
    fake_sysreg_write("mdscr_el1", 0);
    fake_sysreg_write("dbgbvr1_el1", 0);
    fake_sysreg_write("dbgwcr3_el1", 0);
    fake_sysreg_write("spsr_el2", SPSR_M_EL1H);
    vdebug_reset(&vcpu);
}

KTF_SUITE(vdebug, .setup = setup);

static uint64_t read_it(uint64_t name)
{
    uint64_t value = ~UINT64_C(0);

    EXPECT_TRUE(vdebug_read(&vcpu, name, &value));
    return value;
}

static uint64_t write_and_read(uint64_t name, uint64_t value)
{
    EXPECT_TRUE(vdebug_write(&vcpu, name, value));
    return read_it(name);
}

#define NAME_DBGBVR(n) NAME(2, 0, 0, n, 4)
#define NAME_DBGBCR(n) NAME(2, 0, 0, n, 5)
#define NAME_DBGWVR(n) NAME(2, 0, 0, n, 6)
#define NAME_DBGWCR(n) NAME(2, 0, 0, n, 7)

KTF_TEST(vdebug, aarch32_is_told_the_same_numbers)
{
    /* WRPs, BRPs, CTX_CMPs, which is 0 here, as the version is; RES1 */
    EXPECT_EQ(vdebug_didr(&vm), 0x33008000);
}

KTF_TEST(vdebug, out_of_reset_the_os_lock_is_locked_and_the_rest_zero)
{
    EXPECT_EQ(read_it(NAME_OSLSR), 0xA);
    EXPECT_EQ(read_it(NAME_MDSCR), 0);
    EXPECT_EQ(read_it(NAME_DBGBCR(3)), 0);
    EXPECT_EQ(read_it(NAME_DBGWVR(0)), 0);
    EXPECT_FALSE(vcpu.has & VCPU_HAS_DEBUG);
}

KTF_TEST(vdebug, registers_keep_the_bits_they_have)
{
    EXPECT_EQ(write_and_read(NAME_MDSCR, UINT64_MAX), 0xB001);
    for (uint64_t n = 0; n <= NR_SHOWN; n++) {
        EXPECT_EQ(write_and_read(NAME_DBGBVR(n), UINT64_MAX - n), UINT64_MAX - n);
        EXPECT_EQ(write_and_read(NAME_DBGBCR(n), UINT64_MAX), 0x7FE1E7);
        EXPECT_EQ(write_and_read(NAME_DBGWVR(n), UINT64_MAX), UINT64_MAX - 3);
        EXPECT_EQ(write_and_read(NAME_DBGWCR(n), UINT64_MAX), 0x1F1FFFFF);
    }
    EXPECT_EQ(read_it(NAME_DBGBVR(1)), UINT64_MAX - 1);
}

KTF_TEST(vdebug, what_is_not_shown_is_not_there)
{
    uint64_t value;

    for (uint32_t op2 = 4; op2 < 8; op2++) {
        EXPECT_FALSE(vdebug_read(&vcpu, NAME(2, 0, 0, NR_SHOWN + 1, op2), &value));
        EXPECT_FALSE(vdebug_write(&vcpu, NAME(2, 0, 0, 15, op2), 0));
    }
    EXPECT_FALSE(vdebug_read(&vcpu, NAME_OSLAR, &value)); /* only to write */
    EXPECT_FALSE(vdebug_write(&vcpu, NAME_OSLSR, 0));     /* only to read */
    EXPECT_FALSE(vdebug_write(&vcpu, NAME_MDRAR, 0));
    EXPECT_FALSE(vdebug_read(&vcpu, NAME(2, 0, 3, 0, 4), &value));
    EXPECT_FALSE(vdebug_read(&vcpu, NAME(2, 3, 0, 0, 4), &value));
}

KTF_TEST(vdebug, they_are_in_the_cpu_while_exceptions_are_enabled)
{
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_OSLAR, 0));
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_DBGBVR(1), 0x4000));
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_KDE | MDSCR_TDCC));
    EXPECT_FALSE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_EQ(read_sysreg(dbgbvr1_el1), 0);

    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_MDE));
    EXPECT_TRUE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_EQ(read_sysreg(dbgbvr1_el1), 0x4000);
    EXPECT_EQ(read_sysreg(mdscr_el1), MDSCR_MDE);
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_DBGWCR(3), 1)); /* from now on at once */
    EXPECT_EQ(read_sysreg(dbgwcr3_el1), 1);

    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_SS));
    EXPECT_TRUE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, 0));
    EXPECT_FALSE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_EQ(read_sysreg(mdscr_el1), 0);
}

KTF_TEST(vdebug, the_os_lock_takes_them_out)
{
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_MDE));
    EXPECT_FALSE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_OSLAR, 0));
    EXPECT_TRUE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_OSLAR, 1));
    EXPECT_FALSE(vcpu.has & VCPU_HAS_DEBUG);
    EXPECT_EQ(read_sysreg(mdscr_el1), 0);
    EXPECT_EQ(read_it(NAME_MDSCR), MDSCR_MDE);
}

/* The registers of a CPU that has fewer than another one are written as far as they are there. */
KTF_TEST(vdebug, a_cpu_is_given_what_it_has)
{
    fake_sysreg_write("id_aa64dfr0_el1", 0);
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_OSLAR, 0));
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_DBGBVR(1), 0x4000));
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_MDE));
    EXPECT_EQ(read_sysreg(dbgbvr1_el1), 0);
}

KTF_TEST(vdebug, el0_is_denied_what_el1_says)
{
    uint64_t value;

    fake_sysreg_write("spsr_el2", SPSR_M_EL0T);
    EXPECT_TRUE(vdebug_read(&vcpu, NAME_MDCCSR, &value));
    EXPECT_TRUE(vdebug_write(&vcpu, NAME_MDSCR, MDSCR_TDCC));
    EXPECT_FALSE(vdebug_read(&vcpu, NAME_MDCCSR, &value));
    EXPECT_FALSE(vdebug_write(&vcpu, NAME_DBGDTRX, 0));
    EXPECT_TRUE(vdebug_is_denied(&vcpu, NAME_DBGDTR));
    EXPECT_FALSE(vdebug_is_denied(&vcpu, NAME(3, 3, 9, 12, 0)));
    fake_sysreg_write("spsr_el2", SPSR_M_EL1H);
    EXPECT_TRUE(vdebug_read(&vcpu, NAME_MDCCSR, &value));
    EXPECT_FALSE(vdebug_is_denied(&vcpu, NAME_DBGDTR));
}

KTF_TEST(vdebug, claims_are_set_and_cleared)
{
    EXPECT_EQ(write_and_read(NAME_DBGCLAIMSET, 0x1A5), 0xFF);
    EXPECT_EQ(read_it(NAME_DBGCLAIMCLR), 0xA5);
    EXPECT_EQ(write_and_read(NAME_DBGCLAIMCLR, 0x5), 0xA0);
}
