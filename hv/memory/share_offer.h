/* SPDX-License-Identifier: MIT */
/*
 * What a VM offers to another.
 */
#ifndef MEMORY_SHARE_OFFER_H
#define MEMORY_SHARE_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/** What an owner offers. */
struct share_offer {
    ipa_t base;      /* page aligned */
    uint64_t bytes;  /* 1 to STILE_MEMORY_MAX_PAGES pages, inside the IPA space */
    uint32_t peer;   /* a VM's number, as the guest said it */
    uint32_t rights; /* of STAGE2_RIGHTS, with READ */
    bool donated;    /* for good */
};

#endif
