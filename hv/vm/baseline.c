/* SPDX-License-Identifier: MIT */
/*
 * What follows from the table of baseline.h, but for the trap registers that every CPU has.
 */
#include "vm/baseline.h"

#include <stddef.h>

#include "arch/cpu.h"

#define ID_FGT_SHIFT       56 /* ID_AA64MMFR0_EL1.FGT */
#define FGT_IS_2           2
#define ID_HCX_SHIFT       40 /* ID_AA64MMFR1_EL1.HCX */
#define ID_RAS_SHIFT       28 /* ID_AA64PFR0_EL1.RAS */
#define ID_AMU_SHIFT       44 /* ID_AA64PFR0_EL1.AMU */
#define ID_MPAM_SHIFT      40 /* ID_AA64PFR0_EL1.MPAM */
#define ID_MPAM_FRAC_SHIFT 16 /* ID_AA64PFR1_EL1.MPAM_frac */

/* MPAMIDR_EL1 and MPAMHCR_EL2 (DDI 0598, 7.4) */
#define MPAMIDR_HAS_HCR (UINT64_C(1) << 17)
#define MPAMHCR_TRAP_ID (UINT64_C(1) << 31)

static const struct baseline_class classes[] = {
#define CLASS(class, id, shift, least, reg, set, clear, answer)                                    \
    {(set), (clear), (id), (shift), (least), BASELINE_##reg, BASELINE_##answer},
    BASELINE(CLASS)
#undef CLASS
};

#define NR_CLASSES (sizeof(classes) / sizeof(classes[0]))

void baseline_hide(uint64_t registers[ID_NR_REGISTERS])
{
    for (size_t i = 0; i < NR_CLASSES; i++) {
        const struct baseline_class *class = &classes[i];
        uint64_t *value = &registers[class->id];

        if (class->answer == BASELINE_UNDEFINED && id_field(*value, class->shift) >= class->least)
            *value = (*value & ~(UINT64_C(0xF) << class->shift)) | (uint64_t)(class->least - 1)
                                                                       << class->shift;
    }
}

/*
 * FEAT_FGT: what traps by a bit that is clear does, and nothing does by a bit that is set, since
 * HCR_EL2 and the others see to that.
 */
static void init_fine_grained(const uint64_t hw[ID_NR_REGISTERS])
{
    uint64_t fgt = id_field(hw[ID_AA64MMFR0], ID_FGT_SHIFT);

    if (fgt == 0)
        return;
    write_sysreg(s3_4_c1_c1_4, 0); /* HFGRTR_EL2, HFGWTR_EL2, HFGITR_EL2 */
    write_sysreg(s3_4_c1_c1_5, 0);
    write_sysreg(s3_4_c1_c1_6, 0);
    write_sysreg(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2, HDFGWTR_EL2 */
    write_sysreg(s3_4_c3_c1_5, 0);
    if (id_field(hw[ID_AA64PFR0], ID_AMU_SHIFT) != 0)
        write_sysreg(s3_4_c3_c1_6, 0); /* HAFGRTR_EL2 */
    if (fgt < FGT_IS_2)
        return;
    write_sysreg(s3_4_c3_c1_0, 0); /* HDFGRTR2_EL2, HDFGWTR2_EL2 */
    write_sysreg(s3_4_c3_c1_1, 0);
    write_sysreg(s3_4_c3_c1_2, 0); /* HFGRTR2_EL2, HFGWTR2_EL2, HFGITR2_EL2 */
    write_sysreg(s3_4_c3_c1_3, 0);
    write_sysreg(s3_4_c3_c1_7, 0);
}

static void init_partitioning(const uint64_t hw[ID_NR_REGISTERS])
{
    if (id_field(hw[ID_AA64PFR0], ID_MPAM_SHIFT) == 0 &&
        id_field(hw[ID_AA64PFR1], ID_MPAM_FRAC_SHIFT) == 0)
        return;
    write_sysreg(s3_4_c10_c5_0, BASELINE_MPAM2_BITS); /* MPAM2_EL2 */
    if (read_sysreg(s3_0_c10_c4_4) & MPAMIDR_HAS_HCR) /* MPAMIDR_EL1 */
        write_sysreg(s3_4_c10_c4_0, MPAMHCR_TRAP_ID); /* MPAMHCR_EL2 */
}

static uint32_t find_switched(const uint64_t hw[ID_NR_REGISTERS])
{
    uint32_t there = 0;

#define FIND(member, name, id, shift, least)                                                       \
    if (id_field(hw[id], shift) >= (least))                                                        \
        there |= 1u << BASELINE_SWITCHED_##member;
    BASELINE_SWITCHED(FIND)
#undef FIND
    if (pauth_is_there(hw[ID_AA64ISAR1], hw[ID_AA64ISAR2]))
        there |= 1u << BASELINE_SWITCHED_keys;
    return there;
}

uint32_t baseline_init_pcpu(void)
{
    uint64_t hw[ID_NR_REGISTERS];

    id_read_all(hw);
    if (id_field(hw[ID_AA64MMFR1], ID_HCX_SHIFT) != 0)
        write_sysreg(s3_4_c1_c2_2, BASELINE_HCRX_BITS); /* HCRX_EL2 */
    if (id_field(hw[ID_AA64PFR0], ID_RAS_SHIFT) != 0)
        write_sysreg(s3_4_c5_c2_3, 0); /* VSESR_EL2 */
    init_fine_grained(hw);
    init_partitioning(hw);
    return find_switched(hw);
}

void baseline_save(struct baseline_state *state, uint32_t there)
{
#define SAVE(member, name, ...)                                                                    \
    if (there & 1u << BASELINE_SWITCHED_##member)                                                  \
        state->member = read_sysreg(name);
    BASELINE_SWITCHED(SAVE)
#undef SAVE
    if (there & 1u << BASELINE_SWITCHED_keys)
        pauth_save(&state->keys);
}

void baseline_restore(const struct baseline_state *state, uint32_t there)
{
#define RESTORE(member, name, ...)                                                                 \
    if (there & 1u << BASELINE_SWITCHED_##member)                                                  \
        write_sysreg(name, state->member);
    BASELINE_SWITCHED(RESTORE)
#undef RESTORE
    if (there & 1u << BASELINE_SWITCHED_keys)
        pauth_restore(&state->keys);
}
