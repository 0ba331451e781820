/* SPDX-License-Identifier: MIT */
/*
 * memory: what a VM lends to others, gives away and borrows. Its own pages are in memory.c.
 */
#include "hypercall/hypercall.h"
#include "hypercall/range.h"
#include "memory/share.h"
#include "vm/vm.h"

/* The error of a share call; @argument is in which register an INVALID_ARGUMENT was. */
static struct hcall_result share_error(enum stile_error error, unsigned argument)
{
    return error == STILE_INVALID_ARGUMENT ? hcall_bad_argument(argument) : hcall_error(error);
}

/* @nr: the call's number. */
static struct hcall_result offer(struct vcpu *vcpu, const struct share_offer *offer, uint32_t nr)
{
    uint32_t handle;
    enum stile_error error = share_offer(vcpu->vm, offer, &handle);

    if (error == SHARE_AGAIN)
        return hcall_again(vcpu, nr, offer->base.ipa, offer->bytes >> PAGE_SHIFT, offer->peer);
    return error ? share_error(error, 3) : hcall_value(handle);
}

struct hcall_result hcall_memory_share(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count,
                                       stile_vm_id_t peer, stile_u32_t access)
{
    unsigned bad = range_bad_argument(base, count);
    struct share_offer shared = {base, count.pages << PAGE_SHIFT, peer.number, access, false};

    if (bad)
        return hcall_bad_argument(bad);
    if ((access | STILE_ACCESS_WRITE) != (STILE_ACCESS_READ | STILE_ACCESS_WRITE))
        return hcall_bad_argument(4);
    return offer(vcpu, &shared, STILE_NR_memory_share);
}

struct hcall_result hcall_memory_donate(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count,
                                        stile_vm_id_t peer)
{
    unsigned bad = range_bad_argument(base, count);
    struct share_offer given = {base, count.pages << PAGE_SHIFT, peer.number, STAGE2_RIGHTS, true};

    return bad ? hcall_bad_argument(bad) : offer(vcpu, &given, STILE_NR_memory_donate);
}

struct hcall_result hcall_memory_accept(struct vcpu *vcpu, stile_share_t share, stile_ipa_t base)
{
    struct share_terms terms;
    enum stile_error error;

    if (!is_aligned(base.ipa, PAGE_SIZE) || base.ipa >= STAGE2_IPA_END)
        return hcall_bad_argument(2);
    error = share_accept(vcpu->vm, share.handle, base, &terms);
    if (error == SHARE_AGAIN)
        return hcall_again(vcpu, STILE_NR_memory_accept, share.handle, base.ipa, 0);
    if (error)
        return share_error(error, 2);
    return hcall_values(vcpu, terms.nr_pages, terms.what & STAGE2_RIGHTS, 0);
}

struct hcall_result hcall_memory_release(struct vcpu *vcpu, stile_share_t share)
{
    return hcall_error(share_release(vcpu->vm, share.handle));
}

struct hcall_result hcall_memory_revoke(struct vcpu *vcpu, stile_share_t share)
{
    return hcall_error(share_revoke(vcpu->vm, share.handle));
}

struct hcall_result hcall_memory_offer(struct vcpu *vcpu, stile_u32_t index)
{
    struct share_terms terms;

    if (index >= STILE_SHARES_OFFERED_MAX)
        return hcall_bad_argument(1);
    if (!share_walk(vcpu->vm, index, &terms))
        return hcall_error(STILE_NOT_FOUND);
    return hcall_values(vcpu, terms.handle, terms.nr_pages << 32 | terms.owner, terms.what);
}
