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

/* A handle: how many were given out before it, then the owner's number, then its slot. */
#define HANDLE_SLOT_BITS  4
#define HANDLE_OWNER_BITS 4

static const struct fake_mapping nothing;

static struct fake_share *find(uint32_t handle)
{
    uint32_t owner = (handle >> HANDLE_SLOT_BITS) % STILE_VMS_MAX;
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

/* Whether an open donation is in the way of a share, or any share in the way of a donation. */
static bool is_promised(const struct fake_vm *vm, uint64_t number, bool donated)
{
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++)
        if ((donated || vm->shares[i].donated) && has_page(&vm->shares[i], number))
            return true;
    return false;
}

static enum stile_error check_pages(const struct fake_vm *vm, const struct fake_share *offer)
{
    for (uint64_t n = offer->base; n < offer->base + offer->count; n++)
        if (n >= FAKE_SPACE_PAGES || vm->map[n].kind != FAKE_OWN)
            return STILE_NOT_MAPPED;
    for (uint64_t n = offer->base; n < offer->base + offer->count; n++)
        if (is_promised(vm, n, offer->donated))
            return STILE_BUSY;
    return STILE_SUCCESS;
}

static struct stile_result make_offer(struct fake_vm *vm, struct fake_share offer)
{
    struct fake_vm *peer = fake_running_vm(offer.peer);

    if (!peer || peer == vm)
        return fake_bad(3);
    enum stile_error error = check_pages(vm, &offer);
    if (error != STILE_SUCCESS)
        return fake_error(error);
    for (uint32_t i = 0; i < STILE_SHARES_MAX; i++) {
        if (vm->shares[i].handle != 0)
            continue;
        offer.owner = vm->number;
        offer.handle = ++fake.share_generation << (HANDLE_SLOT_BITS + HANDLE_OWNER_BITS) |
                       (vm->number - 1) << HANDLE_SLOT_BITS | i;
        vm->shares[i] = offer;
        fake_event_virq(peer, STILE_VIRQ_SHARE);
        return fake_value(offer.handle, 0, 0);
    }
    return fake_error(STILE_LIMIT);
}

struct stile_result fake_memory_share(struct fake_vcpu *vcpu, stile_ipa_t base,
                                      stile_nr_pages_t count, stile_vm_id_t peer,
                                      stile_u32_t access)
{
    unsigned bad = fake_space_bad_range(base, count);

    if (!bad && (access | STILE_ACCESS_WRITE) != (STILE_ACCESS_READ | STILE_ACCESS_WRITE))
        bad = 4;
    if (bad)
        return fake_bad(bad);
    return make_offer(vcpu->vm, (struct fake_share){.peer = peer.number,
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
    return make_offer(vcpu->vm, (struct fake_share){.peer = peer.number,
                                                    .base = base.ipa / STILE_PAGE_SIZE,
                                                    .count = count.pages,
                                                    .access = RIGHTS_ALL,
                                                    .donated = true});
}

static void take(struct fake_vm *vm, struct fake_share *share)
{
    struct fake_vm *owner = &fake.vms[share->owner - 1];

    for (uint64_t i = 0; i < share->count; i++) {
        if (share->donated) {
            fake_pool_give(owner, share->base + i, vm, share->at + i);
            continue;
        }
        struct fake_mapping mapping = {.page = owner->map[share->base + i].page,
                                       .kind = FAKE_BORROWED,
                                       .access = (uint8_t)share->access,
                                       .most = (uint8_t)share->access};
        fake_pool_set(vm, share->at + i, mapping);
    }
    share->accepted = true;
    if (share->donated)
        share->handle = 0;
}

struct stile_result fake_memory_accept(struct fake_vcpu *vcpu, stile_share_t share,
                                       stile_ipa_t base)
{
    struct fake_share *found = find(share.handle);
    struct fake_vm *vm = vcpu->vm;

    if (base.ipa % STILE_PAGE_SIZE != 0 || base.ipa >= FAKE_IPA_END)
        return fake_bad(2);
    if (!found || found->peer != vm->number)
        return fake_error(STILE_NOT_FOUND);
    if (found->accepted)
        return fake_error(STILE_BUSY);
    if (found->count * STILE_PAGE_SIZE > FAKE_IPA_END - base.ipa)
        return fake_bad(2);
    found->at = base.ipa / STILE_PAGE_SIZE;
    for (uint64_t n = found->at; n < found->at + found->count; n++) {
        if (n >= FAKE_SPACE_PAGES)
            return fake_error(STILE_NO_MEMORY);
        if (vm->map[n].kind != FAKE_NOTHING)
            return fake_error(STILE_ALREADY_MAPPED);
    }
    take(vm, found);
    fake_event_virq(&fake.vms[found->owner - 1], STILE_VIRQ_SHARE);
    return fake_values(vcpu, found->count, found->access, 0);
}

static void unmap_in_peer(struct fake_share *share)
{
    for (uint64_t i = 0; share->accepted && i < share->count; i++)
        fake_pool_set(&fake.vms[share->peer - 1], share->at + i, nothing);
    share->accepted = false;
}

struct stile_result fake_memory_release(struct fake_vcpu *vcpu, stile_share_t share)
{
    struct fake_share *found = find(share.handle);

    if (!found || found->peer != vcpu->vm->number || !found->accepted)
        return fake_error(STILE_NOT_FOUND);
    unmap_in_peer(found);
    fake_event_virq(&fake.vms[found->owner - 1], STILE_VIRQ_SHARE);
    return fake_ok();
}

struct stile_result fake_memory_revoke(struct fake_vcpu *vcpu, stile_share_t share)
{
    struct fake_share *found = find(share.handle);

    if (!found || found->owner != vcpu->vm->number)
        return fake_error(STILE_NOT_FOUND);
    unmap_in_peer(found);
    found->handle = 0;
    fake_event_virq(&fake.vms[found->peer - 1], STILE_VIRQ_SHARE);
    return fake_ok();
}

/* Counted over the shares of all other VMs, in the order of their numbers. */
struct stile_result fake_memory_offer(struct fake_vcpu *vcpu, stile_u32_t index)
{
    if (index >= STILE_SHARES_OFFERED_MAX)
        return fake_bad(1);
    uint32_t owner = index / STILE_SHARES_MAX;
    if (owner >= vcpu->vm->number - 1)
        owner++;
    const struct fake_share *share = &fake.vms[owner].shares[index % STILE_SHARES_MAX];
    if (share->handle == 0 || share->peer != vcpu->vm->number)
        return fake_error(STILE_NOT_FOUND);
    return fake_values(vcpu, share->handle, share->count << 32 | share->owner,
                       share->access | (share->donated ? (uint64_t)STILE_SHARE_DONATED : 0) |
                           (share->accepted ? (uint64_t)STILE_SHARE_ACCEPTED : 0));
}

void fake_share_vm_gone(struct fake_vm *vm)
{
    for (uint32_t i = 0; i < STILE_VMS_MAX; i++) {
        for (uint32_t j = 0; j < STILE_SHARES_MAX; j++) {
            struct fake_share *share = &fake.vms[i].shares[j];

            if (share->handle == 0 || (&fake.vms[i] != vm && share->peer != vm->number))
                continue;
            unmap_in_peer(share);
            share->handle = 0;
            fake_event_virq(&fake.vms[(&fake.vms[i] == vm ? share->peer : share->owner) - 1],
                            STILE_VIRQ_SHARE);
        }
    }
}
