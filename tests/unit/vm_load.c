/* SPDX-License-Identifier: MIT */
/*
 * config/vm_load.c: where things go in a VM's memory, and what does not fit.
 */
#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/memory.h"
#include "fakes/tree.h"

#include "config/dt.c"
#include "vm/refusal.c"
#include "config/vm_load.c"
#include "config/vm_node.c"
#include "config/vm_place.c"
#include "memory/guest.c"
#include "mm/stage2.c"
#include "mm/stage2_map.c"
#include "memory/vmem.c"
#include "memory/vmem_call.c"

#include "../hv/whole.h"

#include "ktf.h"

#define RAM UINT64_C(0x40000000)

static struct vm vm;

struct vm *vm_slot(uint32_t id)
{
    (void)id;
    return &vm;
}
static struct vm_files files;
static struct vm_load done;
static uint64_t tree[TREE_BYTES / 8];
static uint8_t kernel[0x12345];
static uint8_t initrd[0x54321];
static size_t pool_before;
static struct pcpu self;

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

/* All of it, in pieces. */
static const char *load(void)
{
    vm.image = files;
    const char *fault = vm_load_begin(&done, &vm);

    while (!fault && !vm_load_is_done(&done))
        fault = vm_load_some(&done, &vm);
    return fault;
}

static struct image_header *header(void)
{
    return (struct image_header *)(void *)kernel;
}

static void make_vm(uint64_t bytes)
{
    vm = (struct vm){.id = 2};
    vm.config.kernel_address = VM_ANYWHERE;
    vm.config.kernel_entry = VM_ANYWHERE;
    vm.config.dtb_address = VM_ANYWHERE;
    vm.config.address_cells = 2;
    vm.config.size_cells = 2;
    vm.config.nr_memory = 1;
    vm.config.memory[0] = (struct ipa_range){ipa_make(RAM), bytes};
    page_unreserve(vm.id);
    ASSERT_TRUE(page_reserve(vm.id, 64));
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
    pool_before = fake_free_of(vm.id);
}

static void setup(void)
{
    struct tree with_initrd = tree_default;

    with_initrd.initrd = 1;
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
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
    fake_cache_flushed = 0;
}

static void teardown(void)
{
    EXPECT_EQ(fake_free_of(vm.id), pool_before);
    whole_destroy(&vm);
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

    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 0x20000);
    expect_at(done.kernel.base, kernel, sizeof(kernel));

    ASSERT_EQ(guest_read(&vm, copy, done.dtb.base, files.dtb.bytes), files.dtb.bytes);
    ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    start = chosen_u64(copy, "linux,initrd-start");
    EXPECT_TRUE(is_aligned(start, PAGE_SIZE));
    EXPECT_GE(start, done.dtb.base.ipa + files.dtb.bytes);
    EXPECT_EQ(chosen_u64(copy, "linux,initrd-end"), start + sizeof(initrd));
    expect_at(ipa_make(start), initrd, sizeof(initrd));
    EXPECT_EQ(chosen_u64(tree, "linux,initrd-start"), 0); /* the bundle's own is as it was */

    /* Two parts were handed over; then the kernel's room, the tree and the initrd were cleaned. */
    EXPECT_EQ(fake_cache_flushed, 2 * PAGE_PART_BYTES + 0x20000 +
                                      align_up(files.dtb.bytes, PAGE_SIZE) +
                                      align_up(sizeof(initrd), PAGE_SIZE));
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
    ASSERT_STREQ(load(), NULL);
    ASSERT_EQ(guest_read(&vm, copy, done.dtb.base, files.dtb.bytes), files.dtb.bytes);
    ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    EXPECT_NULL(fdt_getprop(copy, fdt_path_offset(copy, "/chosen"), "linux,initrd-start", NULL));
}

/* With room behind the tree the hypervisor's node is in it, and nothing else has changed. */
KTF_TEST(vm_load, a_tree_with_room_says_that_there_is_stile)
{
    static char copy[TREE_BYTES];
    int bytes = 0;

    EXPECT_EQ(fdt_open_into(tree, tree, (int)files.dtb.bytes + 512), 0);
    files.dtb.bytes += 512;
    ASSERT_NULL(load());
    ASSERT_EQ(guest_read(&vm, copy, done.dtb.base, files.dtb.bytes), files.dtb.bytes);
    ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    int node = fdt_node_offset_by_compatible(copy, -1, "stile,hypervisor");
    ASSERT_GE(node, 0);
    EXPECT_STREQ(fdt_get_name(copy, node, NULL), "hypervisor@b000000");
    const fdt32_t *reg = fdt_getprop(copy, node, "reg", &bytes);
    EXPECT_EQ(bytes, 4 * 4 * NODE_RANGES);
    EXPECT_EQ(fdt32_to_cpu(reg[1]), VM_PAGE_IPA);
    EXPECT_EQ(fdt32_to_cpu(reg[15]), vm.config.nr_vcpus * PAGE_SIZE);
    EXPECT_STREQ(fdt_getprop(copy, node, "method", NULL), "hvc");
    EXPECT_EQ(fdt_stringlist_search(copy, node, "reg-names", "mailboxes"), 3);
}

/* What stands before and behind the node is as it was: libfdt would have put it there alike. */
KTF_TEST(vm_load, the_node_is_found_as_if_libfdt_had_added_it)
{
    static char ours[TREE_BYTES], theirs[TREE_BYTES];
    size_t bytes = files.dtb.bytes + 512;
    const char *name;
    int before, value_bytes;

    ASSERT_EQ(fdt_open_into(tree, ours, (int)bytes), 0);
    memcpy(theirs, ours, sizeof(ours));
    vm.config.interrupt_cells = 3;
    vm.config.nr_vcpus = 2;
    vm_node_add(&vm.config, ours);
    ASSERT_EQ(fdt_check_full(ours, bytes), 0);
    int node = fdt_path_offset(ours, "/" NODE_NAME);
    ASSERT_GE(node, 0);
    const fdt32_t *interrupt = fdt_getprop(ours, node, "interrupts", &value_bytes);
    EXPECT_EQ(value_bytes, 12);
    EXPECT_EQ(fdt32_to_cpu(interrupt[1]), VGIC_EVENT_INTID - 16);
    ASSERT_EQ(fdt_del_node(ours, node), 0);
    EXPECT_EQ(fdt_size_dt_struct(ours), fdt_size_dt_struct(theirs));
    for (before = 0; before >= 0; before = fdt_next_node(theirs, before, NULL)) {
        ASSERT_EQ(fdt_next_node(ours, before, NULL), fdt_next_node(theirs, before, NULL));
        int prop;
        fdt_for_each_property_offset(prop, theirs, before)
        {
            const void *value = fdt_getprop_by_offset(theirs, prop, &name, &value_bytes);
            int bytes_of_ours;
            const void *same = fdt_getprop(ours, before, name, &bytes_of_ours);

            ASSERT_EQ(bytes_of_ours, value_bytes);
            EXPECT_MEMEQ(same, value, (size_t)value_bytes);
        }
    }
}

/* Whatever a tree says of its cells, the node has a property of whole numbers or has it not. */
KTF_TEST(vm_load, the_node_has_the_trees_cells)
{
    static const struct {
        uint32_t cells; /* of interrupts, as the tree has it */
        int bytes;      /* of the node's, or -FDT_ERR_NOTFOUND */
    } interrupts[] = {
        {3, 12},
        {6, 24},
        {0, -FDT_ERR_NOTFOUND},
        {1, -FDT_ERR_NOTFOUND},
        {2, -FDT_ERR_NOTFOUND},
        {7, -FDT_ERR_NOTFOUND},
        {0x40000003, -FDT_ERR_NOTFOUND}, /* times 4 bytes is 12 in 32 bits */
        {UINT32_MAX, -FDT_ERR_NOTFOUND},
    };
    static char copy[TREE_BYTES];
    int bytes;

    for (uint32_t i = 0; i < 4 * sizeof(interrupts) / sizeof(interrupts[0]); i++) {
        vm.config.address_cells = 1 + i % 2;
        vm.config.size_cells = 1 + i / 2 % 2;
        vm.config.interrupt_cells = interrupts[i / 4].cells;
        ASSERT_EQ(fdt_open_into(tree, copy, (int)files.dtb.bytes + 512), 0);
        vm_node_add(&vm.config, copy);
        ASSERT_EQ(fdt_check_full(copy, files.dtb.bytes + 512), 0);
        int node = fdt_path_offset(copy, "/" NODE_NAME);
        ASSERT_GE(node, 0);
        (void)fdt_getprop(copy, node, "interrupts", &bytes);
        EXPECT_EQ(bytes, interrupts[i / 4].bytes);
        ASSERT_NOT_NULL(fdt_getprop(copy, node, "reg", &bytes));
        EXPECT_EQ(bytes, 4 * NODE_RANGES * (int)(vm.config.address_cells + vm.config.size_cells));
    }
}

KTF_TEST(vm_load, a_tree_that_has_a_node_gets_no_other)
{
    static char copy[TREE_BYTES];
    size_t bytes = files.dtb.bytes + 512;

    ASSERT_EQ(fdt_open_into(tree, copy, (int)bytes), 0);
    memcpy(tree, copy, sizeof(tree));
    vm.config.has_node = true;
    vm_node_add(&vm.config, copy);
    EXPECT_MEMEQ(copy, tree, bytes);
    vm.config.has_node = false;
    vm_node_add(&vm.config, copy);
    EXPECT_EQ(memcmp(copy, tree, bytes) == 0, false);
}

/* Whatever room there is, the tree is sound and the node is whole or not there. */
KTF_TEST(vm_load, a_tree_with_little_room_has_no_part_of_the_node)
{
    static char small[TREE_BYTES];
    size_t before = files.dtb.bytes;

    for (size_t room = 0; room < 400; room += 4) {
        ASSERT_EQ(fdt_open_into(tree, small, (int)(before + room)), 0);
        vm_node_add(&vm.config, small);
        ASSERT_EQ(fdt_check_full(small, before + room), 0);
        int node = fdt_node_offset_by_compatible(small, -1, "stile,hypervisor");
        EXPECT_TRUE(node >= 0 || fdt_path_offset(small, "/" NODE_NAME) < 0);
    }
}

KTF_TEST(vm_load, an_initrd_needs_its_places_in_the_tree)
{
    files.dtb.bytes = tree_make(tree, &tree_default);
    EXPECT_STREQ(
        load(),
        "vm.dtb: /chosen has no linux,initrd-start and -end of one or two cells for the initrd");
}

KTF_TEST(vm_load, the_text_offset_is_kept)
{
    header()->text_offset = 0x80000;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x80000);
    expect_at(done.kernel.base, kernel, sizeof(kernel));
    header()->image_size = 0; /* the offset means nothing then */
    header()->text_offset = 0x123;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x80000);
}

KTF_TEST(vm_load, the_tree_does_not_cross_a_block)
{
    header()->image_size = BLOCK_2M - 8;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM + BLOCK_2M);
    header()->image_size = 2 * BLOCK_2M - PAGE_SIZE;
    files.dtb.bytes = PAGE_SIZE;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 2 * BLOCK_2M - PAGE_SIZE);
    files.dtb.bytes = PAGE_SIZE + 8;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 2 * BLOCK_2M);
}

KTF_TEST(vm_load, what_is_no_image_is_refused)
{
    files.kernel.bytes = 63;
    EXPECT_STREQ(load(), "kernel: not an arm64 Image: too short");
    files.kernel.bytes = sizeof(kernel);
    header()->magic ^= 1;
    EXPECT_STREQ(load(), "kernel: not an arm64 Image: it has no magic");
    header()->magic ^= 1;
    header()->flags |= 1;
    EXPECT_STREQ(load(), "kernel: it is big-endian");
}

/* That a file does not fit, and how large it and the memory are, but for the numbers. */
static bool fits_not(const char *file)
{
    const char *fault = load();
    char text[64];

    snprintf(text, sizeof(text), "%s: it does not fit into the VM's memory: ", file);
    return fault && strncmp(fault, text, strlen(text)) == 0;
}

KTF_TEST(vm_load, what_does_not_fit_is_refused)
{
    uint64_t room = 8 * BLOCK_2M;

    header()->image_size = room + 1;
    EXPECT_STREQ(load(), "kernel: it does not fit into the VM's memory: 17 MiB, of 16 MiB");
    header()->image_size = UINT64_MAX;
    EXPECT_TRUE(fits_not("kernel"));
    header()->image_size = 0x20000;
    header()->text_offset = room - 0x1FFFF;
    EXPECT_TRUE(fits_not("kernel"));
    header()->text_offset = UINT64_MAX;
    EXPECT_STREQ(load(), "kernel: its text offset is beyond the VM's memory");
    header()->text_offset = 0;
    header()->image_size = room;
    EXPECT_TRUE(fits_not("vm.dtb"));
    header()->image_size = room - 8;
    EXPECT_TRUE(fits_not("vm.dtb"));
    header()->image_size = room - 0x10000;
    EXPECT_TRUE(fits_not("initrd"));
    files.initrd.bytes = SIZE_MAX;
    EXPECT_TRUE(fits_not("initrd"));
}

/* --- what the tree reserves ---------------------------------------------------------------- */

/* A tree with these addresses and sizes reserved, the first by /memreserve/. */
static void make_tree(const uint64_t *reserved, unsigned nr, int cells)
{
    fdt_create(tree, TREE_BYTES);
    if (nr > 0)
        fdt_add_reservemap_entry(tree, reserved[0], reserved[1]);
    fdt_finish_reservemap(tree);
    fdt_begin_node(tree, "");
    fdt_begin_node(tree, "chosen");
    if (cells == 2) {
        fdt_property_u64(tree, "linux,initrd-start", 0);
        fdt_property_u64(tree, "linux,initrd-end", 0);
    } else {
        fdt_property_u32(tree, "linux,initrd-start", 0);
        fdt_property_u32(tree, "linux,initrd-end", 0);
    }
    fdt_end_node(tree);
    fdt_begin_node(tree, "reserved-memory");
    fdt_property_u32(tree, "#address-cells", 2);
    fdt_property_u32(tree, "#size-cells", 2);
    for (unsigned i = 1; i < nr; i++) {
        struct tree_node node = {
            .name = "r", .reg = {reserved[2 * i], reserved[2 * i + 1]}, .nr_regs = 1};
        tree_add_node(tree, &node);
    }
    fdt_end_node(tree);
    fdt_end_node(tree);
    fdt_finish(tree);
    files.dtb.bytes = fdt_totalsize(tree);
}

/* Where the initrd is, by the tree that the guest gets. */
static struct ipa_range initrd_of_guest(void)
{
    static uint64_t copy[TREE_BYTES / 8];
    uint64_t start;

    EXPECT_EQ(guest_read(&vm, copy, done.dtb.base, files.dtb.bytes), files.dtb.bytes);
    EXPECT_EQ(fdt_check_full(copy, files.dtb.bytes), 0);
    start = chosen_u64(copy, "linux,initrd-start");
    return (struct ipa_range){ipa_make(start), chosen_u64(copy, "linux,initrd-end") - start};
}

static bool overlaps(uint64_t base, uint64_t bytes, const uint64_t *range)
{
    return bytes > 0 && range[1] > 0 && base < range[0] + range[1] && range[0] < base + bytes;
}

KTF_TEST(vm_load, nothing_is_put_where_the_tree_reserves)
{
    const uint64_t reserved[] = {RAM + 0x100,    0x10,  /* in the kernel's first place */
                                 RAM + 0x220000, 0x800, /* where the tree would be */
                                 RAM + 0x223000, 0x1000};
    struct ipa_range range;

    make_tree(reserved, 3, 2);
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + BLOCK_2M);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 0x221000);
    range = initrd_of_guest();
    EXPECT_EQ(range.base.ipa, RAM + 0x224000);
    EXPECT_EQ(range.bytes, sizeof(initrd));
    expect_at(range.base, initrd, sizeof(initrd));
    expect_at(done.kernel.base, kernel, sizeof(kernel));
}

KTF_TEST(vm_load, any_reserved_ranges_are_kept_clear)
{
    uint64_t reserved[2 * 12];
    unsigned nr_loaded = 0;

    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 12; i++) {
            reserved[2 * i] = RAM + fake_random() % (7 * BLOCK_2M);
            reserved[2 * i + 1] = 1 + (fake_random() >> fake_random() % 64) % (BLOCK_2M / 2);
        }
        make_tree(reserved, (unsigned)(fake_random() % 13), 2);
        if (load())
            continue;
        nr_loaded++;
        struct ipa_range range = initrd_of_guest();
        for (int i = 0; i < fdt_num_mem_rsv(tree); i++) {
            EXPECT_FALSE(overlaps(done.kernel.base.ipa, 0x20000, reserved));
            EXPECT_FALSE(overlaps(done.dtb.base.ipa, files.dtb.bytes, reserved));
            EXPECT_FALSE(overlaps(range.base.ipa, range.bytes, reserved));
        }
        int node = fdt_path_offset(tree, "/reserved-memory");
        unsigned n = 0;
        for (int r = fdt_first_subnode(tree, node); r >= 0; r = fdt_next_subnode(tree, r)) {
            const uint64_t *one = &reserved[2 * ++n];

            EXPECT_FALSE(overlaps(done.kernel.base.ipa, 0x20000, one));
            EXPECT_FALSE(overlaps(done.dtb.base.ipa, files.dtb.bytes, one));
            EXPECT_FALSE(overlaps(range.base.ipa, range.bytes, one));
        }
    }
    EXPECT_GT(nr_loaded, 500);
}

KTF_TEST(vm_load, all_of_its_memory_may_be_reserved)
{
    const uint64_t reserved[] = {0, UINT64_MAX, 1, UINT64_MAX, RAM, 1};

    make_tree(reserved, 3, 2);
    EXPECT_TRUE(fits_not("kernel"));
}

KTF_TEST(vm_load, the_places_for_an_initrd_may_have_one_cell)
{
    static uint64_t copy[TREE_BYTES / 8];
    const fdt32_t *start;

    make_tree(NULL, 0, 1);
    ASSERT_STREQ(load(), NULL);
    ASSERT_EQ(guest_read(&vm, copy, done.dtb.base, files.dtb.bytes), files.dtb.bytes);
    start = fdt_getprop(copy, fdt_path_offset(copy, "/chosen"), "linux,initrd-start", NULL);
    expect_at(ipa_make(fdt32_ld(start)), initrd, sizeof(initrd));
}

KTF_TEST(vm_load, a_kernel_that_does_not_say_has_room_behind_it)
{
    uint64_t end = RAM + 0x80000 + sizeof(kernel);

    header()->image_size = 0;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x80000);
    EXPECT_GE(done.dtb.base.ipa - end, (RAM + 8 * BLOCK_2M - end) / 2);
    /* No more of it was touched than the block that the file ends in. */
    EXPECT_LE(fake_cache_flushed, BLOCK_2M);
}

KTF_TEST(vm_load, a_hole_in_the_memory_is_noticed)
{
    EXPECT_EQ(vmem_unmap(&vm, ipa_make(RAM + 0x1F000), 1), 1);
    pool_before = fake_free_of(vm.id);
    EXPECT_STREQ(load(), "kernel: the VM's memory has a hole");
}

KTF_TEST(vm_load, every_header_is_survived)
{
    for (unsigned i = 0; i < 3000; i++) {
        struct image_header *image = header();

        image->text_offset = fake_random() >> fake_random() % 64;
        image->image_size = fake_random() >> fake_random() % 64;
        (void)load();
    }
}

/* --- where the tree says -------------------------------------------------------------------- */

KTF_TEST(vm_load, a_flat_binary_goes_where_it_was_linked)
{
    vm.config.kernel_address = RAM + 0x3000;
    vm.config.kernel_entry = RAM + 0x3100;
    header()->magic = 0;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x3000);
    EXPECT_EQ(done.entry.ipa, RAM + 0x3100);
    expect_at(done.kernel.base, kernel, sizeof(kernel));
    /* It does not say what it needs, so there is room behind it. */
    EXPECT_GT(done.dtb.base.ipa, RAM + 4 * BLOCK_2M);
    vm.config.kernel_bytes = 0x20000;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 0x23000);
    files.kernel.bytes = 8; /* shorter than a header */
    vm.config.kernel_bytes = 0;
    EXPECT_STREQ(load(), NULL);
}

KTF_TEST(vm_load, an_image_may_have_a_fixed_place_too)
{
    vm.config.kernel_address = RAM + 0x1000;
    vm.config.kernel_entry = RAM + 0x1000;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x1000);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 0x21000);
    header()->flags |= IMAGE_FLAG_BIG_ENDIAN;
    EXPECT_STREQ(load(), "kernel: it is big-endian");
}

KTF_TEST(vm_load, the_tree_may_have_a_fixed_place)
{
    vm.config.dtb_address = RAM;
    header()->text_offset = 0x80000;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM);
    EXPECT_EQ(done.kernel.base.ipa, RAM + 0x80000);
    EXPECT_EQ(initrd_of_guest().base.ipa, RAM + 0xA0000);
    header()->text_offset = 0; /* so the kernel is clear of it */
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM + BLOCK_2M);
    vm.config.dtb_address = RAM + 7 * BLOCK_2M;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM);
    EXPECT_GE(initrd_of_guest().base.ipa, RAM + 7 * BLOCK_2M + files.dtb.bytes);
}

KTF_TEST(vm_load, a_kernel_at_the_end_has_the_rest_before_it)
{
    vm.config.kernel_address = RAM + 8 * BLOCK_2M - 0x20000;
    vm.config.kernel_entry = vm.config.kernel_address;
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.dtb.base.ipa, RAM);
    EXPECT_EQ(initrd_of_guest().base.ipa, RAM + align_up(files.dtb.bytes, PAGE_SIZE));
}

KTF_TEST(vm_load, what_does_not_fit_at_its_place_is_refused)
{
    vm.config.dtb_address = RAM + 8 * BLOCK_2M - 8;
    EXPECT_STREQ(load(),
                 "vm.dtb: it does not fit at 40fffff8: no memory, or something is reserved there");
    vm.config.dtb_address = RAM;
    vm.config.kernel_address = RAM;
    vm.config.kernel_entry = RAM;
    EXPECT_STREQ(load(),
                 "kernel: it does not fit at 40000000: no memory, or something is reserved there");
    vm.config.dtb_address = UINT64_MAX - 7;
    EXPECT_NOT_NULL(load());
    vm.config.dtb_address = VM_ANYWHERE;
    vm.config.kernel_bytes = UINT64_MAX;
    EXPECT_STREQ(load(),
                 "kernel: it does not fit at 40000000: no memory, or something is reserved there");
}

/* --- memory in pieces ----------------------------------------------------------------------- */

/* Memory of these ranges in place of the one. */
static void remake_vm(const struct ipa_range *memory, uint32_t nr)
{
    whole_destroy(&vm);
    vmem_forget(&vm);
    memcpy(vm.config.memory, memory, nr * sizeof(*memory));
    vm.config.nr_memory = nr;
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
    pool_before = fake_free_of(vm.id);
}

KTF_TEST(vm_load, memory_may_be_small_and_not_in_blocks)
{
    const struct ipa_range memory[] = {{ipa_make(RAM), 0x9F000}};

    remake_vm(memory, 1);
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM);
    expect_at(done.kernel.base, kernel, sizeof(kernel));
    expect_at(initrd_of_guest().base, initrd, sizeof(initrd));
    header()->image_size = 0xA0000;
    EXPECT_STREQ(load(), "kernel: it does not fit into the VM's memory: 1 MiB, of 1 MiB");
}

KTF_TEST(vm_load, what_does_not_fit_the_first_range_goes_to_another)
{
    const struct ipa_range memory[] = {{ipa_make(0x1000), 0x2000},
                                       {ipa_make(RAM), 0x21000},
                                       {ipa_make(2 * RAM + 0x1000), 0x400000}};

    remake_vm(memory, 3);
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, RAM);
    EXPECT_EQ(done.dtb.base.ipa, RAM + 0x20000);
    EXPECT_EQ(initrd_of_guest().base.ipa, 2 * RAM + 0x1000);
    header()->image_size = 0x30000; /* at a multiple of 2 MiB only */
    ASSERT_STREQ(load(), NULL);
    EXPECT_EQ(done.kernel.base.ipa, 2 * RAM + BLOCK_2M);
}
