/* SPDX-License-Identifier: MIT */
/*
 * How much of the hypervisor's memory a VM gets: enough to start, and to start anew, whatever it or
 * another VM did meanwhile, and something for what its own calls need.
 */
#ifndef MEMORY_BUDGET_H
#define MEMORY_BUDGET_H

#include <stddef.h>

struct vm;

/**
 * budget_need() - how many pages of the pool a VM takes at most before its first instruction
 * @vm: with its config and its files
 *
 * Its shared pages, its vCPUs, a copy of its device tree, and the tables of its memory if that is
 * found in single pages. So the same is enough for all its memory split by its own calls.
 */
size_t budget_need(const struct vm *vm);

/** budget_nr_pages() - how many pages budget_reserve() sets aside; @vm: as there */
size_t budget_nr_pages(const struct vm *vm);

/**
 * budget_reserve() - set a VM's budget aside
 * @vm: with its config, its files and its number
 *
 * The budget is what stile,hv-memory-kib in its device tree says, or what the VM needs and
 * BUDGET_CALLS pages for its calls. Returns NULL, or why the VM is refused: a text that is good
 * until the next call. While no other VM is being made.
 */
const char *budget_reserve(const struct vm *vm);

/** budget_release() - the VM has ended: everything on its account has been given back */
void budget_release(const struct vm *vm);

/*
 * What a VM's calls may use beyond what it needs to start: tables for addresses outside of its
 * device tree's memory, where it maps pages or puts what others share with it. 32 are enough for
 * 2 MiB of each of 16 shares, in whatever places.
 */
#define BUDGET_CALLS 32u

#endif
