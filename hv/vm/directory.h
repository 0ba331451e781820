/* SPDX-License-Identifier: MIT */
/*
 * What VMs publish for one another: a few words each, under short keys. Nothing else is known about
 * them here. A VM is its place in the table of VMs, struct vm's id, in all of this.
 *
 * Any context; one lock inside.
 */
#ifndef VM_DIRECTORY_H
#define VM_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/abi.h"

/** Up to 16 characters, as the calls carry them; 0 in the first word: no key. */
struct directory_key {
    uint64_t words[2];
};

/** A key and what is published under it. */
struct directory_entry {
    struct directory_key key;
    uint64_t value;
};

/** Whether a key is 1 to 16 printable characters without spaces, and zeroes after them. */
bool directory_key_valid(const struct directory_key *key);

/** Publishes or changes a value of VM @vm_id, 1 to CONFIG_NR_VMS; STILE_SUCCESS or STILE_LIMIT. */
enum stile_error directory_publish(uint32_t vm_id, struct directory_key key, uint64_t value);

/** Takes a key back; STILE_SUCCESS or STILE_NOT_FOUND. */
enum stile_error directory_withdraw(uint32_t vm_id, struct directory_key key);

/** Reads the value that any @vm_id has under a key; STILE_SUCCESS or STILE_NOT_FOUND. */
enum stile_error directory_lookup(uint32_t vm_id, struct directory_key key, uint64_t *value);

/** Reads entry @index, below STILE_DIRECTORY_ENTRIES, of any @vm_id; as directory_lookup(). */
enum stile_error directory_read(uint32_t vm_id, uint32_t index, struct directory_entry *entry);

/** A VM has ended: forgets what it published. */
void directory_vm_gone(uint32_t vm_id);

#endif
