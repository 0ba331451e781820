/* SPDX-License-Identifier: MIT */
/*
 * memory/share.c: what VMs lend and give each other, and what is refused. Their ends are in
 * share_end.c, what takes several steps in share_steps.c, walks in share_walk.c.
 */
#include "share_fake.h"

KTF_SUITE(share, .setup = setup, .teardown = teardown);

/* --- the life of a share ------------------------------------------------------------------- */

KTF_TEST(share, offered_accepted_released_revoked)
{
    uint64_t ipa = RAM + 5 * PAGE_SIZE;
    uint32_t handle = must_offer(&a, ipa, 3, &b);
    struct share_terms terms;

    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    terms = terms_for(&b, handle);
    EXPECT_EQ(terms.owner, a.id);
    EXPECT_EQ(terms.nr_pages, 3);
    EXPECT_EQ(terms.what, STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_SHARE_ACCEPTED);
    for (unsigned i = 0; i < 3; i++) {
        EXPECT_EQ(at(&b, WINDOW + i * PAGE_SIZE).pa.pa, at(&a, ipa + i * PAGE_SIZE).pa.pa);
        EXPECT_EQ(at(&b, WINDOW + i * PAGE_SIZE).attrs,
                  STAGE2_READ | STAGE2_WRITE | STAGE2_BORROWED | STAGE2_MAY_WRITE);
    }
    EXPECT_EQ(at(&b, WINDOW + 3 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(accept_at(&b, handle, WINDOW + BLOCK_2M), STILE_BUSY);

    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&b, handle, WINDOW + BLOCK_2M), STILE_SUCCESS);
    fake_tlb_vttbr = 0;
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(fake_tlb_vttbr, b.stage2.vttbr); /* it is the peer's that is flushed */
    EXPECT_EQ(revoke_by(&a, handle), STILE_NOT_FOUND);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + BLOCK_2M).bytes, 0);
    EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND);
}

KTF_TEST(share, the_other_side_is_told)
{
    uint32_t handle = must_offer(&a, RAM, 1, &b);
    uint32_t given;

    EXPECT_EQ(told[b.id], 1);
    EXPECT_EQ(accept_at(&b, handle, RAM), STILE_ALREADY_MAPPED); /* nobody is of a failure */
    EXPECT_EQ(offer_to(&a, WINDOW, 1, b.id, STAGE2_READ, &given), STILE_NOT_MAPPED);
    EXPECT_EQ(told[a.id], 0);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(told[a.id], 1);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(told[a.id], 2);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(told[a.id], 3);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(told[b.id], 2);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS); /* which is nobody's business any more */
    EXPECT_EQ(told[a.id], 3);
    given = must_donate(&a, RAM, 1, &b);
    EXPECT_EQ(told[b.id], 3);
    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(told[a.id], 4);
    (void)must_offer(&a, RAM + PAGE_SIZE, 1, &b);
    (void)must_offer(&b, RAM, 1, &a);
    stop(&b);
    EXPECT_EQ(told[a.id], 7); /* one more offered, and then both gone */
    start(&b);
    EXPECT_EQ(told[b.id], 4);
    EXPECT_EQ(told[c.id], 0);
}

KTF_TEST(share, the_peer_finds_pages_scrubbed)
{
    uint64_t ipa = RAM + BLOCK_2M;
    uint32_t word = 7;
    uint32_t handle;

    memset(page_va(at(&a, ipa).pa), 0xAB, BLOCK_2M);
    EXPECT_EQ(at(&a, ipa).attrs & STAGE2_FRESH, STAGE2_FRESH);
    handle = must_offer(&a, ipa + 7 * PAGE_SIZE, 1, &b);
    EXPECT_EQ(page_parts(at(&a, ipa).pa), 0); /* nobody has touched it */
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(page_parts(at(&a, ipa).pa), 1); /* no more than the part that the page is in */
    EXPECT_EQ(at(&b, WINDOW).attrs & STAGE2_FRESH, 0);
    memcpy(&word, page_va(at(&b, WINDOW).pa), 4);
    EXPECT_EQ(word, 0);
}

KTF_TEST(share, what_takes_long_is_done_in_steps)
{
    uint32_t handle = must_offer(&a, RAM + PAGE_SIZE, 512, &b);
    struct share_wish wish = wish_of(handle, WINDOW);
    unsigned nr = 1;

    for (; share_accept(&b, handle, &wish) == SHARE_AGAIN; nr++)
        ASSERT_LE(shares_of(&a)->settled, nr * VMEM_STEP);
    EXPECT_GT(nr, 9); /* nine parts are touched, and then it is mapped */
    check();
    /* What is lent twice was settled once. */
    ASSERT_EQ(release_by(&b, handle), STILE_SUCCESS);
    fake_cache_flushed = 0;
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(fake_cache_flushed, 0);
}

/* The first page splits the owner's block: the others are made ready one by one. */
KTF_TEST(share, single_pages_are_settled_in_shorter_steps)
{
    uint32_t handle;

    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), 1);
    handle = must_offer(&a, RAM + PAGE_SIZE, 128, &b);
    struct share_wish wish = wish_of(handle, WINDOW);
    for (unsigned nr = 1; nr <= 4; nr++) {
        ASSERT_EQ(share_accept(&b, handle, &wish), SHARE_AGAIN);
        ASSERT_EQ(shares_of(&a)->settled, nr * 32 * PAGE_SIZE);
    }
    ASSERT_EQ(share_accept(&b, handle, &wish), SHARE_AGAIN);
    EXPECT_EQ(shares_of(&a)->loan->range.mapped, 64 * PAGE_SIZE);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
}

/* What its owner has written caches hold; what nobody has touched none does. */
KTF_TEST(share, caches_let_go_of_what_was_written)
{
    uint32_t word = 5;
    uint32_t handle;

    for (uint64_t part = 0; part < BLOCK_2M; part += PAGE_PART_BYTES)
        ASSERT_EQ(guest_write(&a, ipa_make(RAM + part), &word, 4), 4);
    handle = must_offer(&a, RAM, 512, &b);
    fake_cache_flushed = fake_cache_code = 0;
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(fake_cache_flushed, BLOCK_2M + PAGE_SIZE); /* and the page of scratch */
    EXPECT_EQ(fake_cache_code, 0);                       /* the peer cannot execute it */
}

KTF_TEST(share, a_donation_is_handed_over_when_it_is_touched)
{
    uint32_t handle;
    uint32_t word = 0x12345;

    ASSERT_EQ(guest_write(&a, ipa_make(RAM + PAGE_PART_BYTES), &word, 4), 4);
    ASSERT_EQ(donate_to(&a, RAM, 512, b.id, &handle), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, BLOCK_2M);
    EXPECT_EQ(at(&b, WINDOW).attrs & STAGE2_FRESH, STAGE2_FRESH);
    fake_cache_flushed = fake_cache_code = 0;
    EXPECT_EQ(vmem_fault(&b, ipa_make(WINDOW)), VMEM_PART);
    EXPECT_EQ(fake_cache_code, PAGE_PART_BYTES);
    while (at(&b, WINDOW).attrs & STAGE2_FRESH)
        EXPECT_EQ(vmem_fault(&b, ipa_make(WINDOW)), VMEM_PART);
    EXPECT_EQ(fake_cache_code, BLOCK_2M);
    EXPECT_EQ(at(&b, WINDOW).attrs, STAGE2_RIGHTS | STAGE2_OWNED);
    word = 0;
    EXPECT_EQ(guest_read(&b, &word, ipa_make(WINDOW + PAGE_PART_BYTES), 4), 4);
    EXPECT_EQ(word, 0x12345);
}

KTF_TEST(share, a_block_stays_one_on_both_sides)
{
    uint32_t handle = must_offer(&a, RAM, 512, &b);
    size_t pool = fake_free_of(b.id);

    ASSERT_EQ(accept_at(&b, handle, WINDOW + BLOCK_2M), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + BLOCK_2M).bytes, BLOCK_2M);
    EXPECT_EQ(at(&a, RAM).bytes, BLOCK_2M);
    EXPECT_EQ(fake_free_of(b.id), pool - 4); /* a table of level 2, loans, and scratch */
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(b.id), pool - 3);

    /* In pages if need be. */
    ASSERT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(at(&b, WINDOW + BLOCK_2M).pa.pa, at(&a, RAM + BLOCK_2M - PAGE_SIZE).pa.pa);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(b.id), pool - 3);
}

KTF_TEST(share, a_share_of_several_blocks_and_pieces)
{
    uint32_t handle;

    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM + 511 * PAGE_SIZE), 1), 1);
    ASSERT_EQ(vmem_map(&a, ipa_make(RAM + 511 * PAGE_SIZE), 1), 1);
    handle = must_offer(&a, RAM + 300 * PAGE_SIZE, 512, &b);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    for (uint64_t i = 0; i < 512; i++)
        ASSERT_EQ(at(&b, WINDOW + i * PAGE_SIZE).pa.pa, at(&a, RAM + (300 + i) * PAGE_SIZE).pa.pa);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
}

KTF_TEST(share, read_only_is_the_most_the_peer_may_take)
{
    uint32_t handle;

    ASSERT_EQ(offer_to(&a, RAM, 1, b.id, STAGE2_READ, &handle), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(terms_for(&b, handle).what, STILE_ACCESS_READ | STILE_SHARE_ACCEPTED);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW), 1, STAGE2_READ), 1);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW), 1, STAGE2_READ | STAGE2_WRITE), STILE_DENIED);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW), 1, STAGE2_READ | STAGE2_EXECUTE), STILE_DENIED);
    EXPECT_EQ(at(&b, WINDOW).attrs, STAGE2_READ | STAGE2_BORROWED);
}

KTF_TEST(share, the_peer_may_narrow_a_part_and_widen_it_again)
{
    uint32_t handle = must_offer(&a, RAM, 512, &b);
    void *hoarded;

    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW + PAGE_SIZE), 1, STAGE2_READ), 1);
    EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).attrs, STAGE2_READ | STAGE2_BORROWED | STAGE2_MAY_WRITE);
    for (uint64_t half = WINDOW; half < WINDOW + BLOCK_2M; half += BLOCK_2M / 2)
        EXPECT_EQ(vmem_protect(&b, ipa_make(half), 256, STAGE2_READ | STAGE2_WRITE), 256);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW), 1, STAGE2_RIGHTS), STILE_DENIED);
    check();
    /* It was split: even without a page in the pool the owner gets it back. */
    hoarded = fake_hoard(b.id, 0);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).attrs, STAGE2_READ | STAGE2_WRITE);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    fake_give_back(hoarded);
}

KTF_TEST(share, hypervisor_and_unmap_leave_borrowed_pages_alone)
{
    uint32_t handle = must_offer(&a, RAM, 2, &b);
    char text[8];

    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(guest_read(&b, text, ipa_make(WINDOW), 8), 0);
    EXPECT_EQ(guest_write(&b, ipa_make(WINDOW), text, 8), 0);
    EXPECT_EQ(guest_clean(&b, ipa_make(WINDOW), 8, false), 0);
    EXPECT_EQ(vmem_unmap(&b, ipa_make(WINDOW), 1), STILE_NOT_MAPPED);
    EXPECT_EQ(offer_to(&b, WINDOW, 1, c.id, STAGE2_READ, &handle), STILE_NOT_MAPPED);
    EXPECT_EQ(donate_to(&b, WINDOW, 1, c.id, &handle), STILE_NOT_MAPPED);
    EXPECT_EQ(donate_to(&b, WINDOW, 1, a.id, &handle), STILE_NOT_MAPPED);
}

/* --- what pins pages ----------------------------------------------------------------------- */

KTF_TEST(share, shared_pages_stay_while_the_share_lasts)
{
    uint32_t handle = must_offer(&a, RAM + PAGE_SIZE, 2, &b);

    for (unsigned accepted = 0; accepted < 2; accepted++) {
        EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM + 2 * PAGE_SIZE), 1), STILE_BUSY);
        EXPECT_EQ(vmem_protect(&a, ipa_make(RAM + PAGE_SIZE), 1, STAGE2_READ), STILE_BUSY);
        EXPECT_EQ(vmem_query(&a, ipa_make(RAM + PAGE_SIZE)).what & STILE_MEMORY_SHARED,
                  STILE_MEMORY_SHARED);
        EXPECT_EQ(vmem_query(&a, ipa_make(RAM)).what & STILE_MEMORY_SHARED, 0);
        if (!accepted)
            EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    }
    EXPECT_EQ(vmem_query(&b, ipa_make(WINDOW + 5)).owner, a.id);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 9), 1); /* up to it */
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM + PAGE_SIZE), 2), 2);
    check();
}

KTF_TEST(share, a_page_may_be_in_several_shares_but_be_donated_once)
{
    uint32_t first = must_offer(&a, RAM, 4, &b);
    uint32_t second = must_offer(&a, RAM + 3 * PAGE_SIZE, 4, &c);
    uint32_t third;

    EXPECT_EQ(donate_to(&a, RAM + 6 * PAGE_SIZE, 1, b.id, &third), STILE_BUSY);
    EXPECT_EQ(donate_to(&a, RAM + 7 * PAGE_SIZE, 1, b.id, &third), STILE_SUCCESS);
    EXPECT_EQ(donate_to(&a, RAM + 7 * PAGE_SIZE, 1, c.id, &third), STILE_BUSY);
    EXPECT_EQ(offer_to(&a, RAM + 7 * PAGE_SIZE, 1, c.id, STAGE2_READ, &third), STILE_BUSY);
    EXPECT_EQ(accept_at(&b, first, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&c, second, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + 3 * PAGE_SIZE).pa.pa, at(&c, WINDOW).pa.pa);
    EXPECT_EQ(revoke_by(&a, first), STILE_SUCCESS);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM + 3 * PAGE_SIZE), 1), STILE_BUSY);
}

/* --- donations ----------------------------------------------------------------------------- */

KTF_TEST(share, a_donation_moves_pages_with_content_and_quota)
{
    uint64_t quota = RAM_BYTES / PAGE_SIZE;
    uint32_t word = 12345;
    uint32_t handle;
    pa_t pa;

    ASSERT_EQ(guest_write(&a, ipa_make(RAM + 9 * PAGE_SIZE), &word, 4), 4);
    pa = at(&a, RAM + 9 * PAGE_SIZE).pa;
    handle = must_donate(&a, RAM + 8 * PAGE_SIZE, 2, &b);
    EXPECT_EQ(a.stage2.quota, quota);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(a.stage2.quota, quota - 2);
    EXPECT_EQ(b.stage2.quota, quota + 2);
    EXPECT_EQ(at(&a, RAM + 8 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).pa.pa, pa.pa);
    EXPECT_EQ(page_owner(pa), b.id);
    word = 0;
    EXPECT_EQ(guest_read(&b, &word, ipa_make(WINDOW + PAGE_SIZE), 4), 4);
    EXPECT_EQ(word, 12345);

    EXPECT_EQ(vmem_map(&a, ipa_make(RAM + 8 * PAGE_SIZE), 2), STILE_NO_MEMORY);
    EXPECT_EQ(revoke_by(&a, handle), STILE_NOT_FOUND);
    EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND);
    EXPECT_EQ(vmem_unmap(&b, ipa_make(WINDOW), 2), 2);
    check();
    EXPECT_EQ(vmem_map(&b, ipa_make(WINDOW), 2), 2);
    check();
    handle = must_donate(&b, WINDOW, 2, &a); /* and back */
    EXPECT_EQ(accept_at(&a, handle, RAM + 8 * PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(a.stage2.quota, quota);
}

KTF_TEST(share, a_donated_block_stays_one)
{
    uint32_t handle = must_donate(&a, RAM + BLOCK_2M, 512, &b);

    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, BLOCK_2M);
    EXPECT_EQ(vmem_unmap(&b, ipa_make(WINDOW), 512), 512);
    check();
    /* At an address that is not aligned alike. */
    handle = must_donate(&a, RAM + 2 * BLOCK_2M, 512, &c);
    ASSERT_EQ(accept_at(&c, handle, WINDOW + PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(at(&c, WINDOW + PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(vmem_unmap(&c, ipa_make(WINDOW + PAGE_SIZE), 64), 64);
    check();
}

static uint64_t donated(uint64_t ipa, uint64_t nr, enum stile_error expected)
{
    struct share_offer offer = {.base = ipa_make(ipa),
                                .bytes = nr << PAGE_SHIFT,
                                .peer = b.number,
                                .rights = STAGE2_RIGHTS,
                                .donated = true};
    uint32_t handle;

    EXPECT_EQ(share_offer(&a, &offer, &handle), expected);
    if (expected)
        return 0;
    EXPECT_EQ(accept_at(&b, handle, WINDOW + ipa - RAM + PAGE_SIZE), STILE_SUCCESS);
    check();
    return offer.bytes >> PAGE_SHIFT;
}

KTF_TEST(share, as_much_is_donated_as_moves_in_one_step)
{
    uint32_t lent = must_offer(&a, RAM + 40 * PAGE_SIZE, 1, &b);

    EXPECT_EQ(donated(RAM, 512, STILE_SUCCESS), 40);
    EXPECT_EQ(donated(RAM, 512, STILE_NOT_MAPPED), 0);
    EXPECT_EQ(donated(RAM + 40 * PAGE_SIZE, 512, STILE_BUSY), 0);
    EXPECT_EQ(revoke_by(&a, lent), STILE_SUCCESS);
    EXPECT_EQ(donated(RAM + 40 * PAGE_SIZE, 512, STILE_SUCCESS), 64);
    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM + 110 * PAGE_SIZE), 1), 1);
    EXPECT_EQ(donated(RAM + 104 * PAGE_SIZE, 512, STILE_SUCCESS), 6);
    EXPECT_EQ(donated(RAM + BLOCK_2M, 511, STILE_SUCCESS), 64);
    EXPECT_EQ(donated(RAM + BLOCK_2M + 64 * PAGE_SIZE, 512, STILE_SUCCESS), 64);
    EXPECT_EQ(donated(RAM + 2 * BLOCK_2M, 512, STILE_SUCCESS), 512);
    EXPECT_EQ(donated(RAM + 3 * BLOCK_2M + 1 * PAGE_SIZE, 512, STILE_SUCCESS), 64);
    EXPECT_EQ(donated(RAM + 3 * BLOCK_2M + 500 * PAGE_SIZE, 512, STILE_SUCCESS), 12);
}

/* What was one block stays so while it is offered, whatever is done beside it. */
KTF_TEST(share, a_block_that_is_offered_is_not_split)
{
    uint32_t handle;

    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM), 512), 512);
    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM + BLOCK_2M), 512), 512);
    ASSERT_EQ(vmem_map(&a, ipa_make(WINDOW), 1024), 1024);
    handle = must_donate(&a, WINDOW + BLOCK_2M, 512, &b);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(WINDOW + BLOCK_2M - PAGE_SIZE), 2), 1);
    EXPECT_EQ(vmem_protect(&a, ipa_make(WINDOW + 2 * BLOCK_2M - PAGE_SIZE), 1, STAGE2_READ),
              STILE_BUSY);
    EXPECT_EQ(at(&a, WINDOW + BLOCK_2M).bytes, BLOCK_2M);
    EXPECT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_SUCCESS);
}

KTF_TEST(share, a_donation_can_be_taken_back_before_it_is_accepted)
{
    uint32_t handle = must_donate(&a, RAM, 1, &b);

    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), STILE_BUSY);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), 1);
    check();
}

/* --- what is refused ----------------------------------------------------------------------- */

KTF_TEST(share, peers_that_are_none_are_refused)
{
    static const uint32_t peers[] = {0, 1, 3, CONFIG_NR_VMS + 1, 255, 0x7FFFFFFF, UINT32_MAX};
    uint32_t handle;

    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        enum stile_error error = peers[i] == a.number ? STILE_INVALID_ARGUMENT : STILE_NOT_FOUND;

        EXPECT_EQ(offer_to(&a, RAM, 1, peers[i], STAGE2_READ, &handle), error);
        EXPECT_EQ(donate_to(&a, RAM, 1, peers[i], &handle), error);
    }
}

/* B ends, and another VM gets its place. What A has borrowed of B is still said to be B's. */
KTF_TEST(share, a_vm_in_anothers_place_is_another)
{
    uint32_t lent = must_offer(&b, RAM, 1, &a), number = b.number;
    uint32_t handle;

    EXPECT_EQ(accept_at(&a, lent, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(offer_to(&a, RAM, 1, number, STAGE2_READ, &handle), STILE_SUCCESS);
    power_off(&b);
    b.number = 0x202;
    start(&b);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(offer_to(&a, RAM, 1, number, STAGE2_READ, &handle), STILE_NOT_FOUND);
    EXPECT_EQ(offer_to(&a, RAM, 1, b.number, STAGE2_READ, &handle), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(terms_for(&b, handle).owner, a.number);
    EXPECT_EQ(terms_for(&a, lent).owner, number);
    EXPECT_EQ(vmem_query(&a, ipa_make(RAM)).owner, a.number);
    b.number = number;
}

/* What is offered to it, but not accepted, stays. */
KTF_TEST(share, a_reset_revokes_and_releases)
{
    uint32_t ours, theirs, open;

    ASSERT_EQ(offer_to(&a, RAM, 1, b.id, STAGE2_READ, &ours), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&b, ours, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(offer_to(&b, RAM, 1, a.id, STAGE2_READ, &theirs), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&a, theirs, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(offer_to(&b, RAM + PAGE_SIZE, 1, a.id, STAGE2_READ, &open), STILE_SUCCESS);
    unsigned nr_told = told[b.id];

    EXPECT_TRUE(share_vm_reset(&a));
    EXPECT_TRUE(share_vm_reset(&a));
    EXPECT_FALSE(share_vm_reset(&a));
    check();
    EXPECT_EQ(told[b.id], nr_told + 2);
    EXPECT_EQ(terms_for(&b, ours).what,
              STAGE2_READ | STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED); /* which it uses on */
    EXPECT_EQ(release_by(&b, ours), STILE_SUCCESS);
    EXPECT_EQ(release_by(&a, theirs), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&a, open, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(revoke_by(&b, theirs), STILE_SUCCESS);
}

KTF_TEST(share, only_memory_of_the_owner_is_offered)
{
    uint32_t handle;

    EXPECT_EQ(offer_to(&a, RAM - PAGE_SIZE, 2, b.id, STAGE2_READ, &handle), STILE_NOT_MAPPED);
    EXPECT_EQ(offer_to(&a, RAM + RAM_BYTES - PAGE_SIZE, 2, b.id, STAGE2_READ, &handle),
              STILE_NOT_MAPPED);
    EXPECT_EQ(offer_to(&a, DEVICE, 1, b.id, STAGE2_READ, &handle), STILE_NOT_MAPPED);
    EXPECT_EQ(offer_to(&a, STAGE2_IPA_END - PAGE_SIZE, 1, b.id, STAGE2_READ, &handle),
              STILE_NOT_MAPPED);
    EXPECT_EQ(offer_to(&a, RAM + RAM_BYTES - PAGE_SIZE, 1, b.id, STAGE2_READ, &handle),
              STILE_SUCCESS);
}

KTF_TEST(share, the_peers_range_must_be_free)
{
    uint32_t handle = must_offer(&a, RAM, 8, &b);
    size_t pool = fake_free_of(b.id);

    EXPECT_EQ(accept_at(&b, handle, RAM), STILE_ALREADY_MAPPED);
    EXPECT_EQ(accept_at(&b, handle, RAM - 7 * PAGE_SIZE), STILE_ALREADY_MAPPED);
    EXPECT_EQ(accept_at(&b, handle, DEVICE), STILE_ALREADY_MAPPED);
    EXPECT_EQ(accept_at(&b, handle, DEVICE - 7 * PAGE_SIZE), STILE_ALREADY_MAPPED);
    EXPECT_EQ(fake_free_of(b.id), pool);
    EXPECT_EQ(accept_at(&b, handle, STAGE2_IPA_END - 8 * PAGE_SIZE), STILE_SUCCESS);
}

/* In pages that are not side by side, the last of which finds its place taken. */
KTF_TEST(share, what_is_in_the_way_late_undoes_all)
{
    uint32_t handle;
    size_t pool;

    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), 1);
    ASSERT_EQ(vmem_map(&a, ipa_make(RAM), 1), 1);
    handle = must_offer(&a, RAM, 8, &b);
    pool = fake_free_of(b.id);
    EXPECT_EQ(accept_at(&b, handle, RAM - 7 * PAGE_SIZE), STILE_ALREADY_MAPPED);
    EXPECT_EQ(at(&b, RAM - 7 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(fake_free_of(b.id), pool);
    EXPECT_EQ(accept_at(&b, handle, RAM - 8 * PAGE_SIZE), STILE_SUCCESS);
}

/* The peer pays for what maps the pages, the owner of a donation for what splits its block. */
KTF_TEST(share, without_pages_for_tables_nothing_moves)
{
    uint32_t lent = must_offer(&a, RAM, 8, &b);
    uint32_t given = must_donate(&a, RAM + BLOCK_2M, 8, &b);
    void *owners = fake_hoard(a.id, 0);
    void *peers = fake_hoard(b.id, 0);

    for (size_t left = 0; left < 5; left++) { /* loans, two of scratch, and two tables */
        EXPECT_EQ(accept_at(&b, lent, WINDOW), STILE_NO_MEMORY);
        EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_NO_MEMORY);
        EXPECT_EQ(fake_free_of(b.id), left);
        peers = fake_give_one(peers);
    }
    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_NO_MEMORY);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(at(&a, RAM + BLOCK_2M).bytes, BLOCK_2M);
    EXPECT_EQ(accept_at(&b, lent, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(b.id), 0);
    EXPECT_EQ(fake_free_of(a.id), 0);
    EXPECT_EQ(revoke_by(&a, lent), STILE_SUCCESS);
    EXPECT_EQ(release_by(&b, lent), STILE_SUCCESS);
    owners = fake_give_one(owners);
    EXPECT_EQ(accept_at(&b, given, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(a.id), 0);
    EXPECT_EQ(fake_free_of(b.id), 0);
    fake_give_back(owners);
    fake_give_back(peers);
}

KTF_TEST(share, so_many_and_no_more)
{
    uint32_t handles[STILE_SHARES_MAX];
    uint32_t one_more;

    for (unsigned i = 0; i < STILE_SHARES_MAX; i++)
        handles[i] = must_offer(&a, RAM + i * PAGE_SIZE, 1, i % 2 ? &b : &c);
    EXPECT_EQ(offer_to(&a, RAM, 1, b.id, STAGE2_READ, &one_more), STILE_LIMIT);
    EXPECT_EQ(donate_to(&a, RAM + BLOCK_2M, 1, b.id, &one_more), STILE_LIMIT);
    (void)must_offer(&b, RAM, 1, &a); /* that limit is the owner's */
    EXPECT_EQ(revoke_by(&a, handles[7]), STILE_SUCCESS);
    one_more = must_offer(&a, RAM, 1, &b);
    EXPECT_NE(one_more, handles[7]);
    EXPECT_EQ(accept_at(&b, handles[7], WINDOW), STILE_NOT_FOUND); /* stale, though in use */
    EXPECT_EQ(accept_at(&b, one_more, WINDOW), STILE_SUCCESS);
}

KTF_TEST(share, a_handle_is_for_the_two_alone)
{
    uint32_t handle = must_offer(&a, RAM, 1, &b);

    EXPECT_EQ(accept_at(&c, handle, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&a, handle, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND);
    EXPECT_EQ(revoke_by(&b, handle), STILE_NOT_FOUND);
    EXPECT_EQ(revoke_by(&c, handle), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(release_by(&a, handle), STILE_NOT_FOUND);
    EXPECT_EQ(release_by(&c, handle), STILE_NOT_FOUND);
    EXPECT_EQ(revoke_by(&b, handle), STILE_NOT_FOUND);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
}

KTF_TEST(share, handles_of_nothing_are_survived)
{
    uint32_t handle = must_offer(&a, RAM, 1, &b);

    const struct share_wish wish = wish_of(handle, WINDOW);

    for (unsigned i = 0; i < 10000; i++) {
        uint32_t wrong = i < 512 ? i : (uint32_t)fake_random();

        if (i % 4 == 0)
            wrong = handle ^ (1u << i / 4 % 32);
        if (wrong == handle)
            continue;
        ASSERT_EQ(share_accept(&b, wrong, &wish), STILE_NOT_FOUND);
        ASSERT_EQ(share_release(&b, wrong), STILE_NOT_FOUND);
        ASSERT_EQ(share_revoke(&a, wrong), STILE_NOT_FOUND);
    }
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
}

KTF_TEST(share, a_place_is_used_many_times_with_other_handles)
{
    uint32_t handle;

    shares_of(&a)->handle = 0xFFFFFEu << INDEX_BITS;
    handle = must_offer(&a, RAM, 1, &b);
    EXPECT_EQ(handle, 0xFFFFFFu << INDEX_BITS);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    EXPECT_EQ(must_offer(&a, RAM, 1, &b), 1u << INDEX_BITS); /* never 0 */
}
