/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: by which tables a CPU translates the lower half.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include <stdint.h>

/** An address space of a process. */
struct space {
    uint64_t root; /* physical address of its level 1 table */
    uint32_t asid; /* 0 is that of the empty address space */
};

/** space_init() - make the empty address space, that of the kernel's own threads */
void space_init(void);

/** space_use() - translate by the tables of an address space on this CPU; NULL is the empty one */
void space_use(const struct space *space);

/** space_forget() - drop what all CPUs' TLBs hold of an address space that is no longer used */
void space_forget(const struct space *space);

#endif
