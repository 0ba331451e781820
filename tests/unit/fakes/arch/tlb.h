/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/tlb.h on the host: flushes are counted, and a test may look at the tables
 * while one happens.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

__attribute__((unused)) static unsigned fake_tlb_flushes;
__attribute__((unused)) static uint64_t fake_tlb_vttbr; /* whose stage 2 was flushed last */
__attribute__((unused)) static void (*fake_tlb_on_flush_ipa)(uint64_t ipa);
__attribute__((unused)) static void (*fake_tlb_on_flush_all)(void);

static inline void tlb_flush_el2_local(const void *va)
{
    (void)va;
    fake_tlb_flushes++;
}

static inline void tlb_sync_el2_local(void)
{
}

static inline void tlb_flush_guest_local(void)
{
    fake_tlb_flushes++;
}

static inline void tlb_flush_stage2_ipa(uint64_t vttbr, uint64_t ipa)
{
    fake_tlb_vttbr = vttbr;
    fake_tlb_flushes++;
    if (fake_tlb_on_flush_ipa)
        fake_tlb_on_flush_ipa(ipa);
}

static inline void tlb_flush_stage2_all(uint64_t vttbr)
{
    fake_tlb_vttbr = vttbr;
    fake_tlb_flushes++;
    if (fake_tlb_on_flush_all)
        fake_tlb_on_flush_all();
}

#endif
