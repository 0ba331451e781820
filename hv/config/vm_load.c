/* SPDX-License-Identifier: MIT */
/*
 * Writing the files and what the tree says of them. Where they go is config/vm_place.c's.
 */
#include "config/vm_load.h"

#include <string.h>

#include <libfdt.h>

#include "arch/plain_abi.h"
#include "config/vm_node.h"
#include "config/vm_place.h"
#include "memory/guest.h"
#include "mm/page.h"
#include "vm/vm.h"

/* So much vm_load_some() copies and cleans at a time. */
#define PIECE_BYTES (32 << 10)

/** Where things go, and the tree that says so. */
struct writing {
    const struct vm *vm;
    void *tree; /* a copy, for the VM */
    void *page; /* for vm_place() */
    struct vm_layout layout;
    const char *fault;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * Writes a piece of a file to @range, which may be longer than the file, and cleans it: what the
 * guest sees there with its MMU off. Returns where the next piece begins, or 0: there is a hole.
 */
static uint64_t put(struct vm *vm, const struct ipa_range *range, const struct vm_file *file,
                    uint64_t at)
{
    uint64_t bytes = least(range->bytes - at, PIECE_BYTES);
    bool is_here = vm_maker(vm) == 0; /* else its maker writes it */
    uint64_t written = is_here && at < file->bytes ? least(file->bytes - at, bytes) : 0;
    const char *from = written > 0 ? (const char *)file->data + at : NULL;
    ipa_t to = ipa_add(range->base, at);

    if (guest_write(vm, to, from, written) < written || guest_clean(vm, to, bytes, false) < bytes)
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
        !set_address(tree, chosen, "linux,initrd-end", ipa_range_end(initrd)))
        return "vm.dtb: /chosen has no linux,initrd-start and -end of one or two cells for the "
               "initrd";
    return NULL;
}

/* All that needs libfdt. */
static void lay_out(void *context)
{
    struct writing *writing = context;

    writing->fault = vm_place(writing->vm, writing->tree, writing->page, &writing->layout);
    if (!writing->fault)
        writing->fault = patch(writing->tree, &writing->layout.initrd);
    if (!writing->fault)
        vm_node_add(&writing->vm->config, writing->tree);
}

/* Decides where all goes, and writes the tree, which says so. */
static const char *put_dtb(struct vm *vm, struct writing *writing)
{
    const struct vm_file *dtb = &vm->image.dtb;

    memcpy(writing->tree, dtb->data, dtb->bytes);
    plain_abi_call(lay_out, writing);
    if (writing->fault)
        return writing->fault;
    if (guest_write(vm, writing->layout.dtb.base, writing->tree, dtb->bytes) < dtb->bytes ||
        guest_clean(vm, writing->layout.dtb.base, dtb->bytes, false) < dtb->bytes)
        return "vm.dtb: the VM's memory has a hole";
    return NULL;
}

const char *vm_load_begin(struct vm_load *load, struct vm *vm)
{
    unsigned order = page_order(vm->image.dtb.bytes);
    struct writing writing = {.vm = vm};
    const char *fault = "vm.dtb: the hypervisor has no memory to copy it";

    writing.tree = page_alloc(vm->id, order);
    writing.page = page_alloc(vm->id, PAGE_ORDER_4K);
    if (writing.tree && writing.page)
        fault = put_dtb(vm, &writing);
    if (writing.tree)
        page_free(writing.tree, order);
    if (writing.page)
        page_free(writing.page, PAGE_ORDER_4K);
    *load = (struct vm_load){
        .kernel = {writing.layout.kernel.base, writing.layout.kernel_clean},
        .entry = vm->config.kernel_entry != VM_ANYWHERE ? ipa_make(vm->config.kernel_entry)
                                                        : writing.layout.kernel.base,
        .dtb = writing.layout.dtb,
        .initrd = writing.layout.initrd,
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
