/* SPDX-License-Identifier: MIT */
/*
 * See transfer.h. Encodings: Arm ARM C4.1.94, "Loads and stores".
 */
#include "exits/transfer.h"

#include <stddef.h>

/* Bits @high to @low of an instruction. */
static uint32_t bits(uint32_t instruction, uint32_t high, uint32_t low)
{
    return instruction >> low & ((2u << (high - low)) - 1);
}

static bool bit(uint32_t instruction, uint32_t which)
{
    return instruction >> which & 1;
}

/* The same, as a signed number. */
static int64_t signed_bits(uint32_t instruction, uint32_t high, uint32_t low)
{
    return (int64_t)((uint64_t)instruction << (63 - high)) >> (63 - high + low);
}

/* Fields that are at the same place in all. */
#define RT(instruction)      bits(instruction, 4, 0)
#define RN(instruction)      bits(instruction, 9, 5)
#define RT2(instruction)     bits(instruction, 14, 10)
#define RM(instruction)      bits(instruction, 20, 16)
#define IS_SIMD(instruction) bit(instruction, 26)
#define SIZE(instruction)    bits(instruction, 31, 30)

/* Bits 24 and 23 of a pair: how the offset is used. Those of 00 are hints that caches may ignore.
 */
#define PAIR_POST 1
#define PAIR_PRE  3

/* LDP, STP, LDNP, STNP, LDPSW. */
static enum transfer_kind decode_pair(uint32_t instruction, struct transfer *transfer)
{
    uint32_t opc = SIZE(instruction), mode = bits(instruction, 24, 23);
    bool is_simd = IS_SIMD(instruction), is_load = bit(instruction, 22);
    bool is_ldpsw = !is_simd && opc == 1;

    if (opc == 3 || (is_ldpsw && (!is_load || mode == 0)))
        return TRANSFER_NONE;
    *transfer = (struct transfer){
        .nr = 2,
        .bytes = is_simd    ? 4u << opc
                 : opc == 2 ? 8
                            : 4,
        .rt = {RT(instruction), RT2(instruction)},
        .is_load = is_load,
        .is_simd = is_simd,
        .is_signed = is_ldpsw,
        .is_wide = is_ldpsw,
        .rn = RN(instruction),
        .is_post = mode == PAIR_POST,
        .writes_back = mode == PAIR_POST || mode == PAIR_PRE,
    };
    transfer->offset = signed_bits(instruction, 21, 15) * transfer->bytes;
    return TRANSFER_PLAIN;
}

/* LDR and LDRSW of what is beside the code; PRFM is no access. */
static enum transfer_kind decode_literal(uint32_t instruction, struct transfer *transfer)
{
    uint32_t opc = SIZE(instruction);
    bool is_simd = IS_SIMD(instruction);

    if (opc == 3)
        return TRANSFER_NONE;
    *transfer = (struct transfer){
        .nr = 1,
        .bytes = is_simd    ? 4u << opc
                 : opc == 1 ? 8
                            : 4,
        .rt = {RT(instruction)},
        .is_load = true,
        .is_simd = is_simd,
        .is_signed = !is_simd && opc == 2,
        .is_wide = !is_simd && opc == 2,
        .from_pc = true,
        .offset = signed_bits(instruction, 23, 5) * 4,
    };
    return TRANSFER_PLAIN;
}

/* What size and opc say of a single register; false: it is none, or PRFM. */
static bool decode_size(uint32_t instruction, struct transfer *transfer)
{
    uint32_t size = SIZE(instruction), opc = bits(instruction, 23, 22);

    *transfer = (struct transfer){
        .nr = 1,
        .bytes = 1u << size,
        .rt = {RT(instruction)},
        .is_load = opc != 0,
        .is_simd = IS_SIMD(instruction),
        .rn = RN(instruction),
    };
    if (transfer->is_simd) {
        transfer->is_load = opc & 1;
        if (opc & 2)
            transfer->bytes = 16;
        return !(opc & 2) || size == 0;
    }
    transfer->is_signed = opc & 2;
    transfer->is_wide = opc == 2;
    return opc < 2 || size < 2 || (size == 2 && opc == 2);
}

/* Bits 11 and 10 of those with 9 bits of offset. */
#define IMM9_UNSCALED     0
#define IMM9_POST         1
#define IMM9_UNPRIVILEGED 2
#define IMM9_PRE          3

static enum transfer_kind decode_imm9(uint32_t instruction, struct transfer *transfer)
{
    uint32_t mode = bits(instruction, 11, 10);

    if (mode == IMM9_UNPRIVILEGED && transfer->is_simd)
        return TRANSFER_NONE;
    transfer->is_post = mode == IMM9_POST;
    transfer->writes_back = mode == IMM9_POST || mode == IMM9_PRE;
    transfer->offset = signed_bits(instruction, 20, 12);
    return TRANSFER_PLAIN;
}

/* A register's offset: 32 or 64 bits, shifted by the size of the access or not. */
static enum transfer_kind decode_index(uint32_t instruction, struct transfer *transfer)
{
    transfer->has_index = true;
    transfer->rm = RM(instruction);
    transfer->extend = bits(instruction, 15, 13);
    if (bit(instruction, 12))
        transfer->shift = (uint32_t)__builtin_ctz(transfer->bytes);
    return transfer->extend & 2 ? TRANSFER_PLAIN : TRANSFER_NONE;
}

/* LDR and STR of one register, of which LDRB, LDRSH, LDTR, LDUR and so on are forms. */
static enum transfer_kind decode_single(uint32_t instruction, struct transfer *transfer)
{
    uint32_t mode = bits(instruction, 11, 10);

    if (!bit(instruction, 24) && bit(instruction, 21) && mode == 0) /* LDADD, SWP, LDAPR */
        return IS_SIMD(instruction) ? TRANSFER_NONE : TRANSFER_UNSUPPORTED;
    if (!decode_size(instruction, transfer))
        return TRANSFER_NONE;
    if (bit(instruction, 24)) {
        transfer->offset = (int64_t)bits(instruction, 21, 10) * transfer->bytes;
        return TRANSFER_PLAIN;
    }
    if (!bit(instruction, 21))
        return decode_imm9(instruction, transfer);
    return mode == 2 ? decode_index(instruction, transfer) : TRANSFER_NONE;
}

/* By which bits an instruction is of a class. */
static const struct {
    uint32_t mask;
    uint32_t value;
    enum transfer_kind (*decode)(uint32_t instruction, struct transfer *transfer); /* or, NULL: */
    enum transfer_kind kind;
} classes[] = {
    {0x3A000000, 0x28000000, decode_pair, TRANSFER_NONE},
    {0x3B000000, 0x18000000, decode_literal, TRANSFER_NONE},
    {0x3A000000, 0x38000000, decode_single, TRANSFER_NONE},
    {0x3FA00000, 0x08800000, NULL, TRANSFER_NONE},        /* LDAR, STLR: the syndrome says all */
    {0x3F000000, 0x08000000, NULL, TRANSFER_UNSUPPORTED}, /* LDXR, STXR, CAS, pairs of them */
    {0xFFFFFF00, 0xD50B7400, NULL, TRANSFER_NONE},        /* DC ZVA and the like write */
    {0xFFF8F000, 0xD5087000, NULL, TRANSFER_MAINTENANCE}, /* DC, IC */
};

enum transfer_kind transfer_decode(uint32_t instruction, struct transfer *transfer)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if ((instruction & classes[i].mask) != classes[i].value)
            continue;
        return classes[i].decode ? classes[i].decode(instruction, transfer) : classes[i].kind;
    }
    return TRANSFER_NONE;
}

uint64_t transfer_sum(const struct transfer *transfer, uint64_t base, uint64_t index)
{
    if (!transfer->has_index)
        return base + (uint64_t)transfer->offset;
    if (!(transfer->extend & 1)) /* 32 bits of it */
        index = transfer->extend & 4 ? (uint64_t)(int64_t)(int32_t)index : (uint32_t)index;
    return base + (index << transfer->shift);
}
