/* SPDX-License-Identifier: MIT */
/*
 * memory/vmem.c, memory/vmem_call.c and memory/guest.c: a VM's memory from creation to end, what
 * its calls do with it, and copying into and out of it. Shares are in unit/share.c.
 */
#include "arch/tlb.h"

#include "fakes/memory.h"

#include "memory/guest.c"
#include "mm/stage2.c"
#include "mm/stage2_map.c"
#include "memory/vmem.c"
#include "memory/vmem_call.c"

#include "../hv/whole.h"

#include "ktf.h"

#define RAM       UINT64_C(0x40000000)
#define RAM_BYTES (8 * BLOCK_2M)
#define DEVICE    UINT64_C(0x09000000)
#define SHARED    UINT64_C(0x0B000000)

static struct vm vm;

struct vm *vm_slot(uint32_t id)
{
    static struct vm other;

    other.number = id;
    return id == vm.id ? &vm : &other;
}
static size_t pool_before;
static size_t guest_before;
static void *shared_page;

/* One emulated device. */
uint64_t mmio_gap(const struct mmio_map *map, ipa_t base, uint64_t bytes)
{
    EXPECT_EQ(map, &vm.mmio);
    if (base.ipa >= DEVICE + PAGE_SIZE || DEVICE >= base.ipa + bytes)
        return bytes;
    return DEVICE > base.ipa ? DEVICE - base.ipa : 0;
}

/* A share of one page, at LENT; 0 if there is none. */
static uint64_t lent;

uint64_t share_unlent(struct stage2_locked locked, const struct vm *of, ipa_t base, uint64_t bytes)
{
    EXPECT_EQ(locked.stage2, &of->stage2);
    if (lent < base.ipa || lent >= base.ipa + bytes)
        return bytes;
    return lent - base.ipa;
}

static void setup(void)
{
    fake_memory();
    pool_before = page_nr_free();
    guest_before = page_nr_free_guest();
    lent = 0;
    vm = (struct vm){.id = 5, .number = 5};
    ASSERT_TRUE(page_reserve(5, 64));
    ASSERT_TRUE(page_reserve(6, 64));
    vm.config.nr_memory = 1;
    vm.config.memory[0] = (struct ipa_range){ipa_make(RAM), RAM_BYTES};
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
    shared_page = page_alloc(5, 0);
    ASSERT_EQ(stage2_map_pool(&vm.stage2, ipa_make(SHARED), shared_page, STAGE2_READ),
              STILE_SUCCESS);
}

static void teardown(void)
{
    whole_destroy(&vm);
    vmem_forget(&vm);
    EXPECT_EQ(committed, 0);
    page_free(shared_page, 0);
    page_unreserve(5);
    page_unreserve(6);
    EXPECT_EQ(page_nr_free(), pool_before);
    EXPECT_EQ(page_nr_free_guest(), guest_before);
    EXPECT_EQ(fake_windows_open, 0);
}

KTF_SUITE(vmem, .setup = setup, .teardown = teardown);

static struct stage2_mapping mapping_at(uint64_t ipa)
{
    struct stage2_mapping mapping = {.bytes = 0};

    (void)stage2_lookup(&vm.stage2, ipa_make(ipa), &mapping);
    return mapping;
}

static int64_t map(uint64_t ipa, uint64_t nr)
{
    return vmem_map(&vm, ipa_make(ipa), nr);
}

static int64_t unmap(uint64_t ipa, uint64_t nr)
{
    return vmem_unmap(&vm, ipa_make(ipa), nr);
}

static int64_t discard(uint64_t ipa, uint64_t nr)
{
    return vmem_discard(&vm, ipa_make(ipa), nr);
}

/* --- creation and first touch ---------------------------------------------------------------- */

KTF_TEST(vmem, memory_is_set_aside_in_blocks_but_not_touched)
{
    struct stage2_mapping mapping = mapping_at(RAM);

    EXPECT_EQ(page_nr_free_guest(), guest_before - RAM_BYTES / PAGE_SIZE);
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(mapping.attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(page_owner(mapping.pa), 5);
    EXPECT_EQ(mapping_at(RAM - 1).bytes, 0);
    EXPECT_EQ(mapping_at(RAM + RAM_BYTES).bytes, 0);
}

/* As a vCPU does that touches @ipa, until it may. Returns how often it had to try. */
static unsigned touch(uint64_t ipa)
{
    unsigned nr = 0;
    enum vmem_fault found;

    do {
        found = vmem_fault(&vm, ipa_make(ipa));
        EXPECT_NE(found, VMEM_NOT_THERE);
        nr++;
    } while (mapping_at(ipa).attrs & STAGE2_FRESH);
    return nr;
}

KTF_TEST(vmem, the_first_touch_scrubs)
{
    struct stage2_mapping mapping = mapping_at(RAM + BLOCK_2M);
    char *memory = page_va(mapping.pa);

    memset(memory, 0xAB, BLOCK_2M);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM + BLOCK_2M + 3 * PAGE_PART_BYTES)), VMEM_PART);
    EXPECT_EQ(mapping_at(RAM + BLOCK_2M).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(memory[3 * PAGE_PART_BYTES - 1], (char)0xAB);
    EXPECT_EQ(memory[3 * PAGE_PART_BYTES], 0);
    EXPECT_EQ(touch(RAM + BLOCK_2M + 3 * PAGE_PART_BYTES), 7);
    EXPECT_EQ(mapping_at(RAM + BLOCK_2M).attrs, RAM_ATTRS);
    for (size_t i = 0; i < BLOCK_2M; i++)
        ASSERT_EQ(memory[i], 0);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS | STAGE2_FRESH);

    /* Another CPU was there first: try again, and find what it wrote. */
    memory[5] = 1;
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM + BLOCK_2M)), VMEM_PAGE);
    EXPECT_EQ(memory[5], 1);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM - 1)), VMEM_NOT_THERE);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(STAGE2_IPA_END)), VMEM_NOT_THERE);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(UINT64_MAX)), VMEM_NOT_THERE);
}

KTF_TEST(vmem, who_finds_another_at_it_tries_again)
{
    struct stage2_locked locked = stage2_lock(&vm.stage2);

    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM)), VMEM_PAGE);
    stage2_unlock(locked);
    EXPECT_EQ(page_parts(mapping_at(RAM).pa), 0);
    EXPECT_EQ(touch(RAM), 8);
}

KTF_TEST(vmem, what_el2_wrote_before_the_first_touch_is_there_after_it)
{
    char *memory = page_va(mapping_at(RAM).pa);
    uint64_t word = 0x1234567890;

    memset(memory, 0xAB, BLOCK_2M);
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM + PAGE_PART_BYTES), &word, 8), 8);
    EXPECT_EQ(memory[PAGE_PART_BYTES - 1], (char)0xAB);
    EXPECT_EQ(touch(RAM + PAGE_PART_BYTES), 7);
    EXPECT_MEMEQ(memory + PAGE_PART_BYTES, &word, 8);
    EXPECT_EQ(memory[PAGE_PART_BYTES - 1], 0);
}

KTF_TEST(vmem, what_is_ready_of_a_block_stays_so_when_it_is_split)
{
    char *memory = page_va(mapping_at(RAM).pa);
    uint64_t word = 0x1234567890;

    memset(memory, 0xAB, BLOCK_2M);
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM + PAGE_PART_BYTES), &word, 8), 8);
    ASSERT_EQ(unmap(RAM, 1), 1); /* the page that kept the block's parts: somebody's from now on */
    EXPECT_EQ(mapping_at(RAM + PAGE_PART_BYTES).attrs, RAM_ATTRS);
    EXPECT_EQ(mapping_at(RAM + 2 * PAGE_PART_BYTES - PAGE_SIZE).attrs, RAM_ATTRS);
    EXPECT_EQ(mapping_at(RAM + 2 * PAGE_PART_BYTES).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(mapping_at(RAM + PAGE_PART_BYTES - PAGE_SIZE).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_MEMEQ(memory + PAGE_PART_BYTES, &word, 8);
    EXPECT_EQ(touch(RAM + 2 * PAGE_PART_BYTES), 1);
    EXPECT_EQ(memory[2 * PAGE_PART_BYTES], 0);
    EXPECT_EQ(map(RAM, 1), 1);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS | STAGE2_FRESH);
}

KTF_TEST(vmem, a_page_of_a_split_block_is_scrubbed_alone)
{
    struct stage2_mapping mapping = mapping_at(RAM);
    char *memory = page_va(mapping.pa);

    memset(memory, 0xAB, BLOCK_2M);
    ASSERT_EQ(unmap(RAM, 1), 1);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM)), VMEM_NOT_THERE);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM + 3 * PAGE_SIZE)), VMEM_PAGE);
    EXPECT_EQ(memory[3 * PAGE_SIZE - 1], (char)0xAB);
    EXPECT_EQ(memory[3 * PAGE_SIZE], 0);
    EXPECT_EQ(memory[4 * PAGE_SIZE - 1], 0);
    EXPECT_EQ(memory[4 * PAGE_SIZE], (char)0xAB);
}

KTF_TEST(vmem, a_vm_that_is_too_large_is_refused)
{
    struct vm large = {.id = 6};
    size_t pool = fake_free_of(6);
    size_t guest = page_nr_free_guest();

    large.config.nr_memory = 2;
    large.config.memory[0] = (struct ipa_range){ipa_make(RAM), 10 * BLOCK_2M};
    large.config.memory[1] = (struct ipa_range){ipa_make(BLOCK_1G * 2), FAKE_RAM_BYTES};
    EXPECT_EQ(whole_create(&large), STILE_NO_MEMORY);
    EXPECT_EQ(fake_free_of(6), pool);
    EXPECT_EQ(page_nr_free_guest(), guest);
}

KTF_TEST(vmem, a_vm_gets_all_that_is_left_in_pages_if_need_be)
{
    struct vm large = {.id = 6};
    size_t guest = page_nr_free_guest();

    large.config.nr_memory = 1;
    large.config.memory[0] =
        (struct ipa_range){ipa_make(RAM), align_down((guest - 600) << PAGE_SHIFT, BLOCK_2M)};
    ASSERT_EQ(whole_create(&large), STILE_SUCCESS);
    EXPECT_NE(vmem_fault(&large, ipa_make(RAM + large.config.memory[0].bytes - 1)), VMEM_NOT_THERE);
    whole_destroy(&large);
    vmem_forget(&large);
    EXPECT_EQ(page_nr_free_guest(), guest);
}

KTF_TEST(vmem, without_pages_for_tables_nothing_is_left_behind)
{
    struct vm other = {.id = 6};
    size_t guest = page_nr_free_guest();
    void *first;

    other.config.nr_memory = 2;
    other.config.memory[0] = (struct ipa_range){ipa_make(RAM), 2 * BLOCK_2M};
    other.config.memory[1] = (struct ipa_range){ipa_make(BLOCK_1G * 2), 2 * BLOCK_2M};
    first = fake_hoard(6, 0);
    for (size_t left = 0; left < 3; left++) {
        EXPECT_EQ(fake_free_of(6), left);
        EXPECT_EQ(whole_create(&other), STILE_NO_MEMORY);
        EXPECT_EQ(page_nr_free_guest(), guest);
        first = fake_give_one(first);
    }
    EXPECT_EQ(whole_create(&other), STILE_SUCCESS);
    whole_destroy(&other);
    vmem_forget(&other);
    fake_give_back(first);
}

/* --- the calls ----------------------------------------------------------------------------- */

KTF_TEST(vmem, pages_come_and_go)
{
    EXPECT_EQ(unmap(RAM + 3 * PAGE_SIZE, 2), 2);
    EXPECT_EQ(mapping_at(RAM + 2 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(mapping_at(RAM + 3 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(mapping_at(RAM + 4 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(mapping_at(RAM + 5 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(page_nr_free_guest(), guest_before - RAM_BYTES / PAGE_SIZE + 2);
    EXPECT_EQ(map(RAM + 4 * PAGE_SIZE, 4), 1); /* what follows is there */
    EXPECT_EQ(mapping_at(RAM + 4 * PAGE_SIZE).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(map(0x1000, 1), 1); /* anywhere */
    EXPECT_EQ(map(0x2000, 1), STILE_NO_MEMORY);
    EXPECT_EQ(unmap(0x1000, 2), 1);
    EXPECT_EQ(unmap(0x1000, 1), STILE_NOT_MAPPED);
}

KTF_TEST(vmem, a_whole_block_comes_and_goes)
{
    pa_t block = mapping_at(RAM + BLOCK_2M).pa;

    EXPECT_EQ(unmap(RAM + BLOCK_2M, 512), 512);
    EXPECT_EQ(page_owner(block), PAGE_OWNER_FREE);
    EXPECT_EQ(page_nr_free_guest(), guest_before - RAM_BYTES / PAGE_SIZE + 512);
    EXPECT_EQ(map(BLOCK_2M, 512), 512);
    EXPECT_EQ(mapping_at(BLOCK_2M).bytes, BLOCK_2M);
    EXPECT_EQ(mapping_at(BLOCK_2M).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(map(2 * BLOCK_2M, 512), STILE_NO_MEMORY);
}

KTF_TEST(vmem, long_calls_do_a_part)
{
    EXPECT_EQ(unmap(RAM + 511 * PAGE_SIZE, 1), 1); /* the block is pages now */
    EXPECT_EQ(unmap(RAM, 511), VMEM_BATCH);
    EXPECT_EQ(unmap(RAM, 511), STILE_NOT_MAPPED);
    EXPECT_EQ(unmap(RAM + VMEM_BATCH * PAGE_SIZE, 512), VMEM_BATCH);
}

KTF_TEST(vmem, a_part_of_a_block_is_one_piece)
{
    EXPECT_EQ(unmap(RAM + PAGE_SIZE, 510), 510);
    EXPECT_EQ(mapping_at(RAM).bytes, PAGE_SIZE);
    EXPECT_EQ(mapping_at(RAM + 511 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(page_nr_free_guest(), guest_before - RAM_BYTES / PAGE_SIZE + 510);
    EXPECT_EQ(unmap(RAM + BLOCK_2M + 7 * PAGE_SIZE, 512), 512); /* of two blocks */
}

KTF_TEST(vmem, a_range_is_mapped_at_once_wherever_it_begins)
{
    EXPECT_EQ(unmap(RAM, 512), 512);
    EXPECT_EQ(unmap(RAM + BLOCK_2M, 512), 512);
    EXPECT_EQ(map(RAM + 3 * PAGE_SIZE, 512), 512);
    EXPECT_EQ(mapping_at(RAM + 3 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(mapping_at(RAM + 514 * PAGE_SIZE).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(mapping_at(RAM + 515 * PAGE_SIZE).bytes, 0);
    EXPECT_EQ(map(RAM, 512), 3);
    EXPECT_EQ(map(RAM + 515 * PAGE_SIZE, 512), 509); /* what the quota leaves */
}

/* --- one to one ------------------------------------------------------------------------------ */

static struct vm direct;

/* A VM whose memory is that of the machine, some of it, in two ranges. */
static enum stile_error create_direct(void)
{
    pa_t at;

    EXPECT_TRUE(page_alloc_guest(7, PAGE_ORDER_2M + 1, &at));
    page_free_guest(at, PAGE_ORDER_2M + 1, 7);
    direct = (struct vm){.id = 6, .number = 6};
    direct.config.one_to_one = true;
    direct.config.nr_memory = 2;
    direct.config.memory[0] = (struct ipa_range){ipa_make(at.pa + BLOCK_2M), BLOCK_2M};
    direct.config.memory[1] = (struct ipa_range){ipa_make(at.pa), 3 * PAGE_SIZE};
    memset(page_va(at), 0xA5, BLOCK_2M);
    return whole_create(&direct);
}

/* Where it is, all of it handed over and zero, before anybody touches it. */
KTF_TEST(vmem, memory_for_devices_is_one_to_one_and_ready)
{
    struct stage2_mapping mapping;

    ASSERT_EQ(create_direct(), STILE_SUCCESS);
    for (uint32_t i = 0; i < 2; i++) {
        const struct ipa_range *range = &direct.config.memory[i];

        for (uint64_t at = 0; at < range->bytes; at += PAGE_SIZE) {
            ipa_t ipa = ipa_add(range->base, at);

            ASSERT_TRUE(stage2_lookup(&direct.stage2, ipa, &mapping));
            ASSERT_EQ(mapping.pa.pa, ipa.ipa);
            ASSERT_EQ(mapping.attrs, RAM_ATTRS);
            ASSERT_EQ(*(uint64_t *)page_va(mapping.pa), 0);
        }
    }
    EXPECT_FALSE(stage2_lookup(&direct.stage2, ipa_add(direct.config.memory[1].base, 3 * PAGE_SIZE),
                               &mapping));
    whole_destroy(&direct); /* it has never run */
    EXPECT_EQ(page_owner(pa_make(direct.config.memory[0].base.ipa)), PAGE_OWNER_FREE);
    vmem_forget(&direct);
}

/* Nobody else has it once it has run, but it starts anew with it. */
KTF_TEST(vmem, memory_for_devices_stays_theirs)
{
    pa_t block;

    ASSERT_EQ(create_direct(), STILE_SUCCESS);
    direct.state = VM_RUNNING;
    block = pa_make(direct.config.memory[0].base.ipa);
    for (unsigned i = 0; i < 2; i++) {
        memset(page_va(block), 0xA5, BLOCK_2M);
        whole_destroy(&direct);
        EXPECT_EQ(page_owner(block), PAGE_OWNER_DEVICE);
        EXPECT_FALSE(page_claim_guest(5, block, PAGE_ORDER_2M + 1));
        ASSERT_EQ(whole_create(&direct), STILE_SUCCESS);
        EXPECT_EQ(page_owner(block), 6);
        EXPECT_EQ(*(uint64_t *)page_va(block), 0);
    }
    whole_destroy(&direct);
    vmem_forget(&direct);
    EXPECT_EQ(committed, vm.stage2.kept + 512 + 3);
    EXPECT_EQ(page_audit(), RAM_BYTES / PAGE_SIZE + 128);

    /* That is for good; for the next test it is given back. */
    committed -= 512 + 3;
    for (uint32_t i = 0; i < 2; i++)
        for (uint64_t at = 0; at < direct.config.memory[i].bytes; at += PAGE_SIZE) {
            pa_t page = pa_make(direct.config.memory[i].base.ipa + at);

            ASSERT_TRUE(page_claim_guest(7, page, 0));
            page_free_guest(page, 0, 7);
        }
}

KTF_TEST(vmem, memory_for_devices_must_be_free)
{
    pa_t page;

    ASSERT_EQ(create_direct(), STILE_SUCCESS);
    whole_destroy(&direct);
    vmem_forget(&direct);
    page = pa_make(direct.config.memory[1].base.ipa + PAGE_SIZE);
    ASSERT_TRUE(page_claim_guest(7, page, 0));
    ASSERT_EQ(vmem_create(&direct), STILE_SUCCESS);
    EXPECT_EQ(whole_fill(&direct), STILE_NO_MEMORY);
    EXPECT_EQ(vmem_lacks(&direct).ipa, page.pa);
    whole_destroy(&direct);
    vmem_forget(&direct);
    page_free_guest(page, 0, 7);
}

/* A free page here and there: no larger block can be had. */
KTF_TEST(vmem, memory_in_pieces_is_mapped_in_bounded_calls)
{
    static pa_t all[FAKE_RAM_BYTES / PAGE_SIZE];
    size_t nr = 0;

    EXPECT_EQ(unmap(RAM, 512), 512);
    while (page_alloc_guest(9, PAGE_ORDER_4K, &all[nr]))
        nr++;
    for (size_t i = 0; i < nr; i += 2)
        page_free_guest(all[i], PAGE_ORDER_4K, 9);
    EXPECT_EQ(map(RAM, 512), VMEM_BATCH);
    EXPECT_EQ(map(RAM + VMEM_BATCH * PAGE_SIZE, 1), 1);
    EXPECT_EQ(unmap(RAM, 512), VMEM_BATCH);
    EXPECT_EQ(unmap(RAM + VMEM_BATCH * PAGE_SIZE, 1), 1);
    for (size_t i = 1; i < nr; i += 2)
        page_free_guest(all[i], PAGE_ORDER_4K, 9);
}

KTF_TEST(vmem, what_is_mapped_is_scrubbed_when_it_is_touched)
{
    char *memory;
    uint32_t word = 7;

    EXPECT_EQ(unmap(RAM, 3), 3);
    EXPECT_EQ(map(RAM, 3), 3);
    memory = page_va(mapping_at(RAM + PAGE_SIZE).pa);
    memset(memory, 0xAB, PAGE_SIZE);
    EXPECT_EQ(vmem_fault(&vm, ipa_make(RAM + PAGE_SIZE)), VMEM_PAGE);
    EXPECT_EQ(mapping_at(RAM + PAGE_SIZE).attrs, RAM_ATTRS);
    EXPECT_EQ(memory[0], 0);
    EXPECT_EQ(memory[PAGE_SIZE - 1], 0);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS | STAGE2_FRESH);
    memset(page_va(mapping_at(RAM).pa), 0xAB, PAGE_SIZE);
    EXPECT_EQ(guest_read(&vm, &word, ipa_make(RAM), 4), 4);
    EXPECT_EQ(word, 0);
}

KTF_TEST(vmem, what_is_discarded_is_scrubbed_when_it_is_touched)
{
    char *memory = page_va(mapping_at(RAM).pa);

    (void)touch(RAM);
    memset(memory, 0xAB, BLOCK_2M);
    EXPECT_EQ(discard(RAM, 512), 512);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(mapping_at(RAM).bytes, BLOCK_2M);
    EXPECT_EQ(touch(RAM), BLOCK_2M / PAGE_PART_BYTES); /* every part anew */
    EXPECT_EQ(memory[0], 0);
    EXPECT_EQ(memory[BLOCK_2M - 1], 0);
    memset(memory, 0xAB, BLOCK_2M);
    EXPECT_EQ(discard(RAM + PAGE_SIZE, 2), 2);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS);
    EXPECT_EQ(touch(RAM + PAGE_SIZE), 1);
    EXPECT_EQ(memory[PAGE_SIZE - 1], (char)0xAB);
    EXPECT_EQ(memory[PAGE_SIZE], 0);
    EXPECT_EQ(memory[2 * PAGE_SIZE], (char)0xAB); /* not touched yet */
    EXPECT_EQ(mapping_at(RAM + 2 * PAGE_SIZE).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(vm.stage2.nr_owned, RAM_BYTES / PAGE_SIZE);
}

KTF_TEST(vmem, lent_pages_stay)
{
    lent = RAM + 3 * PAGE_SIZE;
    EXPECT_EQ(unmap(lent, 1), STILE_BUSY);
    EXPECT_EQ(unmap(RAM, 512), 3);
    EXPECT_EQ(unmap(lent, 2), STILE_BUSY);
    EXPECT_EQ(discard(lent, 1), STILE_BUSY);
    EXPECT_EQ(discard(lent, 2), STILE_BUSY);
    EXPECT_EQ(mapping_at(lent).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(vmem_protect(&vm, ipa_make(lent), 1, STAGE2_READ), STILE_BUSY);
    EXPECT_EQ(vmem_protect(&vm, ipa_make(lent + PAGE_SIZE), 9, STAGE2_READ), 9);
    EXPECT_EQ(vmem_protect(&vm, ipa_make(lent - PAGE_SIZE), 9, STAGE2_READ), STILE_NOT_MAPPED);
    EXPECT_EQ(vmem_query(&vm, ipa_make(lent + 5)).what,
              STAGE2_RIGHTS | STILE_MEMORY_MAPPED | STILE_MEMORY_SHARED);
    EXPECT_EQ(vmem_query(&vm, ipa_make(lent + PAGE_SIZE)).what, STAGE2_READ | STILE_MEMORY_MAPPED);
}

/* --- protect and query --------------------------------------------------------------------- */

static int64_t protect(uint64_t ipa, uint64_t nr, uint32_t rights)
{
    return vmem_protect(&vm, ipa_make(ipa), nr, rights);
}

KTF_TEST(vmem, a_whole_block_keeps_its_mapping)
{
    size_t pool = fake_free_of(5);

    EXPECT_EQ(protect(RAM, 512, STAGE2_READ), 512);
    EXPECT_EQ(mapping_at(RAM).bytes, BLOCK_2M);
    EXPECT_EQ(mapping_at(RAM).attrs, STAGE2_READ | STAGE2_OWNED | STAGE2_FRESH);
    EXPECT_EQ(touch(RAM), 8);
    EXPECT_EQ(mapping_at(RAM).attrs, STAGE2_READ | STAGE2_OWNED);
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM), &pool, 8), 0);
    EXPECT_FALSE(guest_may_write(&vm, ipa_make(RAM)));
    EXPECT_EQ(protect(RAM, 512, STAGE2_RIGHTS), 512);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS);
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM), &pool, 8), 8);
    EXPECT_TRUE(guest_may_write(&vm, ipa_make(RAM)));
    EXPECT_FALSE(guest_may_write(&vm, ipa_make(SHARED)));
    EXPECT_FALSE(guest_may_write(&vm, ipa_make(RAM - 1)));
    EXPECT_EQ(fake_free_of(5), pool);
}

KTF_TEST(vmem, a_part_of_a_block_is_protected_alone)
{
    EXPECT_EQ(protect(RAM + PAGE_SIZE, 2, STAGE2_READ | STAGE2_EXECUTE), 2);
    EXPECT_EQ(mapping_at(RAM).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(mapping_at(RAM + PAGE_SIZE).attrs,
              STAGE2_READ | STAGE2_EXECUTE | STAGE2_OWNED | STAGE2_FRESH);
    EXPECT_EQ(mapping_at(RAM + 2 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(mapping_at(RAM + 3 * PAGE_SIZE).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(protect(RAM + 500 * PAGE_SIZE, 512, STAGE2_READ | STAGE2_WRITE), 512);
    EXPECT_EQ(mapping_at(RAM + 1011 * PAGE_SIZE).attrs & STAGE2_RIGHTS, STAGE2_READ | STAGE2_WRITE);
    EXPECT_EQ(mapping_at(RAM + 1012 * PAGE_SIZE).attrs & STAGE2_RIGHTS, STAGE2_RIGHTS);
}

KTF_TEST(vmem, single_pages_are_protected_in_parts)
{
    EXPECT_EQ(protect(RAM, 1, STAGE2_RIGHTS), 1);
    EXPECT_EQ(mapping_at(RAM + 511 * PAGE_SIZE).bytes, PAGE_SIZE);
    EXPECT_EQ(protect(RAM, 512, STAGE2_READ), PROTECT_BATCH);
    EXPECT_EQ(mapping_at(RAM + (PROTECT_BATCH - 1) * PAGE_SIZE).attrs & STAGE2_RIGHTS, STAGE2_READ);
    EXPECT_EQ(mapping_at(RAM + PROTECT_BATCH * PAGE_SIZE).attrs & STAGE2_RIGHTS, STAGE2_RIGHTS);
    EXPECT_EQ(protect(RAM + PROTECT_BATCH * PAGE_SIZE, 512, STAGE2_READ), PROTECT_BATCH);
}

KTF_TEST(vmem, protect_goes_as_far_as_there_is_memory)
{
    EXPECT_EQ(protect(RAM - PAGE_SIZE, 2, STAGE2_READ), STILE_NOT_MAPPED);
    EXPECT_EQ(protect(RAM + RAM_BYTES - PAGE_SIZE, 2, STAGE2_READ), 1);
    EXPECT_EQ(protect(SHARED, 1, STAGE2_READ), STILE_NOT_MAPPED);
    EXPECT_EQ(protect(DEVICE, 1, STAGE2_READ), STILE_NOT_MAPPED);
    EXPECT_EQ(protect(STAGE2_IPA_END - PAGE_SIZE, 1, STAGE2_READ), STILE_NOT_MAPPED);
}

KTF_TEST(vmem, without_a_table_protect_does_what_needs_none)
{
    void *first;

    EXPECT_EQ(unmap(RAM, 1), 1); /* pages, and then blocks */
    first = fake_hoard(5, 0);
    EXPECT_EQ(protect(RAM + BLOCK_2M, 1, STAGE2_READ), STILE_NO_MEMORY);
    EXPECT_EQ(unmap(RAM + BLOCK_2M, 1), STILE_NO_MEMORY);
    EXPECT_EQ(discard(RAM + BLOCK_2M, 1), STILE_NO_MEMORY);
    EXPECT_EQ(protect(RAM + 511 * PAGE_SIZE, 2, STAGE2_READ), 1);
    EXPECT_EQ(discard(RAM + 511 * PAGE_SIZE, 2), 1);
    EXPECT_EQ(discard(RAM + BLOCK_2M, 512), 512);
    EXPECT_EQ(unmap(RAM + 511 * PAGE_SIZE, 2), 1);
    EXPECT_EQ(mapping_at(RAM + BLOCK_2M).attrs, RAM_ATTRS | STAGE2_FRESH);
    fake_give_back(first);
}

static void expect_place(uint64_t ipa, uint32_t what, uint32_t owner, uint64_t base, uint64_t bytes)
{
    struct vmem_place place = vmem_query(&vm, ipa_make(ipa));

    EXPECT_EQ(place.what, what);
    EXPECT_EQ(place.owner, owner);
    EXPECT_EQ(place.base, base);
    EXPECT_EQ(place.bytes, bytes);
}

KTF_TEST(vmem, query_tells_each_kind)
{
    pa_t theirs;

    expect_place(RAM + BLOCK_2M + 5, STAGE2_RIGHTS | STILE_MEMORY_MAPPED, 5, RAM + BLOCK_2M,
                 BLOCK_2M);
    expect_place(RAM - 1, 0, 0, RAM - PAGE_SIZE, PAGE_SIZE);
    expect_place(SHARED + 7, STAGE2_READ | STILE_MEMORY_MAPPED, 0, SHARED, PAGE_SIZE);
    expect_place(DEVICE, STAGE2_READ | STAGE2_WRITE | STILE_MEMORY_MAPPED | STILE_MEMORY_DEVICE, 0,
                 DEVICE, PAGE_SIZE);
    expect_place(STAGE2_IPA_END - 1, 0, 0, STAGE2_IPA_END - PAGE_SIZE, PAGE_SIZE);
    ASSERT_EQ(stage2_map(&vm.stage2, ipa_make(0x8010000), pa_make(0x8040000), 0x2000,
                         STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE),
              STILE_SUCCESS);
    expect_place(0x8011000, STAGE2_READ | STAGE2_WRITE | STILE_MEMORY_MAPPED | STILE_MEMORY_DEVICE,
                 0, 0x8011000, PAGE_SIZE);
    ASSERT_TRUE(page_alloc_guest(6, 0, &theirs));
    ASSERT_EQ(
        stage2_map(&vm.stage2, ipa_make(0x1000), theirs, PAGE_SIZE, STAGE2_READ | STAGE2_BORROWED),
        STILE_SUCCESS);
    expect_place(0x1FFF, STAGE2_READ | STILE_MEMORY_MAPPED | STILE_MEMORY_SHARED, 6, 0x1000,
                 PAGE_SIZE);
    ASSERT_EQ(stage2_unmap(&vm.stage2, ipa_make(0x1000), PAGE_SIZE), STILE_SUCCESS);
    page_free_guest(theirs, 0, 6);
}

/* --- quotas -------------------------------------------------------------------------------- */

/* What a VM has given back is still its own to ask for: nobody else gets it for good. */
KTF_TEST(vmem, all_vms_may_own_their_quotas_at_once)
{
    struct vm large = {.id = 6};

    EXPECT_EQ(unmap(RAM, 512), 512);
    large.config.nr_memory = 1;
    large.config.memory[0] =
        (struct ipa_range){ipa_make(RAM), align_down(page_nr_free_guest() << PAGE_SHIFT, BLOCK_2M)};
    EXPECT_EQ(whole_create(&large), STILE_NO_MEMORY);
    EXPECT_EQ(large.stage2.quota, 0);
    EXPECT_EQ(map(RAM, 512), 512);
    EXPECT_EQ(vm.stage2.quota, RAM_BYTES / PAGE_SIZE);
}

/* A VM that starts anew has at least what its tree says, and at most. */
KTF_TEST(vmem, a_reboot_restores_the_quota)
{
    vm.stage2.quota -= 7; /* as if donated: what it starts anew with is still kept */
    whole_destroy(&vm);
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
    EXPECT_EQ(vm.stage2.quota, RAM_BYTES / PAGE_SIZE);
    EXPECT_EQ(committed, vm.stage2.quota);
    vm.stage2.quota += 7;
    vm.stage2.kept += 7;
    committed += 7;
    whole_destroy(&vm);
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
    EXPECT_EQ(committed, vm.stage2.quota);
    EXPECT_EQ(committed, RAM_BYTES / PAGE_SIZE);
}

KTF_TEST(vmem, devices_and_shared_pages_are_in_the_way)
{
    EXPECT_EQ(unmap(RAM, 64), 64);
    EXPECT_EQ(map(DEVICE, 1), STILE_ALREADY_MAPPED);
    EXPECT_EQ(map(DEVICE - 2 * PAGE_SIZE, 5), 2);
    EXPECT_EQ(map(SHARED, 1), STILE_ALREADY_MAPPED);
    EXPECT_EQ(map(SHARED - PAGE_SIZE, 3), 1);
    EXPECT_EQ(unmap(SHARED, 1), STILE_NOT_MAPPED);
    EXPECT_EQ(unmap(SHARED - PAGE_SIZE, 3), 1);
    EXPECT_EQ(mapping_at(SHARED).bytes, PAGE_SIZE);
    EXPECT_EQ(unmap(DEVICE, 1), STILE_NOT_MAPPED);
}

KTF_TEST(vmem, the_last_pages_of_the_space_are_like_others)
{
    uint64_t last = STAGE2_IPA_END - PAGE_SIZE;

    EXPECT_EQ(unmap(RAM, 1), 1);
    EXPECT_EQ(map(last, 1), 1);
    EXPECT_EQ(unmap(last, 1), 1);
    EXPECT_EQ(unmap(last, 1), STILE_NOT_MAPPED);
}

/* --- copying ------------------------------------------------------------------------------- */

KTF_TEST(vmem, copies_cross_pages_and_blocks)
{
    static char text[3 * BLOCK_2M];
    static char back[3 * BLOCK_2M];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)fake_random();
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM + 12345), text, sizeof(text)), sizeof(text));
    EXPECT_EQ(guest_read(&vm, back, ipa_make(RAM + 12345), sizeof(back)), sizeof(back));
    EXPECT_MEMEQ(text, back, sizeof(text));
    EXPECT_EQ(guest_read(&vm, back, ipa_make(RAM + 4095), 2), 2);
    EXPECT_EQ(back[0], 0);
    fake_cache_flushed = fake_cache_code = 0;
    EXPECT_EQ(guest_clean(&vm, ipa_make(RAM + 12345), sizeof(text), false), sizeof(text));
    EXPECT_EQ(fake_cache_flushed, sizeof(text) + PAGE_SIZE); /* whole pages */
    EXPECT_EQ(fake_cache_code, 0);
    EXPECT_EQ(guest_clean(&vm, ipa_make(RAM + 12345), PAGE_SIZE, true), PAGE_SIZE);
    EXPECT_EQ(fake_cache_code, 2 * PAGE_SIZE);
    EXPECT_EQ(guest_clean(&vm, ipa_make(RAM), RAM_BYTES, false), RAM_BYTES);
    EXPECT_EQ(mapping_at(RAM + 5 * BLOCK_2M).attrs, RAM_ATTRS | STAGE2_FRESH);
    EXPECT_EQ(page_parts(mapping_at(RAM + 5 * BLOCK_2M).pa), 0); /* nothing to clean */
}

KTF_TEST(vmem, copies_stop_where_the_memory_does)
{
    static char text[3 * PAGE_SIZE];

    EXPECT_EQ(unmap(RAM + 2 * PAGE_SIZE, 1), 1);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(RAM + PAGE_SIZE), sizeof(text)), PAGE_SIZE);
    EXPECT_EQ(guest_write(&vm, ipa_make(RAM + PAGE_SIZE + 1), text, sizeof(text)), PAGE_SIZE - 1);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(RAM + RAM_BYTES - 7), sizeof(text)), 7);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(RAM - 1), 1), 0);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(UINT64_MAX), 2), 0);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(STAGE2_IPA_END - 1), 2), 0);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(RAM), 0), 0);
    EXPECT_EQ(guest_clean(&vm, ipa_make(RAM + PAGE_SIZE), sizeof(text), false), PAGE_SIZE);
}

KTF_TEST(vmem, only_the_vms_own_memory_is_copied)
{
    char text[8] = "text";

    EXPECT_EQ(guest_read(&vm, text, ipa_make(SHARED), 8), 0);
    EXPECT_EQ(guest_write(&vm, ipa_make(SHARED), text, 8), 0);
    ASSERT_EQ(stage2_map(&vm.stage2, ipa_make(0x8010000), pa_make(0x8040000), 0x2000,
                         STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE),
              STILE_SUCCESS);
    EXPECT_EQ(guest_read(&vm, text, ipa_make(0x8010000), 8), 0);
    EXPECT_EQ(guest_write(&vm, ipa_make(0x8010000), text, 8), 0);
    EXPECT_EQ(unmap(0x8010000, 1), STILE_NOT_MAPPED);
}

/* --- at random ----------------------------------------------------------------------------- */

#define NR_SLOTS (RAM_BYTES / PAGE_SIZE)

static uint32_t stamps[NR_SLOTS]; /* what each page of RAM holds; NOT_THERE if it is unmapped */
#define NOT_THERE UINT32_MAX

/* What an unmap or a discard of pages has done, which hold @stamp now. */
static void check_lost(size_t slot, uint64_t nr, int64_t done, uint32_t stamp)
{
    if (stamps[slot] == NOT_THERE) {
        ASSERT_EQ(done, STILE_NOT_MAPPED);
        return;
    }
    ASSERT_GE(done, 1);
    ASSERT_LE(done, nr);
    for (size_t i = slot; i < slot + (size_t)done; i++) {
        ASSERT_NE(stamps[i], NOT_THERE);
        stamps[i] = stamp;
    }
}

static void random_unmap(size_t slot, uint64_t nr)
{
    check_lost(slot, nr, unmap(RAM + slot * PAGE_SIZE, nr), NOT_THERE);
}

static void random_map(size_t slot, uint64_t nr)
{
    int64_t done = map(RAM + slot * PAGE_SIZE, nr);

    if (stamps[slot] != NOT_THERE) {
        ASSERT_EQ(done, STILE_ALREADY_MAPPED);
        return;
    }
    ASSERT_GE(done, 1);
    ASSERT_LE(done, nr);
    for (size_t i = slot; i < slot + (size_t)done; i++) {
        ASSERT_EQ(stamps[i], NOT_THERE);
        stamps[i] = 0;
    }
}

static void random_discard(size_t slot, uint64_t nr)
{
    uint64_t owned = vm.stage2.nr_owned;

    check_lost(slot, nr, discard(RAM + slot * PAGE_SIZE, nr), 0);
    ASSERT_EQ(vm.stage2.nr_owned, owned);
}

static void random_access(size_t slot)
{
    ipa_t ipa = ipa_make(RAM + slot * PAGE_SIZE);
    uint32_t stamp = (uint32_t)(fake_random() % 1000) + 1;
    uint32_t found = 77;

    ASSERT_EQ(guest_read(&vm, &found, ipa, 4), stamps[slot] == NOT_THERE ? 0 : 4);
    if (stamps[slot] == NOT_THERE)
        return;
    ASSERT_EQ(found, stamps[slot]);
    ASSERT_EQ(guest_write(&vm, ipa, &stamp, 4), 4);
    stamps[slot] = stamp;
}

KTF_TEST(vmem, at_random_pages_keep_what_they_hold_and_start_with_nothing)
{
    memset(stamps, 0, sizeof(stamps));
    for (unsigned i = 0; i < 20000; i++) {
        size_t slot = fake_random() % NR_SLOTS;
        uint64_t nr = 1 + fake_random() % 80;

        if (fake_random() % 8 == 0) {
            slot = align_down(slot, 512);
            nr = 512;
        }
        if (nr > NR_SLOTS - slot)
            nr = NR_SLOTS - slot;
        switch (fake_random() % 5) {
        case 0:
            random_unmap(slot, nr);
            break;
        case 1:
            random_map(slot, nr);
            break;
        case 2:
            random_discard(slot, nr);
            break;
        default:
            random_access(slot);
            break;
        }
    }
    for (size_t slot = 0; slot < NR_SLOTS; slot++)
        random_access(slot);
}
