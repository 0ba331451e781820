/* SPDX-License-Identifier: MIT */
/*
 * The bench's loops of memory calls. Each undoes outside the measured time what it does in it, and
 * so returns ticks.
 */
#include "sensitive/measured/measured.h"

#include "arch/cpu.h"
#include "lib/printk.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "stile/directory.h"
#include "stile/hypercall.h"

#define BLOCK_PAGES (BLOCK_SIZE / PAGE_SIZE)

/* This kernel uses its memory from the other end. */
static uint64_t last_block(void)
{
    const struct range *last = &machine.memory[machine.nr_memory - 1];

    return last->base + last->bytes - BLOCK_SIZE;
}

static void give(uint64_t base, uint64_t nr_pages)
{
    uint64_t done = 0;

    (void)stile_memory_unmap_all(stile_ipa(base), stile_nr_pages(nr_pages), &done);
    if (done != nr_pages)
        printk("bench: giving pages did not do what it should\n");
}

/* Maps a range, in as many calls as it takes. Returns the ticks that took. */
static uint64_t take(uint64_t base, uint64_t nr_pages)
{
    uint64_t start = cpu_ticks();

    while (nr_pages > 0) {
        struct stile_result result = stile_memory_map(stile_ipa(base), stile_nr_pages(nr_pages));

        if (result.status != STILE_SUCCESS) {
            printk("bench: taking pages did not do what it should\n");
            break;
        }
        base += result.value[0] * PAGE_SIZE;
        nr_pages -= result.value[0];
    }
    return cpu_ticks() - start;
}

static int64_t map_block(uint32_t count)
{
    uint64_t ticks = 0;

    while (count-- > 0) {
        give(last_block(), BLOCK_PAGES);
        ticks += take(last_block(), BLOCK_PAGES);
    }
    return (int64_t)ticks;
}

/* For each of 512 pages that are no block: they begin in the middle of one, which is split. */
static int64_t map_page(uint32_t count)
{
    uint64_t base = last_block() - BLOCK_SIZE / 2;
    uint64_t ticks = 0;

    while (count-- > 0) {
        give(base, BLOCK_PAGES);
        ticks += take(base, BLOCK_PAGES);
    }
    return (int64_t)(ticks / BLOCK_PAGES);
}

/* --- two VMs: this one owns, and the other does measured_borrow() --- */

/* The other VM, by the name that the bench gives it. */
stile_vm_id_t measured_neighbour(void)
{
    stile_vm_id_t neighbour = stile_vm_id(0);

    (void)stile_directory_find("neighbour", &neighbour);
    return neighbour;
}

/*
 * A tick is many instructions, and rounds of equal length all end at the same place in one. So they
 * are not of equal length, and the error is as often up as down.
 */
static void differ(uint32_t round)
{
    for (volatile uint32_t i = round % 32; i > 0; i--)
        ;
}

/* Offers a page until the other VM, which runs when this one yields, has mapped it; takes it back.
 */
static int64_t share_page(uint32_t count)
{
    uint64_t pa = page_alloc_zeroed();
    uint64_t *accept_ticks = phys_to_virt(pa);
    stile_vm_id_t neighbour = measured_neighbour();
    uint64_t ticks = 0;

    while (count-- > 0) {
        differ(count);
        uint64_t start = cpu_ticks();
        struct stile_result result = stile_memory_share(stile_ipa(pa), stile_nr_pages(1), neighbour,
                                                        STILE_ACCESS_READ | STILE_ACCESS_WRITE);
        ticks += cpu_ticks() - start;
        while (result.status == STILE_SUCCESS &&
               __atomic_load_n(accept_ticks, __ATOMIC_ACQUIRE) == 0)
            (void)stile_vcpu_yield();
        ticks += __atomic_exchange_n(accept_ticks, 0, __ATOMIC_RELAXED);
        differ(count);
        start = cpu_ticks();
        if (stile_memory_revoke(stile_share((uint32_t)result.value[0])).status != STILE_SUCCESS)
            printk("bench: sharing a page did not do what it should\n");
        ticks += cpu_ticks() - start;
    }
    page_free(pa);
    return (int64_t)ticks;
}

void measured_borrow(void)
{
    const uint32_t access = STILE_ACCESS_READ | STILE_ACCESS_WRITE;
    stile_share_t last = stile_share(0);
    uint64_t pa = page_alloc();

    give(pa, 1);
    for (;;) {
        struct stile_result offered = stile_memory_next_offered(last);

        if (offered.status == STILE_SUCCESS) {
            /* The owner has ended the last one before it offered another. */
            (void)stile_memory_release(last);
            last = stile_share((uint32_t)offered.value[0]);

            differ(last.handle);
            uint64_t start = cpu_ticks();
            struct stile_result result =
                stile_memory_accept(last, stile_ipa(pa), stile_nr_pages(1), access);
            uint64_t ticks = cpu_ticks() - start;

            if (result.status == STILE_SUCCESS)
                __atomic_store_n((uint64_t *)phys_to_virt(pa), ticks, __ATOMIC_RELEASE);
        }
        (void)stile_vcpu_yield();
    }
}

const struct bench_row measured_memory_rows[] = {
    {"map_block", "call", BENCH_TICKS, map_block, STILE_SUCCESS},
    {"map_page", "call", BENCH_TICKS, map_page, STILE_SUCCESS},
};
const size_t measured_nr_memory_rows =
    sizeof(measured_memory_rows) / sizeof(measured_memory_rows[0]);

const struct bench_row measured_share_row = {"share_page", "call", BENCH_TICKS, share_page,
                                             STILE_SUCCESS};
