/* SPDX-License-Identifier: MIT */
/*
 * A model of memory and data caches, for tests of what guests find in their pages.
 *
 * Two copies of the machine's memory: at a physical address what is seen through the caches, and at
 * DRAM_OFFSET from there what memory itself holds. Of watched pages each line is absent from the
 * caches, clean or dirty in them. An adversary, who has a turn whenever the hypervisor maintains
 * caches or opens or closes a window, writes dirty lines back, drops clean ones, and fills in lines
 * of pages that some cacheable mapping shows. A guest with its MMU off uses memory itself.
 *
 * Included instead of fakes/memory.h, by one file of a test.
 */
#ifndef FAKES_CACHES_H
#define FAKES_CACHES_H

#define FAKES_REAL_WINDOWS
#include "fakes/memory.h"

#include "ktf.h"

#define DRAM_OFFSET UINT64_C(0x20000000)
#define LINE_BYTES  64u
#define PAGE_LINES  (PAGE_SIZE / LINE_BYTES)

enum line_state {
    LINE_ABSENT, /* what is seen is what memory holds */
    LINE_CLEAN,
    LINE_DIRTY,
};

/** A page whose lines have a state. */
struct watched {
    uint64_t pa;
    bool cacheable; /* a guest with its MMU on maps it */
    uint8_t state[PAGE_LINES];
    uint8_t seen[PAGE_SIZE]; /* through the caches, when looked at last */
};

static struct watched watched[48];
static unsigned nr_watched;
static uint64_t window_pa; /* what a cacheable window shows */
static uint64_t window_bytes;
static unsigned fake_windows_open;

static uint8_t *view(uint64_t pa)
{
    return (uint8_t *)(uintptr_t)pa;
}

static uint8_t *dram(uint64_t pa)
{
    return (uint8_t *)(uintptr_t)(pa + DRAM_OFFSET);
}

static struct watched *watched_page(uint64_t pa)
{
    for (unsigned i = 0; i < nr_watched; i++) {
        if (watched[i].pa == align_down(pa, PAGE_SIZE))
            return &watched[i];
    }
    return NULL;
}

/* A line leaves the caches; written back if it is dirty. */
static void line_drop(struct watched *page, unsigned i)
{
    uint64_t at = page->pa + i * LINE_BYTES;

    if (page->state[i] == LINE_DIRTY)
        memcpy(dram(at), view(at), LINE_BYTES);
    page->state[i] = LINE_ABSENT;
    memcpy(view(at), dram(at), LINE_BYTES);
    memcpy(&page->seen[i * LINE_BYTES], view(at), LINE_BYTES);
}

/* Notices what was written since the last time: through the caches, or to memory itself. */
static void caches_sync(void)
{
    for (struct watched *page = watched; page < &watched[nr_watched]; page++) {
        for (unsigned i = 0; i < PAGE_LINES; i++) {
            uint64_t at = page->pa + i * LINE_BYTES;
            uint8_t *seen = &page->seen[i * LINE_BYTES];

            if (memcmp(seen, view(at), LINE_BYTES) != 0)
                page->state[i] = LINE_DIRTY;
            else if (page->state[i] == LINE_ABSENT)
                memcpy(view(at), dram(at), LINE_BYTES);
            memcpy(seen, view(at), LINE_BYTES);
        }
    }
}

static bool may_fill(const struct watched *page)
{
    return page->cacheable || page_owner(pa_make(page->pa)) == PAGE_OWNER_HV ||
           page->pa - window_pa < window_bytes;
}

/* What the adversary is up to for a while: each kind of thing, or nothing at all. */
static uint64_t mood;
#define MOOD_FILL  1u
#define MOOD_DROP  2u
#define MOOD_CLEAN 4u

/** The adversary's turn. */
static void caches_adversary(void)
{
    caches_sync();
    if (fake_random() % 8 == 0)
        mood = fake_random();
    for (struct watched *page = watched; page < &watched[nr_watched]; page++) {
        bool fills = (mood & MOOD_FILL) && may_fill(page);
        uint64_t dice = 0;

        for (unsigned i = 0; i < PAGE_LINES; i++) {
            uint64_t at = page->pa + i * LINE_BYTES;

            dice = i % 32 ? dice >> 2 : fake_random();
            if (fills && (dice & 3) == 1 && page->state[i] == LINE_ABSENT)
                page->state[i] = LINE_CLEAN;
            if ((dice & 3) == 2 && (mood & MOOD_DROP))
                line_drop(page, i);
            if ((dice & 3) == 3 && (mood & MOOD_CLEAN) && page->state[i] == LINE_DIRTY) {
                memcpy(dram(at), view(at), LINE_BYTES);
                page->state[i] = LINE_CLEAN;
            }
        }
    }
}

/** Watches the page at @pa; its lines are as firmware, or whoever had it, may have left them. */
static struct watched *caches_watch(uint64_t pa)
{
    struct watched *page = watched_page(pa);

    if (page)
        return page;
    if (nr_watched == sizeof(watched) / sizeof(watched[0]))
        panic("too many pages are watched");
    page = &watched[nr_watched++];
    *page = (struct watched){.pa = align_down(pa, PAGE_SIZE)};
    for (unsigned i = 0; i < PAGE_LINES; i++) {
        page->state[i] = (uint8_t)(fake_random() % 3);
        memset(dram(page->pa + i * LINE_BYTES), (int)(fake_random() | 1), LINE_BYTES);
        memset(view(page->pa + i * LINE_BYTES), (int)(fake_random() | 1), LINE_BYTES);
        if (page->state[i] == LINE_ABSENT)
            line_drop(page, i);
    }
    memcpy(page->seen, view(page->pa), PAGE_SIZE);
    return page;
}

/* --- what the hypervisor does -------------------------------------------------------------- */

static void zero_page(uint64_t pa, bool cached)
{
    struct watched *page = watched_page(pa);

    if (page && cached)
        memset(page->state, LINE_DIRTY, sizeof(page->state));
    if (cached || !page)
        memset(view(pa), 0, PAGE_SIZE);
    if (!cached || !page)
        memset(dram(pa), 0, PAGE_SIZE);
    if (page && cached)
        memcpy(page->seen, view(pa), PAGE_SIZE);
}

static void flush_page(uint64_t pa)
{
    struct watched *page = watched_page(pa);

    for (unsigned i = 0; page && i < PAGE_LINES; i++)
        line_drop(page, i);
    if (!page)
        memcpy(dram(pa), view(pa), PAGE_SIZE);
}

static bool caches_operation(const void *start, size_t bytes, bool zero)
{
    uint64_t pa = (uint64_t)(uintptr_t)start;
    bool cached = pa < FAKE_RAM_BASE + FAKE_RAM_BYTES;

    caches_adversary();
    pa -= cached ? 0 : DRAM_OFFSET;
    for (uint64_t at = pa; at < pa + bytes; at += PAGE_SIZE) {
        if (zero)
            zero_page(at, cached);
        else
            flush_page(at);
    }
    caches_adversary();
    return true;
}

static void *window_open(pa_t pa, uint64_t bytes, enum window_memory memory)
{
    fake_windows_open++;
    if (memory == WINDOW_CACHED) {
        window_pa = pa.pa;
        window_bytes = bytes;
    }
    caches_adversary();
    return memory == WINDOW_CACHED ? view(pa.pa) : dram(pa.pa);
}

static void window_close(void)
{
    caches_adversary();
    window_bytes = 0;
    fake_windows_open--;
}

void *window_map(pa_t page, enum window_memory memory)
{
    return window_open(page, PAGE_SIZE, memory);
}

void window_unmap(void)
{
    window_close();
}

void *window_map_block(pa_t block, enum window_memory memory)
{
    return window_open(block, BLOCK_2M, memory);
}

void window_unmap_block(void)
{
    window_close();
}

/** The machine of fakes/memory.h, with caches. */
static void caches_machine(void)
{
    static bool is_mapped;

    if (!is_mapped &&
        mmap((void *)(FAKE_RAM_BASE + DRAM_OFFSET), FAKE_RAM_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1,
             0) != (void *)(FAKE_RAM_BASE + DRAM_OFFSET))
        panic("the host has no room at %p", (void *)(FAKE_RAM_BASE + DRAM_OFFSET));
    is_mapped = true;
    nr_watched = 0;
    window_bytes = 0;
    fake_cache_model = caches_operation;
}

/* --- what guests do ------------------------------------------------------------------------ */

/** Fills the page at @pa with @value: the guest's MMU is on, or off. */
static void guest_fills(uint64_t pa, bool mmu_on, uint64_t value)
{
    uint64_t *word = (uint64_t *)(void *)(mmu_on ? view(pa) : dram(pa));

    watched_page(pa)->cacheable = mmu_on;
    caches_adversary();
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
        word[i] = value;
    for (unsigned i = 0; i < 4; i++)
        caches_adversary();
}

/** Expects a page to hold nothing but @value. */
static void guest_finds(uint64_t pa, bool mmu_on, uint64_t value)
{
    const uint64_t *word = (uint64_t *)(void *)(mmu_on ? view(pa) : dram(pa));

    watched_page(pa)->cacheable = mmu_on;
    for (unsigned i = 0; i < 4; i++)
        caches_adversary();
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
        ASSERT_EQ(word[i], value);
}

#endif
