/* SPDX-License-Identifier: MIT */
/*
 * Kernel, then device tree, then initrd: in this order from the start of the VM's first range of
 * memory that has room. Together where they can be, so that the guest touches little memory when it
 * starts, but clear of what the tree reserves. A tree may say where its kernel and itself are to be
 * (stile,kernel-address, stile,dtb-address): then a kernel need not be an Image, as a flat binary
 * that was linked for one address is none.
 */
#include "config/vm_place.h"

#include <string.h>

#include "config/dt.h"
#include "config/image.h"
#include "mm/page.h"
#include "vm/refusal.h"
#include "vm/vm.h"

/* What holds for kernels before 3.17, whose image_size is 0. */
#define IMAGE_OLD_TEXT_OFFSET UINT64_C(0x80000)

/* What a tree may reserve. There is room for the kernel and the tree itself, too. */
#define NR_RESERVED (PAGE_SIZE / sizeof(struct ipa_range) - 3)

/** What is not free: /memreserve/ and /reserved-memory, and what has a place already. */
struct reserved {
    uint64_t nr; /* may be NR_RESERVED + 1: the tree reserves too many */
    struct ipa_range at[NR_RESERVED + 2];
};

_Static_assert(sizeof(struct reserved) <= PAGE_SIZE, "it is allocated as a page");

/** Where things go, while that is being decided. */
struct plan {
    const struct vm *vm;
    struct reserved *reserved; /* in the order of the tree */
    struct vm_layout *layout;
};

static void reserve(void *context, uint64_t base, uint64_t bytes)
{
    struct reserved *reserved = context;

    if (bytes > UINT64_MAX - base)
        bytes = UINT64_MAX - base;
    if (reserved->nr <= NR_RESERVED)
        reserved->at[reserved->nr++] = (struct ipa_range){ipa_make(base), bytes};
}

/* Keeps what has found its place clear of what looks for one. */
static void keep_clear(struct plan *plan, const struct ipa_range *range)
{
    plan->reserved->at[plan->reserved->nr++] = *range;
}

static void reserve_node(void *context, const struct dt_node *node)
{
    (void)dt_each_reserved(node, reserve, context);
}

static const char *find_reserved(struct plan *plan, const void *tree)
{
    plan->reserved->nr = 0;
    dt_each_reservation(tree, reserve, plan->reserved);
    (void)dt_walk(tree, reserve_node, plan->reserved);
    return plan->reserved->nr > NR_RESERVED
               ? refusal("vm.dtb: more than %lu reserved ranges", NR_RESERVED)
               : NULL;
}

/* The end of a reserved range that overlaps this one, or 0. */
static uint64_t in_the_way(const struct reserved *reserved, uint64_t base, uint64_t bytes)
{
    for (uint64_t i = 0; i < reserved->nr; i++)
        if (base < ipa_range_end(&reserved->at[i]) && reserved->at[i].base.ipa < base + bytes)
            return ipa_range_end(&reserved->at[i]);
    return 0;
}

/*
 * Puts @bytes @offset behind a multiple of @alignment, from @base on, where a range of memory has
 * room for them.
 */
static bool place_in(const struct plan *plan, const struct ipa_range *memory, struct ipa_range *out,
                     uint64_t base, uint64_t offset, uint64_t alignment, uint64_t bytes)
{
    uint64_t start = align_up(base, alignment) + offset;
    uint64_t least = memory->base.ipa;

    while (start >= least && start - memory->base.ipa <= memory->bytes &&
           bytes <= ipa_range_end(memory) - start) {
        uint64_t end = in_the_way(plan->reserved, start, bytes);

        *out = (struct ipa_range){ipa_make(start), bytes};
        if (end == 0 || bytes == 0)
            return true;
        least = start + 1; /* so that what wraps ends the search */
        start = align_up(end - offset, alignment) + offset;
    }
    return false;
}

/* Puts @bytes @offset behind a multiple of @alignment in the first range that has room for them. */
static bool place(const struct plan *plan, struct ipa_range *out, uint64_t offset,
                  uint64_t alignment, uint64_t bytes)
{
    const struct vm_config *config = &plan->vm->config;

    for (uint32_t i = 0; i < config->nr_memory; i++)
        if (place_in(plan, &config->memory[i], out, config->memory[i].base.ipa, offset, alignment,
                     bytes))
            return true;
    return false;
}

/* The range of memory that ends at @end or behind, and begins before. There is one. */
static const struct ipa_range *range_of(const struct plan *plan, uint64_t end)
{
    const struct ipa_range *memory = plan->vm->config.memory;

    while (end - 1 - memory->base.ipa >= memory->bytes)
        memory++;
    return memory;
}

/* Puts @bytes behind what ends at @end, if there is room; else anywhere. */
static bool place_behind(const struct plan *plan, struct ipa_range *out, uint64_t end,
                         uint64_t alignment, uint64_t bytes)
{
    return place_in(plan, range_of(plan, end), out, end, 0, alignment, bytes) ||
           place(plan, out, 0, alignment, bytes);
}

/* Puts @bytes at @address alone. */
static bool place_at(const struct plan *plan, struct ipa_range *out, uint64_t address,
                     uint64_t bytes)
{
    const struct vm_config *config = &plan->vm->config;

    *out = (struct ipa_range){ipa_make(address), bytes};
    for (uint32_t i = 0; i < config->nr_memory; i++) {
        uint64_t offset = address - config->memory[i].base.ipa;

        if (offset < config->memory[i].bytes && bytes <= config->memory[i].bytes - offset)
            return in_the_way(plan->reserved, address, bytes) == 0;
    }
    return false;
}

/* How much is in one piece in the largest range of memory. */
static uint64_t largest_range(const struct plan *plan)
{
    const struct vm_config *config = &plan->vm->config;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < config->nr_memory; i++)
        if (config->memory[i].bytes > bytes)
            bytes = config->memory[i].bytes;
    return bytes;
}

_Static_assert(sizeof(struct image_header) <= STILE_VM_KERNEL_START, "a maker gives so much");

/* Checks an Image and reads its header. What is no Image has none. */
static const char *check_kernel(const struct plan *plan, struct image_header *header)
{
    const struct vm_file *file = &plan->vm->image.kernel;
    bool has_address = plan->vm->config.kernel_address != VM_ANYWHERE;

    if (file->bytes >= sizeof(*header))
        memcpy(header, file->data, sizeof(*header));
    if (header->magic != IMAGE_MAGIC && has_address) {
        *header = (struct image_header){0};
        return NULL;
    }
    if (file->bytes < sizeof(*header))
        return "kernel: not an arm64 Image: too short";
    if (header->magic != IMAGE_MAGIC)
        return "kernel: not an arm64 Image: it has no magic";
    if (header->flags & IMAGE_FLAG_BIG_ENDIAN)
        return "kernel: it is big-endian";
    if (header->image_size == 0)
        header->text_offset = IMAGE_OLD_TEXT_OFFSET;
    if (header->text_offset >= largest_range(plan))
        return "kernel: its text offset is beyond the VM's memory";
    return NULL;
}

static uint64_t mib(uint64_t bytes)
{
    return (bytes >> 20) + (bytes % 0x100000 != 0);
}

static const char *no_room(const struct plan *plan, const char *file, uint64_t bytes)
{
    return refusal("%s: it does not fit into the VM's memory: %lu MiB, of %lu MiB", file,
                   mib(bytes), mib(largest_range(plan)));
}

static const char *not_there(const char *file, uint64_t address)
{
    return refusal("%s: it does not fit at %lx: no memory, or something is reserved there", file,
                   address);
}

/* Half of what is left behind the kernel, and less if something is in the way. */
static uint64_t room_behind(const struct plan *plan, uint64_t end)
{
    uint64_t room = (ipa_range_end(range_of(plan, end)) - end) / 2;

    while (in_the_way(plan->reserved, end, room) != 0)
        room /= 2;
    return room;
}

/*
 * A kernel that does not say how much it needs gets some of what is behind it. Of that, the rest of
 * its last block of 2 MiB has been touched by the hypervisor, and so needs cleaning.
 */
static const char *place_kernel(struct plan *plan)
{
    const struct vm_config *config = &plan->vm->config;
    struct ipa_range *kernel = &plan->layout->kernel;
    struct image_header header = {0};
    const char *fault = check_kernel(plan, &header);
    uint64_t said = config->kernel_bytes != 0 ? config->kernel_bytes : header.image_size;
    uint64_t bytes = said > plan->vm->image.kernel.bytes ? said : plan->vm->image.kernel.bytes;

    if (fault)
        return fault;
    if (config->kernel_address != VM_ANYWHERE) {
        if (!place_at(plan, kernel, config->kernel_address, bytes))
            return not_there("kernel", config->kernel_address);
    } else if (!place(plan, kernel, header.text_offset, BLOCK_2M, bytes)) {
        return no_room(plan, "kernel", bytes);
    }
    uint64_t touched = align_up(ipa_range_end(kernel), BLOCK_2M) - kernel->base.ipa;
    if (said == 0)
        kernel->bytes += room_behind(plan, ipa_range_end(kernel));
    plan->layout->kernel_clean = touched < kernel->bytes ? touched : kernel->bytes;
    keep_clear(plan, kernel);
    return NULL;
}

/* The device tree is in one block of 2 MiB, so that a kernel can map it with one. */
static const char *place_tree(struct plan *plan)
{
    struct ipa_range *dtb = &plan->layout->dtb;
    uint64_t bytes = plan->vm->image.dtb.bytes;
    uint64_t end = ipa_range_end(&plan->layout->kernel);
    bool fits = place_behind(plan, dtb, end, PAGE_SIZE, bytes);

    if (fits && align_down(dtb->base.ipa, BLOCK_2M) != align_down(ipa_range_end(dtb) - 1, BLOCK_2M))
        fits = place_behind(plan, dtb, end, BLOCK_2M, bytes);
    if (!fits)
        return no_room(plan, "vm.dtb", bytes);
    keep_clear(plan, dtb);
    return NULL;
}

/* Before all else, as nothing may be in its place. */
static const char *place_tree_at(struct plan *plan, uint64_t address)
{
    if (!place_at(plan, &plan->layout->dtb, address, plan->vm->image.dtb.bytes))
        return not_there("vm.dtb", address);
    keep_clear(plan, &plan->layout->dtb);
    return NULL;
}

static const char *place_initrd(struct plan *plan)
{
    const struct vm_layout *layout = plan->layout;
    uint64_t kernel_end = ipa_range_end(&layout->kernel);
    uint64_t dtb_end = ipa_range_end(&layout->dtb);
    uint64_t end = kernel_end > dtb_end ? kernel_end : dtb_end;
    uint64_t bytes = plan->vm->image.initrd.bytes;

    return place_behind(plan, &plan->layout->initrd, end, PAGE_SIZE, bytes)
               ? NULL
               : no_room(plan, "initrd", bytes);
}

const char *vm_place(const struct vm *vm, const void *tree, void *page, struct vm_layout *layout)
{
    uint64_t dtb = vm->config.dtb_address;
    struct plan plan = {vm, page, layout};
    const char *fault = find_reserved(&plan, tree);

    if (!fault && dtb != VM_ANYWHERE)
        fault = place_tree_at(&plan, dtb);
    if (!fault)
        fault = place_kernel(&plan);
    if (!fault && dtb == VM_ANYWHERE)
        fault = place_tree(&plan);
    return fault ? fault : place_initrd(&plan);
}
