/* SPDX-License-Identifier: MIT */
/*
 * vm/vm.c: numbers of VMs, and the walk over them.
 */
#include "vm/vm.c"

#include "ktf.h"

static void setup(void)
{
    memset(vms, 0, sizeof(vms));
}

KTF_SUITE(vm_numbers, .setup = setup);

/* A VM in a place, from 1 on. */
static uint32_t make(uint32_t id)
{
    struct vm *vm = vm_slot(id);

    vm->id = id;
    vm->state = VM_RUNNING;
    vm_give_number(vm);
    return vm->number;
}

KTF_TEST(vm_numbers, a_number_is_not_used_again)
{
    uint32_t first = make(1), before = first;

    EXPECT_NE(first, 0);
    for (int i = 0; i < 1000; i++) {
        uint32_t number = make(1);

        EXPECT_NE(number, first);
        EXPECT_NULL(vm_numbered(before));
        EXPECT_EQ(vm_numbered(number), vm_slot(1));
        before = number;
    }
}

KTF_TEST(vm_numbers, are_never_zero_however_often_a_place_was_used)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        vm_slot(id)->nr_uses = USES_MAX;
        EXPECT_NE(make(id), 0);
        EXPECT_EQ(vm_slot(id)->nr_uses, 1);
    }
}

KTF_TEST(vm_numbers, what_no_vm_has_is_nobodys)
{
    uint32_t number = make(2);
    const uint32_t nobodys[] = {0, 1, 2, number - 1, number + 1, number + 0x100, UINT32_MAX};

    for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
        EXPECT_NULL(vm_numbered(nobodys[i]));
        EXPECT_NULL(vm_get_numbered(nobodys[i]));
        EXPECT_FALSE(vm_exists(nobodys[i]));
    }
    EXPECT_TRUE(vm_exists(number));
    EXPECT_EQ(vm_get_numbered(number), vm_slot(2));
    EXPECT_EQ(vm_slot(2)->nr_holds, 1);
    vm_slot(2)->state = VM_OFF;
    EXPECT_FALSE(vm_exists(number));
    EXPECT_NULL(vm_get_numbered(number));
    EXPECT_EQ(vm_numbered(number), vm_slot(2)); /* what is left of it may be looked at */
}

KTF_TEST(vm_numbers, a_walk_meets_each_once_and_goes_on_from_any)
{
    uint32_t first = make(1), third = make(3), last = make(CONFIG_NR_VMS);

    EXPECT_EQ(vm_after(0), vm_slot(1));
    EXPECT_EQ(vm_after(first), vm_slot(3));
    EXPECT_EQ(vm_after(third), vm_slot(CONFIG_NR_VMS));
    EXPECT_NULL(vm_after(last));
    EXPECT_NULL(vm_after(UINT32_MAX));
    (void)make(3); /* the one that was there is gone */
    EXPECT_EQ(vm_after(third), vm_slot(CONFIG_NR_VMS));
}

KTF_TEST(vm_numbers, a_vm_is_described_with_its_status)
{
    struct vm *vm = vm_slot(1);
    uint32_t number = make(1);

    strcpy(vm->config.name, "a name of 31 characters, not 16");
    vm->config.nr_vcpus = 3;
    vm->status = 9;
    struct stile_vm_info info = vm_describe(vm);
    EXPECT_EQ(info.vm_id, number);
    EXPECT_EQ(info.state, STILE_VM_RUNNING);
    EXPECT_EQ(info.nr_vcpus, 3);
    EXPECT_EQ(info.status, 9);
    EXPECT_STREQ(info.name, "a name of 31 characters, not 16");
    EXPECT_EQ(vm_find(vm->config.name), number);
}

KTF_TEST(vm_numbers, one_that_waits_for_its_start_says_where_its_files_go)
{
    struct vm *vm = vm_slot(1);

    (void)make(1);
    vm->kernel_at = ipa_make(0x40000000);
    vm->initrd_at = ipa_make(0x41000000);
    EXPECT_EQ(vm_describe(vm).state, STILE_VM_RUNNING);
    EXPECT_EQ(vm_describe(vm).kernel_ipa, 0);
    vm->start = VM_START_NOT_YET;
    EXPECT_EQ(vm_describe(vm).state, STILE_VM_ENDING); /* soon */
    EXPECT_EQ(vm_describe(vm).kernel_ipa, 0);
    vm->start = VM_START_WAITS;
    vm->paused = true;
    EXPECT_EQ(vm_describe(vm).state, STILE_VM_MADE);
    EXPECT_EQ(vm_describe(vm).kernel_ipa, 0x40000000);
    EXPECT_EQ(vm_describe(vm).initrd_ipa, 0x41000000);
    vm->state = VM_ENDING;
    EXPECT_EQ(vm_describe(vm).state, STILE_VM_ENDING);
    EXPECT_EQ(vm_describe(vm).initrd_ipa, 0);
}

KTF_TEST(vm_numbers, a_name_is_taken_until_its_vm_is_gone)
{
    const char name[STILE_VM_NAME_BYTES] = "web", other[STILE_VM_NAME_BYTES] = "we";
    struct vm *vm = vm_slot(2);

    EXPECT_FALSE(vm_is_named(name));
    (void)make(2);
    memcpy(vm->config.name, name, sizeof(name));
    for (vm->state = VM_OFF; vm->state <= VM_UNREADY; vm->state++) {
        EXPECT_EQ(vm_is_named(name), vm->state != VM_OFF);
        EXPECT_EQ(vm_find(name) != 0, vm->state == VM_RUNNING);
        EXPECT_FALSE(vm_is_named(other));
    }
}

KTF_TEST(vm_numbers, whoever_has_a_quota_steers_what_it_made_and_itself)
{
    struct vm *admin = vm_slot(1), *maker = vm_slot(2), *made = vm_slot(3);

    for (uint32_t id = 1; id <= 3; id++)
        (void)make(id);
    made->maker = maker->number;
    admin->config.privileged = true;
    EXPECT_TRUE(vm_may_steer(admin, maker) && vm_may_steer(admin, made));
    EXPECT_TRUE(vm_may_steer(maker, made) && vm_may_steer(maker, maker));
    EXPECT_FALSE(vm_may_steer(maker, admin));
    EXPECT_FALSE(vm_may_steer(made, maker));
    (void)make(2); /* another VM has its place */
    EXPECT_FALSE(vm_may_steer(maker, made));
}
