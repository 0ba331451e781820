/* SPDX-License-Identifier: MIT */
/*
 * Group directory, 0x80 to 0x8F: how guests find each other. A VM publishes a few values (ports,
 * share handles, anything that fits a register) under its own name; every VM may read them.
 *
 * A key is 1 to 16 printable ASCII characters without spaces, packed in two words, the first
 * character in bits 7:0 of key0, zeroes after the last. Entries are gone when their VM ends or is
 * reset.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Publish a value, or change it.
 *
 * @key0:  the key's first 8 characters
 * @key1:  the rest
 * @value: anything
 *
 * INVALID_ARGUMENT: not a key
 * LIMIT: the VM has published STILE_DIRECTORY_ENTRIES keys already
 *
 * Example:
 *     // "net", 6E 65 74
 *     struct stile_result result = stile_directory_publish(0x74656E, 0, 100);
 */
STILE_CALL(0x80, 9, directory, publish, ARGS3(u64, key0, u64, key1, u64, value),
           RETS0(), ERRS1(LIMIT))

/*
 * Take back what was published under a key.
 *
 * @key0: the key's first 8 characters
 * @key1: the rest
 *
 * INVALID_ARGUMENT: not a key
 * NOT_FOUND: the VM has published nothing under it
 *
 * Example:
 *     // "net", 6E 65 74
 *     struct stile_result result = stile_directory_withdraw(0x74656E, 0);
 */
STILE_CALL(0x81, 9, directory, withdraw, ARGS2(u64, key0, u64, key1), RETS0(), ERRS1(NOT_FOUND))

/*
 * Read what a VM has published under a key.
 *
 * @owner: the VM
 * @key0:  the key's first 8 characters
 * @key1:  the rest
 *
 * Returns the value in x1.
 *
 * INVALID_ARGUMENT: not a key
 * NOT_FOUND: there is no such VM, or it has published nothing under the key
 *
 * Example:
 *     struct stile_result result = stile_directory_lookup(owner, 0x74656E, 0); // "net"
 *     stile_port_t remote = stile_port((uint32_t)stile_directory_lookup_value(result));
 */
STILE_CALL(0x82, 9, directory, lookup, ARGS3(vm_id, owner, u64, key0, u64, key1),
           RETS1(u64, value), ERRS1(NOT_FOUND))

/*
 * Walk what a VM has published.
 *
 * @owner: the VM
 * @index: 0 to STILE_DIRECTORY_ENTRIES - 1
 *
 * Returns the value in x1 and the key in x2 and x3. The walk is not atomic: an entry may come or go
 * between two calls.
 *
 * INVALID_ARGUMENT: the index is out of range
 * NOT_FOUND: there is no such VM, or it has nothing at this index
 *
 * Example:
 *     struct stile_result result = stile_directory_query(owner, 0);
 *     uint64_t value = stile_directory_query_value(result);
 */
STILE_CALL(0x83, 9, directory, query, ARGS2(vm_id, owner, u32, index),
           RETS3(u64, value, u64, key0, u64, key1), ERRS1(NOT_FOUND))

/*
 * Find a VM by its name.
 *
 * @name0: the first 8 characters of the name, as the VM page has it, zeroes after the last
 * @name1: the next 8
 * @name2: the next 8
 * @name3: the last 8
 *
 * Returns the VM's number in x1.
 *
 * NOT_FOUND: no VM of that name is running
 *
 * Example:
 *     struct stile_result result = stile_directory_find_vm(0x72657473, 0, 0, 0); // "ster"
 *     stile_vm_id_t peer = stile_directory_find_vm_found(result);
 */
STILE_CALL(0x84, 9, directory, find_vm, ARGS4(u64, name0, u64, name1, u64, name2, u64, name3),
           RETS1(vm_id, found), ERRS1(NOT_FOUND))

/* clang-format on */
