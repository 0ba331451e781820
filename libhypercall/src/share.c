/* SPDX-License-Identifier: MIT */
/*
 * Offers and what becomes of them. The handle is all that travels between the VMs; what it stands
 * for is asked of the hypervisor, not of the peer.
 */
#include "stile/directory.h"
#include "stile/share.h"

int64_t stile_share_offer(const char *key, stile_ipa_t base, stile_nr_pages_t count,
                          stile_vm_id_t peer, uint32_t access, stile_share_t *share)
{
    struct stile_result result = stile_memory_share(base, count, peer, access);

    if (result.status != STILE_SUCCESS)
        return result.status;
    *share = stile_memory_share_handle(result);
    int64_t status = stile_directory_set(key, share->handle);
    if (status != STILE_SUCCESS)
        (void)stile_memory_revoke(*share);
    return status;
}

static bool take_apart(const struct stile_result *result, struct stile_share_info *info)
{
    if (result->status != STILE_SUCCESS)
        return false;
    info->share = stile_share((uint32_t)result->value[0]);
    info->peer = stile_vm_id((uint32_t)result->value[1]);
    info->nr_pages = result->value[1] >> 32;
    info->flags = (uint32_t)result->value[2];
    return true;
}

bool stile_share_next_offered(struct stile_share_info *info)
{
    struct stile_result result = stile_memory_next_offered(info->share);

    return take_apart(&result, info);
}

bool stile_share_next_own(struct stile_share_info *info)
{
    struct stile_result result = stile_memory_next_shared(info->share);

    return take_apart(&result, info);
}

int64_t stile_share_find(stile_vm_id_t owner, struct stile_share_info *info)
{
    const uint32_t not_open = STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED;

    info->share = stile_share(0);
    while (stile_share_next_offered(info))
        if ((info->flags & not_open) == 0 &&
            (owner.number == 0 || owner.number == info->peer.number))
            return STILE_SUCCESS;
    return STILE_NOT_FOUND;
}

bool stile_share_is_over(stile_share_t share)
{
    /* The walk's first handle after the one before it is the share's own, if it is there. */
    struct stile_result result = stile_memory_next_offered(stile_share(share.handle - 1));

    return result.status != STILE_SUCCESS || result.value[0] != share.handle ||
           (result.value[2] & STILE_SHARE_ENDED) != 0;
}

int64_t stile_share_accept(stile_share_t share, stile_ipa_t base, stile_nr_pages_t count,
                           uint32_t access)
{
    return stile_memory_accept(share, base, count, access).status;
}

int64_t stile_share_accept_from(stile_vm_id_t owner, const char *key, stile_ipa_t base,
                                stile_nr_pages_t count, uint32_t access, stile_share_t *share)
{
    uint64_t handle;
    int64_t status = stile_directory_get(owner, key, &handle);

    if (status != STILE_SUCCESS)
        return status;
    *share = stile_share((uint32_t)handle);
    return stile_share_accept(*share, base, count, access);
}

int64_t stile_share_revoke(const char *key, stile_share_t share)
{
    (void)stile_directory_remove(key);
    return stile_memory_revoke(share).status;
}
