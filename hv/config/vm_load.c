/* SPDX-License-Identifier: MIT */
/*
 * Kernel, then device tree, then initrd: in this order from the start of the VM's first range of
 * memory. Together where they can be, so that the guest touches little memory when it starts.
 */
#include "config/vm_load.h"

#include <string.h>

#include <libfdt.h>

#include "arch/cache.h"
#include "config/dt.h"
#include "memory/guest.h"
#include "mm/page.h"
#include "vm/vm.h"

/* Documentation/arm64/booting: the header of an Image. */
struct image_header {
    uint32_t code[2];
    uint64_t text_offset;
    uint64_t image_size;
    uint64_t flags;
    uint64_t reserved[3];
    uint32_t magic;
    uint32_t reserved2;
};

_Static_assert(sizeof(struct image_header) == 64, "Documentation/arm64/booting");

#define IMAGE_MAGIC           0x644D5241u /* "ARM\x64" */
#define IMAGE_FLAG_BIG_ENDIAN (UINT64_C(1) << 0)
/* What holds for kernels before 3.17, whose image_size is 0. */
#define IMAGE_OLD_TEXT_OFFSET UINT64_C(0x80000)

/** Where things go; the end of the kernel is that of its image_size. */
struct layout {
    struct ipa_range kernel;
    struct ipa_range dtb;
    struct ipa_range initrd;
};

/* --- where --------------------------------------------------------------------------------- */

/* Puts @bytes at @base if that is inside the VM's first range of memory. */
static bool place(const struct vm *vm, struct ipa_range *out, uint64_t base, uint64_t bytes)
{
    const struct ipa_range *memory = &vm->config.memory[0];
    uint64_t offset = base - memory->base.ipa;

    *out = (struct ipa_range){ipa_make(base), bytes};
    return base >= memory->base.ipa && offset <= memory->bytes && bytes <= memory->bytes - offset;
}

static const char *place_kernel(const struct vm *vm, const struct vm_file *file,
                                struct layout *layout)
{
    struct image_header header;
    uint64_t size;

    if (file->bytes < sizeof(header))
        return "kernel: not an arm64 Image: too short";
    memcpy(&header, file->data, sizeof(header));
    if (header.magic != IMAGE_MAGIC)
        return "kernel: not an arm64 Image: it has no magic";
    if (header.flags & IMAGE_FLAG_BIG_ENDIAN)
        return "kernel: it is big-endian";
    if (header.image_size == 0)
        header.text_offset = IMAGE_OLD_TEXT_OFFSET;
    if (header.text_offset >= vm->config.memory[0].bytes)
        return "kernel: its text offset is beyond the VM's memory";
    size = header.image_size > file->bytes ? header.image_size : file->bytes;
    if (!place(vm, &layout->kernel, vm->config.memory[0].base.ipa + header.text_offset, size))
        return "kernel: it does not fit into the VM's memory";
    return NULL;
}

static uint64_t end_of(const struct ipa_range *range)
{
    return range->base.ipa + range->bytes;
}

/* The device tree is in one block of 2 MiB, so that a kernel can map it with one. */
static const char *place_rest(const struct vm *vm, const struct vm_files *from,
                              struct layout *layout)
{
    uint64_t base = align_up(end_of(&layout->kernel), PAGE_SIZE);

    if (align_down(base, BLOCK_2M) != align_down(base + from->dtb.bytes - 1, BLOCK_2M))
        base = align_up(base, BLOCK_2M);
    if (!place(vm, &layout->dtb, base, from->dtb.bytes))
        return "vm.dtb: it does not fit into the VM's memory";
    base = align_up(end_of(&layout->dtb), PAGE_SIZE);
    if (!place(vm, &layout->initrd, base, from->initrd.bytes))
        return "initrd: it does not fit into the VM's memory";
    return NULL;
}

/* --- what ---------------------------------------------------------------------------------- */

/* Writes a file, and cleans all of @range: what the guest sees there with its MMU off. */
static bool put(struct vm *vm, const struct ipa_range *range, const void *data, size_t bytes)
{
    return guest_write(vm, range->base, data, bytes) == bytes &&
           guest_clean(vm, range->base, range->bytes) == range->bytes;
}

/* Where a property of /chosen is in a tree of ours. Returns its value, or NULL. */
static void *find_chosen(void *tree, const char *name, uint32_t *bytes)
{
    struct dt_prop prop = dt_find(tree, "chosen", name, strlen(name));

    *bytes = prop.bytes;
    return prop.value ? (char *)tree + ((const char *)prop.value - (const char *)tree) : NULL;
}

static bool set_address(void *tree, const char *name, uint64_t address)
{
    uint32_t bytes;
    void *value = find_chosen(tree, name, &bytes);

    if (!value || bytes != sizeof(address))
        return false;
    fdt64_st(value, address);
    return true;
}

/* Takes a property out: tag, length and name are before its value. */
static void remove_prop(void *tree, const char *name)
{
    uint32_t bytes;
    fdt32_t *value = find_chosen(tree, name, &bytes);

    if (!value)
        return;
    for (fdt32_t *cell = value - 3; cell < value + (bytes + 3) / sizeof(*cell); cell++)
        fdt32_st(cell, FDT_NOP);
}

/* Tells the guest where its initrd is; without one, takes the places for that out. */
static const char *patch(void *tree, const struct ipa_range *initrd)
{
    if (initrd->bytes == 0) {
        remove_prop(tree, "linux,initrd-start");
        remove_prop(tree, "linux,initrd-end");
        return NULL;
    }
    if (!set_address(tree, "linux,initrd-start", initrd->base.ipa) ||
        !set_address(tree, "linux,initrd-end", end_of(initrd)))
        return "vm.dtb: /chosen has no linux,initrd-start and -end of two cells for the initrd";
    return NULL;
}

static const char *put_dtb(struct vm *vm, const struct vm_file *file, const struct layout *layout)
{
    unsigned order = page_order(file->bytes);
    void *tree = page_alloc(order);
    const char *fault;

    if (!tree)
        return "vm.dtb: the hypervisor has no memory to copy it";
    memcpy(tree, file->data, file->bytes);
    fault = patch(tree, &layout->initrd);
    if (!fault && !put(vm, &layout->dtb, tree, file->bytes))
        fault = "vm.dtb: the VM's memory has a hole";
    page_free(tree, order);
    return fault;
}

const char *vm_load(struct vm *vm, const struct vm_files *from, struct vm_entry *entry)
{
    struct layout layout;
    const char *fault = place_kernel(vm, &from->kernel, &layout);

    if (!fault)
        fault = place_rest(vm, from, &layout);
    if (!fault)
        fault = put_dtb(vm, &from->dtb, &layout);
    if (fault)
        return fault;
    if (!put(vm, &layout.kernel, from->kernel.data, from->kernel.bytes))
        return "kernel: the VM's memory has a hole";
    if (!put(vm, &layout.initrd, from->initrd.data, from->initrd.bytes))
        return "initrd: the VM's memory has a hole";
    cache_invalidate_instructions();
    *entry = (struct vm_entry){layout.kernel.base, layout.dtb.base};
    return NULL;
}
