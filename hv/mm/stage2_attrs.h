/* SPDX-License-Identifier: MIT */
/*
 * What a mapping of stage 2 allows, and what it is: bits that callers of mm/stage2.h use, and that
 * mm/stage2_pte.h turns into descriptors.
 */
#ifndef MM_STAGE2_ATTRS_H
#define MM_STAGE2_ATTRS_H

/* What a mapping allows and is. */
#define STAGE2_READ      (1u << 0)
#define STAGE2_WRITE     (1u << 1)
#define STAGE2_EXECUTE   (1u << 2)
#define STAGE2_DEVICE    (1u << 3) /* Device-nGnRE, never executable; else Normal memory */
#define STAGE2_OWNED     (1u << 4) /* the VM's own memory, and freed with it; kept by memory/vmem.c */
#define STAGE2_FRESH     (1u << 5) /* not yet handed over, so the guest faults on it; at most 2 MiB */
#define STAGE2_BORROWED  (1u << 6) /* another VM's memory, by a share: memory/share.c */
#define STAGE2_MAY_WRITE (1u << 7) /* borrowed, and the share grants STAGE2_WRITE */
#define STAGE2_FILLED    (1u << 8) /* fresh, and handed over with what it holds, not zeroed */
#define STAGE2_RIGHTS    (STAGE2_READ | STAGE2_WRITE | STAGE2_EXECUTE)

#endif
