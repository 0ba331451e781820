/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the address space: the image, all RAM, devices, stacks.
 */
#include <stddef.h>

#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/spinlock.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"

extern char __image_start[], __rodata_start[], __data_start[], __image_end[];
extern char switch_kernel_tables[];

static struct spinlock lock; /* of kernel_root's tree and next_device */
static uint64_t kernel_root;
static uint64_t next_device = DEVICE_VA;

uint64_t kernel_map_root(void)
{
    return kernel_root;
}

static void map_or_die(uint64_t va, uint64_t pa, uint64_t bytes, enum map_kind kind)
{
    if (!map_range(kernel_root, va, pa, bytes, kind))
        panic("no memory for the kernel's tables");
}

static void map_image(void)
{
    static const struct {
        const char *start;
        const char *end;
        enum map_kind kind;
    } parts[] = {
        {__image_start, __rodata_start, MAP_KERNEL_TEXT},
        {__rodata_start, __data_start, MAP_KERNEL_RODATA},
        {__data_start, __image_end, MAP_KERNEL_DATA},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        map_or_die((uint64_t)parts[i].start, virt_to_phys(parts[i].start),
                   (uint64_t)(parts[i].end - parts[i].start), parts[i].kind);
}

/* RAM is writable in the linear map, except the image's code and constants. */
static void map_memory(const struct range *memory)
{
    uint64_t fixed = virt_to_phys(__image_start);
    uint64_t fixed_end = virt_to_phys(__data_start);
    uint64_t start = (memory->base + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    uint64_t end = (memory->base + memory->bytes) & ~(uint64_t)(PAGE_SIZE - 1);

    if (end > LINEAR_BYTES)
        panic("memory above %d GiB is not supported", (int)(LINEAR_BYTES >> 30));
    if (fixed < start || fixed >= end) {
        map_or_die(LINEAR_VA + start, start, end - start, MAP_KERNEL_DATA);
        return;
    }
    map_or_die(LINEAR_VA + start, start, fixed - start, MAP_KERNEL_DATA);
    map_or_die(LINEAR_VA + fixed, fixed, fixed_end - fixed, MAP_KERNEL_RODATA);
    map_or_die(LINEAR_VA + fixed_end, fixed_end, end - fixed_end, MAP_KERNEL_DATA);
}

void kernel_map_init(void)
{
    kernel_root = page_alloc_zeroed();
    space_init();
    map_image();
    for (uint32_t i = 0; i < machine.nr_memory; i++)
        map_memory(&machine.memory[i]);

    void (*switch_tables)(uint64_t) = (void (*)(uint64_t))virt_to_phys(switch_kernel_tables);
    switch_tables(kernel_root);
    page_linear_offset = LINEAR_VA;
    kernel_map_leave_boot();
}

void kernel_map_leave_boot(void)
{
    space_use(NULL);
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

/* Where a device goes: a large one so that blocks map most of it. */
static uint64_t device_va(uint64_t pa, uint64_t bytes)
{
    if (bytes < BLOCK_SIZE)
        return next_device;
    return (next_device + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE + pa % BLOCK_SIZE;
}

static uint64_t map_pages(uint64_t pa, uint64_t bytes, enum map_kind kind)
{
    uint64_t offset = pa & (PAGE_SIZE - 1);
    uint64_t length = (offset + bytes + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    uint64_t flags = spin_lock_irqsave(&lock);
    uint64_t va = device_va(pa - offset, length);

    map_or_die(va, pa - offset, length, kind);
    next_device = va + length + PAGE_SIZE;
    spin_unlock_irqrestore(&lock, flags);
    return va + offset;
}

uint64_t kernel_map_device(uint64_t pa, uint64_t bytes)
{
    return map_pages(pa, bytes, MAP_DEVICE);
}

void *kernel_map_shared(uint64_t pa, uint64_t bytes)
{
    return (void *)map_pages(pa, bytes, MAP_KERNEL_DATA);
}

static uint64_t stack_base(uint32_t slot)
{
    return STACK_VA + (uint64_t)slot * STACK_SLOT_BYTES + STACK_SLOT_BYTES - STACK_BYTES;
}

static void free_stack_pages(uint64_t base)
{
    for (uint64_t va = base; va < base + STACK_BYTES; va += PAGE_SIZE) {
        uint64_t pa = map_unmap_page(kernel_root, va);
        if (pa != 0)
            page_free(pa);
    }
}

static bool map_stack_pages(uint64_t base)
{
    for (uint64_t va = base; va < base + STACK_BYTES; va += PAGE_SIZE) {
        uint64_t pa = page_alloc();
        if (pa == 0)
            return false;
        if (!map_range(kernel_root, va, pa, PAGE_SIZE, MAP_KERNEL_DATA)) {
            page_free(pa);
            return false;
        }
    }
    return true;
}

uint64_t kernel_map_stack(uint32_t slot)
{
    uint64_t base = stack_base(slot);
    uint64_t flags = spin_lock_irqsave(&lock);
    bool mapped = map_stack_pages(base);

    if (!mapped)
        free_stack_pages(base);
    spin_unlock_irqrestore(&lock, flags);
    return mapped ? base + STACK_BYTES : 0;
}

void kernel_map_free_stack(uint32_t slot)
{
    uint64_t flags = spin_lock_irqsave(&lock);

    free_stack_pages(stack_base(slot));
    spin_unlock_irqrestore(&lock, flags);
}
