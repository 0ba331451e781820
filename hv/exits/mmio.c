/* SPDX-License-Identifier: MIT */
/*
 * Decoding a stage-2 data abort on an emulated device: the syndrome says which register, how wide
 * and which way, so the instruction itself is never read.
 */
#include "exits/mmio.h"

#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* Arm ARM D17.2.37 (ESR_ELx), ISS encoding for an exception from a Data Abort. */
#define ESR_ISV       (UINT64_C(1) << 24)
#define ESR_SAS_SHIFT 22
#define ESR_SAS_MASK  3u
#define ESR_SSE       (UINT64_C(1) << 21)
#define ESR_SRT_SHIFT 16
#define ESR_SRT_MASK  31u
#define ESR_SF        (UINT64_C(1) << 15)
#define ESR_WNR       (UINT64_C(1) << 6)

#define SRT_ZERO 31u /* XZR */

static const struct mmio_region *find(const struct mmio_map *map, uint64_t ipa)
{
    const struct mmio_region *region = map->regions;

    /* Unused regions have no bytes. */
    do {
        if (ipa - region->base < region->bytes)
            return region;
    } while (++region != &map->regions[MMIO_NR_REGIONS]);
    return NULL;
}

/* How far a value of so many bytes is shifted to stand at the top of a register. */
static uint32_t shift_to_top(uint64_t bytes)
{
    return (uint32_t)(0 - 8 * bytes) % 64;
}

/* The low @bytes of a value, with zeros or, as LDRS* asks, with its sign above them. */
static uint64_t extend(uint64_t value, uint64_t bytes, uint64_t esr)
{
    uint32_t shift = shift_to_top(bytes);

    if ((esr & ESR_SSE) == 0)
        return value & UINT64_MAX >> shift;
    value = (uint64_t)((int64_t)(value << shift) >> shift);
    return (esr & ESR_SF) != 0 ? value : (uint32_t)value;
}

bool mmio_emulate(struct vcpu *vcpu, uint64_t ipa, uint64_t esr)
{
    const struct mmio_region *region = find(&vcpu->vm->mmio, ipa);
    uint64_t bytes = UINT64_C(1) << (esr >> ESR_SAS_SHIFT & ESR_SAS_MASK);
    uint64_t rt = esr >> ESR_SRT_SHIFT & ESR_SRT_MASK;

    if (!region || (esr & ESR_ISV) == 0 || !is_aligned(ipa, bytes))
        return false;
    uint32_t offset = (uint32_t)(ipa - region->base);
    vcpu->stats.exits[region->exit]++;
    if ((esr & ESR_WNR) != 0) {
        uint64_t value = rt == SRT_ZERO ? 0 : vcpu->regs.x[rt];
        value &= UINT64_MAX >> shift_to_top(bytes);
        region->ops->write(vcpu, offset, (uint32_t)bytes, value);
    } else {
        uint64_t value = region->ops->read(vcpu, offset, (uint32_t)bytes);
        if (rt != SRT_ZERO)
            vcpu->regs.x[rt] = extend(value, bytes, esr);
    }
    return true;
}

enum complain_abort mmio_why_not(const struct vm *vm, uint64_t ipa, uint64_t esr)
{
    if (!find(&vm->mmio, ipa))
        return COMPLAIN_NOTHING_THERE;
    return esr & ESR_ISV ? COMPLAIN_UNALIGNED : COMPLAIN_NO_SYNDROME;
}
