/* SPDX-License-Identifier: MIT */
/*
 * The four kinds of address, as types that do not mix.
 *
 * GVA: a guest's virtual address. EL2 never uses one; it has no type here.
 * IPA: a guest's physical address, translated by the VM's stage 2. ipa_t.
 * PA:  an address of the machine. pa_t.
 * VA:  a C pointer at EL2. PAs of the hypervisor's own pool and of devices are mapped one to one.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK  (PAGE_SIZE - 1)

#define BLOCK_2M UINT64_C(0x200000)
#define BLOCK_1G UINT64_C(0x40000000)

typedef stile_ipa_t ipa_t;

typedef struct {
    uint64_t pa;
} pa_t;

static inline pa_t pa_make(uint64_t address)
{
    return (pa_t){address};
}

static inline ipa_t ipa_make(uint64_t address)
{
    return (ipa_t){address};
}

static inline pa_t pa_add(pa_t base, uint64_t bytes)
{
    return (pa_t){base.pa + bytes};
}

static inline ipa_t ipa_add(ipa_t base, uint64_t bytes)
{
    return (ipa_t){base.ipa + bytes};
}

static inline bool is_aligned(uint64_t value, uint64_t power_of_two)
{
    return (value & (power_of_two - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, uint64_t power_of_two)
{
    return value & ~(power_of_two - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t power_of_two)
{
    return align_down(value + power_of_two - 1, power_of_two);
}

#endif
