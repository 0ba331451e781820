/* SPDX-License-Identifier: MIT */
/*
 * What the suites of this folder need of where they run. They are linked twice: into the guest's
 * test image, over the hypervisor (tests/guest/both.c), and into a program of the host, over the
 * fake one (tests/lib/unit/both.c). So the fake answers as the hypervisor does.
 */
#ifndef BOTH_H
#define BOTH_H

#include "ktf.h"
#include "stile/hypercall.h"

/** How many pages both_pages() hands out. */
#define BOTH_PAGES 4

/** both_need() - suite_setup: skips unless there is a hypervisor, and a version was agreed on */
void both_need(void);

/** both_pages() - BOTH_PAGES pages of the VM's memory, side by side, as an IPA; 0 if there are none
 */
uint64_t both_pages(void);

/** both_return() - give them back; all are mapped */
void both_return(uint64_t ipa);

/** both_pointer() - where the VM's own code sees an IPA of its memory */
void *both_pointer(uint64_t ipa);

/** both_beyond() - an IPA, a multiple of 2 MiB, with 2 MiB after it where there is nothing */
uint64_t both_beyond(void);

/** both_mailbox() - the mailbox of vCPU 0 */
struct stile_mailbox *both_mailbox(void);

/** both_end_output() - before core_reset: wait until all that was printed has been taken */
void both_end_output(void);

/** both_start_anew() - after core_reset: agree on a version, use again what the kernel had in use
 */
void both_start_anew(void);

/** both_stay() - stay on the calling vCPU, up to both_go(); returns its mailbox */
struct stile_mailbox *both_stay(void);
void both_go(void);

/** both_info() - an item of core_info */
static inline uint64_t both_info(uint32_t item)
{
    return stile_core_info(item).value[0];
}

/** both_expect() - a call succeeded with @x1 */
static inline void both_expect(struct stile_result result, uint64_t x1)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], x1);
}

#endif
