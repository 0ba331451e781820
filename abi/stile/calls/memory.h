/* SPDX-License-Identifier: MIT */
/*
 * Group memory, 0x50 to 0x5F: pages of the VM's address space, and those it shares with others.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Populate a range of the VM's address space with zeroed pages.
 *
 * @base:  the first address, a multiple of 4096
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were mapped, from the start of the range: at least 1, fewer than
 * asked when the next one would fail. All pages of a VM together never exceed the memory its
 * device tree gave it.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space of 512 GiB; the count is
 *                   out of range or makes the range leave it
 * ALREADY_MAPPED: the first page is mapped, or is a device's
 * NO_MEMORY: the VM's quota or the machine's memory is used up
 *
 * Example:
 *     struct stile_result result = stile_memory_map(base, count);
 *     uint64_t left = count.pages - result.value[0]; // go on from there
 */
STILE_CALL(0x50, 1, memory, map, ARGS2(ipa, base, nr_pages, count))

/*
 * Give pages back to the hypervisor. Their content is lost; touching them afterwards is an
 * external abort.
 *
 * @base:  the first address, a multiple of 4096
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were given back, from the start of the range: at least 1, fewer
 * than asked when the next one would fail.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space of 512 GiB; the count is
 *                   out of range or makes the range leave it
 * NOT_MAPPED: the first page is not memory of the caller
 * NO_MEMORY: the range is part of a larger block, and there is no page for the table that would
 *            split it
 *
 * Example:
 *     struct stile_result result = stile_memory_unmap(base, count);
 *     uint64_t left = count.pages - result.value[0]; // go on from there
 */
STILE_CALL(0x51, 1, memory, unmap, ARGS2(ipa, base, nr_pages, count))

/* clang-format on */
