/* SPDX-License-Identifier: MIT */
/*
 * Names in registers: eight characters a word, the first in bits 7:0, zeroes after the last.
 */
#include "stile/directory.h"

#define KEY_WORDS  (STILE_KEY_MAX / 8)
#define NAME_WORDS (STILE_VM_NAME_BYTES / 8)

/* Whether the text fits. */
static bool pack(const char *text, uint64_t *words, size_t nr_words)
{
    size_t length = 0;

    for (size_t i = 0; i < nr_words; i++)
        words[i] = 0;
    for (; text[length] != '\0'; length++) {
        if (length == 8 * nr_words)
            return false;
        words[length / 8] |= (uint64_t)(uint8_t)text[length] << (8 * (length % 8));
    }
    return true;
}

int64_t stile_directory_find(const char *name, stile_vm_id_t *vm)
{
    uint64_t words[NAME_WORDS];

    if (!pack(name, words, NAME_WORDS))
        return STILE_INVALID_ARGUMENT;
    struct stile_result result = stile_directory_find_vm(words[0], words[1], words[2], words[3]);
    *vm = stile_directory_find_vm_found(result);
    return result.status;
}

int64_t stile_directory_set(const char *key, uint64_t value)
{
    uint64_t words[KEY_WORDS];

    if (!pack(key, words, KEY_WORDS))
        return STILE_INVALID_ARGUMENT;
    return stile_directory_publish(words[0], words[1], value).status;
}

int64_t stile_directory_remove(const char *key)
{
    uint64_t words[KEY_WORDS];

    if (!pack(key, words, KEY_WORDS))
        return STILE_INVALID_ARGUMENT;
    return stile_directory_withdraw(words[0], words[1]).status;
}

int64_t stile_directory_get(stile_vm_id_t owner, const char *key, uint64_t *value)
{
    uint64_t words[KEY_WORDS];

    if (!pack(key, words, KEY_WORDS))
        return STILE_INVALID_ARGUMENT;
    struct stile_result result = stile_directory_lookup(owner, words[0], words[1]);
    *value = stile_directory_lookup_value(result);
    return result.status;
}
