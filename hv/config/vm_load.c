/* SPDX-License-Identifier: MIT */
/*
 * Kernel, then device tree, then initrd: in this order from the start of the VM's first range of
 * memory. Together where they can be, so that the guest touches little memory when it starts, but
 * clear of what the tree reserves.
 */
#include "config/vm_load.h"

#include <string.h>

#include <libfdt.h>

#include "arch/plain_abi.h"
#include "config/dt.h"
#include "config/image.h"
#include "memory/guest.h"
#include "mm/page.h"
#include "vm/refusal.h"
#include "vm/vm.h"

/* What holds for kernels before 3.17, whose image_size is 0. */
#define IMAGE_OLD_TEXT_OFFSET UINT64_C(0x80000)

/** Where things go. */
struct layout {
    struct ipa_range kernel; /* with what its image_size says it needs behind the file */
    struct ipa_range dtb;
    struct ipa_range initrd;
    uint64_t kernel_clean; /* bytes of the kernel's room that must not stay in a cache */
};

/* So much vm_load_some() copies and cleans at a time. */
#define PIECE_BYTES (32 << 10)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#define NR_RESERVED (PAGE_SIZE / sizeof(struct ipa_range) - 1)

/** What the tree reserves: /memreserve/ and /reserved-memory. */
struct reserved {
    uint64_t nr; /* one more than there is room for if there are too many */
    struct ipa_range at[NR_RESERVED];
};

_Static_assert(sizeof(struct reserved) <= PAGE_SIZE, "it is allocated as a page");

/** Where things go, while that is being decided. */
struct plan {
    const struct vm *vm;
    const struct vm_files *from;
    void *tree;                /* a copy, for the VM */
    struct reserved *reserved; /* in the order of the tree */
    struct layout layout;
    const char *fault;
};

static uint64_t end_of(const struct ipa_range *range)
{
    return range->base.ipa + range->bytes;
}

/* --- where --------------------------------------------------------------------------------- */

static void reserve(void *context, uint64_t base, uint64_t bytes)
{
    struct reserved *reserved = context;

    if (bytes > UINT64_MAX - base)
        bytes = UINT64_MAX - base;
    if (reserved->nr < NR_RESERVED)
        reserved->at[reserved->nr] = (struct ipa_range){ipa_make(base), bytes};
    reserved->nr += reserved->nr <= NR_RESERVED;
}

static void reserve_node(void *context, const struct dt_node *node)
{
    (void)dt_each_reserved(node, reserve, context);
}

static const char *find_reserved(struct plan *plan)
{
    plan->reserved->nr = 0;
    dt_each_reservation(plan->tree, reserve, plan->reserved);
    (void)dt_walk(plan->tree, reserve_node, plan->reserved);
    return plan->reserved->nr > NR_RESERVED
               ? refusal("vm.dtb: more than %lu reserved ranges", NR_RESERVED)
               : NULL;
}

/* The end of a reserved range that overlaps this one, or 0. */
static uint64_t in_the_way(const struct reserved *reserved, uint64_t base, uint64_t bytes)
{
    for (uint64_t i = 0; i < reserved->nr; i++)
        if (base < end_of(&reserved->at[i]) && reserved->at[i].base.ipa < base + bytes)
            return end_of(&reserved->at[i]);
    return 0;
}

/*
 * Puts @bytes @offset behind a multiple of @alignment, from @base on, where the VM's first range of
 * memory has room for them.
 */
static bool place(const struct plan *plan, struct ipa_range *out, uint64_t base, uint64_t offset,
                  uint64_t alignment, uint64_t bytes)
{
    const struct ipa_range *memory = &plan->vm->config.memory[0];
    uint64_t start = align_up(base, alignment) + offset;
    uint64_t least = memory->base.ipa;

    while (start >= least && start - memory->base.ipa <= memory->bytes &&
           bytes <= end_of(memory) - start) {
        uint64_t end = in_the_way(plan->reserved, start, bytes);

        *out = (struct ipa_range){ipa_make(start), bytes};
        if (end == 0 || bytes == 0)
            return true;
        least = start + 1; /* so that what wraps ends the search */
        start = align_up(end - offset, alignment) + offset;
    }
    return false;
}

/* Checks an Image and reads its header. */
static const char *check_kernel(const struct plan *plan, struct image_header *header)
{
    const struct vm_file *file = &plan->from->kernel;

    if (file->bytes < sizeof(*header))
        return "kernel: not an arm64 Image: too short";
    memcpy(header, file->data, sizeof(*header));
    if (header->magic != IMAGE_MAGIC)
        return "kernel: not an arm64 Image: it has no magic";
    if (header->flags & IMAGE_FLAG_BIG_ENDIAN)
        return "kernel: it is big-endian";
    if (header->image_size == 0)
        header->text_offset = IMAGE_OLD_TEXT_OFFSET;
    if (header->text_offset >= plan->vm->config.memory[0].bytes)
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
                   mib(bytes), mib(plan->vm->config.memory[0].bytes));
}

/*
 * A kernel that does not say how much it needs behind it gets half of what is left there. Of that,
 * the rest of its last block of 2 MiB has been touched by the hypervisor, and so needs cleaning.
 */
static const char *place_kernel(struct plan *plan)
{
    const struct ipa_range *memory = &plan->vm->config.memory[0];
    uint64_t file = plan->from->kernel.bytes;
    struct layout *layout = &plan->layout;
    struct image_header header = {0};
    const char *fault = check_kernel(plan, &header);
    uint64_t bytes = header.image_size > file ? header.image_size : file;

    if (fault)
        return fault;
    if (!place(plan, &layout->kernel, memory->base.ipa, header.text_offset, BLOCK_2M, bytes))
        return no_room(plan, "kernel", bytes);
    if (header.image_size == 0) {
        uint64_t end = end_of(&layout->kernel);
        uint64_t room = (end_of(memory) - end) / 2;

        while (in_the_way(plan->reserved, end, room) != 0)
            room /= 2;
        layout->kernel.bytes += room;
    }
    layout->kernel_clean = align_up(layout->kernel.base.ipa + bytes, BLOCK_2M);
    if (layout->kernel_clean > end_of(&layout->kernel))
        layout->kernel_clean = end_of(&layout->kernel);
    layout->kernel_clean -= layout->kernel.base.ipa;
    return NULL;
}

/* The device tree is in one block of 2 MiB, so that a kernel can map it with one. */
static const char *place_rest(struct plan *plan)
{
    struct layout *layout = &plan->layout;
    struct ipa_range *dtb = &layout->dtb;
    uint64_t bytes = plan->from->dtb.bytes;
    bool fits = place(plan, dtb, end_of(&layout->kernel), 0, PAGE_SIZE, bytes);

    if (fits && align_down(dtb->base.ipa, BLOCK_2M) != align_down(end_of(dtb) - 1, BLOCK_2M))
        fits = place(plan, dtb, dtb->base.ipa, 0, BLOCK_2M, bytes);
    if (!fits)
        return no_room(plan, "vm.dtb", bytes);
    bytes = plan->from->initrd.bytes;
    if (!place(plan, &layout->initrd, end_of(dtb), 0, PAGE_SIZE, bytes))
        return no_room(plan, "initrd", bytes);
    return NULL;
}

/* --- what ---------------------------------------------------------------------------------- */

/*
 * Writes a piece of a file to @range, which may be longer than the file, and cleans it: what the
 * guest sees there with its MMU off. Returns where the next piece begins, or 0: there is a hole.
 */
static uint64_t put(struct vm *vm, const struct ipa_range *range, const struct vm_file *file,
                    uint64_t at)
{
    uint64_t bytes = least(range->bytes - at, PIECE_BYTES);
    uint64_t written = at < file->bytes ? least(file->bytes - at, bytes) : 0;
    ipa_t to = ipa_add(range->base, at);

    if (guest_write(vm, to, (const char *)file->data + at, written) < written ||
        guest_clean(vm, to, bytes) < bytes)
        return 0;
    return at + bytes;
}

/* Writes an address into a property of /chosen, of one cell or two. */
static bool set_address(void *tree, int chosen, const char *name, uint64_t address)
{
    fdt32_t one = cpu_to_fdt32((uint32_t)address);
    fdt64_t two = cpu_to_fdt64(address);

    return fdt_setprop_inplace(tree, chosen, name, &two, sizeof(two)) == 0 ||
           (address <= UINT32_MAX &&
            fdt_setprop_inplace(tree, chosen, name, &one, sizeof(one)) == 0);
}

/* Tells the guest where its initrd is; without one, takes the places for that out. */
static const char *patch(void *tree, const struct ipa_range *initrd)
{
    int chosen = fdt_path_offset(tree, "/chosen");

    if (initrd->bytes == 0) {
        (void)fdt_nop_property(tree, chosen, "linux,initrd-start");
        (void)fdt_nop_property(tree, chosen, "linux,initrd-end");
        return NULL;
    }
    if (!set_address(tree, chosen, "linux,initrd-start", initrd->base.ipa) ||
        !set_address(tree, chosen, "linux,initrd-end", end_of(initrd)))
        return "vm.dtb: /chosen has no linux,initrd-start and -end of one or two cells for the "
               "initrd";
    return NULL;
}

/* All that needs libfdt. */
static void make_plan(void *context)
{
    struct plan *plan = context;

    plan->fault = find_reserved(plan);
    if (!plan->fault)
        plan->fault = place_kernel(plan);
    if (!plan->fault)
        plan->fault = place_rest(plan);
    if (!plan->fault)
        plan->fault = patch(plan->tree, &plan->layout.initrd);
}

/* Decides where all goes, and writes the tree, which says so. */
static const char *put_dtb(struct vm *vm, struct plan *plan)
{
    const struct vm_file *dtb = &vm->image.dtb;

    memcpy(plan->tree, dtb->data, dtb->bytes);
    plain_abi_call(make_plan, plan);
    if (plan->fault)
        return plan->fault;
    if (guest_write(vm, plan->layout.dtb.base, plan->tree, dtb->bytes) < dtb->bytes ||
        guest_clean(vm, plan->layout.dtb.base, dtb->bytes) < dtb->bytes)
        return "vm.dtb: the VM's memory has a hole";
    return NULL;
}

const char *vm_load_begin(struct vm_load *load, struct vm *vm)
{
    unsigned order = page_order(vm->image.dtb.bytes);
    struct plan plan = {.vm = vm, .from = &vm->image};
    const char *fault = "vm.dtb: the hypervisor has no memory to copy it";

    plan.tree = page_alloc(vm->id, order);
    plan.reserved = page_alloc(vm->id, PAGE_ORDER_4K);
    if (plan.tree && plan.reserved)
        fault = put_dtb(vm, &plan);
    if (plan.tree)
        page_free(plan.tree, order);
    if (plan.reserved)
        page_free(plan.reserved, PAGE_ORDER_4K);
    *load = (struct vm_load){
        .kernel = {plan.layout.kernel.base, plan.layout.kernel_clean},
        .dtb = plan.layout.dtb,
        .initrd = plan.layout.initrd,
    };
    return fault;
}

const char *vm_load_some(struct vm_load *load, struct vm *vm)
{
    if (load->nr_kernel < load->kernel.bytes) {
        load->nr_kernel = put(vm, &load->kernel, &vm->image.kernel, load->nr_kernel);
        return load->nr_kernel > 0 ? NULL : "kernel: the VM's memory has a hole";
    }
    load->nr_initrd = put(vm, &load->initrd, &vm->image.initrd, load->nr_initrd);
    return load->nr_initrd > 0 ? NULL : "initrd: the VM's memory has a hole";
}
