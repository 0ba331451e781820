/* SPDX-License-Identifier: MIT */
/*
 * config/vm_load.c: where things go in a VM's memory, and what does not fit.
 */
#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/memory.h"
#include "fakes/tree.h"

#include "config/dt.c"
#include "config/vm_load.c"
#include "memory/guest.c"
#include "mm/stage2.c"
#include "mm/stage2_map.c"
#include "memory/vmem.c"
#include "memory/vmem_call.c"

#include "ktf.h"

#define RAM UINT64_C(0x40000000)

static struct vm vm;
static struct vm_files files;
static struct vm_entry entry;
static uint64_t tree[TREE_BYTES / 8];
static uint8_t kernel[0x12345];
static uint8_t initrd[0x54321];
static size_t pool_before;

uint64_t mmio_gap(const struct mmio_map *map, ipa_t base, uint64_t bytes)
{
    (void)map;
    (void)base;
    return bytes;
}

uint64_t share_unlent(struct stage2_locked locked, const struct vm *of, ipa_t base, uint64_t bytes)
{
    (void)locked;
    (void)of;
    (void)base;
    return bytes;
}

static struct image_header *header(void)
{
    return (struct image_header *)(void *)kernel;
}

static void make_vm(uint64_t bytes)
{
    vm = (struct vm){.id = 2};
    vm.config.nr_memory = 1;
    vm.config.memory[0] = (struct ipa_range){ipa_make(RAM), bytes};
    ASSERT_EQ(vmem_create(&vm), STILE_SUCCESS);
    pool_before = page_nr_free();
}

static void setup(void)
{
    struct tree with_initrd = tree_default;

    with_initrd.initrd = 1;
    fake_memory();
    make_vm(8 * BLOCK_2M);
    for (size_t i = 0; i < sizeof(kernel); i++)
        kernel[i] = (uint8_t)fake_random();
    for (size_t i = 0; i < sizeof(initrd); i++)
        initrd[i] = (uint8_t)fake_random();
    *header() = (struct image_header){
        .image_size = 0x20000,
        .flags = 0xA,
        .magic = IMAGE_MAGIC,
    };
    files = (struct vm_files){
        .name = "vm",
        .kernel = {kernel, sizeof(kernel)},
        .dtb = {tree, tree_make(tree, &with_initrd)},
        .initrd = {initrd, sizeof(initrd)},
    };
    fake_cache_cleaned = 0;
}

static void teardown(void)
{
    EXPECT_EQ(page_nr_free(), pool_before);
    vmem_destroy(&vm);
    vmem_forget(&vm);
    EXPECT_EQ(fake_windows_open, 0);
}

KTF_SUITE(vm_load, .setup = setup, .teardown = teardown);

static void expect_at(ipa_t ipa, const void *data, size_t bytes)
{
    void *found = malloc(bytes);

    EXPECT_EQ(guest_read(&vm, found, ipa, bytes), bytes);
    EXPECT_MEMEQ(found, data, bytes);
    free(found);
}

static uint64_t chosen_u64(const void *fdt, const char *name)
{
    int bytes;
    const fdt64_t *value = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &bytes);

    return value && bytes == 8 ? fdt64_ld(value) : 0;
}

KTF_TEST(vm_load, everything_is_in_its_place)
{
    static uint64_t copy[TREE_BYTES / 8];
    uint64_t start;

    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.pc.ipa, RAM);
    EXPECT_EQ(entry.dtb.ipa, RAM + 0x20000);
    expect_at(entry.pc, kernel, sizeof(kernel));

    ASSERT_EQ(guest_read(&vm, copy, entry.dtb, files.dtb.bytes), files.dtb.bytes);
    ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    start = chosen_u64(copy, "linux,initrd-start");
    EXPECT_TRUE(is_aligned(start, PAGE_SIZE));
    EXPECT_GE(start, entry.dtb.ipa + files.dtb.bytes);
    EXPECT_EQ(chosen_u64(copy, "linux,initrd-end"), start + sizeof(initrd));
    expect_at(ipa_make(start), initrd, sizeof(initrd));
    EXPECT_EQ(chosen_u64(tree, "linux,initrd-start"), 0); /* the bundle's own is as it was */

    /* All of the kernel's room is cleaned, its zeroes too. */
    EXPECT_EQ(fake_cache_cleaned, 0x20000 + files.dtb.bytes + sizeof(initrd));
    /* Only what was needed was touched. */
    EXPECT_EQ(vm.stage2.nr_owned, 8 * 512);
    struct stage2_mapping mapping;
    ASSERT_TRUE(stage2_lookup(&vm.stage2, ipa_make(RAM + BLOCK_2M), &mapping));
    EXPECT_TRUE(mapping.attrs & STAGE2_FRESH);
}

KTF_TEST(vm_load, without_an_initrd_its_addresses_are_taken_out)
{
    static uint64_t copy[TREE_BYTES / 8];

    files.initrd = (struct vm_file){NULL, 0};
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    ASSERT_EQ(guest_read(&vm, copy, entry.dtb, files.dtb.bytes), files.dtb.bytes);
    ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    EXPECT_NULL(fdt_getprop(copy, fdt_path_offset(copy, "/chosen"), "linux,initrd-start", NULL));
}

KTF_TEST(vm_load, an_initrd_needs_its_places_in_the_tree)
{
    files.dtb.bytes = tree_make(tree, &tree_default);
    EXPECT_STREQ(vm_load(&vm, &files, &entry),
                 "vm.dtb: /chosen has no linux,initrd-start and -end of two cells for the initrd");
}

KTF_TEST(vm_load, the_text_offset_is_kept)
{
    header()->text_offset = 0x80000;
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.pc.ipa, RAM + 0x80000);
    expect_at(entry.pc, kernel, sizeof(kernel));
    header()->image_size = 0; /* the offset means nothing then */
    header()->text_offset = 0x123;
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.pc.ipa, RAM + 0x80000);
}

KTF_TEST(vm_load, the_tree_does_not_cross_a_block)
{
    header()->image_size = BLOCK_2M - 8;
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.dtb.ipa, RAM + BLOCK_2M);
    header()->image_size = 2 * BLOCK_2M - PAGE_SIZE;
    files.dtb.bytes = PAGE_SIZE;
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.dtb.ipa, RAM + 2 * BLOCK_2M - PAGE_SIZE);
    files.dtb.bytes = PAGE_SIZE + 8;
    ASSERT_STREQ(vm_load(&vm, &files, &entry), NULL);
    EXPECT_EQ(entry.dtb.ipa, RAM + 2 * BLOCK_2M);
}

KTF_TEST(vm_load, what_is_no_image_is_refused)
{
    files.kernel.bytes = 63;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: not an arm64 Image: too short");
    files.kernel.bytes = sizeof(kernel);
    header()->magic ^= 1;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: not an arm64 Image: it has no magic");
    header()->magic ^= 1;
    header()->flags |= 1;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: it is big-endian");
}

KTF_TEST(vm_load, what_does_not_fit_is_refused)
{
    uint64_t room = 8 * BLOCK_2M;

    header()->image_size = room + 1;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: it does not fit into the VM's memory");
    header()->image_size = UINT64_MAX;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: it does not fit into the VM's memory");
    header()->image_size = 0x20000;
    header()->text_offset = room - 0x1FFFF;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: it does not fit into the VM's memory");
    header()->text_offset = UINT64_MAX;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: its text offset is beyond the VM's memory");
    header()->text_offset = 0;
    header()->image_size = room;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "vm.dtb: it does not fit into the VM's memory");
    header()->image_size = room - 8;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "vm.dtb: it does not fit into the VM's memory");
    header()->image_size = room - 0x10000;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "initrd: it does not fit into the VM's memory");
    files.initrd.bytes = SIZE_MAX;
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "initrd: it does not fit into the VM's memory");
}

KTF_TEST(vm_load, a_hole_in_the_memory_is_noticed)
{
    EXPECT_EQ(vmem_unmap(&vm, ipa_make(RAM + 0x1F000), 1), 1);
    pool_before = page_nr_free();
    EXPECT_STREQ(vm_load(&vm, &files, &entry), "kernel: the VM's memory has a hole");
}

KTF_TEST(vm_load, every_header_is_survived)
{
    for (unsigned i = 0; i < 3000; i++) {
        struct image_header *image = header();

        image->text_offset = fake_random() >> fake_random() % 64;
        image->image_size = fake_random() >> fake_random() % 64;
        (void)vm_load(&vm, &files, &entry);
    }
}
