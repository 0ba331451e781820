/* SPDX-License-Identifier: MIT */
/*
 * Guest memory on the real machine: pages, windows, stage 2, ownership.
 */
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "memory/guest.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "mm/window.h"
#include "one_vm.h"
#include "vm/trap_control.h"
#include "vm/vm.h"

KTF_SUITE(guest_memory, .setup = make_vm, .teardown = destroy_vm);

KTF_TEST(guest_memory, what_is_written_can_be_read)
{
    char text[] = "across a page boundary";
    char back[sizeof(text)];
    ipa_t place = ipa_make(MEMORY_IPA + BLOCK_2M - 8);

    EXPECT_EQ(guest_write(&vm, place, text, sizeof(text)), sizeof(text));
    EXPECT_EQ(guest_read(&vm, back, place, sizeof(back)), sizeof(back));
    EXPECT_MEMEQ(text, back, sizeof(text));
}

KTF_TEST(guest_memory, a_copy_stops_where_the_memory_does)
{
    char bytes[64];
    ipa_t end = ipa_make(MEMORY_IPA + MEMORY_BYTES);

    EXPECT_EQ(guest_read(&vm, bytes, ipa_make(end.ipa - 16), sizeof(bytes)), 16);
    EXPECT_EQ(guest_read(&vm, bytes, end, sizeof(bytes)), 0);
    EXPECT_EQ(guest_read(&vm, bytes, ipa_make(UINT64_MAX - 8), sizeof(bytes)), 0);
    EXPECT_EQ(guest_write(&vm, ipa_make(0), bytes, sizeof(bytes)), 0);
}

KTF_TEST(guest_memory, large_blocks_are_used)
{
    struct stage2_mapping mapping;

    ASSERT_TRUE(stage2_lookup(&vm.stage2, ipa_make(MEMORY_IPA), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(page_owner(mapping.pa), vm.id);
}

/* The hardware agrees with the tables: AT S12E1R walks both stages; stage 1 is off. */
static bool walk(uint64_t ipa, uint64_t *pa)
{
    uint64_t vttbr = read_sysreg(vttbr_el2);
    uint64_t hcr = read_sysreg(hcr_el2);

    write_sysreg(sctlr_el1, 0x30D00800);
    write_sysreg(hcr_el2, trap_control_hcr(VM_MODE_ASSISTED));
    write_sysreg(vttbr_el2, vm.stage2.vttbr);
    isb();
    __asm__ volatile("at s12e1r, %0\n\tisb" : : "r"(ipa) : "memory");
    uint64_t par = read_sysreg(par_el1);
    write_sysreg(vttbr_el2, vttbr);
    write_sysreg(hcr_el2, hcr);
    isb();
    *pa = (par & UINT64_C(0xFFFFFFFFF000)) | (ipa & PAGE_MASK);
    return !(par & 1);
}

KTF_TEST(guest_memory, the_walker_sees_what_was_mapped_and_unmapped)
{
    struct stage2_mapping mapping;
    ipa_t page = ipa_make(MEMORY_IPA + 5 * PAGE_SIZE);
    uint64_t pa;

    ASSERT_TRUE(stage2_lookup(&vm.stage2, page, &mapping));
    for (unsigned i = 0; i < BLOCK_2M / PAGE_PART_BYTES; i++) {
        EXPECT_FALSE(walk(page.ipa, &pa));
        EXPECT_EQ(vmem_fault(&vm, page), VMEM_PART);
    }
    EXPECT_TRUE(walk(page.ipa, &pa));
    EXPECT_EQ(pa, mapping.pa.pa);

    EXPECT_EQ(vmem_unmap(&vm, page, 1), 1);
    EXPECT_FALSE(walk(page.ipa, &pa));
    EXPECT_TRUE(walk(page.ipa - PAGE_SIZE, &pa));
    EXPECT_TRUE(walk(page.ipa + PAGE_SIZE, &pa));

    EXPECT_EQ(vmem_map(&vm, page, 1), 1);
    EXPECT_FALSE(walk(page.ipa, &pa));
    EXPECT_EQ(vmem_fault(&vm, page), VMEM_PAGE);
    EXPECT_TRUE(walk(page.ipa, &pa));
}

KTF_TEST(guest_memory, pages_are_scrubbed_before_they_change_hands)
{
    static const char zeroes[256];
    char secret[256];
    char back[256];
    ipa_t page = ipa_make(MEMORY_IPA + 3 * PAGE_SIZE);

    memset(secret, 0xA5, sizeof(secret));
    EXPECT_EQ(guest_write(&vm, page, secret, sizeof(secret)), sizeof(secret));
    for (unsigned i = 0; i < 4; i++) {
        EXPECT_EQ(vmem_unmap(&vm, page, 1), 1);
        EXPECT_EQ(vmem_map(&vm, page, 1), 1);
        EXPECT_EQ(guest_read(&vm, back, page, sizeof(back)), sizeof(back));
        EXPECT_MEMEQ(back, zeroes, sizeof(back));
        EXPECT_EQ(guest_write(&vm, page, secret, sizeof(secret)), sizeof(secret));
    }
}
