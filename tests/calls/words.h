/* SPDX-License-Identifier: MIT */
/*
 * Hostile arguments, made from the call table: for each kind of argument the values at which a
 * check may be missing, and for what a call has returned, that again. A new line of the table is
 * tried as soon as it is there; a new kind does not compile before its values are given here.
 *
 * For the guest's hostile suite and for the fuzzer of the dispatcher.
 */
#ifndef CALLS_WORDS_H
#define CALLS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/abi.h"

/** What the values are taken around. */
struct call_world {
    uint64_t scratch; /* IPA of memory that may come to harm; nothing near it is needed */
    uint64_t scratch_bytes;
    uint64_t device; /* IPA of an emulated device, or 0 */
    uint64_t now;    /* CNTVCT_EL0, about */
    uint32_t nr_vcpus;
    uint32_t nr_returned;  /* counts values ever returned */
    uint64_t returned[16]; /* the last of them: handles and ports, stale or not */
};

enum call_kind {
    CALL_NONE,
    CALL_u32,
    CALL_u64,
    CALL_ipa,
    CALL_nr_bytes,
    CALL_nr_pages,
    CALL_ticks,
    CALL_nr_ticks,
    CALL_vcpu_id,
    CALL_vcpu_set,
    CALL_vm_id,
    CALL_intid,
    CALL_port,
    CALL_share,
};

#define CALL_KINDS_ARGS0()            CALL_NONE
#define CALL_KINDS_ARGS1(t1, a1)      CALL_##t1
#define CALL_KINDS_ARGS2(t1, a1, ...) CALL_##t1, CALL_KINDS_ARGS1(__VA_ARGS__)
#define CALL_KINDS_ARGS3(t1, a1, ...) CALL_##t1, CALL_KINDS_ARGS2(__VA_ARGS__)
#define CALL_KINDS_ARGS4(t1, a1, ...) CALL_##t1, CALL_KINDS_ARGS3(__VA_ARGS__)
#define CALL_KINDS_ARGS5(t1, a1, ...) CALL_##t1, CALL_KINDS_ARGS4(__VA_ARGS__)
#define CALL_KINDS_ARGS6(t1, a1, ...) CALL_##t1, CALL_KINDS_ARGS5(__VA_ARGS__)

static const struct call_line {
    uint32_t nr;
    const char *name;
    uint8_t kinds[6]; /* enum call_kind of x1 to x6 */
    uint64_t zero[3]; /* bits of x1 to x3 that are zero when it has succeeded */
    uint32_t errors;  /* STILE_ERROR_BIT() of those that not every call has */
} call_lines[] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    {nr, #group "_" #name, {CALL_KINDS_##args}, {STILE_RESERVED_##rets}, STILE_BITS_##errs},
#include "stile/calls.h"
};

#define CALL_NR_LINES (sizeof(call_lines) / sizeof(call_lines[0]))

/**
 * call_is_answer() - whether a call may answer so: an error that its line has, and nothing in x1 to
 * x3 but the results that its line has, or what an error tells
 */
static inline bool call_is_answer(const struct call_line *line, const struct stile_result *result)
{
    const uint64_t *x = result->value;
    uint64_t error = (uint64_t)STILE_INVALID_ARGUMENT - (uint64_t)result->status;

    if (result->status == STILE_SUCCESS)
        return ((x[0] & line->zero[0]) | (x[1] & line->zero[1]) | (x[2] & line->zero[2])) == 0;
    if (x[1] != 0 || x[2] != 0)
        return false;
    if (result->status == STILE_INVALID_ARGUMENT)
        return x[0] >= 1 && x[0] <= 6;
    if (result->status == STILE_NOT_SUPPORTED)
        return x[0] == 0;
    return error < 32 && (line->errors >> error & 1) != 0 &&
           (x[0] == 0 || result->status == STILE_BAD_VERSION);
}

/** Notes a value that a call has returned. */
static inline void call_note(struct call_world *world, uint64_t value)
{
    world->returned[world->nr_returned++ % 16] = value;
}

static inline uint64_t call_pick(const uint64_t *values, size_t nr_values, uint64_t choice)
{
    return values[choice % nr_values];
}

#define CALL_PICK(choice, ...)                                                                     \
    call_pick((const uint64_t[]){__VA_ARGS__},                                                     \
              sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), choice)

static inline uint64_t call_address(const struct call_world *world, uint64_t choice)
{
    uint64_t start = world->scratch;
    uint64_t end = start + world->scratch_bytes;
    uint64_t inside = start + choice / 16 % (world->scratch_bytes / 4096) * 4096;

    return CALL_PICK(choice, inside, inside, inside, inside, inside + 1, start, start - 1,
                     start - 4096, end, end - 1, end - 4096, world->device, 0,
                     (UINT64_C(1) << 39) - 4096, UINT64_C(1) << 39, UINT64_MAX - 4095);
}

static inline uint64_t call_value(const struct call_world *world, enum call_kind kind,
                                  uint64_t choice)
{
    uint64_t small = choice / 16 % 64;
    uint64_t returned = world->returned[choice / 16 % 16];

    switch (kind) {
    case CALL_NONE:
        return 0;
    case CALL_u32:
        return CALL_PICK(choice, 0, 1, 2, 3, small, small, 31, 32, 255, 256, STILE_VERSION_CURRENT,
                         STILE_VERSION(STILE_VERSION_MAJOR + 1, 0), UINT32_MAX, returned);
    case CALL_u64:
        return CALL_PICK(choice, 0, 1, small, UINT64_MAX, UINT64_C(1) << 63, 0x6C6C6568, returned,
                         choice);
    case CALL_ipa:
        return call_address(world, choice);
    case CALL_nr_bytes:
        return CALL_PICK(choice, 0, 1, small, 8, 9, 32, 33, 256, 257, 4095, 4096, 4097, UINT64_MAX);
    case CALL_nr_pages:
        return CALL_PICK(choice, 1, 1, small, small, 0, 63, 64, 65, 511, 512, 513,
                         UINT64_C(1) << 27, UINT64_C(1) << 52, UINT64_MAX);
    case CALL_ticks:
        return CALL_PICK(choice, 0, 1, world->now, world->now + small * 1000, UINT64_MAX,
                         UINT64_MAX - 1, UINT64_C(1) << 63);
    case CALL_nr_ticks:
        return CALL_PICK(choice, 0, 1, small * 10000, UINT64_MAX, UINT64_C(1) << 63);
    case CALL_vcpu_id:
        return CALL_PICK(choice, 0, 0, 1, world->nr_vcpus - 1, world->nr_vcpus, small, 64,
                         UINT32_MAX);
    case CALL_vcpu_set:
        return CALL_PICK(choice, 0, 1, (UINT64_C(1) << world->nr_vcpus) - 1,
                         UINT64_C(1) << world->nr_vcpus, UINT64_MAX, UINT64_C(1) << 63);
    case CALL_vm_id:
        return CALL_PICK(choice, 0x100, 0x101, 0x102, 0, 1, small, 0x100 + small, 0x200,
                         UINT32_MAX);
    case CALL_intid:
        return CALL_PICK(choice, 0, 15, 16, 27, 31, 32, 34, 95, 96, small, small + 32, 1019, 1020,
                         8192, UINT32_MAX);
    case CALL_port:
    case CALL_share:
        return CALL_PICK(choice, returned, returned, returned, STILE_PORT_FIRST + small, 0, 1,
                         STILE_PORT_FIRST - 1, STILE_NR_PORTS - 1, STILE_NR_PORTS, UINT32_MAX);
    }
    return 0;
}

/**
 * call_word() - a value for one register of a call
 * @kind:   what the table says the register holds; CALL_NONE for an unused one
 * @random: any number; most give a value of the kind, some one with bits it must not have
 */
static inline uint64_t call_word(const struct call_world *world, enum call_kind kind,
                                 uint64_t random)
{
    uint64_t value = call_value(world, kind, random & UINT32_MAX);
    uint64_t bit = random >> 32 & 0x3FF;
    bool moves_far = kind == CALL_ipa && bit >= 12 && bit < 39; /* to where harm would be done */

    if (bit < 64 && !moves_far && (kind != CALL_NONE || bit < 8))
        value ^= UINT64_C(1) << bit;
    return value;
}

#endif
