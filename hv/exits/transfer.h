/* SPDX-License-Identifier: MIT */
/*
 * A64 loads and stores, decoded: those whose syndrome says nothing (Arm ARM ESR_ELx, ISV = 0), as
 * they write back their base, or move two registers, or one of SIMD.
 */
#ifndef EXITS_TRANSFER_H
#define EXITS_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

/** Register 31 as a base is SP, else XZR. */
#define TRANSFER_SP 31u

enum transfer_kind {
    TRANSFER_NONE,        /* no load or store, or one not decoded here */
    TRANSFER_PLAIN,       /* described by struct transfer */
    TRANSFER_MAINTENANCE, /* of caches, by address: no access */
    TRANSFER_UNSUPPORTED, /* exclusive or atomic: Device memory need not have that (B2.2.5) */
};

/** One or two registers and where they go to or come from. */
struct transfer {
    uint32_t nr;    /* registers: 1 or 2 */
    uint32_t bytes; /* of each: 1, 2, 4, 8, or 16 of SIMD registers */
    uint32_t rt[2]; /* which */
    bool is_load;   /* else a store */
    bool is_simd;   /* V registers */
    bool is_signed; /* loads extend the sign, */
    bool is_wide;   /* to 64 bits */

    bool from_pc;   /* the base is PC */
    uint32_t rn;    /* else this */
    int64_t offset; /* that is added, */
    bool has_index; /* or is this register, */
    uint32_t rm;
    uint32_t extend;  /* extended as this says, ExtendType in C6.2's encoding of option, */
    uint32_t shift;   /* and shifted left */
    bool is_post;     /* added after the access, not before */
    bool writes_back; /* rn becomes the sum */
};

/** transfer_extend() - what a load of the low @bytes of @value puts into a general register */
static inline uint64_t transfer_extend(uint64_t value, uint64_t bytes, bool is_signed, bool is_wide)
{
    uint32_t shift = (uint32_t)(0 - 8 * bytes) % 64; /* to the top of a register */

    if (!is_signed)
        return value & UINT64_MAX >> shift;
    value = (uint64_t)((int64_t)(value << shift) >> shift);
    return is_wide ? value : (uint32_t)value;
}

/** transfer_decode() - what an instruction is; @transfer is what it does if that is plain */
enum transfer_kind transfer_decode(uint32_t instruction, struct transfer *transfer);

/**
 * transfer_sum() - base and offset
 * @transfer: of a plain one
 * @base: the value of its base
 * @index: the value of register rm, if it has that
 */
uint64_t transfer_sum(const struct transfer *transfer, uint64_t base, uint64_t index);

#endif
