/* SPDX-License-Identifier: MIT */
/*
 * The VMs' memory and what they share, with the real table of shares at hand.
 */
#include "memory/share.c"

#include "audit.h"
#include "ktf.h"

#include "fakes/books.h"

static bool is_held(const struct spinlock *lock)
{
    return lock->next != lock->serving;
}

static size_t nr_tables(uint64_t *table, unsigned level)
{
    size_t nr = 1;

    for (unsigned i = 0; i < PTE_NR_ENTRIES && level < PTE_LAST_LEVEL; i++)
        if (stage2_is_table(table[i], level))
            nr += nr_tables(pte_table(table[i]), level + 1);
    return nr;
}

/* Of a VM that another one made: what it was made of. */
static size_t nr_image_pages(const struct vm_files *files)
{
    return files->given ? UINT64_C(1) << page_order(vm_files_given_bytes(files)) : 0;
}

/* What is on a VM's account: its tables, loans and scratch, two pages of its own and one of its
 * stolen time, which a VM that is being made has not yet, one of each virtio device, four for each
 * vCPU. */
static void audit_budget(const struct vm *vm)
{
    struct page_budget budget = page_budget(vm->id);

    EXPECT_EQ(budget.nr_used, nr_tables(vm->stage2.root, STAGE2_FIRST_LEVEL) + 2 +
                                  (vm->stolen ? 1 : 0) + (sharer_of(vm)->loans ? 1 : 0) +
                                  (vm->stage2.scratch ? 2 : 0) + 4 * vm->config.nr_vcpus +
                                  vm_config_nr_virtio(&vm->config) + nr_image_pages(&vm->image));
    EXPECT_LE(budget.nr_used, budget.nr_pages);
}

void audit_memory(void)
{
    uint64_t nr_owned = 0;
    uint64_t kept = 0;

    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *vm = vm_slot(id);

        kept += vm->stage2.kept;
        EXPECT_LE(vm->stage2.quota, vm->stage2.kept);
        if (!vm->stage2.root)
            continue;
        EXPECT_TRUE(!is_held(&vm->stage2.lock) && !is_held(&vm->lock) && !is_held(&vm->vgic.lock));
        audit_budget(vm);
        books_loans(vm);
        EXPECT_EQ(books_table(vm, vm->stage2.root, STAGE2_FIRST_LEVEL, 0), vm->stage2.nr_owned);
        nr_owned += vm->stage2.nr_owned;
    }
    audit_quotas();
    EXPECT_LE(kept, page_nr_guest());
    EXPECT_EQ(page_nr_free_guest() + nr_owned, page_nr_guest());
    for (const struct share *share = shares; share < &shares[NR_SHARES]; share++)
        EXPECT_TRUE(share->state == SHARE_FREE || (owner_of(share) && peer_of(share)));
    EXPECT_TRUE(!is_held(&share_lock));
}

void audit_quotas(void)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->stage2.root)
            EXPECT_LE(vm_slot(id)->stage2.nr_owned, vm_slot(id)->stage2.quota);
}

/* It is made of numbers that are all over memory, but of no lock: those count. */
__attribute__((no_sanitize("address", "undefined"))) uint64_t
audit_add(uint64_t sum, const void *start, uint64_t bytes)
{
    const uint64_t *word = start;

    for (; bytes > 0; bytes -= sizeof(*word))
        sum = (sum ^ *word++) * 0x9E3779B97F4A7C15;
    return sum;
}

uint64_t audit_memory_sum(void)
{
    uint64_t sum = 0;

    /* How much was settled is nothing that a guest can see. */
    for (unsigned i = 0; i < NR_SHARES; i++) {
        struct share share = shares[i];

        share.settled = 0;
        sum = audit_add(sum, &share, sizeof(share));
    }
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *vm = vm_slot(id);
        uint64_t words[] = {vm->stage2.nr_owned,     vm->stage2.quota, vm->stage2.kept,
                            page_budget(id).nr_used, vm->minor,        vm->state};

        sum = audit_add(sum, words, sizeof(words));
    }
    return sum + page_nr_free() * 3 + page_nr_free_guest();
}

uint64_t audit_sum(void)
{
    return audit_memory_sum() ^ audit_ports_sum();
}
