/* SPDX-License-Identifier: MIT */
/*
 * memory/share.c: what a borrower is left with, and shares that take several steps, with an owner
 * or a peer that ends, or does something else, between any two.
 */
#include "share_fake.h"

KTF_SUITE(share_steps, .setup = setup, .teardown = teardown);

/* --- what a borrower is left with ---------------------------------------------------------- */

/* In the whole range, of the VM's own, and to be let go of. */
static void expect_scratch(struct vm *vm, uint32_t handle, uint64_t ipa, uint64_t bytes)
{
    pa_t scratch = pa_make(vm->stage2.scratch[0] & PTE_ADDRESS);
    uint32_t word = 77, again;
    struct share_terms terms = terms_for(vm, handle);

    EXPECT_EQ(terms.what & (STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED),
              STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED);
    for (uint64_t i = 0; i < bytes; i += PAGE_SIZE) {
        ASSERT_EQ(at(vm, ipa + i).attrs, STAGE2_READ | STAGE2_WRITE);
        ASSERT_EQ(vmem_fault(vm, ipa_make(ipa + i)), VMEM_PAGE); /* a fault on the way: again */
    }
    EXPECT_EQ(page_budget(vm->id).nr_used > 0 && page_is_shown(scratch), true);
    EXPECT_EQ(vmem_map(vm, ipa_make(ipa), 1), STILE_ALREADY_MAPPED);
    EXPECT_EQ(vmem_unmap(vm, ipa_make(ipa), 1), STILE_NOT_MAPPED);
    EXPECT_EQ(vmem_protect(vm, ipa_make(ipa), 1, STAGE2_READ), STILE_NOT_MAPPED);
    EXPECT_EQ(vmem_query(vm, ipa_make(ipa)).what,
              STILE_MEMORY_MAPPED | STILE_ACCESS_READ | STILE_ACCESS_WRITE);
    EXPECT_EQ(vmem_query(vm, ipa_make(ipa)).owner, 0);
    EXPECT_EQ(offer_to(vm, ipa, 1, c.id, STAGE2_READ, &again), STILE_NOT_MAPPED);
    EXPECT_EQ(donate_to(vm, ipa, 1, c.id, &again), STILE_NOT_MAPPED);
    /* EL2 uses for a VM what that VM owns, and nothing else. */
    EXPECT_EQ(guest_read(vm, &word, ipa_make(ipa), 4), 0);
    EXPECT_EQ(guest_write(vm, ipa_make(ipa), &word, 4), 0);
    EXPECT_EQ(guest_clean(vm, ipa_make(ipa), 4, false), 0);
    EXPECT_EQ(release_by(vm, handle), STILE_SUCCESS);
    EXPECT_EQ(release_by(vm, handle), STILE_NOT_FOUND);
    EXPECT_EQ(at(vm, ipa).bytes, 0);
    EXPECT_EQ(at(vm, ipa + bytes - PAGE_SIZE).bytes, 0);
}

/* Pages, blocks, and pages around a block; revoked, or with an owner that ends or starts anew. */
KTF_TEST(share_steps, a_borrower_is_left_with_scratch)
{
    static const struct {
        uint64_t from, nr, to;
    } shapes[] = {{RAM, 1, WINDOW},
                  {RAM + 5 * PAGE_SIZE, 600, WINDOW + PAGE_SIZE},
                  {RAM, 1024, WINDOW},
                  {RAM + BLOCK_2M - PAGE_SIZE, 514, WINDOW - PAGE_SIZE}};

    for (unsigned i = 0; i < 4; i++) {
        for (unsigned way = 0; way < 2; way++) {
            uint32_t handle = must_offer(&a, shapes[i].from, shapes[i].nr, &b);

            ASSERT_EQ(accept_at(&b, handle, shapes[i].to), STILE_SUCCESS);
            if (way == 0) {
                EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
                EXPECT_EQ(vmem_unmap(&a, ipa_make(shapes[i].from), 1), 1); /* at once */
                EXPECT_EQ(vmem_map(&a, ipa_make(shapes[i].from), 1), 1);
            } else {
                stop(&a);
                start(&a);
            }
            check();
            expect_scratch(&b, handle, shapes[i].to, shapes[i].nr << PAGE_SHIFT);
        }
    }
}

/* Two parts of a block that nobody has touched are handed over one by one. */
KTF_TEST(share_steps, a_small_donation_of_two_parts_takes_two_steps)
{
    uint32_t handle = must_donate(&a, RAM + PAGE_PART_BYTES - PAGE_SIZE, 2, &b);
    struct share_wish wish = wish_of(handle, WINDOW);

    EXPECT_EQ(share_accept(&b, handle, &wish), SHARE_AGAIN);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(share_accept(&b, handle, &wish), STILE_SUCCESS);
    check();
    EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(share_of(handle) == NULL, true);
}

KTF_TEST(share_steps, a_read_only_loan_becomes_scratch_that_is_written)
{
    uint32_t handle;

    ASSERT_EQ(offer_to(&a, RAM, 1, b.id, STAGE2_READ, &handle), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    expect_scratch(&b, handle, WINDOW, PAGE_SIZE);
}

KTF_TEST(share_steps, no_two_vms_have_the_same_scratch)
{
    uint32_t one = must_offer(&a, RAM, 1, &b), two = must_offer(&a, RAM, 1, &c);

    ASSERT_EQ(accept_at(&b, one, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(accept_at(&c, two, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(revoke_by(&a, one), STILE_SUCCESS);
    EXPECT_EQ(revoke_by(&a, two), STILE_SUCCESS);
    EXPECT_NE(at(&b, WINDOW).pa.pa, at(&c, WINDOW).pa.pa);
}

/* What a peer does not release is on its own account. */
KTF_TEST(share_steps, no_peer_keeps_an_owner_from_sharing)
{
    uint32_t handles[STILE_SHARES_ACCEPTED_MAX];
    uint32_t more;

    for (unsigned i = 0; i < STILE_SHARES_ACCEPTED_MAX; i++) {
        handles[i] = must_offer(&a, RAM, 1, &b);
        ASSERT_EQ(accept_at(&b, handles[i], WINDOW + i * PAGE_SIZE), STILE_SUCCESS);
        ASSERT_EQ(revoke_by(&a, handles[i]), STILE_SUCCESS);
    }
    more = must_offer(&a, RAM, 1, &b);
    EXPECT_EQ(accept_at(&b, more, WINDOW + BLOCK_2M), STILE_LIMIT);
    EXPECT_EQ(at(&b, WINDOW + BLOCK_2M).bytes, 0);
    EXPECT_EQ(release_by(&b, handles[9]), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&b, more, WINDOW + BLOCK_2M), STILE_SUCCESS);
    for (unsigned i = 1; i < STILE_SHARES_MAX; i++)
        (void)must_offer(&a, RAM, 1, &b);
}

/* --- at every step ------------------------------------------------------------------------- */

/* Takes so many steps of accepting a share. Returns false if it took no more. */
static bool accept_steps(uint32_t handle, const struct share_wish *wish, unsigned nr)
{
    while (nr-- > 0) {
        if (share_accept(&b, handle, wish) != SHARE_AGAIN)
            return false;
        check();
    }
    return true;
}

/* What may happen to a share that is accepted in part. */
enum half_way { REVOKED, RELEASED, OWNER_GONE, PEER_GONE, LEFT_ALONE, NR_HALF_WAYS };

static void end_half_made(uint32_t handle, enum half_way way)
{
    bool begun = share_of(handle)->loan != NULL;

    switch (way) {
    case REVOKED:
        EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
        EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND); /* it was never told that it has it */
        break;
    case RELEASED:
        EXPECT_EQ(release_by(&b, handle), begun ? STILE_SUCCESS : STILE_NOT_FOUND);
        EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
        break;
    case OWNER_GONE:
        stop(&a);
        start(&a);
        EXPECT_EQ(release_by(&b, handle), STILE_NOT_FOUND);
        break;
    case PEER_GONE:
        stop(&b);
        start(&b);
        EXPECT_EQ(revoke_by(&a, handle), STILE_NOT_FOUND);
        break;
    case LEFT_ALONE:
        EXPECT_EQ(terms_for(&b, handle).what & STILE_SHARE_ACCEPTED, 0);
        EXPECT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_SUCCESS); /* gone on with */
        EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
        EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
        break;
    case NR_HALF_WAYS:
        break;
    }
    check();
}

KTF_TEST(share_steps, either_side_may_end_at_every_step)
{
    for (enum half_way way = REVOKED; way < NR_HALF_WAYS; way++) {
        unsigned nr = 0;

        for (bool more = true; more; nr++) {
            uint32_t handle = must_offer(&a, RAM, 1024 + 3, &b);
            struct share_wish wish = wish_of(handle, WINDOW + PAGE_SIZE);

            more = accept_steps(handle, &wish, nr);
            if (more)
                end_half_made(handle, way);
            else
                EXPECT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
            if (!more)
                EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
            EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).bytes, 0);
        }
        EXPECT_GT(nr, 3);
    }
}

/* One vCPU of the peer accepts and another one does the same, or something else. */
KTF_TEST(share_steps, of_two_that_accept_one_has_it)
{
    uint32_t handle = must_offer(&a, RAM, 1024 + 3, &b);
    struct share_wish wish = wish_of(handle, WINDOW + PAGE_SIZE), other = wish;
    enum stile_error one = SHARE_AGAIN, two = SHARE_AGAIN;

    other.base = ipa_make(WINDOW + 16 * BLOCK_2M);
    while (one == SHARE_AGAIN && two == SHARE_AGAIN) {
        one = share_accept(&b, handle, &wish);
        if (one == SHARE_AGAIN && share_of(handle)->loan)
            EXPECT_EQ(share_accept(&b, handle, &other), STILE_BUSY);
        if (one == SHARE_AGAIN)
            two = share_accept(&b, handle, &wish);
        check();
    }
    EXPECT_TRUE((one == STILE_SUCCESS) != (two == STILE_SUCCESS));
    EXPECT_EQ(share_accept(&b, handle, &wish), STILE_BUSY);
    EXPECT_EQ(share_release(&b, handle), SHARE_AGAIN);
    EXPECT_EQ(share_accept(&b, handle, &wish), STILE_BUSY); /* it is on its way out */
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
}

/* The last of the tables is missing, or the last of the pages is in somebody's way. */
KTF_TEST(share_steps, what_fails_half_way_is_undone)
{
    uint32_t handle = must_offer(&a, RAM, RAM_BYTES / PAGE_SIZE, &b);
    size_t before = fake_free_of(b.id);
    void *hoarded;

    for (size_t left = 2; left < 9; left++) {
        hoarded = fake_hoard(b.id, left);
        EXPECT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_NO_MEMORY);
        EXPECT_EQ(fake_free_of(b.id), left);
        EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).bytes, 0);
        EXPECT_EQ(terms_for(&b, handle).what, STAGE2_READ | STAGE2_WRITE);
        fake_give_back(hoarded);
    }
    ASSERT_EQ(vmem_unmap(&b, ipa_make(RAM), 1), 1);
    ASSERT_EQ(vmem_map(&b, ipa_make(WINDOW + RAM_BYTES), 1), 1);
    before = fake_free_of(b.id);
    EXPECT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_ALREADY_MAPPED);
    EXPECT_EQ(fake_free_of(b.id), before);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
}

/* All there is, in steps each of which leaves both sides with what they are to have. */
KTF_TEST(share_steps, a_whole_vm_is_lent_and_taken_back)
{
    for (unsigned aligned = 0; aligned < 2; aligned++) {
        uint32_t handle = must_offer(&a, RAM, RAM_BYTES / PAGE_SIZE, &b);
        uint64_t to = aligned ? WINDOW : WINDOW + PAGE_SIZE;
        unsigned nr = 1;

        ASSERT_EQ(accept_at(&b, handle, to), STILE_SUCCESS);
        EXPECT_EQ(at(&b, to).bytes, aligned ? BLOCK_2M : PAGE_SIZE);
        for (; share_revoke(&a, handle) == SHARE_AGAIN; nr++) {
            EXPECT_EQ(terms_for(&b, handle).what & STILE_SHARE_ENDED, STILE_SHARE_ENDED);
            EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), STILE_BUSY);
            EXPECT_EQ(accept_at(&b, handle, to), STILE_NOT_FOUND);
            check();
        }
        EXPECT_EQ(nr, aligned ? 1 : 9); /* blocks together, pages by their tables */
        expect_scratch(&b, handle, to, RAM_BYTES);
    }
}

/* The peer lets go of what is being taken back: both have done what they wanted to. */
KTF_TEST(share_steps, revoked_and_released_at_once)
{
    for (unsigned first = 0; first < 2; first++) {
        uint32_t handle = must_offer(&a, RAM, RAM_BYTES / PAGE_SIZE, &b);
        enum stile_error revoked = SHARE_AGAIN, released = SHARE_AGAIN;

        ASSERT_EQ(accept_at(&b, handle, WINDOW + PAGE_SIZE), STILE_SUCCESS);
        for (unsigned i = first; revoked == SHARE_AGAIN || released == SHARE_AGAIN; i++) {
            if (i % 2 == 0 && revoked == SHARE_AGAIN)
                revoked = share_revoke(&a, handle);
            else if (released == SHARE_AGAIN)
                released = share_release(&b, handle);
            check();
        }
        EXPECT_EQ(revoked, STILE_SUCCESS);
        EXPECT_EQ(released, STILE_SUCCESS);
        EXPECT_EQ(at(&b, WINDOW + PAGE_SIZE).bytes, 0);
    }
}
