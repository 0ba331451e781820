/* SPDX-License-Identifier: MIT */
/*
 * vm/permit.c: a VM that agreed on an older minor version has the calls of that version, as then.
 */
#include "vm/permit.c"

#include "ktf.h"

static struct vm vm;

KTF_SUITE(permit);

static bool is_granted(uint32_t nr)
{
    uint32_t word = permit_features(&vm, nr / STILE_CALLS_PER_GROUP);
    bool by_features = word >> (nr % STILE_CALLS_PER_GROUP) & 1;

    EXPECT_EQ(by_features, vm.calls[nr] != PERMIT_NONE);
    return by_features;
}

static uint32_t nr_granted(void)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < STILE_NR_CALLS_MAX; i++)
        nr += is_granted(i);
    return nr;
}

KTF_TEST(permit, before_a_version_is_agreed_on_only_that_can_be_done)
{
    vm.config.privileged = true;
    permit_calls(&vm, STILE_VERSION_MINOR);
    EXPECT_TRUE(vm.agreed);
    permit_first(&vm);
    EXPECT_FALSE(vm.agreed);
    EXPECT_TRUE(is_granted(STILE_NR_core_version));
    EXPECT_TRUE(is_granted(STILE_NR_core_features));
    EXPECT_EQ(nr_granted(), 2);
}

/* Not even a privileged one. */
KTF_TEST(permit, memory_that_devices_reach_is_not_moved)
{
    static const uint8_t moving[] = {STILE_NR_memory_map, STILE_NR_memory_unmap,
                                     STILE_NR_memory_discard, STILE_NR_memory_donate};
    uint32_t before;

    if (!CALLS_memory)
        SKIP("there are no calls of group memory");
    vm.config.privileged = true;
    permit_calls(&vm, STILE_VERSION_MINOR);
    before = nr_granted();
    vm.config.one_to_one = true;
    permit_calls(&vm, STILE_VERSION_MINOR);
    EXPECT_EQ(nr_granted(), before - sizeof(moving));
    for (size_t i = 0; i < sizeof(moving); i++)
        EXPECT_FALSE(is_granted(moving[i]));
    EXPECT_TRUE(is_granted(STILE_NR_memory_share));
    vm.config.one_to_one = false;
}

KTF_TEST(permit, each_version_has_the_calls_up_to_it)
{
    static const struct {
        uint32_t nr;
        uint32_t since;
        const char *group;
        bool is_there;
    } table[] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs) {nr, since, #group, CALLS_##group},
#include "stile/calls.h"
    };

    for (uint32_t round = 0; round < 2 * (STILE_VERSION_MINOR + 1); round++) {
        uint32_t minor = round / 2, due = 0;

        vm.config.privileged = round % 2;
        permit_calls(&vm, minor);
        EXPECT_EQ(vm.minor, minor);
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
            bool is_due = table[i].is_there && table[i].since <= minor &&
                          (vm.config.privileged || (strcmp(table[i].group, "control") != 0 &&
                                                    strcmp(table[i].group, "vm") != 0));

            EXPECT_EQ(is_granted(table[i].nr), is_due);
            due += is_due;
        }
        EXPECT_EQ(nr_granted(), due); /* and no number that is no call's */
    }
}

/* The same as without one, for fewer VMs; but the clock is everybody's. */
KTF_TEST(permit, a_quota_has_all_but_the_clock)
{
    uint32_t all;

    if (!CALLS_control)
        SKIP("there are no calls of group control");
    vm.config.privileged = true;
    permit_calls(&vm, STILE_VERSION_MINOR);
    all = nr_granted();
    vm.config.privileged = false;
    vm.config.quota.is_there = true;
    permit_calls(&vm, STILE_VERSION_MINOR);
    EXPECT_EQ(nr_granted(), all - 1);
    EXPECT_FALSE(is_granted(STILE_NR_control_set_wall_clock));
    vm.config.quota.is_there = false;
}
