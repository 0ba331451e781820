/* SPDX-License-Identifier: MIT */
/*
 * Making all calls of a multicall, in as many exits as the hypervisor wants.
 */
#include "stile/multicall.h"

/* Whether the hypervisor stopped there because of an error, and was to. */
static bool is_stopped(const struct stile_call_entry *last, uint32_t flags)
{
    return (flags & STILE_MULTICALL_STOP) != 0 && last->status < 0;
}

int64_t stile_multicall_run(struct stile_multicall *multicall, uint32_t flags, uint32_t *made)
{
    uint32_t nr = multicall->nr_calls;
    uint32_t done = 0;
    int64_t status = STILE_SUCCESS;

    while (done < nr) {
        struct stile_result result = stile_core_multicall(done, nr - done, flags);

        status = result.status;
        if (status != STILE_SUCCESS)
            break;
        done += stile_core_multicall_made(result);
        if (is_stopped(&multicall->calls[done - 1], flags))
            break;
    }
    if (made)
        *made = done;
    return status;
}
