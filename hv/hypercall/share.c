/* SPDX-License-Identifier: MIT */
/*
 * memory: what a VM lends to others, gives away and borrows. Its own pages are in memory.c.
 */
#include "hypercall/hypercall.h"
#include "hypercall/range.h"
#include "memory/share.h"
#include "vm/vm.h"

static struct hcall_result not_offered(enum stile_error error)
{
    return error == STILE_INVALID_ARGUMENT ? hcall_bad_argument(3) : hcall_error(error);
}

struct hcall_result hcall_memory_share(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count,
                                       stile_vm_id_t peer, stile_u32_t access)
{
    unsigned bad = range_bad_large(base, count);
    struct share_offer shared = {.base = base,
                                 .bytes = count.pages << PAGE_SHIFT,
                                 .peer = peer.number,
                                 .rights = (uint8_t)access};
    enum stile_error error;
    uint32_t handle;

    if (bad)
        return hcall_bad_argument(bad);
    if ((access | STILE_ACCESS_WRITE) != (STILE_ACCESS_READ | STILE_ACCESS_WRITE))
        return hcall_bad_argument(4);
    error = share_offer(vcpu->vm, &shared, &handle);
    return error ? not_offered(error) : hcall_value(handle);
}

struct hcall_result hcall_memory_donate(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count,
                                        stile_vm_id_t peer)
{
    unsigned bad = range_bad_argument(base, count);
    struct share_offer given = {.base = base,
                                .bytes = count.pages << PAGE_SHIFT,
                                .peer = peer.number,
                                .rights = STAGE2_RIGHTS,
                                .donated = true};
    enum stile_error error;
    uint32_t handle;

    if (bad)
        return hcall_bad_argument(bad);
    error = share_offer(vcpu->vm, &given, &handle);
    return error ? not_offered(error) : hcall_values(vcpu, handle, given.bytes >> PAGE_SHIFT, 0);
}

struct hcall_result hcall_memory_accept(struct vcpu *vcpu, stile_share_t share, stile_ipa_t base,
                                        stile_nr_pages_t count, stile_u32_t access)
{
    struct share_wish wish = {base, count.pages << PAGE_SHIFT, access & STAGE2_RIGHTS,
                              access & STILE_SHARE_DONATED};
    unsigned bad = range_bad_large(base, count);
    enum stile_error error;

    if (bad)
        return hcall_bad_argument(bad + 1);
    if (!(access & STILE_ACCESS_READ) || (access & ~(STAGE2_RIGHTS | STILE_SHARE_DONATED)))
        return hcall_bad_argument(4);
    error = share_accept(vcpu->vm, share.handle, &wish);
    if (error == SHARE_AGAIN)
        return hcall_again(vcpu, STILE_NR_memory_accept, share.handle, base.ipa, count.pages);
    return error == STILE_INVALID_ARGUMENT ? hcall_bad_argument(3) : hcall_error(error);
}

/* What ends a share: the answer, or again. @nr: the call's number. */
static struct hcall_result ended(struct vcpu *vcpu, uint32_t nr, stile_share_t share,
                                 enum stile_error error)
{
    return error == SHARE_AGAIN ? hcall_again(vcpu, nr, share.handle, 0, 0) : hcall_error(error);
}

struct hcall_result hcall_memory_release(struct vcpu *vcpu, stile_share_t share)
{
    return ended(vcpu, STILE_NR_memory_release, share, share_release(vcpu->vm, share.handle));
}

struct hcall_result hcall_memory_revoke(struct vcpu *vcpu, stile_share_t share)
{
    return ended(vcpu, STILE_NR_memory_revoke, share, share_revoke(vcpu->vm, share.handle));
}

static struct hcall_result found(struct vcpu *vcpu, const struct share_terms *terms, uint32_t other)
{
    return hcall_values(vcpu, terms->handle, terms->nr_pages << 32 | other, terms->what);
}

struct hcall_result hcall_memory_next_offered(struct vcpu *vcpu, stile_share_t after)
{
    struct share_terms terms;

    if (!share_next_offered(vcpu->vm, after.handle, &terms))
        return hcall_error(STILE_NOT_FOUND);
    return found(vcpu, &terms, terms.owner);
}

struct hcall_result hcall_memory_next_shared(struct vcpu *vcpu, stile_share_t after)
{
    struct share_terms terms;

    if (!share_next_own(vcpu->vm, after.handle, &terms))
        return hcall_error(STILE_NOT_FOUND);
    return found(vcpu, &terms, terms.peer);
}
