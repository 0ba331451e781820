/* SPDX-License-Identifier: MIT */
/*
 * Decoding a stage-2 data abort on an emulated device: mostly the syndrome says which register, how
 * wide and which way, and the instruction itself is not read.
 */
#include "exits/mmio.h"

#include "arch/esr.h"
#include "exits/transfer.h"
#include "exits/walk.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* Arm ARM D17.2.37 (ESR_ELx), ISS encoding for an exception from a Data Abort. */
#define ESR_SAS_SHIFT 22
#define ESR_SAS_MASK  3u
#define ESR_SSE       (UINT64_C(1) << 21)
#define ESR_SRT_SHIFT 16
#define ESR_SRT_MASK  31u
#define ESR_SF        (UINT64_C(1) << 15)

#define SRT_ZERO 31u /* XZR */

const struct mmio_region *mmio_find(const struct mmio_map *map, uint64_t ipa)
{
    const struct mmio_region *region = map->regions;

    /* The first unused region has no bytes, and there is one. */
    do {
        if (ipa - region->base < region->bytes)
            return region;
    } while ((++region)->bytes != 0);
    return NULL;
}

/* A value of so many bytes as it lies in memory: devices are little-endian. */
static uint64_t in_order(uint64_t value, uint64_t bytes)
{
    return walk_data_is_big_endian() ? __builtin_bswap64(value) >> (64 - 8 * bytes) : value;
}

/* What the syndrome leaves to the instruction, or what is no access. */
__attribute__((noinline)) static enum mmio_result
emulate_other(struct vcpu *vcpu, const struct mmio_region *region, uint64_t ipa, uint64_t esr)
{
    enum mmio_result result = MMIO_NONE;

    if (esr & ABORT_CM)
        result = MMIO_DONE;
    else if (!(esr & ABORT_ISV))
        result = mmio_emulate_instruction(vcpu, ipa);
    if (result != MMIO_NONE) /* which counts as an access to nothing */
        vcpu->stats.exits[region->exit]++;
    return result;
}

enum mmio_result mmio_emulate(struct vcpu *vcpu, uint64_t ipa, uint64_t esr)
{
    const struct mmio_region *region = mmio_find(&vcpu->vm->mmio, ipa);
    uint64_t bytes = UINT64_C(1) << (esr >> ESR_SAS_SHIFT & ESR_SAS_MASK);
    uint64_t rt = esr >> ESR_SRT_SHIFT & ESR_SRT_MASK;

    if (!region)
        return MMIO_NONE;
    if ((esr & ABORT_ISV) == 0 || !is_aligned(ipa, bytes))
        return emulate_other(vcpu, region, ipa, esr);
    vcpu->stats.exits[region->exit]++;
    uint32_t offset = (uint32_t)(ipa - region->base);
    if ((esr & ABORT_WNR) != 0) {
        uint64_t value = rt == SRT_ZERO ? 0 : vcpu->regs.x[rt];
        value = in_order(transfer_extend(value, bytes, false, true), bytes);
        region->ops->write(vcpu, offset, (uint32_t)bytes, value);
    } else {
        uint64_t value = in_order(region->ops->read(vcpu, offset, (uint32_t)bytes), bytes);
        if (rt != SRT_ZERO)
            vcpu->regs.x[rt] = transfer_extend(value, bytes, esr & ESR_SSE, esr & ESR_SF);
    }
    return MMIO_DONE;
}

enum complain_abort mmio_why_not(const struct vm *vm, uint64_t ipa, uint64_t esr)
{
    if (!mmio_find(&vm->mmio, ipa))
        return COMPLAIN_NOTHING_THERE;
    return esr & ABORT_ISV ? COMPLAIN_UNALIGNED : COMPLAIN_NO_SYNDROME;
}
