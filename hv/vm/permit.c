/* SPDX-License-Identifier: MIT */
/*
 * The permitted calls as a table by number, which dispatch reads.
 */
#include "vm/permit.h"

#include <stddef.h>
#include <string.h>

#include "stile/abi.h"
#include "vm/vm.h"

static const struct {
    uint8_t nr;
    uint8_t since;
} sinces[] = {
#define STILE_CALL(nr, since, group, name, args) {nr, since},
#include "stile/calls.h"
};

void permit_calls(struct vm *vm, uint32_t minor)
{
    memset(vm->calls, PERMIT_NONE, sizeof(vm->calls));
    for (size_t i = 0; i < sizeof(sinces) / sizeof(sinces[0]); i++) {
        uint8_t nr = sinces[i].nr;
        bool is_granted =
            nr / STILE_CALLS_PER_GROUP != STILE_GROUP_CONTROL || vm->config.privileged;

        if (sinces[i].since <= minor && is_granted)
            vm->calls[nr] = (uint8_t)(i + 1);
    }
    vm->minor = minor;
}

uint32_t permit_features(const struct vm *vm, uint32_t group)
{
    uint32_t word = 0;

    for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++)
        if (vm->calls[group * STILE_CALLS_PER_GROUP + i] != PERMIT_NONE)
            word |= 1u << i;
    return word;
}
