/* SPDX-License-Identifier: MIT */
/*
 * memory/share.c: owners and peers that end or start anew at each step, and all of it at random.
 */
#include "share_fake.h"

KTF_SUITE(share_end, .setup = setup, .teardown = teardown);

/* --- ends ---------------------------------------------------------------------------------- */

KTF_TEST(share_end, an_owner_that_ends_takes_its_pages_along)
{
    uint32_t lent = must_offer(&a, RAM, 8, &b);
    uint32_t offered = must_offer(&a, RAM, 8, &c);
    uint32_t given = must_donate(&a, RAM + BLOCK_2M, 8, &c);
    uint32_t accepted = must_donate(&a, RAM + 2 * BLOCK_2M, 8, &c);

    ASSERT_EQ(accept_at(&b, lent, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&c, accepted, WINDOW + BLOCK_2M), STILE_SUCCESS);
    while (share_vm_gone(&a))
        ; /* before its memory goes */
    check();
    EXPECT_EQ(at(&b, WINDOW).attrs, STAGE2_READ | STAGE2_WRITE);
    whole_destroy(&a);
    vmem_forget(&a);
    check();
    EXPECT_EQ(terms_for(&b, lent).owner, a.id);
    EXPECT_EQ(release_by(&b, lent), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(accept_at(&c, offered, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&c, given, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(page_owner(at(&c, WINDOW + BLOCK_2M).pa), c.id); /* what was given stays given */
    EXPECT_EQ(offer_to(&b, RAM, 1, a.id, STAGE2_READ, &lent), STILE_NOT_FOUND);
}

KTF_TEST(share_end, a_peer_that_ends_leaves_the_owner_its_pages)
{
    uint32_t lent = must_offer(&a, RAM, 8, &b);
    uint32_t given = must_donate(&a, RAM + BLOCK_2M, 8, &b);

    ASSERT_EQ(accept_at(&b, lent, WINDOW), STILE_SUCCESS);
    stop(&b);
    check();
    EXPECT_EQ(revoke_by(&a, lent), STILE_NOT_FOUND);
    EXPECT_EQ(revoke_by(&a, given), STILE_NOT_FOUND);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 8), 8);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM + BLOCK_2M), 8), 8);
    check();
    start(&b); /* it is another VM now, of the same number */
    EXPECT_EQ(accept_at(&b, lent, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_NOT_FOUND);
}

KTF_TEST(share_end, reboots_settle_the_quotas)
{
    uint32_t given = must_donate(&a, RAM, 512, &b);

    ASSERT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
    stop(&a);
    check();
    start(&a);
    check();
    EXPECT_EQ(a.stage2.quota, RAM_BYTES / PAGE_SIZE);
    EXPECT_EQ(b.stage2.quota, RAM_BYTES / PAGE_SIZE + 512);
    stop(&b);
    start(&b);
    check();
    EXPECT_EQ(b.stage2.quota, RAM_BYTES / PAGE_SIZE);
}

/* What is left of the machine's memory for others, taken by a VM; less @left pages. */
static void take_rest(struct vm *rest, uint64_t left)
{
    *rest = (struct vm){.id = 3};
    rest->config.nr_memory = 1;
    rest->config.memory[0].base = ipa_make(RAM);
    rest->config.memory[0].bytes = (guest_before - committed - left) << PAGE_SHIFT;
    ASSERT_TRUE(page_reserve(rest->id, 256));
    ASSERT_EQ(vmem_create(rest), STILE_SUCCESS);
    whole_destroy(rest); /* it is about to start anew, and has freed its memory */
}

static void give_rest(struct vm *rest)
{
    ASSERT_EQ(vmem_create(rest), STILE_SUCCESS);
    whole_destroy(rest);
    vmem_forget(rest);
    page_unreserve(rest->id);
}

/* Beside a VM that is none of check()'s. */
static uint32_t must_share(struct vm *vm, const struct share_offer *offer)
{
    struct share_offer offered = *offer;
    uint32_t handle = 0;

    EXPECT_EQ(share_offer(vm, &offered, &handle), STILE_SUCCESS);
    EXPECT_EQ(offered.bytes, offer->bytes);
    return handle;
}

/* The same; it takes several calls. */
static enum stile_error accept_beside(struct vm *vm, uint32_t handle, uint64_t ipa)
{
    struct share_wish wish = wish_of(handle, ipa);
    enum stile_error error;

    do
        error = share_accept(vm, handle, &wish);
    while (error == SHARE_AGAIN);
    return error;
}

/* A VM that starts anew again and again, and gives its memory away each time. */
KTF_TEST(share_end, nobody_starts_anew_at_the_cost_of_others)
{
    struct share_offer all_of_a_block = {.base = ipa_make(RAM),
                                         .bytes = BLOCK_2M,
                                         .peer = b.id,
                                         .rights = STAGE2_RIGHTS,
                                         .donated = true};
    struct vm rest;
    uint32_t given;

    take_rest(&rest, 511);
    given = must_share(&a, &all_of_a_block);
    EXPECT_EQ(accept_beside(&b, given, WINDOW), STILE_NO_MEMORY);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(at(&a, RAM).bytes, BLOCK_2M);
    EXPECT_EQ(a.stage2.quota, RAM_BYTES / PAGE_SIZE);
    EXPECT_EQ(share_revoke(&a, given), STILE_SUCCESS);
    stop(&a);
    start(&a);
    give_rest(&rest);
}

KTF_TEST(share_end, what_was_donated_goes_on_without_more_memory)
{
    struct share_offer on = {.base = ipa_make(WINDOW),
                             .bytes = BLOCK_2M,
                             .peer = c.id,
                             .rights = STAGE2_RIGHTS,
                             .donated = true};
    struct vm rest;
    uint32_t given = must_donate(&a, RAM, 512, &b);

    ASSERT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
    take_rest(&rest, 0);
    given = must_share(&b, &on);
    EXPECT_EQ(accept_beside(&c, given, WINDOW), STILE_SUCCESS);
    on.peer = a.id; /* and back to where it came from: nothing more is kept for a VM */
    given = must_share(&c, &on);
    EXPECT_EQ(accept_beside(&a, given, RAM), STILE_SUCCESS);
    EXPECT_EQ(committed, guest_before - 512);
    give_rest(&rest);
    EXPECT_EQ(committed, 3 * RAM_BYTES / PAGE_SIZE);
}

/* The owner has no table to split its block: what was kept for the donation is kept no longer. */
KTF_TEST(share_end, a_donation_that_fails_keeps_nothing)
{
    uint32_t given = must_donate(&a, RAM, 8, &b);
    uint64_t before = committed;
    void *owners = fake_hoard(a.id, 0);

    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_NO_MEMORY);
    EXPECT_EQ(committed, before);
    fake_give_back(owners);
    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(committed, before + 8);
}

KTF_TEST(share_end, whoever_ends_first_both_start_anew)
{
    uint32_t given;

    for (unsigned i = 0; i < 4; i++) {
        given = must_donate(&a, RAM, 512, &b);
        ASSERT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
        stop(i % 2 ? &a : &b);
        start(i % 2 ? &a : &b);
        stop(i % 2 ? &b : &a);
        start(i % 2 ? &b : &a);
        check();
        EXPECT_EQ(at(&a, RAM).bytes, BLOCK_2M);
        EXPECT_EQ(committed, 3 * RAM_BYTES / PAGE_SIZE);
    }
}

/* --- at random ----------------------------------------------------------------------------- */

#define NR_HANDLES 64

static uint32_t handles[NR_HANDLES]; /* some live, some stale */

static uint64_t random_ipa(void)
{
    static const uint64_t bases[] = {
        RAM, RAM, RAM, RAM, WINDOW, WINDOW, DEVICE - 4 * PAGE_SIZE, STAGE2_IPA_END - 2 * BLOCK_2M};
    uint64_t unit = fake_random() % 4 ? PAGE_SIZE : BLOCK_2M;

    return bases[fake_random() % 8] + align_down(fake_random() % (2 * BLOCK_2M), unit);
}

static uint64_t random_pages(uint64_t ipa)
{
    uint64_t nr = fake_random() % 4 ? 1 + fake_random() % 16 : 512 - fake_random() % 2;
    uint64_t room = (STAGE2_IPA_END - ipa) >> PAGE_SHIFT;

    return nr < room ? nr : room;
}

static void random_offer(struct vm *vm, uint64_t ipa, uint64_t nr)
{
    struct share_offer offer = {.base = ipa_make(ipa),
                                .bytes = nr << PAGE_SHIFT,
                                .peer = all[fake_random() % NR]->id,
                                .rights = STAGE2_READ,
                                .donated = fake_random() % 3 == 0};

    if (fake_random() % 2)
        offer.rights |= STAGE2_WRITE;
    if (offer.donated)
        offer.rights = STAGE2_RIGHTS;
    (void)share_offer(vm, &offer, &handles[fake_random() % NR_HANDLES]);
}

/* Some steps of it: it may stay half made. */
static void random_accept(void)
{
    uint32_t handle = handles[fake_random() % NR_HANDLES];
    uint64_t ipa = WINDOW + align_down(fake_random() % BLOCK_1G, PAGE_SIZE);
    struct share_wish wish = wish_of(handle, fake_random() % 4 ? ipa : random_ipa());

    if (wish.bytes > STAGE2_IPA_END - wish.base.ipa)
        return;
    if (fake_random() % 8 == 0)
        wish.rights = STAGE2_READ;
    for (unsigned i = 0; i < NR; i++)
        for (unsigned steps = (unsigned)(fake_random() % 32); steps > 0; steps--)
            if (share_accept(all[i], handle, &wish) != SHARE_AGAIN)
                break;
}

static void random_step(struct vm *vm)
{
    uint32_t handle = handles[fake_random() % NR_HANDLES];
    uint64_t ipa = random_ipa();
    uint64_t nr = random_pages(ipa);
    uint32_t rights = STAGE2_READ | (uint32_t)(fake_random() & STAGE2_RIGHTS);

    switch (fake_random() % 16) {
    case 0:
        if (fake_random() % 16 == 0) {
            stop(vm);
            start(vm);
        }
        break;
    case 1 ... 3:
        (void)vmem_map(vm, ipa_make(ipa), nr);
        break;
    case 4:
        (void)vmem_unmap(vm, ipa_make(ipa), nr);
        break;
    case 5:
        (void)vmem_protect(vm, ipa_make(ipa), nr, rights);
        break;
    case 6 ... 9:
        random_offer(vm, ipa, nr);
        break;
    case 10 ... 12:
        random_accept();
        break;
    case 13:
        (void)share_release(vm, handle);
        break;
    case 14:
        (void)vmem_fault(vm, ipa_make(ipa));
        break;
    default:
        (void)share_revoke(vm, handle);
        break;
    }
}

KTF_TEST(share_end, at_random_every_page_is_where_it_belongs)
{
    unsigned nr_accepted = 0;

    for (unsigned i = 0; i < 4000; i++) {
        random_step(all[fake_random() % NR]);
        check();
        for (const struct share *share = shares; share < &shares[NR_SHARES]; share++)
            nr_accepted += share->state != SHARE_FREE && share->loan != NULL;
    }
    EXPECT_GT(nr_accepted, 4000); /* it did come to something */
}
