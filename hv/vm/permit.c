/* SPDX-License-Identifier: MIT */
/*
 * The permitted calls as a table by number, which dispatch reads.
 */
#include "vm/permit.h"

#include <stddef.h>

#include "stile/abi.h"
#include "vm/vm.h"

static const struct {
    uint8_t nr;
    uint8_t since;
    bool is_there;
} lines[] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs) {nr, since, CALLS_##group},
#include "stile/calls.h"
};

/* Whether a call is answered although no version was agreed on. */
static bool needs_no_version(uint8_t nr)
{
    return nr == STILE_NR_core_version || nr == STILE_NR_core_features;
}

/* Memory that devices write to, or a back end sees all of, is there and stays where it is. */
static bool moves_memory(uint8_t nr)
{
    return nr == STILE_NR_memory_map || nr == STILE_NR_memory_unmap ||
           nr == STILE_NR_memory_discard || nr == STILE_NR_memory_donate;
}

static bool may_make(const struct vm *vm, uint8_t nr)
{
    if (nr == STILE_NR_control_set_wall_clock)
        return vm->config.privileged;
    if (nr / STILE_CALLS_PER_GROUP == STILE_GROUP_CONTROL ||
        nr / STILE_CALLS_PER_GROUP == STILE_GROUP_VM)
        return vm_config_makes_vms(&vm->config);
    return !vm_config_is_kept(&vm->config) || !moves_memory(nr);
}

/* Each entry is stored once: other vCPUs may be making calls meanwhile. */
static void permit(struct vm *vm, bool agreed, uint32_t minor)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        uint8_t nr = lines[i].nr;
        bool is_answered = needs_no_version(nr) || (agreed && lines[i].since <= minor);

        __atomic_store_n(&vm->calls[nr],
                         lines[i].is_there && may_make(vm, nr) && is_answered
                             ? (uint8_t)(i + 1)
                             : (uint8_t)PERMIT_NONE,
                         __ATOMIC_RELAXED);
    }
    vm->agreed = agreed;
    vm->minor = minor;
}

void permit_first(struct vm *vm)
{
    permit(vm, false, 0);
}

void permit_calls(struct vm *vm, uint32_t minor)
{
    permit(vm, true, minor);
}

uint32_t permit_features(const struct vm *vm, uint32_t group)
{
    uint32_t word = 0;

    for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++)
        if (vm->calls[group * STILE_CALLS_PER_GROUP + i] != PERMIT_NONE)
            word |= 1u << i;
    return word;
}
