/* SPDX-License-Identifier: MIT */
/*
 * The keys of pointer authentication (FEAT_PAuth), which are a guest's: EL2 signs nothing.
 */
#ifndef ARCH_PAUTH_H
#define ARCH_PAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/id.h"

/* Where one of the algorithms for addresses is told (Arm ARM D17.2.61, D17.2.62). */
#define PAUTH_APA_SHIFT  4  /* ID_AA64ISAR1_EL1: QARMA5 */
#define PAUTH_API_SHIFT  8  /* ID_AA64ISAR1_EL1: the implementation's own */
#define PAUTH_APA3_SHIFT 12 /* ID_AA64ISAR2_EL1: QARMA3 */

/*
 * APIAKeyLo_EL1, APIAKeyHi_EL1, and so on for APIB, APDA, APDB and APGA: P(first, second, their
 * names).
 */
#define PAUTH_KEYS(P)                                                                              \
    P(ia_lo, ia_hi, s3_0_c2_c1_0, s3_0_c2_c1_1)                                                    \
    P(ib_lo, ib_hi, s3_0_c2_c1_2, s3_0_c2_c1_3)                                                    \
    P(da_lo, da_hi, s3_0_c2_c2_0, s3_0_c2_c2_1)                                                    \
    P(db_lo, db_hi, s3_0_c2_c2_2, s3_0_c2_c2_3)                                                    \
    P(ga_lo, ga_hi, s3_0_c2_c3_0, s3_0_c2_c3_1)

struct pauth_keys {
#define PAUTH_MEMBERS(first, second, ...) uint64_t first, second;
    PAUTH_KEYS(PAUTH_MEMBERS)
#undef PAUTH_MEMBERS
};

/** pauth_is_there() - whether a CPU with these identification registers has keys */
static inline bool pauth_is_there(uint64_t isar1, uint64_t isar2)
{
    return id_field(isar1, PAUTH_APA_SHIFT) != 0 || id_field(isar1, PAUTH_API_SHIFT) != 0 ||
           id_field(isar2, PAUTH_APA3_SHIFT) != 0;
}

/** pauth_save() - read the keys; the CPU has some */
static inline void pauth_save(struct pauth_keys *keys)
{
#define PAUTH_SAVE(first, second, first_name, second_name)                                         \
    do {                                                                                           \
        uint64_t a_ = read_sysreg(first_name), b_ = read_sysreg(second_name);                      \
        keys->first = a_;                                                                          \
        keys->second = b_;                                                                         \
    } while (0);
    PAUTH_KEYS(PAUTH_SAVE)
#undef PAUTH_SAVE
}

/** pauth_restore() - write them back. No isb(): the ERET to the guest synchronises. */
static inline void pauth_restore(const struct pauth_keys *keys)
{
#define PAUTH_RESTORE(first, second, first_name, second_name)                                      \
    do {                                                                                           \
        uint64_t a_ = keys->first, b_ = keys->second;                                              \
        write_sysreg(first_name, a_);                                                              \
        write_sysreg(second_name, b_);                                                             \
    } while (0);
    PAUTH_KEYS(PAUTH_RESTORE)
#undef PAUTH_RESTORE
}

#endif
