/* SPDX-License-Identifier: MIT */
/*
 * Group core, and the standard services of SMCCC: versions, features, information.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/page.h"
#include "support.h"

KTF_SUITE(hc_core, .suite_setup = support_need_hypervisor);

static struct stile_result query(uint32_t fid, uint64_t x1)
{
    return stile_hvc(fid, x1, 0, 0, 0, 0, 0);
}

KTF_TEST(hc_core, smccc_is_1_2)
{
    EXPECT_EQ(query(STILE_SMCCC_VERSION, 0).status, STILE_SMCCC_VERSION_1_2);
    EXPECT_EQ(query(STILE_PSCI_FEATURES, STILE_SMCCC_VERSION).status, 0);
    EXPECT_GE((int32_t)query(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_FEATURES).status, 0);
    EXPECT_EQ((int32_t)query(STILE_SMCCC_ARCH_FEATURES, 0x8000FFFF).status, STILE_NOT_SUPPORTED);
}

KTF_TEST(hc_core, the_uid_is_stiles)
{
    struct stile_result uid = query(STILE_FID_UID, 0);

    EXPECT_EQ((uint32_t)uid.status, STILE_UID_WORD0);
    EXPECT_EQ(uid.value[0], STILE_UID_WORD1);
    EXPECT_EQ(uid.value[1], STILE_UID_WORD2);
    EXPECT_EQ(uid.value[2], STILE_UID_WORD3);
}

KTF_TEST(hc_core, the_revision_is_the_version)
{
    struct stile_result revision = query(STILE_FID_REVISION, 0);

    EXPECT_EQ(revision.status, STILE_VERSION_MAJOR);
    EXPECT_EQ(revision.value[0], STILE_VERSION_MINOR);
}

static void expect_agreed(uint32_t proposed, uint32_t agreed)
{
    struct stile_result result = stile_core_version(proposed);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], agreed);
}

/* A boot loader of 0.1, a kernel of today, a kernel of 0.1 by kexec, and one of tomorrow. */
KTF_TEST(hc_core, each_success_sets_the_version_anew)
{
    uint32_t old = STILE_VERSION(STILE_VERSION_MAJOR, 1);

    expect_agreed(old, old);
    EXPECT_EQ(stile_core_null().status, STILE_SUCCESS);
    EXPECT_EQ(stile_core_reset().status, STILE_NOT_SUPPORTED);
    expect_agreed(STILE_VERSION_CURRENT, STILE_VERSION_CURRENT);
    EXPECT_TRUE(stile_has_call(STILE_NR_core_reset));
    expect_agreed(old, old);
    EXPECT_FALSE(stile_has_call(STILE_NR_core_reset));
    expect_agreed(STILE_VERSION(STILE_VERSION_MAJOR, 0), STILE_VERSION(STILE_VERSION_MAJOR, 0));
    EXPECT_EQ(stile_core_null().status, STILE_NOT_SUPPORTED);
    expect_agreed(STILE_VERSION(STILE_VERSION_MAJOR, 0xFFFF), STILE_VERSION_CURRENT);
}

KTF_TEST(hc_core, another_major_is_refused)
{
    static const uint32_t majors[] = {STILE_VERSION_MAJOR + 1, 0xFFFF};

    for (int i = 0; i < 2; i++) {
        struct stile_result result = stile_core_version(STILE_VERSION(majors[i], 1));
        EXPECT_EQ(result.status, STILE_BAD_VERSION);
        EXPECT_EQ(result.value[0], STILE_VERSION_CURRENT);
    }
    EXPECT_EQ(stile_core_null().status, STILE_SUCCESS);
}

KTF_TEST(hc_core, features_are_the_table)
{
    for (uint32_t group = 0; group < STILE_NR_GROUPS; group++) {
        struct stile_result result = stile_core_features(group);
        EXPECT_EQ(result.status, STILE_SUCCESS);
        EXPECT_EQ(result.value[0] >> STILE_CALLS_PER_GROUP, 0);
        for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++) {
            uint32_t nr = group * STILE_CALLS_PER_GROUP + i;
            bool is_granted = group < STILE_GROUP_CONTROL || machine_option("steward");
            EXPECT_EQ(result.value[0] >> i & 1, is_granted && stile_call_name(nr) != NULL);
        }
    }
    EXPECT_TRUE(stile_has_call(STILE_NR_core_null));
    EXPECT_FALSE(stile_has_call((enum stile_nr)(STILE_NR_CALLS_MAX - 1)));
}

static uint64_t info(uint32_t item)
{
    struct stile_result result = stile_core_info(item);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

KTF_TEST(hc_core, info_fits_what_the_kernel_knows)
{
    EXPECT_GE(info(STILE_INFO_VM_ID), 1);
    EXPECT_EQ(info(STILE_INFO_NR_VCPUS), machine.nr_cpus);
    EXPECT_EQ(info(STILE_INFO_TICKS_PER_SEC), read_sysreg(cntfrq_el0));
    EXPECT_EQ(info(STILE_INFO_TIMER_INTID), machine.timer_intid);
    EXPECT_GE(info(STILE_INFO_CONSOLE_INTID), 32);
    EXPECT_EQ(info(STILE_INFO_EVENT_INTID) / 16, 1); /* a PPI */
    EXPECT_EQ(info(STILE_INFO_CONTROLLER),
              machine.gicd.bytes != 0 ? STILE_CONTROLLER_GIC : STILE_CONTROLLER_MAILBOX);
    EXPECT_EQ(info(STILE_INFO_GIC_VERSION), machine.gic_version);
    EXPECT_EQ(info(STILE_INFO_GICC), machine.gic_version == 2 ? machine.gicc.base : 0);
    EXPECT_LE(info(STILE_INFO_PAGES), info(STILE_INFO_PAGES_MAX));
    EXPECT_LE(info(STILE_INFO_HV_PAGES), info(STILE_INFO_HV_PAGES_MAX));
    EXPECT_GT(info(STILE_INFO_HV_PAGES), 4 * machine.nr_cpus); /* each vCPU takes four */
    uint64_t flags = irq_save();
    EXPECT_EQ(info(STILE_INFO_VCPU_ID), smp_cpu()->index);
    irq_restore(flags);
}

static void expect_bad_1(struct stile_result result)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], 1);
}

KTF_TEST(hc_core, what_there_is_not_is_refused)
{
    expect_bad_1(stile_core_info(STILE_INFO_DIRECTORY_ENTRIES + 1));
    expect_bad_1(stile_core_info(UINT32_MAX));
    expect_bad_1(stile_core_features(STILE_NR_GROUPS));
    expect_bad_1(stile_core_features(UINT32_MAX));
}

/* As stile_hvc(). */
static struct stile_result smc(uint32_t fid, uint64_t x1)
{
    register uint64_t r0 __asm__("x0") = fid;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = 0;
    register uint64_t r3 __asm__("x3") = 0;
    register uint64_t r4 __asm__("x4") = 0;
    register uint64_t r5 __asm__("x5") = 0;
    register uint64_t r6 __asm__("x6") = 0;

    __asm__ volatile(".inst 0xD4000003" /* smc #0 */
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     : "r"(r4), "r"(r5), "r"(r6)
                     : "memory");
    return (struct stile_result){(int64_t)r0, {r1, r2, r3}};
}

KTF_TEST(hc_core, smc_is_answered_alike)
{
    struct stile_result result = smc(STILE_FID(STILE_NR_core_info), STILE_INFO_NR_VCPUS);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], machine.nr_cpus);
    EXPECT_EQ(smc(STILE_FID_UID, 0).value[0], STILE_UID_WORD1);
    EXPECT_EQ(smc(STILE_FID(STILE_NR_core_null), 1).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(smc(STILE_FID(STILE_NR_CALLS_MAX), 0).status, STILE_NOT_SUPPORTED);
    result = smc(STILE_FID(STILE_NR_memory_query), machine.memory[0].base);
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_GE(result.value[2], PAGE_SIZE);
}

static void hvc_1(void *argument)
{
    (void)argument;
    __asm__ volatile(".globl hc_core_hvc_1\nhc_core_hvc_1: hvc #1" : : : "x0", "x1", "x2", "x3");
}

static void hvc_ffff(void *argument)
{
    (void)argument;
    __asm__ volatile(".globl hc_core_hvc_ffff\nhc_core_hvc_ffff: hvc #0xFFFF"
                     :
                     :
                     : "x0", "x1", "x2", "x3");
}

extern char hc_core_hvc_1[], hc_core_hvc_ffff[];

KTF_TEST(hc_core, another_immediate_is_undefined)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(hvc_1, NULL, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    EXPECT_EQ(fault.elr, (uint64_t)hc_core_hvc_1);
    ASSERT_TRUE(exception_try(hvc_ffff, NULL, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    EXPECT_EQ(fault.elr, (uint64_t)hc_core_hvc_ffff);
}
