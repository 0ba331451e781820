/* SPDX-License-Identifier: MIT */
/*
 * What a VM offers to another, and what becomes of it at the other.
 */
#ifndef MEMORY_SHARE_OFFER_H
#define MEMORY_SHARE_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "mm/stage2.h"

/** What an owner offers. */
struct share_offer {
    ipa_t base;     /* page aligned */
    uint64_t bytes; /* whole pages, not 0, inside the IPA space; donated: share_offer() */
    uint32_t peer;  /* a VM's number, as the guest said it */
    uint8_t rights; /* of STAGE2_RIGHTS, with READ */
    bool donated;   /* for good */
    bool kept;      /* the hypervisor offers it: the owner does not end it while it runs */
    void *page;     /* likewise: one of the pool's, where the owner has nothing; or NULL */
};

/** The base of a pool's page: no IPA. */
#define SHARE_NOWHERE ipa_make(STAGE2_IPA_END)

/** What a peer accepts. */
struct share_wish {
    ipa_t base;      /* where it is to be, page aligned */
    uint64_t bytes;  /* how much it takes it for; whole pages, inside the IPA space from there */
    uint32_t rights; /* of STAGE2_RIGHTS, with READ */
    bool donated;
};

/** What is lent up to this size needs no share_settle(): share_lend() does it, each time. */
#define SHARE_SMALL_BYTES (16 * PAGE_SIZE)

/** Where a peer has what it borrows. */
struct share_range {
    ipa_t base;
    uint64_t bytes;
    uint64_t mapped; /* so many bytes from its start are mapped, */
    uint64_t lent;   /* of which so many from its start are the owner's; the rest is scratch */
};

#endif
