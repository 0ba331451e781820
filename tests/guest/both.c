/* SPDX-License-Identifier: MIT */
/*
 * The suites of tests/lib/both over the hypervisor.
 */
#include "both.h"

#include "arch/cpu.h"
#include "arch/layout.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/ring.h"
#include "support.h"

#define TRIES 256

void both_need(void)
{
    support_need_hypervisor();
}

/* Allocates until some are side by side, and frees the rest. */
uint64_t both_pages(void)
{
    uint64_t pages[TRIES];
    uint32_t nr = 0;
    uint64_t run = 0;

    while (run == 0 && nr < TRIES && (pages[nr] = page_alloc()) != 0) {
        nr++;
        if (nr >= BOTH_PAGES &&
            pages[nr - 1] - pages[nr - BOTH_PAGES] == (BOTH_PAGES - 1) * PAGE_SIZE)
            run = pages[nr - BOTH_PAGES];
    }
    for (uint32_t i = 0; i < nr - (run != 0 ? BOTH_PAGES : 0); i++)
        page_free(pages[i]);
    return run;
}

void both_return(uint64_t ipa)
{
    for (uint64_t i = BOTH_PAGES; i > 0; i--)
        page_free(ipa + (i - 1) * PAGE_SIZE);
}

void *both_pointer(uint64_t ipa)
{
    return phys_to_virt(ipa);
}

uint64_t both_beyond(void)
{
    return support_beyond_memory() / BLOCK_SIZE * BLOCK_SIZE + 2 * BLOCK_SIZE;
}

static uint64_t stay_flags;

struct stile_mailbox *both_stay(void)
{
    uint64_t flags = irq_save();

    stay_flags = flags;
    return support_mailbox();
}

void both_go(void)
{
    irq_restore(stay_flags);
}

struct stile_mailbox *both_mailbox(void)
{
    static struct stile_mailbox *mailboxes;
    uint64_t flags = irq_save();
    uint64_t own = both_info(STILE_INFO_MAILBOX);
    uint64_t vcpu = both_info(STILE_INFO_VCPU_ID);
    irq_restore(flags);

    if (!mailboxes)
        mailboxes = kernel_map_shared(own - vcpu * PAGE_SIZE, PAGE_SIZE);
    return mailboxes;
}

/* What the console has not taken from the ring by then is lost: console_use_ring. */
void both_end_output(void)
{
    ring_settle();
}

/* Events are not the interrupts of a kernel with a GIC, which these suites need for that. */
void both_start_anew(void)
{
    EXPECT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
    ring_init();
}
