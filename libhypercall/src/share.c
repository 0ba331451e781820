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
    *share = stile_share((uint32_t)result.value[0]);
    int64_t status = stile_directory_set(key, share->handle);
    if (status != STILE_SUCCESS)
        (void)stile_memory_revoke(*share);
    return status;
}

int64_t stile_share_find(stile_vm_id_t owner, struct stile_share_info *info)
{
    for (uint32_t i = 0; i < STILE_SHARES_OFFERED_MAX; i++) {
        struct stile_result result = stile_memory_offer(i);

        if (result.status != STILE_SUCCESS)
            continue;
        info->share = stile_share((uint32_t)result.value[0]);
        info->owner = stile_vm_id((uint32_t)result.value[1]);
        info->nr_pages = result.value[1] >> 32;
        info->flags = (uint32_t)result.value[2];
        if ((info->flags & STILE_SHARE_ACCEPTED) == 0 &&
            (owner.number == 0 || owner.number == info->owner.number))
            return STILE_SUCCESS;
    }
    return STILE_NOT_FOUND;
}

int64_t stile_share_accept(stile_share_t share, stile_ipa_t base, stile_nr_pages_t count,
                           uint32_t access)
{
    struct stile_result result = stile_memory_accept(share, base);

    if (result.status != STILE_SUCCESS)
        return result.status;
    if (result.value[0] == count.pages && (access & ~result.value[1]) == 0)
        return STILE_SUCCESS;
    (void)stile_memory_release(share);
    return STILE_DENIED;
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
