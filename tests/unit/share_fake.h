/* SPDX-License-Identifier: MIT */
/*
 * Three VMs that share memory, over the real stage 2 and page allocator, and a check that every
 * page is where it belongs. Included by one file of a test, before anything else.
 */
#ifndef SHARE_FAKE_H
#define SHARE_FAKE_H

#include "arch/tlb.h"

#ifndef FAKES_CACHES_H /* a test that has a model of caches includes that before */
#include "fakes/memory.h"
#endif

#include "virt/events.h"
#include "memory/guest.c"
#include "memory/share.c"
#include "memory/share_map.c"
#include "memory/share_owner.c"
#include "memory/share_table.c"
#include "memory/share_walk.c"
#include "mm/stage2.c"
#include "mm/stage2_map.c"
#include "memory/vmem.c"
#include "memory/vmem_call.c"

#include "../hv/whole.h"

#include "ktf.h"

#include "fakes/books.h"

#define RAM       UINT64_C(0x40000000)
#define RAM_BYTES (4 * BLOCK_2M)
#define DEVICE    UINT64_C(0x09000000)
#define WINDOW    UINT64_C(0x100000000) /* where peers put what they accept */
#define NR        3

/* A number is the place, but in tests of numbers. */
static struct vm a = {.id = 1, .number = 1}, b = {.id = 2, .number = 2};
static struct vm c = {.id = CONFIG_NR_VMS, .number = CONFIG_NR_VMS};
static struct vm *const all[NR] = {&a, &b, &c};
static size_t pool_before;
static size_t guest_before;

struct vm *vm_slot(uint32_t id)
{
    return id == a.id ? &a : id == b.id ? &b : id == c.id ? &c : NULL;
}

struct vm *vm_numbered(uint32_t number)
{
    for (unsigned i = 0; i < NR; i++)
        if (all[i]->number == number)
            return all[i];
    return NULL;
}

/* One emulated device. */
uint64_t mmio_gap(const struct mmio_map *map, ipa_t base, uint64_t bytes)
{
    (void)map;
    if (base.ipa >= DEVICE + PAGE_SIZE || DEVICE >= base.ipa + bytes)
        return bytes;
    return DEVICE > base.ipa ? DEVICE - base.ipa : 0;
}

/* --- who is told ---------------------------------------------------------------------------- */

static unsigned told[CONFIG_NR_VMS + 1]; /* how often, by number */

void events_virq(struct vm *vm, enum stile_virq virq)
{
    EXPECT_EQ(virq, STILE_VIRQ_SHARE);
    told[vm->id]++;
}

/* --- every page is where it belongs -------------------------------------------------------- */

static void check(void)
{
    uint64_t nr_owned = 0;
    uint64_t kept = 0;

    for (unsigned i = 0; i < NR; i++) {
        const struct stage2 *stage2 = &all[i]->stage2;

        kept += stage2->kept;
        ASSERT_LE(stage2->quota, stage2->kept);
        if (!stage2->root)
            continue;
        books_loans(all[i]);
        ASSERT_EQ(books_table(all[i], stage2->root, STAGE2_FIRST_LEVEL, 0), stage2->nr_owned);
        ASSERT_LE(stage2->nr_owned, stage2->quota);
        nr_owned += stage2->nr_owned;
    }
    ASSERT_EQ(page_nr_free_guest() + nr_owned, guest_before);
    ASSERT_EQ(kept, committed);
    ASSERT_LE(committed, guest_before);
    for (const struct share *share = shares; share < &shares[NR_SHARES]; share++)
        ASSERT_TRUE(share->state == SHARE_FREE || (owner_of(share) && peer_of(share)));
    ASSERT_EQ(share_lock.next, share_lock.serving);
    ASSERT_EQ(fake_windows_open, 0);
}

/* --- VMs ----------------------------------------------------------------------------------- */

static void start(struct vm *vm)
{
    vm->config.nr_memory = 1;
    vm->config.memory[0] = (struct ipa_range){ipa_make(RAM), RAM_BYTES};
    if (page_budget(vm->id).nr_pages == 0)
        ASSERT_TRUE(page_reserve(vm->id, 128));
    ASSERT_EQ(whole_create(vm), STILE_SUCCESS);
    share_vm_started(vm);
}

static void stop(struct vm *vm)
{
    while (share_vm_gone(vm))
        ;
    whole_destroy(vm);
}

static void power_off(struct vm *vm)
{
    stop(vm);
    vmem_forget(vm);
}

static void setup(void)
{
    fake_memory();
    pool_before = page_nr_free();
    guest_before = page_nr_free_guest();
    memset(told, 0, sizeof(told));
    for (unsigned i = 0; i < NR; i++)
        start(all[i]);
    check();
}

static void teardown(void)
{
    for (unsigned i = 0; i < NR; i++) {
        if (all[i]->stage2.root) {
            power_off(all[i]);
            check();
        }
        EXPECT_EQ(page_budget(all[i]->id).nr_used, 0);
        page_unreserve(all[i]->id);
    }
    EXPECT_EQ(page_nr_free(), pool_before);
    EXPECT_EQ(page_nr_free_guest(), guest_before);
}

/* --- short forms --------------------------------------------------------------------------- */

static enum stile_error offer_to(struct vm *vm, uint64_t ipa, uint64_t nr, uint32_t peer,
                                 uint32_t rights, uint32_t *handle)
{
    struct share_offer offer = {
        .base = ipa_make(ipa), .bytes = nr << PAGE_SHIFT, .peer = peer, .rights = (uint8_t)rights};
    enum stile_error error = share_offer(vm, &offer, handle);

    check();
    return error;
}

static enum stile_error donate_to(struct vm *vm, uint64_t ipa, uint64_t nr, uint32_t peer,
                                  uint32_t *handle)
{
    struct share_offer offer = {.base = ipa_make(ipa),
                                .bytes = nr << PAGE_SHIFT,
                                .peer = peer,
                                .rights = STAGE2_RIGHTS,
                                .donated = true};
    enum stile_error error = share_offer(vm, &offer, handle);

    check();
    return error;
}

/* What the share is, as somebody who was told by its owner would take it. */
static struct share_wish wish_of(uint32_t handle, uint64_t ipa)
{
    const struct share *share = share_of(handle);

    if (!share)
        return (struct share_wish){ipa_make(ipa), PAGE_SIZE, STAGE2_READ, false};
    return (struct share_wish){ipa_make(ipa), share->offer.bytes, share->offer.rights,
                               share->offer.donated};
}

static enum stile_error accept_as(struct vm *vm, uint32_t handle, struct share_wish wish)
{
    enum stile_error error;

    do {
        error = share_accept(vm, handle, &wish);
        check();
    } while (error == SHARE_AGAIN);
    return error;
}

static enum stile_error accept_at(struct vm *vm, uint32_t handle, uint64_t ipa)
{
    return accept_as(vm, handle, wish_of(handle, ipa));
}

static inline enum stile_error release_by(struct vm *vm, uint32_t handle)
{
    enum stile_error error;

    do {
        error = share_release(vm, handle);
        check();
    } while (error == SHARE_AGAIN);
    return error;
}

static inline enum stile_error revoke_by(struct vm *vm, uint32_t handle)
{
    enum stile_error error;

    do {
        error = share_revoke(vm, handle);
        check();
    } while (error == SHARE_AGAIN);
    return error;
}

/* What a walk tells of a share; handle 0: nothing. */
static inline struct share_terms terms_for(const struct vm *vm, uint32_t handle)
{
    struct share_terms terms;

    if (share_next_offered(vm, handle - 1, &terms) && terms.handle == handle)
        return terms;
    return (struct share_terms){.handle = 0};
}

static struct stage2_mapping at(struct vm *vm, uint64_t ipa)
{
    struct stage2_mapping mapping = {.bytes = 0};

    (void)stage2_lookup(&vm->stage2, ipa_make(ipa), &mapping);
    return mapping;
}

static uint32_t must_offer(struct vm *vm, uint64_t ipa, uint64_t nr, struct vm *peer)
{
    uint32_t handle = 0;

    EXPECT_EQ(offer_to(vm, ipa, nr, peer->id, STAGE2_READ | STAGE2_WRITE, &handle), STILE_SUCCESS);
    EXPECT_NE(handle, 0);
    return handle;
}

static inline uint32_t must_donate(struct vm *vm, uint64_t ipa, uint64_t nr, struct vm *peer)
{
    uint32_t handle = 0;

    EXPECT_EQ(donate_to(vm, ipa, nr, peer->id, &handle), STILE_SUCCESS);
    return handle;
}

#endif
