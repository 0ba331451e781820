/* SPDX-License-Identifier: MIT */
/*
 * What is kept of shares: what each VM offers, and what each has accepted. For memory/share.c.
 *
 * An offer is on its owner's account, and what has become of it at the peer on the peer's: so no
 * peer can keep an owner from ending its shares and making others.
 */
#ifndef MEMORY_SHARE_TABLE_H
#define MEMORY_SHARE_TABLE_H

#include "arch/clamp.h"
#include "lib/spinlock.h"
#include "memory/share_offer.h"
#include "stile/abi.h"
#include "stile/errors.h"
#include "virt/events.h"
#include "vm/vm.h"

struct loan;

enum share_state {
    SHARE_FREE,
    SHARE_OFFERED,
    SHARE_ENDING, /* its owner takes it back, and has not yet done so on all of it */
};

/** What an owner offers. */
struct share {
    enum share_state state;
    uint32_t handle; /* of its last use, if it is free */
    uint32_t owner;  /* a VM's place, as is the next; while the share lasts, so do both VMs */
    uint32_t peer;
    struct share_offer offer;
    uint64_t settled;  /* bytes from its start on that share_settle() has done */
    struct loan *loan; /* the peer's, once it has begun to accept */
};

enum loan_state {
    LOAN_FREE,
    LOAN_MAKING,  /* accepted in part: the peer was not told that it has it */
    LOAN_UNDOING, /* the same, and the rest cannot be */
    LOAN_HELD,
    LOAN_LEAVING, /* released in part */
};

/** What a peer has accepted. */
struct loan {
    enum loan_state state;
    enum stile_error error; /* why LOAN_UNDOING */
    uint32_t handle;        /* the share's */
    uint32_t owner;         /* a VM's number, which may be gone */
    uint8_t rights;         /* with which it is mapped */
    uint8_t offered;        /* the most that the share grants */
    struct share *share;    /* NULL: it has ended */
    struct share_range range;
};

#define NR_SHARES  (CONFIG_NR_VMS * STILE_SHARES_MAX)
#define NR_LOANS   STILE_SHARES_ACCEPTED_MAX
#define INDEX_BITS 8
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define IN_USE_ALL ((1u << STILE_SHARES_MAX) - 1)

/** A VM, as far as it shares. */
struct sharer {
    struct vm *vm;      /* NULL: it has no shares */
    bool open;          /* it may be offered more */
    uint32_t in_use;    /* its own shares that are not free, a bit for each */
    uint32_t reserved;  /* places for what the hypervisor offers, which comes to as many at most */
    uint64_t lent;      /* its loans that are not, likewise */
    struct loan *loans; /* a page of NR_LOANS; NULL: it has never had one */
};

extern struct spinlock share_lock;           /* over all of this */
extern struct share shares[NR_SHARES];       /* STILE_SHARES_MAX for each VM, in their order */
extern struct sharer sharers[CONFIG_NR_VMS]; /* by place - 1 */

static inline struct share *shares_of(const struct vm *vm)
{
    return &shares[(vm->id - 1) * STILE_SHARES_MAX];
}

static inline struct sharer *sharer_of(const struct vm *vm)
{
    return &sharers[vm->id - 1];
}

static inline struct vm *owner_of(const struct share *share)
{
    return sharers[share->owner - 1].vm;
}

static inline struct vm *peer_of(const struct share *share)
{
    return sharers[share->peer - 1].vm;
}

/** The share of a handle, or NULL. */
static inline struct share *share_of(uint32_t handle)
{
    uint32_t index = handle & INDEX_MASK;

    if (index >= NR_SHARES)
        return NULL;
    struct share *share = &shares[clamp(index, NR_SHARES)];
    return share->state != SHARE_FREE && share->handle == handle ? share : NULL;
}

/** share_tell() - tell a VM that one of its shares is not what it was */
static inline void share_tell(struct vm *vm)
{
    events_virq(vm, STILE_VIRQ_SHARE);
}

/**
 * share_make() - a new share of a VM whose stage 2 is locked
 * @peer: the place of the VM that it is offered to
 *
 * NULL: the VM has as many as it may.
 */
struct share *share_make(const struct vm *vm, uint32_t peer, const struct share_offer *offer);

/** share_free() - the end of a share of which no peer has anything */
void share_free(struct share *share);

/** The VM's loan of a handle, or NULL. */
struct loan *loan_of(const struct vm *vm, uint32_t handle);

/** loans_open() - make room for a VM's loans, on its budget. Returns whether there was a page */
bool loans_open(const struct vm *vm);

/** loans_close() - give that back, if there was any, of a VM that has no loans any more */
void loans_close(const struct vm *vm);

/** One of the VM's loans; NULL: it has none. */
struct loan *loan_any(const struct vm *vm);

/** loan_make() - a new loan, of which nothing is mapped yet. NULL: the VM has as many as it may */
struct loan *loan_make(const struct vm *vm, struct share *share, const struct share_wish *wish);

/** loan_free() - the end of a loan of which nothing is mapped any more */
void loan_free(const struct vm *vm, struct loan *loan);

/** Whether the peer was told that it has what it borrows. */
static inline bool loan_is_told(const struct loan *loan)
{
    return loan->state == LOAN_HELD || loan->state == LOAN_LEAVING;
}

#endif
