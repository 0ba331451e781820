/* SPDX-License-Identifier: MIT */
/*
 * watch/complain.c: what a line says, and how many there are.
 */
#include <string.h>

#include "watch/complain.c"
#include "watch/names.c"

#include "fakes/log.h"
#include "ktf.h"

#define HZ UINT64_C(1000)

/* MRS X0, PMCR_EL0; and MSR S3_7_C14_C15_7, X0. */
#define READ_PMCR                                                                                  \
    (UINT64_C(3) << 20 | UINT64_C(3) << 14 | UINT64_C(9) << 10 | UINT64_C(12) << 1 | 1)
#define WRITE_IMPL                                                                                 \
    (UINT64_C(3) << 20 | UINT64_C(7) << 17 | UINT64_C(7) << 14 | UINT64_C(14) << 10 |              \
     UINT64_C(15) << 1)

struct machine machine;

static struct vm vms[2] = {{.config = {.name = "one"}}, {.config = {.name = "two"}}};
static struct vcpu vcpus[2] = {{.vm = &vms[0], .index = 3}, {.vm = &vms[1]}};

struct vm *vm_numbered(uint32_t number)
{
    return number == vms[0].number ? &vms[0] : NULL;
}

static void set_time(uint64_t ticks)
{
    fake_sysreg_write("cntpct_el0", ticks);
    log_clear();
}

static void setup(void)
{
    fake_sysreg_write("cntfrq_el0", HZ);
    fake_sysreg_write("elr_el2", 0xFFFFFF8000081234);
    set_time(10 * HZ);
    for (int i = 0; i < 2; i++) {
        vms[i].complaints = vms[i].reports = (struct ratelimit){0};
        vms[i].complained = 0;
    }
}

KTF_SUITE(complain, .setup = setup);

KTF_TEST(complain, names_the_register_and_the_place)
{
    complain_register(&vcpus[0], READ_PMCR);
    complain_register(&vcpus[1], WRITE_IMPL);
    EXPECT_STREQ(log_text,
                 "one: vcpu 3: undefined: read of PMCR_EL0, pc ffffff8000081234\n"
                 "two: vcpu 0: undefined: write of S3_7_C14_C15_7, pc ffffff8000081234\n");
}

KTF_TEST(complain, a_vm_gets_four_a_second)
{
    for (int i = 0; i < 100; i++)
        complain_register(&vcpus[0], READ_PMCR);
    EXPECT_EQ(log_lines, 4);
    set_time(11 * HZ - 1);
    complain_register(&vcpus[0], READ_PMCR);
    EXPECT_EQ(log_lines, 0);
    complain_register(&vcpus[1], READ_PMCR); /* one VM's silence is not another's */
    EXPECT_EQ(log_lines, 1);
    set_time(11 * HZ);
    for (int i = 0; i < 100; i++)
        complain_register(&vcpus[0], READ_PMCR);
    EXPECT_EQ(log_lines, 4 + 1);
    EXPECT_NOT_NULL(strstr(log_text, "one: 97 complaints were left out\n"));
    set_time(12 * HZ);
    complain_finish(&vms[0]);
    EXPECT_STREQ(log_text, "one: 96 complaints were left out\n");
    set_time(12 * HZ);
    complain_finish(&vms[0]);
    EXPECT_EQ(log_lines, 0);
}

/* Two VMs that suspend and resume each other fill no log. */
KTF_TEST(complain, of_many_suspensions_few_are_said)
{
    for (int i = 0; i < 100; i++)
        complain_suspended(&vms[0]);
    EXPECT_EQ(log_lines, 4);
    EXPECT_NOT_NULL(strstr(log_text, "one: suspended, until it is resumed\n"));
    set_time(HZ);
    complain_suspended(&vms[0]);
    EXPECT_EQ(log_lines, 2);
    EXPECT_NOT_NULL(strstr(log_text, "one: 96 complaints were left out\n"));
}

KTF_TEST(complain, an_abort_of_a_kind_is_said_once)
{
    for (int i = 0; i < 3; i++)
        complain_abort(&vcpus[0], COMPLAIN_NO_SYNDROME, 0x9000018);
    EXPECT_STREQ(log_text, "one: vcpu 3: external abort: a device, and ISV=0: a pair, write-back "
                           "addressing or FP/SIMD: ipa 0x9000018, pc ffffff8000081234\n");
    for (int i = 0; i < 3 * COMPLAIN_NR_ABORTS; i++)
        complain_abort(&vcpus[0], (enum complain_abort)(i % COMPLAIN_NR_ABORTS), 0);
    EXPECT_EQ(log_lines, COMPLAIN_NR_ABORTS);
    complain_abort(&vcpus[1], COMPLAIN_WALK, 0);
    EXPECT_EQ(log_lines, COMPLAIN_NR_ABORTS + 1);
}

KTF_TEST(complain, a_vm_that_reboots_in_a_loop_becomes_quiet)
{
    uint32_t nr_said = 0;

    for (int i = 0; i < 100; i++)
        nr_said += complain_may_report(&vms[0]);
    EXPECT_EQ(nr_said, MOST_REPORTS);
    EXPECT_TRUE(complain_may_report(&vms[1]));
    EXPECT_EQ(log_lines, 0);
    set_time((10 + REPORT_SECONDS) * HZ);
    EXPECT_TRUE(complain_may_report(&vms[0]));
    EXPECT_STREQ(log_text, "one: 92 starts and ends were left out\n");
}

/* All that one makes count together; what has no maker any more counts by itself. */
KTF_TEST(complain, of_what_a_vm_makes_again_and_again_not_all_is_told)
{
    struct vm made[20] = {{.maker = 0}};
    uint32_t nr_said = 0;

    if (!IS_ENABLED(CONFIG_CALLS_VM))
        SKIP("no VM makes others");
    vms[0].number = 257;
    for (int i = 0; i < 20; i++) {
        made[i].maker = 257;
        nr_said += complain_may_report(&made[i]);
    }
    EXPECT_EQ(nr_said, MOST_REPORTS);
    vms[0].number = 0;
    EXPECT_TRUE(complain_may_report(&made[0]));
    EXPECT_FALSE(complain_may_report(&vms[0]));
}
