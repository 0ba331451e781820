/* SPDX-License-Identifier: MIT */
/*
 * exits/coprocessor.c: which system register a coprocessor access is, and what moves where.
 */
#include <string.h>

#include "exits/coprocessor.c"
#include "vm/vm.h"

#include "ktf.h"

/* --- what it calls --- */

static struct {
    uint64_t name;
    uint64_t value;
    uint32_t nr_reads, nr_writes;
    enum sysreg_result result;
} registers;

enum sysreg_result sysreg_read(struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    EXPECT_NOT_NULL(vcpu);
    registers.nr_reads++;
    registers.name = name;
    if (registers.result == SYSREG_DONE)
        *value = registers.value;
    return registers.result;
}

enum sysreg_result sysreg_write(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    EXPECT_NOT_NULL(vcpu);
    registers.nr_writes++;
    registers.name = name;
    registers.value = value;
    return registers.result;
}

#define DIDR 0x35160000u

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};
static bool is_denied;

uint32_t vdebug_didr(const struct vm *of)
{
    EXPECT_EQ(of, &vm);
    return DIDR;
}

bool vdebug_is_denied(const struct vcpu *of, uint64_t name)
{
    EXPECT_EQ(of, &vcpu);
    EXPECT_EQ(ISS_OP0(name), 2);
    return is_denied;
}

static void setup(void)
{
    memset(&registers, 0, sizeof(registers));
    registers.result = SYSREG_DONE;
    is_denied = false;
    for (uint32_t i = 0; i < 31; i++)
        vcpu.regs.x[i] = UINT64_C(0xFFFFFFFF00000000) + i;
    fake_sysreg_write("spsr_el2", SPSR_AARCH32);
}

KTF_SUITE(coprocessor, .setup = setup);

/* Syndromes, with a condition that always holds. */
static uint64_t access32(uint32_t class, uint32_t opc1, uint32_t crn, uint32_t crm, uint32_t opc2,
                         uint32_t rt, bool read)
{
    return (uint64_t) class << ESR_EC_SHIFT | ESR_IL | ISS_CV | UINT64_C(0xE) << ISS_COND_SHIFT |
           NAME(0, opc1, crn, crm, opc2) | rt << 5 | read;
}

static uint64_t access64(uint32_t class, uint32_t opc1, uint32_t crm, uint32_t rt, uint32_t rt2,
                         bool read)
{
    return (uint64_t) class << ESR_EC_SHIFT | ESR_IL | ISS_CV | UINT64_C(0xE) << ISS_COND_SHIFT |
           (uint64_t)opc1 << 16 | (uint64_t)rt2 << 10 | rt << 5 | crm << 1 | read;
}

static enum sysreg_result emulate(uint64_t esr)
{
    uint64_t name;
    enum sysreg_result result = coprocessor_emulate(&vcpu, esr, &name);

    if (result == SYSREG_DONE && registers.name != 0)
        EXPECT_EQ(name, registers.name);
    return result;
}

KTF_TEST(coprocessor, thirty_two_bits_are_read_without_their_upper_half)
{
    registers.value = UINT64_C(0x1234567890ABCDEF);
    EXPECT_EQ(emulate(access32(EC_CP15_32, 0, 9, 12, 0, 3, true)), SYSREG_DONE); /* PMCR */
    EXPECT_EQ(registers.name, NAME(3, 3, 9, 12, 0));
    EXPECT_EQ(vcpu.regs.x[3], 0x90ABCDEF);
    EXPECT_EQ(emulate(access32(EC_CP15_32, 0, 14, 2, 1, 14, false)), SYSREG_DONE); /* CNTP_CTL */
    EXPECT_EQ(registers.name, NAME(3, 3, 14, 2, 1));
    EXPECT_EQ(registers.value, 14);
}

KTF_TEST(coprocessor, sixty_four_bits_are_two_registers)
{
    registers.value = UINT64_C(0x1234567890ABCDEF);
    EXPECT_EQ(emulate(access64(EC_CP15_64, 2, 14, 4, 5, true)), SYSREG_DONE); /* CNTP_CVAL */
    EXPECT_EQ(registers.name, NAME(3, 3, 14, 2, 2));
    EXPECT_EQ(vcpu.regs.x[4], 0x90ABCDEF);
    EXPECT_EQ(vcpu.regs.x[5], 0x12345678);
    EXPECT_EQ(emulate(access64(EC_CP15_64, 0, 9, 6, 7, false)), SYSREG_DONE); /* PMCCNTR */
    EXPECT_EQ(registers.name, NAME(3, 3, 9, 13, 0));
    EXPECT_EQ(registers.value, UINT64_C(0x0000000700000006));
}

KTF_TEST(coprocessor, fourteen_is_debug)
{
    registers.value = 0x30000001;
    EXPECT_EQ(emulate(access32(EC_CP14_32, 0, 0, 1, 0, 2, true)), SYSREG_DONE); /* DBGDSCRint */
    EXPECT_EQ(registers.name, NAME(2, 3, 0, 1, 0));
    EXPECT_EQ(vcpu.regs.x[2], 0x30000001);
}

/* DBGDIDR, DBGDRAR and DBGDSAR have no twin. */
KTF_TEST(coprocessor, what_tells_of_debug_is_read)
{
    EXPECT_EQ(emulate(access32(EC_CP14_32, 0, 0, 0, 0, 2, true)), SYSREG_DONE);
    EXPECT_EQ(vcpu.regs.x[2], DIDR);
    EXPECT_EQ(emulate(access32(EC_CP14_32, 0, 1, 0, 0, 2, true)), SYSREG_DONE);
    EXPECT_EQ(vcpu.regs.x[2], 0);
    EXPECT_EQ(emulate(access64(EC_CP14_64, 0, 2, 4, 5, true)), SYSREG_DONE);
    EXPECT_EQ(vcpu.regs.x[4] | vcpu.regs.x[5], 0);
    is_denied = true;
    EXPECT_EQ(emulate(access32(EC_CP14_32, 0, 2, 0, 0, 3, true)), SYSREG_UNDEFINED);
    EXPECT_EQ(vcpu.regs.x[3], UINT64_C(0xFFFFFFFF00000003));
    EXPECT_EQ(registers.nr_reads, 0);
}

/* MRC to R15, which the syndrome shows as 31, is one to the flags. */
KTF_TEST(coprocessor, r15_is_the_flags)
{
    registers.value = UINT64_C(0xA0000001);
    EXPECT_EQ(emulate(access32(EC_CP14_32, 0, 0, 1, 0, 31, true)), SYSREG_DONE);
    EXPECT_EQ(fake_sysreg_read("spsr_el2"), SPSR_AARCH32 | UINT64_C(0xA0000000));
}

KTF_TEST(coprocessor, what_there_is_not_changes_nothing)
{
    registers.result = SYSREG_UNDEFINED;
    EXPECT_EQ(emulate(access32(EC_CP15_32, 0, 9, 0, 0, 3, true)), SYSREG_UNDEFINED);
    EXPECT_EQ(registers.nr_reads, 1);
    EXPECT_EQ(vcpu.regs.x[3], UINT64_C(0xFFFFFFFF00000003));
    EXPECT_EQ(emulate(access32(EC_CP15_32, 3, 9, 12, 0, 3, true)), SYSREG_UNDEFINED);
    EXPECT_EQ(emulate(access64(EC_CP15_64, 7, 14, 4, 5, true)), SYSREG_UNDEFINED);
    EXPECT_EQ(emulate(access64(EC_CP14_64, 0, 1, 4, 5, false)), SYSREG_UNDEFINED);
    EXPECT_EQ(registers.nr_reads, 1);
    EXPECT_EQ(registers.nr_writes, 0);
}
