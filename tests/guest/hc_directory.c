/* SPDX-License-Identifier: MIT */
/*
 * Group directory, alone: what this VM publishes, it finds under its own number.
 */
#include <string.h>

#include "ktf.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "support.h"

/* The most that 16 printable characters can be. */
#define BLANKS  UINT64_C(0x2020202020202020)
#define LETTERS UINT64_C(0x6161616161616161)

static uint32_t self;

static void ask_who(void)
{
    support_need_hypervisor();
    if (sensitive_is_paravirtual())
        self = (uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0];
}

static void withdraw_all(void)
{
    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++) {
        struct stile_result entry = stile_directory_query(stile_vm_id(self), i);
        if (entry.status == STILE_SUCCESS)
            (void)stile_directory_withdraw(entry.value[1], entry.value[2]);
    }
}

KTF_SUITE(hc_directory, .suite_setup = ask_who, .teardown = withdraw_all);

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

KTF_TEST(hc_directory, a_value_is_published_changed_and_withdrawn)
{
    EXPECT_EQ(stile_directory_lookup(stile_vm_id(self), 'k', 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_publish('k', 0, 1).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_publish('k', 0, UINT64_MAX).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_lookup(stile_vm_id(self), 'k', 0).value[0], UINT64_MAX);
    EXPECT_EQ(stile_directory_withdraw('k', 0).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_withdraw('k', 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_lookup(stile_vm_id(self), 'k', 0).status, STILE_NOT_FOUND);
}

KTF_TEST(hc_directory, keys_are_checked)
{
    expect_bad(stile_directory_publish(0, 0, 0), 1);
    expect_bad(stile_directory_publish(BLANKS, 0, 0), 1);
    expect_bad(stile_directory_publish(LETTERS, 'a' << 8, 0), 2);
    expect_bad(stile_directory_withdraw('a', 'a'), 2);
    expect_bad(stile_directory_lookup(stile_vm_id(self), UINT64_MAX, 0), 2);
    expect_bad(stile_directory_lookup(stile_vm_id(self), 'a', 'a'), 3);
    EXPECT_EQ(stile_directory_publish(LETTERS, LETTERS, 5).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_lookup(stile_vm_id(self), LETTERS, LETTERS).value[0], 5);
}

KTF_TEST(hc_directory, there_is_room_for_so_many_keys)
{
    for (uint64_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++)
        EXPECT_EQ(stile_directory_publish('a' + i, 0, i).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_publish('z', 0, 0).status, STILE_LIMIT);
    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++) {
        struct stile_result entry = stile_directory_query(stile_vm_id(self), i);
        EXPECT_EQ(entry.status, STILE_SUCCESS);
        EXPECT_EQ(entry.value[0], i);
        EXPECT_EQ(entry.value[1], 'a' + i);
        EXPECT_EQ(entry.value[2], 0);
    }
    expect_bad(stile_directory_query(stile_vm_id(self), STILE_DIRECTORY_ENTRIES), 2);
}

KTF_TEST(hc_directory, nobody_has_published_nothing)
{
    static const uint32_t nobody[] = {0, 1, 0x10F, 0x1FF, UINT32_MAX};

    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(stile_directory_lookup(stile_vm_id(nobody[i]), 'k', 0).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_directory_query(stile_vm_id(nobody[i]), 0).status, STILE_NOT_FOUND);
    }
}

KTF_TEST(hc_directory, a_vm_finds_itself_by_its_name)
{
    const struct stile_vm_page *page =
        (const void *)kernel_map_device(stile_core_info(STILE_INFO_VM_PAGE).value[0], PAGE_SIZE);
    uint64_t words[4];

    memcpy(words, page->name, sizeof(words));
    EXPECT_EQ(stile_directory_find_vm(words[0], words[1], words[2], words[3]).value[0], self);
    EXPECT_EQ(stile_directory_find_vm(words[0], words[1], words[2], 1).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_find_vm(0, 0, 0, 0).status, STILE_NOT_FOUND);
}
