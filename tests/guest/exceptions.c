/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of the kernel's own, survived by exception_try(), and what they tell.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "machine/machine.h"
#include "support.h"
#include "threads/thread.h"

KTF_SUITE(exceptions);

static void do_nothing(void *argument)
{
    *(bool *)argument = true;
}

KTF_TEST(exceptions, no_fault_is_no_fault)
{
    struct fault fault;
    bool ran = false;

    EXPECT_FALSE(exception_try(do_nothing, &ran, &fault));
    EXPECT_TRUE(ran);
}

extern char exceptions_udf[];

static void undefined(void *argument)
{
    (void)argument;
    __asm__ volatile(".globl exceptions_udf\nexceptions_udf: udf #0");
}

KTF_TEST(exceptions, an_undefined_instruction_is_told_with_its_address)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(undefined, NULL, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    EXPECT_EQ(fault.elr, (uint64_t)exceptions_udf);
}

KTF_TEST(exceptions, after_a_fault_the_kernel_goes_on)
{
    struct fault fault = {0, 0, 0};

    for (int i = 0; i < 100; i++) {
        ASSERT_TRUE(exception_try(undefined, NULL, &fault));
        ASSERT_EQ(fault.elr, (uint64_t)exceptions_udf);
    }
    thread_yield();
}

KTF_TEST(exceptions, memory_that_is_not_there_aborts)
{
    struct fault fault = {0, 0, 0};
    uint64_t nowhere = support_beyond_memory();

    ASSERT_TRUE(support_touch(nowhere, false, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    ASSERT_TRUE(support_touch(nowhere + 8, true, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
}

KTF_TEST(exceptions, fp_is_trapped_because_nobody_uses_it)
{
    /* CPACR_EL1.FPEN: the bits for EL1 and EL0. */
    EXPECT_EQ(read_sysreg(cpacr_el1) & (UINT64_C(3) << 20), 0);
}
