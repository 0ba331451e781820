/* SPDX-License-Identifier: MIT */
/*
 * The guest's registers that EL2's C leaves alone (hv/build.mk) are kept from code that was
 * compiled without that rule. The compiler knows nothing of these here either: they are nobody's.
 */
#include "arch/plain_abi.h"
#include "ktf.h"

KTF_SUITE(register_rule);

#define NR_REGISTERS 6

static void fill(uint64_t value)
{
    __asm__ volatile("mov x11, %0\n\tadd x12, %0, #1\n\tadd x13, %0, #2\n\tadd x14, %0, #3\n\t"
                     "add x15, %0, #4\n\tadd x18, %0, #5"
                     :
                     : "r"(value));
}

static void read_back(uint64_t registers[static NR_REGISTERS])
{
    __asm__ volatile("stp x11, x12, [%0]\n\tstp x13, x14, [%0, #16]\n\tstp x15, x18, [%0, #32]"
                     :
                     : "r"(registers)
                     : "memory");
}

/* What a compiler that may use them could do. */
static void spoil(void *context)
{
    uint64_t *called_with = context;

    ++*called_with;
    fill(0xBAD);
}

KTF_TEST(register_rule, what_a_guest_has_in_registers_outlasts_other_code)
{
    uint64_t registers[NR_REGISTERS];
    uint64_t nr_calls = 0;

    fill(UINT64_C(0x1234567890ABCDE0));
    plain_abi_call(spoil, &nr_calls);
    read_back(registers);
    EXPECT_EQ(nr_calls, 1);
    for (uint64_t i = 0; i < NR_REGISTERS; i++)
        EXPECT_EQ(registers[i], UINT64_C(0x1234567890ABCDE0) + i);
}
