/* SPDX-License-Identifier: MIT */
/*
 * Each way in which a page comes to a guest, against caches that do their worst: no guest sees what
 * somebody else had in its memory, and none loses what it wrote while its MMU was off.
 */
#include "fakes/caches.h"

#include "share_fake.h"

#include "memory/vm_pages.c"
#include "virt/pvtime.c"

#define ROUNDS 100

#define SECRET UINT64_C(0x5EC2E75EC2E75EC2)
#define OWN    UINT64_C(0x0123456789ABCDEF)
#define LATER  UINT64_C(0x1111222233334444)

#define MMU_OFF false
#define MMU_ON  true

/* As if a vCPU had touched it: where the page is that it can use now. */
static uint64_t touch(struct vm *vm, uint64_t ipa)
{
    struct stage2_mapping mapping;

    do {
        EXPECT_NE(vmem_fault(vm, ipa_make(ipa)), VMEM_NOT_THERE);
        EXPECT_TRUE(stage2_lookup(&vm->stage2, ipa_make(ipa), &mapping));
    } while (mapping.attrs & STAGE2_FRESH);
    return mapping.pa.pa;
}

/* Where it will be; the caches begin to be watched there. */
static uint64_t watch(struct vm *vm, uint64_t ipa)
{
    struct stage2_mapping mapping = at(vm, ipa);

    (void)caches_watch(mapping.pa.pa);
    return mapping.pa.pa;
}

/* What a guest may rely on of a page that it can use for the first time, and that holds @value. */
static void expect_sound(uint64_t pa, uint64_t value)
{
    guest_finds(pa, MMU_OFF, value);
    guest_fills(pa, MMU_OFF, OWN);
    guest_finds(pa, MMU_OFF, OWN);
    guest_finds(pa, MMU_ON, OWN);
    guest_fills(pa, MMU_ON, LATER);
    guest_finds(pa, MMU_ON, LATER);
}

/* The owner leaves its secret in a page, in caches and in memory, and gives it back. */
static void leave_secret(struct vm *vm, uint64_t ipa, uint64_t nr_pages)
{
    for (uint64_t i = 0; i<nr_pages; i += nr_pages> 9 ? 63 : 1) {
        uint64_t pa = watch(vm, ipa + i * PAGE_SIZE);

        (void)touch(vm, ipa + i * PAGE_SIZE);
        guest_fills(pa, MMU_OFF, SECRET);
        guest_fills(pa, MMU_ON, SECRET + 1);
        guest_fills(pa, MMU_ON, SECRET);
    }
    EXPECT_EQ(vmem_unmap(vm, ipa_make(ipa), nr_pages), nr_pages);
    for (unsigned i = 0; i < nr_watched; i++)
        watched[i].cacheable = false;
}

static void setup_caches(void)
{
    nr_watched = 0;
    fake_cache_model = NULL;
    setup();
    caches_machine();
}

static void teardown_caches(void)
{
    nr_watched = 0;
    teardown();
}

KTF_SUITE(handover, .setup = setup_caches, .teardown = teardown_caches);

/* For loops of rounds, each of which watches other pages. */
static bool is_round(unsigned round)
{
    nr_watched = 0;
    return round < ROUNDS;
}

/* --- guest memory -------------------------------------------------------------------------- */

KTF_TEST(handover, memory_as_firmware_left_it)
{
    static const uint64_t places[] = {0, PAGE_PART_BYTES - PAGE_SIZE, PAGE_PART_BYTES,
                                      BLOCK_2M - PAGE_SIZE};

    for (unsigned i = 0; i < 4; i++)
        (void)watch(&a, RAM + places[i]);
    for (unsigned i = 0; i < 4; i++)
        expect_sound(touch(&a, RAM + places[i]), 0);
}

KTF_TEST(handover, a_page_that_was_another_vms)
{
    for (unsigned round = 0; is_round(round); round++) {
        ASSERT_EQ(vmem_unmap(&b, ipa_make(RAM), 1), 1);
        leave_secret(&a, RAM + 5 * PAGE_SIZE, 1);
        uint64_t last = watched[0].pa;
        ASSERT_EQ(vmem_map(&b, ipa_make(RAM), 1), 1);
        ASSERT_EQ(at(&b, RAM).pa.pa, last);
        expect_sound(touch(&b, RAM), 0);
        watched[0].cacheable = false;
        ASSERT_EQ(vmem_map(&a, ipa_make(RAM + 5 * PAGE_SIZE), 1), 1);
    }
}

KTF_TEST(handover, a_block_that_was_another_vms)
{
    ASSERT_EQ(vmem_unmap(&b, ipa_make(RAM), 512), 512);
    leave_secret(&a, RAM, 512);
    ASSERT_EQ(vmem_map(&b, ipa_make(RAM), 512), 512);
    ASSERT_EQ(at(&b, RAM).pa.pa, watched[0].pa);
    for (unsigned i = 0; i < nr_watched; i++)
        expect_sound(touch(&b, RAM + (watched[i].pa - watched[0].pa)), 0);
}

KTF_TEST(handover, memory_of_a_vm_that_has_ended)
{
    uint64_t pa = watch(&a, RAM + 7 * PAGE_SIZE);

    (void)touch(&a, RAM + 7 * PAGE_SIZE);
    guest_fills(pa, MMU_ON, SECRET);
    stop(&a);
    watched[0].cacheable = false;
    start(&a);
    for (uint64_t ipa = RAM; ipa < RAM + RAM_BYTES; ipa += PAGE_SIZE) {
        if (at(&a, ipa).pa.pa == pa)
            expect_sound(touch(&a, ipa), 0);
    }
}

KTF_TEST(handover, what_el2_has_written_first)
{
    uint64_t words[PAGE_SIZE / 8];

    for (unsigned round = 0; is_round(round); round++) {
        ipa_t ipa = ipa_make(RAM + round * 3 * PAGE_SIZE);
        uint64_t pa = watch(&a, ipa.ipa);

        for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
            words[i] = LATER;
        EXPECT_EQ(guest_write(&a, ipa, words, PAGE_SIZE), PAGE_SIZE);
        EXPECT_EQ(guest_clean(&a, ipa, PAGE_SIZE, false), PAGE_SIZE); /* as config/vm_load.c does */
        (void)touch(&a, ipa.ipa);
        expect_sound(pa, LATER);
    }
}

KTF_TEST(handover, what_a_vm_has_cleaned)
{
    uint64_t pa = watch(&a, RAM);

    (void)touch(&a, RAM);
    for (unsigned round = 0; is_round(round); round++) {
        (void)caches_watch(pa);
        guest_fills(pa, MMU_ON, LATER);
        watched[0].cacheable = false;
        EXPECT_EQ(guest_clean(&a, ipa_make(RAM), PAGE_SIZE, false), PAGE_SIZE);
        expect_sound(pa, LATER);
    }
}

/* --- lent and given ------------------------------------------------------------------------ */

static void fill_for_peer(uint64_t ipa)
{
    uint64_t pa = watch(&a, ipa);

    (void)touch(&a, ipa);
    guest_fills(pa, MMU_OFF, SECRET);
    guest_fills(pa, MMU_ON, SECRET);
    guest_fills(pa, MMU_ON, LATER);
}

static void lend(uint64_t nr_pages)
{
    uint64_t last = RAM + (nr_pages - 1) * PAGE_SIZE;
    uint32_t handle;

    fill_for_peer(RAM);
    fill_for_peer(last);
    handle = must_offer(&a, RAM, nr_pages, &b);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    guest_finds(touch(&b, WINDOW), MMU_OFF, LATER);
    guest_finds(touch(&b, WINDOW + last - RAM), MMU_OFF, LATER);
    guest_finds(watched[0].pa, MMU_ON, LATER);
    guest_fills(watched[0].pa, MMU_ON, OWN);
    ASSERT_EQ(release_by(&b, handle), STILE_SUCCESS);
    ASSERT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    guest_finds(watched[0].pa, MMU_ON, OWN);
}

KTF_TEST(handover, a_page_that_is_lent)
{
    for (unsigned round = 0; is_round(round); round++)
        lend(1);
}

KTF_TEST(handover, pages_that_are_lent)
{
    for (unsigned round = 0; is_round(round); round++)
        lend(300);
}

static void give(uint64_t nr_pages)
{
    uint64_t last = RAM + (nr_pages - 1) * PAGE_SIZE;
    uint32_t handle;

    fill_for_peer(RAM);
    fill_for_peer(last);
    handle = must_donate(&a, RAM, nr_pages, &b);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    for (unsigned i = 0; i < nr_watched; i++)
        watched[i].cacheable = false;
    EXPECT_EQ(touch(&b, WINDOW), watched[0].pa);
    expect_sound(watched[0].pa, LATER);
    expect_sound(touch(&b, WINDOW + last - RAM), LATER);
}

KTF_TEST(handover, a_block_that_is_given)
{
    give(512);
}

KTF_TEST(handover, pages_that_are_given)
{
    give(5);
}

/* --- pages of the pool --------------------------------------------------------------------- */

void clock_show(struct stile_clock *clock)
{
    memset(clock, 1, sizeof(*clock));
}

void clock_hide(const struct stile_clock *clock)
{
    (void)clock;
}

static struct vcpu vcpu = {.vm = &a};

/* Pages that held the registers of a VM, or its tables. */
static void soil_pool(const struct vm *vm)
{
    void *soiled[16];

    for (unsigned i = 0; i < 16; i++) {
        soiled[i] = page_alloc(vm->id, PAGE_ORDER_4K);
        ASSERT_NOT_NULL(soiled[i]);
        guest_fills(caches_watch(page_pa(soiled[i]).pa)->pa, MMU_ON, SECRET);
    }
    for (unsigned i = 0; i < 16; i++)
        page_free(soiled[i], PAGE_ORDER_4K);
    caches_adversary();
}

static void expect_page_shown(uint64_t pa)
{
    caches_adversary();
    ASSERT_NOT_NULL(watched_page(pa)); /* it is one of those that held the secret */
    EXPECT_MEMEQ(dram(pa), view(pa), PAGE_SIZE);
    EXPECT_TRUE(page_is_shown(pa_make(pa)));
}

static void expect_shown(uint64_t ipa)
{
    expect_page_shown(at(&a, ipa).pa.pa);
}

KTF_TEST(handover, what_takes_the_place_of_a_share_that_ends)
{
    uint32_t handle = must_offer(&a, RAM, 1, &b);
    uint64_t pa;

    soil_pool(&b);
    ASSERT_EQ(accept_at(&b, handle, WINDOW), STILE_SUCCESS);
    ASSERT_EQ(revoke_by(&a, handle), STILE_SUCCESS);
    pa = at(&b, WINDOW).pa.pa;
    expect_page_shown(pa);
    guest_finds(pa, MMU_OFF, 0);
    ASSERT_EQ(release_by(&b, handle), STILE_SUCCESS);
}

KTF_TEST(handover, pages_that_el2_shares_with_a_guest)
{
    fake_sysreg_write("cntfrq_el0", 62500000);
    soil_pool(&a);
    a.config.nr_vcpus = 1;
    a.vcpus[0] = &vcpu;
    vcpu.page = page_alloc(a.id, PAGE_ORDER_4K);
    vcpu.mailbox = page_alloc(a.id, PAGE_ORDER_4K);
    ASSERT_TRUE(vm_pages_alloc(&a));
    ASSERT_EQ(vm_pages_show(&a), STILE_SUCCESS);
    ASSERT_EQ(pvtime_init(&a), STILE_SUCCESS);
    EXPECT_EQ(a.ring->out_sleeps, 1); /* or who writes there first would not be told */
    expect_shown(VM_PAGE_IPA);
    expect_shown(VM_RING_IPA);
    expect_shown(VM_VCPU_PAGE_IPA(0));
    expect_shown(VM_MAILBOX_IPA(0));
    expect_shown(VM_STOLEN_IPA);

    power_off(&a);
    vm_pages_free(&a);
    pvtime_free(&a);
    page_free(vcpu.page, PAGE_ORDER_4K);
    page_free(vcpu.mailbox, PAGE_ORDER_4K);
    a.config.nr_vcpus = 0;
}

/* --- where the hardware makes guests' accesses cacheable ------------------------------------ */

KTF_TEST(handover, with_fwb_nothing_is_flushed_and_all_is_cached)
{
    fake_cache_fwb = fake_cache_dic = true;
    ASSERT_EQ(vmem_unmap(&b, ipa_make(RAM), 1), 1);
    leave_secret(&a, RAM + 5 * PAGE_SIZE, 1);
    fake_cache_flushed = 0;
    ASSERT_EQ(vmem_map(&b, ipa_make(RAM), 1), 1);
    ASSERT_EQ(at(&b, RAM).pa.pa, watched[0].pa);
    guest_finds(touch(&b, RAM), MMU_ON, 0);
    EXPECT_EQ(fake_cache_flushed, 0);
    fake_cache_fwb = fake_cache_dic = false;
}
