/* SPDX-License-Identifier: MIT */
/*
 * Stage 2: from a VM's IPAs to physical addresses. 39 bits of IPA, translation starts at level 1;
 * mappings of 4 KiB, 2 MiB and 1 GiB.
 *
 * What a page is mapped for is known here; who owns it, and quotas, are memory/vmem.c's.
 *
 * While a block is being split its translation is invalid for a moment (break before make), and
 * another vCPU of the VM may fault on it: see vmem_fault().
 */
#ifndef MM_STAGE2_H
#define MM_STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/spinlock.h"
#include "mm/stage2_attrs.h"
#include "mm/stage2_state.h"
#include "stile/errors.h"

#define STAGE2_IPA_BITS 39
#define STAGE2_IPA_END  (UINT64_C(1) << STAGE2_IPA_BITS)

/** A page or block as it is mapped. */
struct stage2_mapping {
    pa_t pa;        /* of the IPA asked for */
    uint64_t bytes; /* of the whole page or block */
    uint32_t attrs; /* STAGE2_* */
};

/** How much of a page or block there is from @ipa, which is in it, to its end, in bytes. */
static inline uint64_t stage2_rest(ipa_t ipa, const struct stage2_mapping *mapping)
{
    return mapping->bytes - (ipa.ipa & (mapping->bytes - 1));
}

/** Proof that a stage 2 is locked. */
struct stage2_locked {
    struct stage2 *stage2;
};

static inline struct stage2_locked stage2_lock(struct stage2 *stage2)
{
    spin_lock(&stage2->lock);
    return (struct stage2_locked){stage2};
}

/** stage2_trylock() - the same without waiting; false: somebody holds the lock */
static inline bool stage2_trylock(struct stage2 *stage2, struct stage2_locked *locked)
{
    *locked = (struct stage2_locked){stage2};
    return spin_trylock(&stage2->lock);
}

static inline void stage2_unlock(struct stage2_locked locked)
{
    spin_unlock(&locked.stage2->lock);
}

/** VTCR_EL2 for every VM on the calling CPU. */
uint64_t stage2_vtcr(void);

/**
 * stage2_init() - make an empty translation
 * @vm_id: 1 to CONFIG_NR_VMS; its budget pays for the tables
 * @walkers: for whom; "no CPU translates" below holds for the SMMU, too, if it is among them
 *
 * NO_MEMORY: the budget has no page for the root
 */
enum stile_error stage2_init(struct stage2 *stage2, uint32_t vm_id, enum stage2_walkers walkers);

/** stage2_dma_root() - the twin of the first table, with which the SMMU begins, if it is a walker
 */
pa_t stage2_dma_root(const struct stage2 *stage2);

/**
 * stage2_map() - map a range of IPAs to one of physical addresses
 * @ipa:   page aligned
 * @pa:    page aligned
 * @bytes: a multiple of the page size, not 0
 * @attrs: STAGE2_*, with READ
 *
 * Uses the largest blocks both addresses allow. Takes the lock. On an error nothing has changed.
 *
 * INVALID_ARGUMENT: the range leaves the IPA space
 * ALREADY_MAPPED: a page of the range is mapped
 * NO_MEMORY: the VM's budget has no page for a table
 */
enum stile_error stage2_map(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint64_t bytes,
                            uint32_t attrs);

/**
 * stage2_unmap() - take a range of IPAs out of the translation
 * @ipa:   page aligned
 * @bytes: a multiple of the page size, not 0
 *
 * Splits blocks of which a part stays, frees tables that become empty. No CPU translates through
 * the range any more when it returns. Takes the lock. On an error nothing has changed.
 *
 * INVALID_ARGUMENT: the range leaves the IPA space
 * NOT_MAPPED: a page of the range is not mapped
 * NO_MEMORY: the VM's budget has no page for a table that a split needs
 */
enum stile_error stage2_unmap(struct stage2 *stage2, ipa_t ipa, uint64_t bytes);

/**
 * stage2_map_doorbell() - map a page of registers that devices write to for their MSIs
 * @rights: the vCPUs'; devices may write, unless the SMMU shares the table
 *
 * Errors as of stage2_map(). Takes the lock; the VM is being made.
 */
enum stile_error stage2_map_doorbell(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint32_t rights);

/**
 * stage2_map_pool() - map a page of the pool for the guest, which is handed over with what it holds
 * @ipa:    page aligned
 * @page:   allocated with order 0
 * @rights: of STAGE2_RIGHTS, with READ
 *
 * Errors as of stage2_map(). Takes the lock.
 */
enum stile_error stage2_map_pool(struct stage2 *stage2, ipa_t ipa, const void *page,
                                 uint32_t rights);

/** Finds what is mapped at @ipa, any alignment. Returns false, and leaves @out, if nothing is. */
bool stage2_lookup(struct stage2 *stage2, ipa_t ipa, struct stage2_mapping *out);

/* The same three for a caller that holds the lock. */
enum stile_error stage2_map_locked(struct stage2_locked locked, ipa_t ipa, pa_t pa, uint64_t bytes,
                                   uint32_t attrs);
enum stile_error stage2_unmap_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes);
bool stage2_lookup_locked(struct stage2_locked locked, ipa_t ipa, struct stage2_mapping *out);

/** Whether what is mapped at @ipa, any alignment, is STAGE2_OWNED. */
bool stage2_owns_locked(struct stage2_locked locked, ipa_t ipa);

/**
 * stage2_protect_locked() - change what a range allows
 * @ipa:    page aligned
 * @bytes:  a multiple of the page size, not 0
 * @rights: of STAGE2_RIGHTS, with READ
 *
 * Splits blocks of which a part stays as it is. No CPU has the old rights any more when it returns.
 * Fresh memory stays so. Errors as of stage2_unmap(); nothing has changed then.
 */
enum stile_error stage2_protect_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes,
                                       uint32_t rights);

/**
 * stage2_forget_locked() - make a range fresh: to be handed over again, zeroed
 * @ipa:   page aligned
 * @bytes: a multiple of the page size, not 0
 *
 * Splits blocks of which a part stays as it is. No CPU translates through the range any more when
 * it returns. What is fresh already stays so, but not filled. Errors as of stage2_unmap(); nothing
 * has changed then. page_forget_guest() goes with it.
 */
enum stile_error stage2_forget_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes);

/**
 * stage2_make_scratch() - set aside what stage2_scratch_locked() shows: a page, and a table
 *
 * Once for a translation; more calls find it there. NO_MEMORY: the VM's budget has not two pages
 */
enum stile_error stage2_make_scratch(struct stage2_locked locked);

/** Gives that back. Nothing of the translation shows it. */
void stage2_free_scratch(struct stage2_locked locked);

/**
 * stage2_scratch_locked() - show scratch memory where something is mapped
 * @ipa:   page aligned
 * @bytes: a multiple of the page size, not 0; in whole pages and blocks of those that are mapped
 *
 * One page is everywhere in the range, to be read and written: what a page was mapped for is a page
 * of scratch, and a block becomes a table all of whose entries are that page. So it takes no
 * memory, however large the range, and cannot fail. No CPU translates to what was there any more
 * when it returns. A guest that touches the range meanwhile faults, and tries again: vmem_fault().
 * Otherwise it is as any mapping; stage2_lookup() finds as large a block as before, of which pa
 * means nothing.
 */
void stage2_scratch_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes);

/** How many of @bytes bytes from @ipa on, in whole pages, have nothing mapped up to what has. */
uint64_t stage2_gap_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes);

/** Lets the guest reach the fresh page or block at @ipa, all of which has been handed over. */
void stage2_ready_locked(struct stage2_locked locked, ipa_t ipa);

/** Is told each page or block of a translation that is destroyed, pa being its base. */
typedef void stage2_release_t(void *context, const struct stage2_mapping *mapping);

/**
 * stage2_destroy() - end a part of a translation, free its tables
 * @release: called for each page and block
 * @context: for @release
 *
 * No vCPU of the VM is loaded or will be, and no device of it reaches memory. Returns whether there
 * is more: then it is to be called again, and until it returns false nothing else may be done with
 * the translation. Afterwards, as before the first stage2_init(), it does nothing; and
 * stage2_init() may be called again.
 */
bool stage2_destroy(struct stage2 *stage2, stage2_release_t *release, void *context);

#endif
