/* SPDX-License-Identifier: MIT */
/*
 * What a VM is shown of its caches: see virt/vcache.h.
 */
#ifndef VM_VCACHE_STATE_H
#define VM_VCACHE_STATE_H

#include <stdint.h>

/** What CCSIDR_EL1 tells. */
enum vcache_shown {
    VCACHE_UNDECIDED, /* nobody has asked */
    VCACHE_FLAT,      /* caches of one set and one way */
    VCACHE_HARDWARE,  /* the hardware's: it does not trap */
};

struct vcache {
    uint32_t shown;       /* enum vcache_shown; atomic, as is the next */
    uint32_t nr_ctr_read; /* how often CTR_EL0 was read while it trapped */
};

#endif
