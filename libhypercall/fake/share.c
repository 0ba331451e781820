/* SPDX-License-Identifier: MIT */
/*
 * What the fake's VMs lend and give to each other.
 */
#include <string.h>

#include "event.h"
#include "handler.h"
#include "pool.h"
#include "share.h"
#include "space.h"

#define RIGHTS_ALL (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)

/* A handle: how many were given out before it, then the owner's place, then its slot. */
#define HANDLE_SLOT_BITS  4
#define HANDLE_OWNER_BITS 4

/* The most pages that one call offers for good. */
#define DONATED_PAGES 64

static const struct fake_mapping nothing;

static struct fake_share *find(uint32_t handle)
{
    uint32_t owner = (handle >> HANDLE_SLOT_BITS) % FAKE_NR_VMS;
    struct fake_share *share = &fake.vms[owner].shares[handle % STILE_SHARES_MAX];

    return handle != 0 && share->handle == handle ? share : NULL;
}

static bool has_page(const struct fake_share *share, uint64_t number)
{
    return share->handle != 0 && number - share->base < share->count;
}

bool fake_share_has(const struct fake_vm *vm, uint64_t number)
{
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++)
        if (has_page(&vm->shares[i], number))
            return true;
    return false;
}

/* Whether an open donation is in the way of a share. */
static bool is_promised(const struct fake_vm *vm, uint64_t number)
{
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++)
        if (vm->shares[i].donated && has_page(&vm->shares[i], number))
            return true;
    return false;
}

static bool is_own(const struct fake_vm *vm, uint64_t number)
{
    return number < FAKE_SPACE_PAGES && vm->map[number].kind == FAKE_OWN;
}

static enum stile_error check_lent(const struct fake_vm *vm, const struct fake_share *offer)
{
    if (!is_own(vm, offer->base) || !is_own(vm, offer->base + offer->count - 1))
        return STILE_NOT_MAPPED;
    for (uint64_t n = offer->base; n < offer->base + offer->count; n++)
        if (is_promised(vm, n))
            return STILE_BUSY;
    return STILE_SUCCESS;
}

/* Offers no more of a donation than can be, and than one call does: there are no blocks. */
static enum stile_error cut_donated(const struct fake_vm *vm, struct fake_share *offer)
{
    uint64_t most = offer->count < DONATED_PAGES ? offer->count : DONATED_PAGES;
    uint64_t n = offer->base;

    if (!is_own(vm, n))
        return STILE_NOT_MAPPED;
    while (n < offer->base + most && is_own(vm, n) && !fake_share_has(vm, n))
        n++;
    offer->count = n - offer->base;
    return offer->count > 0 ? STILE_SUCCESS : STILE_BUSY;
}

static struct stile_result make_offer(struct fake_vcpu *vcpu, struct fake_share offer)
{
    struct fake_vm *vm = vcpu->vm;
    struct fake_vm *peer = fake_running_vm(offer.peer);

    if (peer == vm)
        return fake_bad(3);
    if (!peer)
        return fake_error(STILE_NOT_FOUND);
    enum stile_error error = offer.donated ? cut_donated(vm, &offer) : check_lent(vm, &offer);
    if (error != STILE_SUCCESS)
        return fake_error(error);
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++) {
        if (vm->shares[i].handle != 0)
            continue;
        offer.owner = vm->number;
        offer.handle = ++fake.share_generation << (HANDLE_SLOT_BITS + HANDLE_OWNER_BITS) |
                       fake_place(vm->number) << HANDLE_SLOT_BITS | i;
        vm->shares[i] = offer;
        fake_event_virq(peer, STILE_VIRQ_SHARE);
        return offer.donated ? fake_values(vcpu, offer.handle, offer.count, 0)
                             : fake_value(offer.handle, 0, 0);
    }
    return fake_error(STILE_LIMIT);
}

struct stile_result fake_memory_share(struct fake_vcpu *vcpu, stile_ipa_t base,
                                      stile_nr_pages_t count, stile_vm_id_t peer,
                                      stile_u32_t access)
{
    unsigned bad = fake_space_bad_large(base, count);

    if (!bad && (access | STILE_ACCESS_WRITE) != (STILE_ACCESS_READ | STILE_ACCESS_WRITE))
        bad = 4;
    if (bad)
        return fake_bad(bad);
    return make_offer(vcpu, (struct fake_share){.peer = peer.number,
                                                .base = base.ipa / STILE_PAGE_SIZE,
                                                .count = count.pages,
                                                .access = access});
}

struct stile_result fake_memory_donate(struct fake_vcpu *vcpu, stile_ipa_t base,
                                       stile_nr_pages_t count, stile_vm_id_t peer)
{
    unsigned bad = fake_space_bad_range(base, count);

    if (bad)
        return fake_bad(bad);
    return make_offer(vcpu, (struct fake_share){.peer = peer.number,
                                                .base = base.ipa / STILE_PAGE_SIZE,
                                                .count = count.pages,
                                                .access = RIGHTS_ALL,
                                                .donated = true});
}

static struct fake_loan *find_loan(struct fake_vm *vm, uint32_t handle)
{
    for (uint32_t i = 0; i < STILE_SHARES_ACCEPTED_MAX; i++)
        if (vm->loans[i].handle == handle)
            return &vm->loans[i];
    return NULL;
}

static void map_lent(struct fake_vm *vm, const struct fake_share *share, uint32_t access)
{
    const struct fake_vm *owner = fake_numbered_vm(share->owner);

    for (uint64_t i = 0; i < share->count; i++) {
        struct fake_mapping mapping = {.page = owner->map[share->base + i].page,
                                       .kind = FAKE_BORROWED,
                                       .access = (uint8_t)access,
                                       .most = (uint8_t)share->access};
        fake_pool_set(vm, share->at + i, mapping);
    }
}

static enum stile_error borrow(struct fake_vm *vm, struct fake_share *share, uint32_t access)
{
    struct fake_loan *loan = find_loan(vm, 0);

    if (!fake_pool_scratch(vm))
        return STILE_NO_MEMORY;
    if (!loan)
        return STILE_LIMIT;
    *loan = (struct fake_loan){.handle = share->handle,
                               .owner = share->owner,
                               .count = share->count,
                               .at = share->at,
                               .access = share->access};
    map_lent(vm, share, access);
    share->accepted = true;
    return STILE_SUCCESS;
}

static enum stile_error take(struct fake_vm *vm, struct fake_share *share, uint32_t access)
{
    struct fake_vm *owner = fake_numbered_vm(share->owner);

    if (!share->donated)
        return borrow(vm, share, access);
    for (uint64_t i = 0; i < share->count; i++) {
        struct fake_mapping *mapping = &vm->map[share->at + i];

        fake_pool_give(owner, share->base + i, vm, share->at + i);
        struct fake_mapping asked = *mapping;
        asked.access = (uint8_t)access;
        fake_pool_set(vm, share->at + i, asked);
    }
    share->handle = 0;
    return STILE_SUCCESS;
}

/* Whether the peer takes the share for what it is; argument 3 is the count. */
static struct stile_result check_wish(const struct fake_share *share, const struct fake_vm *vm,
                                      uint64_t count, uint32_t access)
{
    bool donated = (access & STILE_SHARE_DONATED) != 0;

    if (!share || share->peer != vm->number)
        return fake_error(STILE_NOT_FOUND);
    if (count != share->count)
        return fake_bad(3);
    if (donated != share->donated || (access & RIGHTS_ALL & ~share->access) != 0)
        return fake_error(STILE_DENIED);
    return share->accepted ? fake_error(STILE_BUSY) : fake_ok();
}

/* Whether the owner still has all of it, and the peer nothing where it is to be. */
static enum stile_error check_places(const struct fake_vm *vm, const struct fake_share *share)
{
    for (uint64_t i = 0; i < share->count; i++)
        if (!is_own(fake_numbered_vm(share->owner), share->base + i))
            return STILE_NOT_MAPPED;
    for (uint64_t n = share->at; n < share->at + share->count; n++) {
        if (n >= FAKE_SPACE_PAGES)
            return STILE_NO_MEMORY;
        if (vm->map[n].kind != FAKE_NOTHING)
            return STILE_ALREADY_MAPPED;
    }
    return STILE_SUCCESS;
}

struct stile_result fake_memory_accept(struct fake_vcpu *vcpu, stile_share_t share,
                                       stile_ipa_t base, stile_nr_pages_t count, stile_u32_t access)
{
    const uint32_t known = RIGHTS_ALL | STILE_SHARE_DONATED;
    struct fake_share *found = find(share.handle);
    struct fake_vm *vm = vcpu->vm;
    unsigned bad = fake_space_bad_large(base, count);

    if (bad)
        return fake_bad(bad + 1);
    if ((access & STILE_ACCESS_READ) == 0 || (access & ~known) != 0)
        return fake_bad(4);
    struct stile_result refused = check_wish(found, vm, count.pages, access);
    if (refused.status != STILE_SUCCESS)
        return refused;
    found->at = base.ipa / STILE_PAGE_SIZE;
    enum stile_error error = check_places(vm, found);
    if (error == STILE_SUCCESS)
        error = take(vm, found, access & RIGHTS_ALL);
    if (error == STILE_SUCCESS)
        fake_event_virq(fake_numbered_vm(found->owner), STILE_VIRQ_SHARE);
    return error == STILE_SUCCESS ? fake_ok() : fake_error(error);
}

static void release(struct fake_vm *vm, struct fake_loan *loan)
{
    struct fake_share *share = find(loan->handle);

    for (uint64_t i = 0; i < loan->count; i++)
        fake_pool_set(vm, loan->at + i, nothing);
    loan->handle = 0;
    if (share)
        share->accepted = false;
}

struct stile_result fake_memory_release(struct fake_vcpu *vcpu, stile_share_t share)
{
    struct fake_loan *loan = share.handle != 0 ? find_loan(vcpu->vm, share.handle) : NULL;

    if (!loan)
        return fake_error(STILE_NOT_FOUND);
    if (!loan->ended)
        fake_event_virq(fake_numbered_vm(loan->owner), STILE_VIRQ_SHARE);
    release(vcpu->vm, loan);
    return fake_ok();
}

/* Ends a share for its owner; the peer is left with scratch memory, if it has accepted. */
static void end(struct fake_share *share)
{
    const uint8_t read_write = STILE_ACCESS_READ | STILE_ACCESS_WRITE;
    struct fake_vm *peer = fake_numbered_vm(share->peer);
    struct fake_loan *loan = find_loan(peer, share->handle);
    struct fake_mapping scratch = {
        .page = peer->scratch, .kind = FAKE_SHARED, .access = read_write, .most = read_write};

    for (uint64_t i = 0; share->accepted && i < share->count; i++)
        fake_pool_set(peer, share->at + i, scratch);
    if (share->accepted && loan)
        loan->ended = true;
    share->handle = 0;
}

struct stile_result fake_memory_revoke(struct fake_vcpu *vcpu, stile_share_t share)
{
    struct fake_share *found = find(share.handle);

    if (!found || found->owner != vcpu->vm->number)
        return fake_error(STILE_NOT_FOUND);
    end(found);
    fake_event_virq(fake_numbered_vm(found->peer), STILE_VIRQ_SHARE);
    return fake_ok();
}

/* What a walk has found: the least handle above the one that it is after. */
struct next {
    uint32_t after;
    uint32_t handle; /* 0: none yet */
    uint32_t other;
    uint64_t count;
    uint64_t what;
};

static void look_at_share(struct next *next, const struct fake_share *share, uint32_t other)
{
    if (share->handle <= next->after || (next->handle != 0 && share->handle > next->handle))
        return;
    next->handle = share->handle;
    next->other = other;
    next->count = share->count;
    next->what = share->access | (share->donated ? (uint64_t)STILE_SHARE_DONATED : 0) |
                 (share->accepted ? (uint64_t)STILE_SHARE_ACCEPTED : 0);
}

static void look_at_loan(struct next *next, const struct fake_loan *loan)
{
    if (!loan->ended || loan->handle <= next->after ||
        (next->handle != 0 && loan->handle > next->handle))
        return;
    next->handle = loan->handle;
    next->other = loan->owner;
    next->count = loan->count;
    next->what = loan->access | STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED;
}

static struct stile_result tell(struct fake_vcpu *vcpu, const struct next *next)
{
    if (next->handle == 0)
        return fake_error(STILE_NOT_FOUND);
    return fake_values(vcpu, next->handle, next->count << 32 | next->other, next->what);
}

struct stile_result fake_memory_next_offered(struct fake_vcpu *vcpu, stile_share_t after)
{
    struct next next = {.after = after.handle};

    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        for (uint32_t j = 0; j < STILE_SHARES_MAX; j++)
            if (fake.vms[i].shares[j].peer == vcpu->vm->number)
                look_at_share(&next, &fake.vms[i].shares[j], fake.vms[i].number);
    for (uint32_t i = 0; i < STILE_SHARES_ACCEPTED_MAX; i++)
        look_at_loan(&next, &vcpu->vm->loans[i]);
    return tell(vcpu, &next);
}

struct stile_result fake_memory_next_shared(struct fake_vcpu *vcpu, stile_share_t after)
{
    struct next next = {.after = after.handle};

    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++)
        look_at_share(&next, &vcpu->vm->shares[i], vcpu->vm->shares[i].peer);
    return tell(vcpu, &next);
}

/* What is offered to it, and not accepted, stays. */
void fake_share_vm_reset(struct fake_vm *vm)
{
    for (uint32_t i = 0; i < STILE_SHARES_ACCEPTED_MAX; i++)
        if (vm->loans[i].handle != 0)
            (void)fake_memory_release(&vm->vcpus[0], stile_share(vm->loans[i].handle));
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++)
        if (vm->shares[i].handle != 0)
            (void)fake_memory_revoke(&vm->vcpus[0], stile_share(vm->shares[i].handle));
}

void fake_share_vm_gone(struct fake_vm *vm)
{
    for (uint32_t i = 0; i < STILE_SHARES_ACCEPTED_MAX; i++)
        if (vm->loans[i].handle != 0)
            release(vm, &vm->loans[i]);
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++) {
        for (uint32_t j = 0; j < STILE_SHARES_MAX; j++) {
            struct fake_share *share = &fake.vms[i].shares[j];

            if (share->handle == 0 || (&fake.vms[i] != vm && share->peer != vm->number))
                continue;
            end(share);
            fake_event_virq(&fake.vms[i] == vm ? fake_numbered_vm(share->peer) : &fake.vms[i],
                            STILE_VIRQ_SHARE);
        }
    }
}
