/* SPDX-License-Identifier: MIT */
/*
 * The identification registers: every one can be read, by its encoding, and none written; what is
 * unallocated reads as zero (Arm ARM D17.1.1); a hypervisor shows only what it supports.
 */
#include "arch/cpu.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "support.h"

#define NR_OP2 8

KTF_SUITE(sysreg_ids);

/* A function for each register, because its name is part of the instruction. */
#define READER(crm, op2)                                                                           \
    static void read_##crm##_##op2(void *value)                                                    \
    {                                                                                              \
        *(uint64_t *)value = read_sysreg(s3_0_c0_c##crm##_##op2);                                  \
    }
#define WRITER(crm, op2)                                                                           \
    static void write_##crm##_##op2(void *value)                                                   \
    {                                                                                              \
        write_sysreg(s3_0_c0_c##crm##_##op2, *(uint64_t *)value);                                  \
    }
#define ROW(crm, of)                                                                               \
    of(crm, 0) of(crm, 1) of(crm, 2) of(crm, 3) of(crm, 4) of(crm, 5) of(crm, 6) of(crm, 7)
#define ROWS(of) ROW(1, of) ROW(2, of) ROW(3, of) ROW(4, of) ROW(5, of) ROW(6, of) ROW(7, of)

ROWS(READER)
ROWS(WRITER)

#define READER_NAME(crm, op2) read_##crm##_##op2,
#define WRITER_NAME(crm, op2) write_##crm##_##op2,

static void (*const readers[])(void *) = {ROWS(READER_NAME)};
static void (*const writers[])(void *) = {ROWS(WRITER_NAME)};

#define NR_REGISTERS (sizeof(readers) / sizeof(readers[0]))

/* As Arm ARM D17.1.1 numbers them: CRm from 1 on, 8 of each. */
static uint32_t crm_of(size_t i)
{
    return (uint32_t)i / NR_OP2 + 1;
}

static uint32_t op2_of(size_t i)
{
    return (uint32_t)i % NR_OP2;
}

/* Whether the architecture of this writing has a register there: a bit for each Op2. */
static bool is_allocated(size_t i)
{
    static const uint8_t allocated[] = {0xFF, 0xFF, 0x77, 0x37, 0x33, 0x07, 0x07};

    return allocated[crm_of(i) - 1] >> op2_of(i) & 1;
}

KTF_TEST(sysreg_ids, each_can_be_read)
{
    for (size_t i = 0; i < NR_REGISTERS; i++) {
        struct fault fault;
        uint64_t first = 0, second = 1;
        if (exception_try(readers[i], &first, &fault) || exception_try(readers[i], &second, &fault))
            EXPECT_FAIL("S3_0_C0_C%u_%u cannot be read", crm_of(i), op2_of(i));
        EXPECT_EQ(first, second);
    }
}

KTF_TEST(sysreg_ids, what_is_unallocated_is_zero)
{
    for (size_t i = 0; i < NR_REGISTERS; i++) {
        struct fault fault;
        uint64_t value = UINT64_MAX;
        if (is_allocated(i))
            continue;
        ASSERT_FALSE(exception_try(readers[i], &value, &fault));
        if (value != 0)
            EXPECT_FAIL("S3_0_C0_C%u_%u is 0x%lx", crm_of(i), op2_of(i), (unsigned long)value);
    }
}

KTF_TEST(sysreg_ids, none_can_be_written)
{
    for (size_t i = 0; i < NR_REGISTERS; i++) {
        struct fault fault = {0, 0, 0};
        uint64_t value = UINT64_MAX;
        if (!exception_try(writers[i], &value, &fault))
            EXPECT_FAIL("S3_0_C0_C%u_%u can be written", crm_of(i), op2_of(i));
        else
            EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    }
}

/* Each general register is where the value goes, and the others, the flags too, are as they were.
 */
KTF_TEST(sysreg_ids, each_can_be_read_into_any_register)
{
    uint64_t value = read_sysreg(id_aa64mmfr0_el1);

    for (uint32_t rt = 0; rt < 32; rt++) {
        struct raw_registers registers;
        for (uint32_t i = 0; i < 31; i++)
            registers.x[i] = UINT64_C(0x1000000000000000) + i;
        uint64_t flags = irq_save();
        raw_mrs[rt](&registers);
        irq_restore(flags);
        for (uint32_t i = 0; i < 31; i++)
            EXPECT_EQ(registers.x[i], i == rt ? value : UINT64_C(0x1000000000000000) + i);
    }
}

KTF_TEST(sysreg_ids, reading_one_leaves_the_flags)
{
    for (uint64_t flags = 0; flags < 16; flags++) {
        uint64_t nzcv;
        __asm__ volatile("msr nzcv, %1\n\tmrs %0, id_aa64pfr0_el1\n\tmrs %0, nzcv"
                         : "=&r"(nzcv)
                         : "r"(flags << 28)
                         : "cc");
        EXPECT_EQ(nzcv, flags << 28);
    }
}

/* --- what they tell --- */

static uint64_t field(uint64_t value, uint32_t shift)
{
    return value >> shift & 0xF;
}

KTF_TEST(sysreg_ids, the_controllers_registers_are_told)
{
    if (machine.gic_version == 3)
        EXPECT_NE(field(read_sysreg(id_aa64pfr0_el1), 24), 0);
    else
        EXPECT_EQ(field(read_sysreg(id_aa64pfr0_el1), 24), 0);
}

KTF_TEST(sysreg_ids, a_guest_is_shown_what_it_can_use)
{
    const struct gic_traits *traits = gic_rig_traits();

    if (!traits || !traits->is_stile)
        SKIP("there is no hypervisor");
    uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1), dfr0 = read_sysreg(id_aa64dfr0_el1);
    uint64_t mmfr1 = read_sysreg(id_aa64mmfr1_el1);

    EXPECT_EQ(field(pfr0, 8), 0);                          /* EL2 */
    EXPECT_EQ(field(pfr0, 12), 0);                         /* EL3 */
    EXPECT_EQ(field(pfr0, 4), 1);                          /* EL1 is AArch64 */
    EXPECT_EQ(field(pfr0, 28), 0);                         /* RAS */
    EXPECT_EQ(field(dfr0, 4), 0);                          /* trace */
    EXPECT_EQ(field(dfr0, 8), 0);                          /* the PMU, which this VM has not */
    EXPECT_EQ(field(dfr0, 32), 0);                         /* statistical profiling */
    EXPECT_EQ(field(mmfr1, 8), 0);                         /* VHE */
    EXPECT_EQ(field(mmfr1, 16), 0);                        /* LORegions */
    EXPECT_LE(field(read_sysreg(id_aa64mmfr0_el1), 0), 2); /* 40 bits of physical address */
}
