/* SPDX-License-Identifier: MIT */
/*
 * virt/vcache.c: what is shown of caches, and that it does not change while a VM runs.
 */
#include <stdio.h>
#include <string.h>

#include "virt/vcache.c"

#include "ktf.h"

/* --- a CPU with code and data on level 1, both on level 2 ------------------------------------- */

#define CLIDR  UINT64_C(0x0A200023)
#define CTR    UINT64_C(0x8444C004)
#define L1D    UINT64_C(0x700FE01A)
#define L1I    UINT64_C(0x201FE012)
#define L2     UINT64_C(0x707FE07A)
#define LINE_2 UINT64_C(2)

static uint64_t csselr, mmfr2;
static uint32_t nr_released;

uint64_t fake_sysreg_read(const char *name)
{
    static const uint64_t of[] = {L1D, L1I, L2};

    if (strcmp(name, "clidr_el1") == 0)
        return CLIDR;
    if (strcmp(name, "ctr_el0") == 0)
        return CTR;
    if (strcmp(name, "id_aa64mmfr2_el1") == 0)
        return mmfr2;
    EXPECT_STREQ(name, "ccsidr_el1");
    EXPECT_LE(csselr, 2); /* no cache that is not there */
    return of[csselr];
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    EXPECT_STREQ(name, "csselr_el1");
    csselr = value;
}

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};

uint64_t trap_control_hcr(enum vm_mode mode)
{
    return 0x100u + mode;
}

void trap_control_release_caches(struct vm *of)
{
    EXPECT_EQ(of, &vm);
    nr_released++;
}

static void setup(void)
{
    mmfr2 = 0;
    nr_released = 0;
    vm.config.mode = VM_MODE_ASSISTED;
    vcache_init();
    vcache_reset(&vm);
}

KTF_SUITE(vcache, .setup = setup);

static void read_ctr(uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        EXPECT_EQ(vcache_ctr(&vcpu), CTR);
}

KTF_TEST(vcache, each_cache_has_one_set_and_one_way)
{
    EXPECT_EQ(vcache_ccsidr(&vm, 0), LINE_2);
    EXPECT_EQ(vcache_ccsidr(&vm, 1), LINE_2);
    EXPECT_EQ(vcache_ccsidr(&vm, 2), LINE_2);
}

KTF_TEST(vcache, a_cache_that_is_not_there_is_zero)
{
    EXPECT_EQ(vcache_ccsidr(&vm, 3), 0);
    EXPECT_EQ(vcache_ccsidr(&vm, 4), 0);
    for (uint32_t bit = 2; bit < 64; bit++)
        EXPECT_EQ(vcache_ccsidr(&vm, UINT64_C(1) << bit), 0);
    EXPECT_EQ(vcache_ccsidr(&vm, UINT64_MAX), 0);
}

KTF_TEST(vcache, who_reads_ctr_a_few_times_first_is_shown_one_set)
{
    read_ctr(CTR_READS_MAX);
    EXPECT_EQ(vcache_ccsidr(&vm, 0), LINE_2);
    read_ctr(10 * CTR_READS_MAX);
    EXPECT_EQ(nr_released, 0);
    EXPECT_EQ(vcache_ccsidr(&vm, 0), LINE_2);
}

KTF_TEST(vcache, who_reads_ctr_often_first_is_shown_the_hardwares)
{
    read_ctr(CTR_READS_MAX + 1);
    EXPECT_EQ(nr_released, 1);
    EXPECT_EQ(vcache_ccsidr(&vm, 0), L1D); /* on a CPU where it traps still */
    EXPECT_EQ(vcache_ccsidr(&vm, 2), L2);
    read_ctr(1);
    EXPECT_EQ(nr_released, 2);
}

KTF_TEST(vcache, where_everything_traps_there_is_one_set_always)
{
    vm.config.mode = VM_MODE_TRAP;
    read_ctr(10 * CTR_READS_MAX);
    EXPECT_EQ(nr_released, 0);
    EXPECT_EQ(vcache_ccsidr(&vm, 0), LINE_2);
}

KTF_TEST(vcache, a_vm_that_starts_anew_has_read_nothing)
{
    read_ctr(CTR_READS_MAX + 1);
    vcache_reset(&vm);
    EXPECT_EQ(vm.hcr, trap_control_hcr(VM_MODE_ASSISTED));
    read_ctr(CTR_READS_MAX);
    EXPECT_EQ(nr_released, 1);
    EXPECT_EQ(vcache_ccsidr(&vm, 0), LINE_2);
}

KTF_TEST(vcache, the_second_register_is_there_with_ccidx)
{
    EXPECT_FALSE(vcache_has_ccsidr2());
    mmfr2 = UINT64_C(1) << 20;
    EXPECT_TRUE(vcache_has_ccsidr2());
}
