/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: which process's tables a CPU translates the lower half by.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include <stdint.h>

/** space_init() - make the empty address space, that of the kernel's own threads */
void space_init(void);

/** space_use() - translate by a process's tables on this CPU; @root 0 is the empty space */
void space_use(uint64_t root, uint32_t asid);

/** space_forget() - drop what the CPUs' TLBs hold of an address space that is no longer used */
void space_forget(uint32_t asid);

#endif
