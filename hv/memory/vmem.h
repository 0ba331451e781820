/* SPDX-License-Identifier: MIT */
/*
 * The memory of a VM: given at creation, changed by its calls, taken back at its end.
 *
 * A VM's quota is what its device tree gives it, more or less what it was donated or has donated.
 * What the tree gives it is kept for it even so: it starts anew with that.
 * All memory of the tree is set aside for the VM when it is made, but scrubbed only when it is
 * first touched, a page or a part of 2 MiB at a time: what that takes is the guest's, and a call
 * that maps costs the same whatever it maps.
 */
#ifndef MEMORY_VMEM_H
#define MEMORY_VMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "mm/page.h"
#include "mm/stage2.h"

struct vm;

/**
 * vmem_create() - reserve the memory of a VM's device tree, and make its stage 2, which is empty
 * @vm: with config and id
 *
 * On an error nothing is left behind.
 *
 * NO_MEMORY: the machine has not enough, or all VMs together might own more than it has
 */
enum stile_error vmem_create(struct vm *vm);

/**
 * vmem_fill() - populate a part of the memory of its device tree
 * @vm: after vmem_create(), and nothing but this has changed its memory since
 *
 * The guest will find its memory zeroed. Bounded. What its devices write to is handed over; if
 * config.one_to_one, it is that of the same addresses.
 *
 * SUCCESS: all is there
 * BUSY: it is to be called again
 * NO_MEMORY: the machine has not enough, or not there, or no page for a table; vmem_destroy() is
 *            due
 */
enum stile_error vmem_fill(struct vm *vm);

/** vmem_lacks() - from where on a VM has no memory, after vmem_fill() could not go on */
ipa_t vmem_lacks(const struct vm *vm);

/**
 * vmem_destroy() - take a part of the VM's memory back; in the end, its stage 2
 *
 * Pages shared with the VM and devices are unmapped but stay their owner's. No vCPU of the VM is
 * loaded or will be, and it has no shares. Returns whether there is more: as stage2_destroy(). The
 * memory stays reserved for vmem_create(), which may follow, for a reboot. Memory that is one to
 * one is given to nobody else: a device may write to it still.
 */
bool vmem_destroy(struct vm *vm);

/**
 * vmem_donate_prepare() - make sure that a VM can give pages to another and still start anew
 * @from: @to: stage 2 of both is locked; @from owns the pages
 *
 * Returns false if the machine has not the memory to keep, besides what @to then owns, what the
 * device tree of @from says. Otherwise vmem_donate() or vmem_donate_cancel() follows, both locked
 * still.
 */
bool vmem_donate_prepare(const struct vm *from, const struct vm *to, uint64_t nr_pages);
void vmem_donate_cancel(const struct vm *from, const struct vm *to, uint64_t nr_pages);

/** vmem_donate() - move so many pages in the books of both VMs: what they own, and their quotas */
void vmem_donate(struct vm *from, struct vm *to, uint64_t nr_pages);

/** vmem_forget() - no longer keep memory for a VM that was destroyed and does not start anew */
void vmem_forget(struct vm *vm);

/**
 * vmem_populate() - set memory aside for a range, in the largest blocks there are
 * @locked:    the VM's stage 2
 * @base:      page aligned; nothing is mapped in the range
 * @nr_pages:  not 0
 * @nr_blocks: how many blocks to take at most
 *
 * Returns how many pages are mapped now, from the start of the range. All of them are fresh. The
 * quota is the caller's to look at.
 */
uint64_t vmem_populate(struct vm *vm, struct stage2_locked locked, ipa_t base, uint64_t nr_pages,
                       unsigned nr_blocks);

/** What vmem_fault() found; by what it cost, so that it can be counted. */
enum vmem_fault {
    VMEM_NOT_THERE, /* nothing is mapped */
    VMEM_PAGE,      /* it is ready now, or somebody is at it; at most a page was zeroed */
    VMEM_PART,      /* one more part of a block is; it is reached once all are */
};

/**
 * vmem_fault() - answer a stage-2 translation fault
 * @vm:  whose vCPU faulted
 * @ipa: where
 *
 * Unless nothing is there, the guest shall try again: the memory was touched for the first time
 * and is ready now, or a part of its block is, or another CPU has the VM's stage 2 locked, to do
 * the same or to split the block. In between the vCPU takes its interrupts. For
 * translation faults of data, instructions and stage-1 walks, after emulated devices were tried; a
 * permission fault is the guest's own and not for here.
 */
enum vmem_fault vmem_fault(struct vm *vm, ipa_t ipa);

/**
 * vmem_ready() - make sure memory was handed over, before EL2 touches it for its VM
 * @locked:  the VM's stage 2
 * @ipa:     in @mapping
 * @mapping: what stage2_lookup_locked() found there
 *
 * That is, the page, or the part of a block that @ipa is in; the guest can reach the block once
 * all of its parts are ready.
 */
void vmem_ready(struct stage2_locked locked, ipa_t ipa, const struct stage2_mapping *mapping);

/**
 * vmem_ready_bytes() - how many bytes have been handed over from @ipa on, at least
 * @ipa:     in @mapping
 * @mapping: what stage2_lookup_locked() found there
 *
 * In one piece, to the end of @mapping or of a part of it; 0: not even the page of @ipa.
 */
uint64_t vmem_ready_bytes(ipa_t ipa, const struct stage2_mapping *mapping);

/** What is handed over at once, so that EL2 is not held long. */
#define VMEM_STEP PAGE_PART_BYTES

/*
 * What the memory calls do. Ranges are page aligned, of 1 to STILE_MEMORY_MAX_PAGES pages, and
 * inside the IPA space. Each takes the stage-2 lock and is bounded. All return how many pages were
 * done from the start of the range, at least 1, or a negative enum stile_error.
 */
int64_t vmem_map(struct vm *vm, ipa_t base, uint64_t nr_pages);
int64_t vmem_unmap(struct vm *vm, ipa_t base, uint64_t nr_pages);
int64_t vmem_discard(struct vm *vm, ipa_t base, uint64_t nr_pages);
int64_t vmem_protect(struct vm *vm, ipa_t base, uint64_t nr_pages, uint32_t rights);

/** What memory_query tells. */
struct vmem_place {
    uint32_t what;  /* STILE_ACCESS_*, STILE_MEMORY_*; 0: nothing */
    uint32_t owner; /* a VM's number, or 0 */
    uint64_t base;  /* of the page or block */
    uint64_t bytes;
};

/** vmem_query() - what is at an IPA inside the space, any alignment */
struct vmem_place vmem_query(struct vm *vm, ipa_t ipa);

/** The most blocks or single pages that one call maps or unmaps, so that EL2 is not held long. */
#define VMEM_BATCH 64

#endif
