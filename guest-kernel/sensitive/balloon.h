/* SPDX-License-Identifier: MIT */
/*
 * The balloon: memory that the kernel does not need and the hypervisor may give to another VM.
 */
#ifndef SENSITIVE_BALLOON_H
#define SENSITIVE_BALLOON_H

#include <stdint.h>

/**
 * balloon_set() - have @pages pages given away
 *
 * Gives pages away, or takes some back, until @pages are given away or no more can be had. Returns
 * how many are given away now. Threads only.
 */
uint64_t balloon_set(uint64_t pages);

/** balloon_pages() - how many pages are given away */
uint64_t balloon_pages(void);

#endif
