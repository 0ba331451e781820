/* SPDX-License-Identifier: MIT */
/*
 * virt/vpmu.c: which registers there are, what is left out of them, the interrupt's level.
 */
#include <string.h>

#include "virt/vpmu.c"

#include "ktf.h"

#define NR_COUNTERS 4

/* --- what it calls --- */

static struct {
    bool level;
    unsigned nr_levels;
} seen;

static void set_ppi(struct vcpu *vcpu, uint32_t intid, bool high)
{
    (void)vcpu;
    EXPECT_EQ(intid, 23);
    EXPECT_NE(high, seen.level);
    seen.level = high;
    seen.nr_levels++;
}

static const struct controller controller = {.set_ppi = set_ppi};
static struct vm vm = {.controller = &controller, .has_pmu = true};
static struct vcpu vcpu = {.vm = &vm};

static void setup(void)
{
    seen.level = false;
    seen.nr_levels = 0;
    memset(&vcpu.vpmu, 0, sizeof(vcpu.vpmu));
    fake_sysreg_write("pmcr_el0", NR_COUNTERS << 11);
    fake_sysreg_write("pmovsset_el0", 0);
    fake_sysreg_write("pmxevtyper_el0", 0);
    fake_sysreg_write("pmxevcntr_el0", 0);
    fake_sysreg_write("pmcntenset_el0", 0);
}

KTF_SUITE(vpmu, .setup = setup);

#define NAME_PMEVTYPER_N(n) NAME(3, 3, 14, 12 + (n) / 8, (n) % 8)
#define NAME_PMEVCNTR_N(n)  NAME(3, 3, 14, 8 + (n) / 8, (n) % 8)

KTF_TEST(vpmu, el2_is_never_counted)
{
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMEVTYPER_N(3), UINT64_MAX));
    EXPECT_EQ(read_sysreg(pmselr_el0), 3);
    EXPECT_EQ(read_sysreg(pmxevtyper_el0), 0xF000FFFF);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMEVTYPER_N(31), UINT64_MAX)); /* PMCCFILTR_EL0 */
    EXPECT_EQ(read_sysreg(pmselr_el0), 31);
    EXPECT_EQ(read_sysreg(pmxevtyper_el0), 0xF0000000);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMSELR, 2));
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMXEVTYPER, UINT64_MAX));
    EXPECT_EQ(read_sysreg(pmxevtyper_el0), 0xF000FFFF);
}

KTF_TEST(vpmu, there_are_as_many_counters_as_the_cpu_has)
{
    uint64_t value;

    EXPECT_TRUE(vpmu_read(&vcpu, NAME_PMEVCNTR_N(NR_COUNTERS - 1), &value));
    EXPECT_FALSE(vpmu_read(&vcpu, NAME_PMEVCNTR_N(NR_COUNTERS), &value));
    EXPECT_FALSE(vpmu_write(&vcpu, NAME_PMEVTYPER_N(NR_COUNTERS), 0));
    EXPECT_FALSE(vpmu_read(&vcpu, NAME_PMEVCNTR_N(31), &value));
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMSELR, 31));
    EXPECT_FALSE(vpmu_read(&vcpu, NAME_PMXEVCNTR, &value));
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMCNTENSET, UINT64_MAX));
    EXPECT_EQ(read_sysreg(pmcntenset_el0), 0x8000000F);
    EXPECT_FALSE(vpmu_read(&vcpu, NAME_PMSWINC, &value)); /* only to write */
    EXPECT_FALSE(vpmu_write(&vcpu, NAME_PMCEID0, 0));     /* only to read */
    EXPECT_FALSE(vpmu_read(&vcpu, NAME(3, 0, 9, 14, 6), &value));
    EXPECT_FALSE(vpmu_read(&vcpu, NAME(3, 0, 9, 9, 0), &value));
}

KTF_TEST(vpmu, an_overflow_is_a_level_until_it_is_cleared)
{
    fake_sysreg_write("pmcr_el0", NR_COUNTERS << 11 | PMCR_E);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMINTENSET, 2));
    EXPECT_FALSE(seen.level);
    fake_sysreg_write("pmovsset_el0", 4);
    vpmu_interrupt(&vcpu);
    EXPECT_FALSE(seen.level); /* another counter's */
    fake_sysreg_write("pmovsset_el0", 2);
    vpmu_interrupt(&vcpu);
    EXPECT_TRUE(seen.level);
    vpmu_interrupt(&vcpu);
    EXPECT_EQ(seen.nr_levels, 1);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMINTENCLR, 2));
    EXPECT_FALSE(seen.level);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMINTENSET, 2));
    EXPECT_TRUE(seen.level);
    vpmu_reset(&vcpu);
    EXPECT_FALSE(seen.level);
}

KTF_TEST(vpmu, what_is_put_is_loaded_again_and_stopped_meanwhile)
{
    fake_sysreg_write("pmcr_el0", NR_COUNTERS << 11 | PMCR_E);
    fake_sysreg_write("pmccntr_el0", 1234);
    fake_sysreg_write("pmcntenset_el0", 0x80000001);
    fake_sysreg_write("pmuserenr_el0", 1);
    fake_sysreg_write("pmxevcntr_el0", 55);
    vpmu_put(&vcpu);
    EXPECT_EQ(read_sysreg(pmcr_el0), 0);
    EXPECT_EQ(read_sysreg(pmuserenr_el0), PMUSERENR_EN);
    EXPECT_EQ(vcpu.vpmu.pmcr, PMCR_E);
    EXPECT_EQ(vcpu.vpmu.pmevcntr[NR_COUNTERS - 1], 55);
    EXPECT_EQ(vcpu.vpmu.pmevcntr[NR_COUNTERS], 0);
    fake_sysreg_write("pmccntr_el0", 0);
    vpmu_load(&vcpu);
    EXPECT_EQ(read_sysreg(pmcr_el0), PMCR_E);
    EXPECT_EQ(read_sysreg(pmccntr_el0), 1234);
    EXPECT_EQ(read_sysreg(pmcntenset_el0), 0x80000001);
    EXPECT_EQ(read_sysreg(pmuserenr_el0), 1);
}

KTF_TEST(vpmu, a_software_increment_is_done_by_hand)
{
    fake_sysreg_write("pmcr_el0", NR_COUNTERS << 11 | PMCR_E);
    fake_sysreg_write("pmcntenset_el0", 2);
    fake_sysreg_write("pmxevcntr_el0", 0xFFFFFFFF);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMSWINC, 1)); /* not enabled */
    EXPECT_EQ(read_sysreg(pmxevcntr_el0), 0xFFFFFFFF);
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMSWINC, 3));
    EXPECT_EQ(read_sysreg(pmxevcntr_el0), 0);
    EXPECT_EQ(read_sysreg(pmovsset_el0), 2);
    fake_sysreg_write("pmxevtyper_el0", 8); /* counts something else */
    EXPECT_TRUE(vpmu_write(&vcpu, NAME_PMSWINC, 2));
    EXPECT_EQ(read_sysreg(pmxevcntr_el0), 0);
}

KTF_TEST(vpmu, a_vm_without_them_is_not_interrupted_by_what_is_left)
{
    vm.has_pmu = false;
    fake_sysreg_write("pmintenclr_el1", 0);
    vpmu_interrupt(&vcpu);
    EXPECT_EQ(read_sysreg(pmintenclr_el1), 0xFFFFFFFF);
    EXPECT_EQ(seen.nr_levels, 0);
    vm.has_pmu = true;
}
