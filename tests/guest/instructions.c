/* SPDX-License-Identifier: MIT */
/*
 * Instructions that not every CPU has work where the identification registers say so, and are
 * undefined where they do not: what a CPU has is shown, or hidden completely.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "registers_rig.h"
#include "threads/exception.h"

KTF_SUITE(instructions);

/* Identification registers: CRm and Op2. */
#define ID(crm, op2) ((crm) << 4 | (op2))
#define PFR0         ID(4, 0)
#define PFR1         ID(4, 1)
#define ISAR0        ID(6, 0)
#define ISAR1        ID(6, 1)
#define ISAR2        ID(6, 2)
#define MMFR1        ID(7, 1)
#define MMFR2        ID(7, 2)

/* A field from which something may be told: @shift, and the least value. */
struct sign {
    uint32_t id, shift, least;
};

#define MAX_SIGNS 3 /* of which one will do */

struct feature {
    const char *name;
    void (*run)(void *memory);
    struct sign signs[MAX_SIGNS];
};

/* I(function, signs...): the functions are in instructions.S. */
#define INSTRUCTIONS(I)                                                                            \
    I(pmull, {ISAR0, 4, 2})                                                                        \
    I(aes, {ISAR0, 4, 1})                                                                          \
    I(sha1, {ISAR0, 8, 1})                                                                         \
    I(sha256, {ISAR0, 12, 1})                                                                      \
    I(sha512, {ISAR0, 12, 2})                                                                      \
    I(crc32, {ISAR0, 16, 1})                                                                       \
    I(atomics, {ISAR0, 20, 2})                                                                     \
    I(transactions, {ISAR0, 24, 1})                                                                \
    I(rdm, {ISAR0, 28, 1})                                                                         \
    I(sha3, {ISAR0, 32, 1})                                                                        \
    I(sm3, {ISAR0, 36, 1})                                                                         \
    I(sm4, {ISAR0, 40, 1})                                                                         \
    I(dot_product, {ISAR0, 44, 1})                                                                 \
    I(fmlal, {ISAR0, 48, 1})                                                                       \
    I(flags, {ISAR0, 52, 1})                                                                       \
    I(flags_2, {ISAR0, 52, 2})                                                                     \
    I(tlbi_outer, {ISAR0, 56, 1})                                                                  \
    I(tlbi_range, {ISAR0, 56, 2})                                                                  \
    I(random, {ISAR0, 60, 1})                                                                      \
    I(clean_pop, {ISAR1, 0, 1})                                                                    \
    I(clean_podp, {ISAR1, 0, 2})                                                                   \
    I(pauth, {ISAR1, 4, 1}, {ISAR1, 8, 1}, {ISAR2, 12, 1})                                         \
    I(pauth_generic, {ISAR1, 24, 1}, {ISAR1, 28, 1}, {ISAR2, 8, 1})                                \
    I(javascript, {ISAR1, 12, 1})                                                                  \
    I(complex, {ISAR1, 16, 1})                                                                     \
    I(rcpc, {ISAR1, 20, 1})                                                                        \
    I(rcpc_2, {ISAR1, 20, 2})                                                                      \
    I(round, {ISAR1, 32, 1})                                                                       \
    I(sb, {ISAR1, 36, 1})                                                                          \
    I(restrict, {ISAR1, 40, 1})                                                                    \
    I(bfloat, {ISAR1, 44, 1})                                                                      \
    I(int8, {ISAR1, 52, 1})                                                                        \
    I(nxs, {ISAR1, 56, 1})                                                                         \
    I(ls64, {ISAR1, 60, 1})                                                                        \
    I(sve, {PFR0, 32, 1})                                                                          \
    I(sme, {PFR1, 24, 1})                                                                          \
    I(dit, {PFR0, 48, 1})                                                                          \
    I(tags, {PFR1, 8, 1})                                                                          \
    I(pan, {MMFR1, 20, 1})                                                                         \
    I(at_pan, {MMFR1, 20, 2})                                                                      \
    I(uao, {MMFR2, 4, 1})

#define DECLARE(function, ...) void instruction_##function(void *memory);
INSTRUCTIONS(DECLARE)
#undef DECLARE

static const struct feature features[] = {
#define FEATURE(function, ...) {#function, instruction_##function, {__VA_ARGS__}},
    INSTRUCTIONS(FEATURE)
#undef FEATURE
};

static void describe(const struct feature *feature, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", feature->name);
}

static uint64_t read_id(uint32_t id)
{
    switch (id) {
    case PFR0:
        return read_sysreg(id_aa64pfr0_el1);
    case PFR1:
        return read_sysreg(id_aa64pfr1_el1);
    case ISAR0:
        return read_sysreg(id_aa64isar0_el1);
    case ISAR1:
        return read_sysreg(id_aa64isar1_el1);
    case ISAR2:
        return read_sysreg(s3_0_c0_c6_2);
    case MMFR1:
        return read_sysreg(id_aa64mmfr1_el1);
    default:
        return read_sysreg(id_aa64mmfr2_el1);
    }
}

static bool is_shown(const struct feature *feature)
{
    for (uint32_t i = 0; i < MAX_SIGNS; i++) {
        const struct sign *sign = &feature->signs[i];
        if (sign->least > 0 && (read_id(sign->id) >> sign->shift & 0xF) >= sign->least)
            return true;
    }
    return false;
}

KTF_TEST_EACH(instructions, it_works_if_it_is_shown, struct feature, features, describe)
{
    static uint8_t memory[128] __attribute__((aligned(128)));
    struct fault fault = {0, 0, 0};
    uint64_t flags = registers_begin();
    bool works = !exception_try(param->run, memory, &fault);

    registers_end(flags);
    EXPECT_EQ(works, is_shown(param));
    if (!works)
        EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
}
