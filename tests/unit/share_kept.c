/* SPDX-License-Identifier: MIT */
/*
 * memory/share.c: what the hypervisor offers on a VM's behalf, its memory and a page of the pool.
 * It stays whatever the VM does, and ends with either of both.
 */
#include "share_fake.h"

KTF_SUITE(share_kept, .setup = setup, .teardown = teardown);

static uint32_t *page; /* of the pool, on the account of a */

static uint32_t offer_page(void)
{
    struct share_offer offer = {.base = SHARE_NOWHERE,
                                .bytes = PAGE_SIZE,
                                .peer = b.number,
                                .rights = STAGE2_READ | STAGE2_WRITE,
                                .kept = true,
                                .page = page};
    uint32_t handle = 0;

    EXPECT_EQ(share_offer(&a, &offer, &handle), STILE_SUCCESS);
    return handle;
}

KTF_TEST(share_kept, a_page_of_the_pool_is_lent_as_it_is)
{
    uint32_t handle;

    page = page_alloc(a.id, PAGE_ORDER_4K);
    handle = offer_page();
    EXPECT_EQ(terms_for(&b, handle).what, STAGE2_READ | STAGE2_WRITE | STILE_SHARE_DEVICE);
    EXPECT_EQ(accept_at(&c, handle, WINDOW), STILE_NOT_FOUND);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).pa.pa, page_pa(page).pa);
    EXPECT_EQ(share_revoke(&a, handle), STILE_NOT_FOUND);
    EXPECT_FALSE(share_vm_reset(&a));
    EXPECT_EQ(at(&b, WINDOW).pa.pa, page_pa(page).pa);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
    EXPECT_EQ(at(&b, WINDOW).bytes, 0);
    EXPECT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS); /* by its next back end */
    while (share_vm_gone(&a))
        ;
    EXPECT_EQ(at(&b, WINDOW).bytes, PAGE_SIZE); /* of scratch */
    EXPECT_NE(at(&b, WINDOW).pa.pa, page_pa(page).pa);
    page_free(page, PAGE_ORDER_4K);
    EXPECT_EQ(release_by(&b, handle), STILE_SUCCESS);
}

/* What the VM itself offers ends with a reset, beside it. */
KTF_TEST(share_kept, memory_stays_lent_over_a_reset)
{
    struct share_offer offer = {.base = ipa_make(RAM),
                                .bytes = BLOCK_2M,
                                .peer = b.number,
                                .rights = STAGE2_READ | STAGE2_WRITE,
                                .kept = true};
    uint32_t kept, own;

    ASSERT_EQ(share_offer(&a, &offer, &kept), STILE_SUCCESS);
    own = must_offer(&a, RAM + BLOCK_2M, 1, &c);
    EXPECT_EQ(accept_at(&b, kept, WINDOW), STILE_SUCCESS);
    while (share_vm_reset(&a))
        ;
    EXPECT_EQ(terms_for(&c, own).handle, 0);
    EXPECT_EQ(terms_for(&b, kept).handle, kept);
    EXPECT_EQ(vmem_unmap(&a, ipa_make(RAM), 1), STILE_BUSY);
    EXPECT_EQ(at(&b, WINDOW).bytes, BLOCK_2M);
}

/* The VM cannot use up what the hypervisor offers by. */
KTF_TEST(share_kept, room_for_it_stays)
{
    uint32_t handle;

    share_vm_gone(&a);
    a.config.nr_virtio_shares = 2;
    share_vm_started(&a);
    for (unsigned i = 0; i < STILE_SHARES_MAX - 2; i++)
        (void)must_offer(&a, RAM, 1, &c);
    EXPECT_EQ(offer_to(&a, RAM, 1, c.number, STAGE2_READ, &handle), STILE_LIMIT);
    page = page_alloc(a.id, PAGE_ORDER_4K);
    handle = offer_page();
    EXPECT_NE(offer_page(), handle);
    EXPECT_EQ(offer_to(&a, RAM, 1, c.number, STAGE2_READ, &handle), STILE_LIMIT);
    while (share_vm_gone(&a))
        ;
    a.config.nr_virtio_shares = 0;
    page_free(page, PAGE_ORDER_4K);
}
