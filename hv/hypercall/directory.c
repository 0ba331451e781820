/* SPDX-License-Identifier: MIT */
/*
 * Group directory: how guests find each other.
 */
#include <string.h>

#include "hypercall/hypercall.h"
#include "vm/directory.h"
#include "vm/vm.h"

#define WORD_BYTES 8
_Static_assert(STILE_VM_NAME_BYTES == 4 * WORD_BYTES, "a name fits four registers");

/* The register of the key's first word that is wrong, if @key0 is register @first; 0 if none is. */
static unsigned bad_key(struct directory_key key, unsigned first)
{
    struct directory_key first_word = {{key.words[0], 0}};

    if (directory_key_valid(&key))
        return 0;
    return directory_key_valid(&first_word) ? first + 1 : first;
}

struct hcall_result hcall_directory_publish(struct vcpu *vcpu, stile_u64_t key0, stile_u64_t key1,
                                            stile_u64_t value)
{
    struct directory_key key = {{key0, key1}};
    unsigned bad = bad_key(key, 1);

    return bad ? hcall_bad_argument(bad)
               : hcall_value_or(directory_publish(vcpu->vm->id, key, value), 0);
}

struct hcall_result hcall_directory_withdraw(struct vcpu *vcpu, stile_u64_t key0, stile_u64_t key1)
{
    struct directory_key key = {{key0, key1}};
    unsigned bad = bad_key(key, 1);

    return bad ? hcall_bad_argument(bad) : hcall_value_or(directory_withdraw(vcpu->vm->id, key), 0);
}

/* The VM's place, or 0, at which nobody publishes. */
static uint32_t id_of(stile_vm_id_t owner)
{
    const struct vm *vm = vm_numbered(owner.number);

    return vm ? vm->id : 0;
}

struct hcall_result hcall_directory_lookup(struct vcpu *vcpu, stile_vm_id_t owner, stile_u64_t key0,
                                           stile_u64_t key1)
{
    struct directory_key key = {{key0, key1}};
    unsigned bad = bad_key(key, 2);
    uint64_t value = 0;

    (void)vcpu;
    if (bad)
        return hcall_bad_argument(bad);
    enum stile_error error = directory_lookup(id_of(owner), key, &value);
    return hcall_value_or(error, value);
}

struct hcall_result hcall_directory_query(struct vcpu *vcpu, stile_vm_id_t owner, stile_u32_t index)
{
    struct directory_entry entry;

    if (index >= STILE_DIRECTORY_ENTRIES)
        return hcall_bad_argument(2);
    enum stile_error error = directory_read(id_of(owner), index, &entry);
    if (error)
        return hcall_error(error);
    return hcall_values(vcpu, entry.value, entry.key.words[0], entry.key.words[1]);
}

struct hcall_result hcall_directory_find_vm(struct vcpu *vcpu, stile_u64_t name0, stile_u64_t name1,
                                            stile_u64_t name2, stile_u64_t name3)
{
    const uint64_t words[] = {name0, name1, name2, name3};
    char name[STILE_VM_NAME_BYTES];

    (void)vcpu;
    memcpy(name, words, sizeof(name));
    uint32_t number = vm_find(name);
    return number ? hcall_value(number) : hcall_error(STILE_NOT_FOUND);
}
