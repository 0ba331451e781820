/* SPDX-License-Identifier: MIT */
/*
 * vm/directory.c with hypercall/directory.c: keys, limits, and VMs that end.
 */
#include <string.h>

#include "vm/directory.c"
#include "vm/vm.h"
#include "hypercall/directory.c"

#include "ktf.h"

static struct vm one = {.id = 1, .number = 1};
static struct vm last = {.id = CONFIG_NR_VMS, .number = CONFIG_NR_VMS};
static struct vcpu in_one = {.vm = &one}, in_last = {.vm = &last};
static char asked[STILE_VM_NAME_BYTES];

struct vm *vm_numbered(uint32_t number)
{
    return number == one.number ? &one : number == last.number ? &last : NULL;
}

uint32_t vm_find(const char name[STILE_VM_NAME_BYTES])
{
    memcpy(asked, name, sizeof(asked));
    return strcmp(name, "a VM of 31 characters, not less") == 0 ? 3 : 0;
}

static struct directory_key key_of(const char *text)
{
    struct directory_key key = {{0, 0}};

    memcpy(key.words, text, strlen(text));
    return key;
}

static struct hcall_result publish(struct vcpu *vcpu, const char *text, uint64_t value)
{
    struct directory_key key = key_of(text);

    return hcall_directory_publish(vcpu, key.words[0], key.words[1], value);
}

static struct hcall_result withdraw(struct vcpu *vcpu, const char *text)
{
    struct directory_key key = key_of(text);

    return hcall_directory_withdraw(vcpu, key.words[0], key.words[1]);
}

static struct hcall_result lookup(uint32_t owner, const char *text)
{
    struct directory_key key = key_of(text);

    return hcall_directory_lookup(&in_one, stile_vm_id(owner), key.words[0], key.words[1]);
}

static struct hcall_result entry_at(uint32_t owner, uint32_t index)
{
    in_one.regs.x[2] = in_one.regs.x[3] = 0;
    return hcall_directory_query(&in_one, stile_vm_id(owner), index);
}

static void setup(void)
{
    directory_vm_gone(1);
    directory_vm_gone(CONFIG_NR_VMS);
}

KTF_SUITE(directory, .setup = setup);

KTF_TEST(directory, what_one_publishes_all_read)
{
    EXPECT_EQ(publish(&in_last, "port", 100).status, STILE_SUCCESS);
    EXPECT_EQ(lookup(CONFIG_NR_VMS, "port").x1, 100);
    EXPECT_EQ(lookup(1, "port").status, STILE_NOT_FOUND);
    EXPECT_EQ(publish(&in_last, "port", UINT64_MAX).status, STILE_SUCCESS);
    EXPECT_EQ(lookup(CONFIG_NR_VMS, "port").x1, UINT64_MAX);
    EXPECT_EQ(withdraw(&in_one, "port").status, STILE_NOT_FOUND);
    EXPECT_EQ(withdraw(&in_last, "port").status, STILE_SUCCESS);
    EXPECT_EQ(withdraw(&in_last, "port").status, STILE_NOT_FOUND);
    EXPECT_EQ(lookup(CONFIG_NR_VMS, "port").status, STILE_NOT_FOUND);
}

KTF_TEST(directory, a_key_is_printable_and_whole)
{
    static const struct {
        uint64_t words[2];
        uint64_t bad;
    } keys[] = {
        {{0, 0}, 1},
        {{0, 'a'}, 1},
        {{' ', 0}, 1},
        {{'a', 'a'}, 2},
        {{UINT64_C(0x7F), 0}, 1},
        {{UINT64_C(0x80), 0}, 1},
        {{'a' | 'b' << 16, 0}, 1},
        {{UINT64_C(0x6161616161616161), 'b' << 8}, 2},
        {{UINT64_C(0x6161616161616161), '\n'}, 2},
        {{UINT64_MAX, UINT64_MAX}, 1},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const uint64_t *words = keys[i].words;
        struct hcall_result results[] = {
            hcall_directory_publish(&in_one, words[0], words[1], 0),
            hcall_directory_withdraw(&in_one, words[0], words[1]),
            hcall_directory_lookup(&in_one, stile_vm_id(1), words[0], words[1]),
        };
        for (int j = 0; j < 3; j++) {
            EXPECT_EQ(results[j].status, STILE_INVALID_ARGUMENT);
            EXPECT_EQ(results[j].x1, keys[i].bad + (j == 2));
        }
    }
    EXPECT_EQ(publish(&in_one, "!", 1).status, STILE_SUCCESS);
    EXPECT_EQ(publish(&in_one, "0123456789abcde~", 2).status, STILE_SUCCESS);
    EXPECT_EQ(lookup(1, "0123456789abcde~").x1, 2);
    EXPECT_EQ(lookup(1, "0123456789abcde").status, STILE_NOT_FOUND);
}

KTF_TEST(directory, a_vm_has_so_many_keys)
{
    char text[] = "key0";

    for (int i = 0; i < STILE_DIRECTORY_ENTRIES; i++, text[3]++)
        EXPECT_EQ(publish(&in_one, text, (uint64_t)i).status, STILE_SUCCESS);
    EXPECT_EQ(publish(&in_one, "more", 0).status, STILE_LIMIT);
    EXPECT_EQ(publish(&in_one, "key3", 33).status, STILE_SUCCESS);
    EXPECT_EQ(publish(&in_last, "more", 7).status, STILE_SUCCESS);
    EXPECT_EQ(withdraw(&in_one, "key0").status, STILE_SUCCESS);
    EXPECT_EQ(publish(&in_one, "more", 0).status, STILE_SUCCESS);
    EXPECT_EQ(lookup(1, "key3").x1, 33);
}

KTF_TEST(directory, entries_are_walked)
{
    (void)publish(&in_one, "first", 1);
    (void)publish(&in_one, "second", 2);
    EXPECT_EQ(entry_at(1, 0).x1, 1);
    EXPECT_EQ(in_one.regs.x[2], key_of("first").words[0]);
    EXPECT_EQ(in_one.regs.x[3], 0);
    EXPECT_EQ(entry_at(1, 7).status, STILE_NOT_FOUND);
    EXPECT_EQ(in_one.regs.x[2], 0);
    EXPECT_EQ(entry_at(1, STILE_DIRECTORY_ENTRIES).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(entry_at(1, UINT32_MAX).x1, 2);
}

KTF_TEST(directory, other_numbers_are_no_vms)
{
    static const uint32_t numbers[] = {0, CONFIG_NR_VMS + 1, 0x101, UINT32_MAX};

    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(lookup(numbers[i], "port").status, STILE_NOT_FOUND);
        EXPECT_EQ(entry_at(numbers[i], 0).status, STILE_NOT_FOUND);
    }
}

KTF_TEST(directory, what_a_vm_published_ends_with_it)
{
    (void)publish(&in_one, "port", 1);
    (void)publish(&in_last, "port", 2);
    directory_vm_gone(1);
    EXPECT_EQ(lookup(1, "port").status, STILE_NOT_FOUND);
    EXPECT_EQ(entry_at(1, 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(lookup(CONFIG_NR_VMS, "port").x1, 2);
}

KTF_TEST(directory, a_vm_is_found_by_its_name)
{
    uint64_t words[4];
    char name[STILE_VM_NAME_BYTES] = "a VM of 31 characters, not less";

    memcpy(words, name, sizeof(words));
    EXPECT_EQ(hcall_directory_find_vm(&in_one, words[0], words[1], words[2], words[3]).x1, 3);
    EXPECT_MEMEQ(asked, name, sizeof(asked));
    EXPECT_EQ(hcall_directory_find_vm(&in_one, 'a', 0, 0, 0).status, STILE_NOT_FOUND);
}
