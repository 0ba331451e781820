/* SPDX-License-Identifier: MIT */
/*
 * How a VM finds another, and what that has published: group directory, with names as texts.
 *
 * Ordering: who finds a value sees what its publisher wrote to shared memory before.
 */
#ifndef STILE_DIRECTORY_H
#define STILE_DIRECTORY_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest key, in characters. */
#define STILE_KEY_MAX 16

/**
 * stile_directory_find() - the number of a VM that runs
 * @name: as its VM page has it: 1 to 31 characters
 * @vm: where to put it
 *
 * Returns 0, STILE_NOT_FOUND or STILE_INVALID_ARGUMENT. Any context.
 */
int64_t stile_directory_find(const char *name, stile_vm_id_t *vm);

/**
 * stile_directory_set() - publish a value under a key, or change it
 * @key: 1 to STILE_KEY_MAX printable characters without spaces
 * @value: anything
 *
 * Returns 0 or the error of directory_publish. Any context.
 */
int64_t stile_directory_set(const char *key, uint64_t value);

/** stile_directory_remove() - take back what was published; errors of directory_withdraw */
int64_t stile_directory_remove(const char *key);

/**
 * stile_directory_get() - read what a VM has published
 * @owner: the VM
 * @key: as stile_directory_set()
 * @value: where to put it
 *
 * Returns 0 or the error of directory_lookup. Any context.
 */
int64_t stile_directory_get(stile_vm_id_t owner, const char *key, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif
