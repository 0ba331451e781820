/* SPDX-License-Identifier: MIT */
/*
 * memory/share.c: what a peer takes a share for, and what both sides find when they walk.
 */
#include "share_fake.h"

KTF_SUITE(share_walk, .setup = setup, .teardown = teardown);

/* --- what is not as agreed ----------------------------------------------------------------- */

KTF_TEST(share_walk, what_is_not_as_agreed_is_not_mapped)
{
    uint32_t lent, given = must_donate(&a, RAM + BLOCK_2M, 64, &b);
    size_t pool = fake_free_of(b.id);

    ASSERT_EQ(offer_to(&a, RAM, 4, b.id, STAGE2_READ, &lent), STILE_SUCCESS);
    struct share_wish wish = {ipa_make(WINDOW), 4 * PAGE_SIZE, STAGE2_READ, false};
    wish.bytes = 3 * PAGE_SIZE;
    EXPECT_EQ(accept_as(&b, lent, wish), STILE_INVALID_ARGUMENT);
    wish.bytes = 5 * PAGE_SIZE;
    EXPECT_EQ(accept_as(&b, lent, wish), STILE_INVALID_ARGUMENT);
    wish.bytes = 4 * PAGE_SIZE;
    wish.rights = STAGE2_READ | STAGE2_WRITE;
    EXPECT_EQ(accept_as(&b, lent, wish), STILE_DENIED);
    wish.rights = STAGE2_READ | STAGE2_EXECUTE;
    EXPECT_EQ(accept_as(&b, lent, wish), STILE_DENIED);
    wish.rights = STAGE2_READ;
    wish.donated = true;
    EXPECT_EQ(accept_as(&b, lent, wish), STILE_DENIED);
    wish.donated = false;
    EXPECT_EQ(accept_as(&b, given, wish), STILE_INVALID_ARGUMENT);
    wish.bytes = 64 * PAGE_SIZE;
    EXPECT_EQ(accept_as(&b, given, wish), STILE_DENIED);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(b.stage2.quota, RAM_BYTES / PAGE_SIZE);
    EXPECT_EQ(fake_free_of(b.id), pool);
}

KTF_TEST(share_walk, it_is_mapped_with_what_is_asked_for)
{
    uint32_t lent = must_offer(&a, RAM, 1, &b), given = must_donate(&a, RAM + BLOCK_2M, 1, &b);
    struct share_wish wish = {ipa_make(WINDOW), PAGE_SIZE, STAGE2_READ, false};

    EXPECT_EQ(accept_as(&b, lent, wish), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).attrs, STAGE2_READ | STAGE2_BORROWED | STAGE2_MAY_WRITE);
    EXPECT_EQ(vmem_protect(&b, ipa_make(WINDOW), 1, STAGE2_READ | STAGE2_WRITE), 1);
    wish.base = ipa_make(WINDOW + BLOCK_2M);
    wish.donated = true;
    EXPECT_EQ(accept_as(&b, given, wish), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW + BLOCK_2M).attrs & (STAGE2_RIGHTS | STAGE2_OWNED),
              STAGE2_READ | STAGE2_OWNED);
    EXPECT_EQ(vmem_protect(&b, wish.base, 1, STAGE2_RIGHTS), 1);
}

/* Its ends are the owner's, and what is between is not. */
KTF_TEST(share_walk, a_hole_is_found_when_it_is_accepted)
{
    uint32_t handle;

    ASSERT_EQ(vmem_unmap(&a, ipa_make(RAM + BLOCK_2M), 1), 1);
    handle = must_offer(&a, RAM, 1024, &b);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_NOT_MAPPED);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    ASSERT_EQ(vmem_map(&a, ipa_make(RAM + BLOCK_2M), 1), 1);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
}

/* --- the walks ----------------------------------------------------------------------------- */

static unsigned walk(const struct vm *vm, uint32_t handles[])
{
    struct share_terms terms = {.handle = 0};
    unsigned nr = 0;

    while (share_next_offered(vm, terms.handle, &terms))
        handles[nr++] = terms.handle;
    return nr;
}

KTF_TEST(share_walk, the_walk_finds_what_others_offer)
{
    uint32_t handles[NR_SHARES];
    uint32_t from_a = must_offer(&a, RAM, 3, &b);
    uint32_t from_c = must_donate(&c, RAM, 5, &b);
    struct share_terms terms;

    (void)must_offer(&b, RAM, 1, &c);
    EXPECT_EQ(walk(&a, handles), 0);
    ASSERT_EQ(walk(&c, handles), 1);
    EXPECT_EQ(terms_for(&c, handles[0]).owner, b.id);
    ASSERT_EQ(walk(&b, handles), 2);
    EXPECT_LT(handles[0], handles[1]);
    terms = terms_for(&b, from_c);
    EXPECT_EQ(terms.owner, c.id);
    EXPECT_EQ(terms.nr_pages, 5);
    EXPECT_EQ(terms.what, STAGE2_RIGHTS | STILE_SHARE_DONATED);
    EXPECT_EQ(accept_at(&b, from_a, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&b, from_c, WINDOW + BLOCK_2M), STILE_SUCCESS);
    ASSERT_EQ(walk(&b, handles), 1);
    EXPECT_EQ(handles[0], from_a);
}

KTF_TEST(share_walk, the_walk_has_room_for_all_that_may_be_offered)
{
    uint32_t handles[NR_SHARES];

    for (unsigned i = 0; i < STILE_SHARES_MAX; i++) {
        (void)must_offer(&a, RAM, 1, &c);
        (void)must_offer(&b, RAM, 1, &c);
    }
    EXPECT_EQ(walk(&c, handles), 2 * STILE_SHARES_MAX);
    for (unsigned i = 1; i < 2 * STILE_SHARES_MAX; i++)
        EXPECT_LT(handles[i - 1], handles[i]);
}

/* Some come and some go between two calls: those that stay are found once each. */
KTF_TEST(share_walk, the_walk_survives_what_comes_and_goes)
{
    struct share_terms terms = {.handle = 0};
    uint32_t stay[4], go[4];
    unsigned nr_found = 0;

    for (unsigned i = 0; i < 4; i++) {
        go[i] = must_offer(&a, RAM, 1, &c);
        stay[i] = must_offer(&b, RAM, 1, &c);
    }
    for (unsigned i = 0; share_next_offered(&c, terms.handle, &terms); i++) {
        for (unsigned j = 0; j < 4; j++)
            nr_found += terms.handle == stay[j];
        if (i < 4) {
            EXPECT_EQ(revoke_by(&a, go[i]), STILE_SUCCESS);
            (void)must_offer(&a, RAM, 1, &c);
        }
        ASSERT_LT(i, 16);
    }
    EXPECT_EQ(nr_found, 4);
}

KTF_TEST(share_walk, an_owner_walks_its_own)
{
    uint32_t lent = must_offer(&a, RAM, 2, &b);
    uint32_t given = must_donate(&a, RAM + BLOCK_2M, 1, &c);
    struct share_terms terms;

    (void)must_offer(&b, RAM, 1, &a);
    EXPECT_EQ(accept_at(&b, lent, WINDOW), STILE_SUCCESS);
    ASSERT_TRUE(share_next_own(&a, lent - 1, &terms));
    EXPECT_EQ(terms.handle, lent);
    EXPECT_EQ(terms.peer, b.id);
    EXPECT_EQ(terms.nr_pages, 2);
    EXPECT_EQ(terms.what, STAGE2_READ | STAGE2_WRITE | STILE_SHARE_ACCEPTED);
    ASSERT_TRUE(share_next_own(&a, given - 1, &terms));
    EXPECT_EQ(terms.handle, given);
    EXPECT_EQ(terms.peer, c.id);
    ASSERT_TRUE(share_next_own(&a, 0, &terms));
    EXPECT_EQ(terms.handle, lent < given ? lent : given);
    ASSERT_TRUE(share_next_own(&a, terms.handle, &terms));
    EXPECT_FALSE(share_next_own(&a, terms.handle, &terms));
    EXPECT_FALSE(share_next_own(&a, UINT32_MAX, &terms));
    EXPECT_FALSE(share_next_own(&c, 0, &terms));
}
