/* SPDX-License-Identifier: MIT */
/*
 * What the fake's VMs publish.
 */
#include <string.h>

#include "directory.h"
#include "handler.h"

#define KEY_BYTES 16

/* 1 to 16 characters from '!' to '~', and only zeroes after the last. */
static bool is_key(const uint64_t key[2])
{
    char text[KEY_BYTES];
    size_t length = 0;

    memcpy(text, key, sizeof(text));
    while (length < KEY_BYTES && text[length] > ' ' && text[length] <= '~')
        length++;
    for (size_t i = length; i < KEY_BYTES; i++)
        if (text[i] != '\0')
            return false;
    return length > 0;
}

/* The register of the first word that is wrong in what is no key; it starts at register @first. */
static unsigned bad_key(const uint64_t key[2], unsigned first)
{
    const uint64_t start[2] = {key[0], 0};

    return is_key(start) ? first + 1 : first;
}

static struct fake_entry *find(struct fake_vm *vm, const uint64_t key[2])
{
    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++)
        if (vm->entries[i].used && memcmp(vm->entries[i].key, key, KEY_BYTES) == 0)
            return &vm->entries[i];
    return NULL;
}

static struct fake_entry *find_free(struct fake_vm *vm)
{
    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++)
        if (!vm->entries[i].used)
            return &vm->entries[i];
    return NULL;
}

struct stile_result fake_directory_publish(struct fake_vcpu *vcpu, stile_u64_t key0,
                                           stile_u64_t key1, stile_u64_t value)
{
    uint64_t key[2] = {key0, key1};

    if (!is_key(key))
        return fake_bad(bad_key(key, 1));
    struct fake_entry *entry = find(vcpu->vm, key);
    if (!entry)
        entry = find_free(vcpu->vm);
    if (!entry)
        return fake_error(STILE_LIMIT);
    *entry = (struct fake_entry){.used = true, .key = {key0, key1}, .value = value};
    return fake_ok();
}

struct stile_result fake_directory_withdraw(struct fake_vcpu *vcpu, stile_u64_t key0,
                                            stile_u64_t key1)
{
    uint64_t key[2] = {key0, key1};

    if (!is_key(key))
        return fake_bad(bad_key(key, 1));
    struct fake_entry *entry = find(vcpu->vm, key);
    if (!entry)
        return fake_error(STILE_NOT_FOUND);
    entry->used = false;
    return fake_ok();
}

struct stile_result fake_directory_lookup(struct fake_vcpu *vcpu, stile_vm_id_t owner,
                                          stile_u64_t key0, stile_u64_t key1)
{
    uint64_t key[2] = {key0, key1};
    struct fake_vm *vm = fake_running_vm(owner.number);

    (void)vcpu;
    if (!is_key(key))
        return fake_bad(bad_key(key, 2));
    const struct fake_entry *entry = vm ? find(vm, key) : NULL;
    return entry ? fake_value(entry->value, 0, 0) : fake_error(STILE_NOT_FOUND);
}

struct stile_result fake_directory_query(struct fake_vcpu *vcpu, stile_vm_id_t owner,
                                         stile_u32_t index)
{
    const struct fake_vm *vm = fake_running_vm(owner.number);

    if (index >= STILE_DIRECTORY_ENTRIES)
        return fake_bad(2);
    if (!vm || !vm->entries[index].used)
        return fake_error(STILE_NOT_FOUND);
    const struct fake_entry *entry = &vm->entries[index];
    return fake_values(vcpu, entry->value, entry->key[0], entry->key[1]);
}

struct stile_result fake_directory_find_vm(struct fake_vcpu *vcpu, stile_u64_t name0,
                                           stile_u64_t name1, stile_u64_t name2, stile_u64_t name3)
{
    uint64_t name[4] = {name0, name1, name2, name3};

    (void)vcpu;
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++) {
        const struct fake_vm *vm = &fake.vms[i];

        if (vm->state != STILE_VM_ENDED && memcmp(vm->name, name, sizeof(name)) == 0)
            return fake_value(vm->number, 0, 0);
    }
    return fake_error(STILE_NOT_FOUND);
}

void fake_directory_vm_gone(struct fake_vm *vm)
{
    memset(vm->entries, 0, sizeof(vm->entries));
}
