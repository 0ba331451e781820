/* SPDX-License-Identifier: MIT */
/*
 * A row of slots for each VM; keys are compared as words.
 */
#include "vm/directory.h"

#include <string.h>

#include "arch/clamp.h"
#include "lib/spinlock.h"

static const struct directory_key no_key;

static struct spinlock lock;
static struct directory_entry entries[CONFIG_NR_VMS][STILE_DIRECTORY_ENTRIES];

bool directory_key_valid(const struct directory_key *key)
{
    const char *characters = (const char *)key->words;
    bool ended = false;

    for (size_t i = 0; i < sizeof(key->words); i++) {
        bool is_end = characters[i] == '\0';
        bool is_printable = characters[i] > ' ' && characters[i] <= '~';

        if ((ended || !is_printable) && !is_end)
            return false;
        ended = is_end;
    }
    return characters[0] != '\0';
}

/* A VM's slot with this key, or NULL: there is none, or no such VM. The lock is held. */
static struct directory_entry *find(uint32_t vm_id, struct directory_key key)
{
    if (vm_id - 1 >= CONFIG_NR_VMS)
        return NULL;
    for (uint32_t i = 0; i < STILE_DIRECTORY_ENTRIES; i++) {
        struct directory_entry *entry = &entries[clamp(vm_id - 1, CONFIG_NR_VMS)][i];
        if (entry->key.words[0] == key.words[0] && entry->key.words[1] == key.words[1])
            return entry;
    }
    return NULL;
}

/* The same, and takes the lock; for all, so that there is one copy of it. */
static struct directory_entry *lock_and_find(uint32_t vm_id, struct directory_key key)
{
    spin_lock(&lock);
    return find(vm_id, key);
}

static enum stile_error unlock(enum stile_error error)
{
    spin_unlock(&lock);
    return error;
}

enum stile_error directory_publish(uint32_t vm_id, struct directory_key key, uint64_t value)
{
    struct directory_entry *entry = lock_and_find(vm_id, key);

    if (!entry)
        entry = find(vm_id, no_key);
    if (!entry)
        return unlock(STILE_LIMIT);
    *entry = (struct directory_entry){key, value};
    return unlock(STILE_SUCCESS);
}

enum stile_error directory_withdraw(uint32_t vm_id, struct directory_key key)
{
    struct directory_entry *entry = lock_and_find(vm_id, key);

    if (!entry)
        return unlock(STILE_NOT_FOUND);
    entry->key = no_key;
    return unlock(STILE_SUCCESS);
}

enum stile_error directory_lookup(uint32_t vm_id, struct directory_key key, uint64_t *value)
{
    const struct directory_entry *entry = lock_and_find(vm_id, key);

    if (!entry)
        return unlock(STILE_NOT_FOUND);
    *value = entry->value;
    return unlock(STILE_SUCCESS);
}

enum stile_error directory_read(uint32_t vm_id, uint32_t index, struct directory_entry *entry)
{
    if (vm_id - 1 >= CONFIG_NR_VMS)
        return STILE_NOT_FOUND;
    spin_lock(&lock);
    *entry = entries[clamp(vm_id - 1, CONFIG_NR_VMS)][clamp(index, STILE_DIRECTORY_ENTRIES)];
    return unlock(entry->key.words[0] != 0 ? STILE_SUCCESS : STILE_NOT_FOUND);
}

void directory_vm_gone(uint32_t vm_id)
{
    spin_lock(&lock);
    memset(entries[vm_id - 1], 0, sizeof(entries[vm_id - 1]));
    spin_unlock(&lock);
}
