/* SPDX-License-Identifier: MIT */
/*
 * Working out what guests see of the identification registers: once, at boot, what all see; and of
 * a VM what follows from its configuration.
 *
 * The rule is a list of what may be seen: a field that is not named here reads as zero, so that a
 * feature newer than this file stays hidden. Nor is what vm/baseline.h hides. Fields and values:
 * Arm ARM D17.2.53 onwards.
 */
#include "virt/vid.h"

#include <stdbool.h>
#include <string.h>

#include "arch/debug.h"
#include "arch/esr.h"
#include "arch/id.h"
#include "arch/iss.h"
#include "arch/pauth.h"
#include "arch/pmu.h"
#include "dev/machine.h"
#include "vm/baseline.h"
#include "vm/vm.h"

/* A field of four bits, as all of these are, and a value in it. */
#define FIELD(shift)           (UINT64_C(0xF) << (shift))
#define FIELD_IS(value, shift) ((uint64_t)(value) << (shift))

#define FIELDS_31_0 UINT64_C(0xFFFFFFFF)

/* What a register shows: fields as the hardware has them, and fields that are always the same. */
struct shown {
    uint64_t kept;
    uint64_t fixed;
};

/* ID_AA64PFR0_EL1. EL1 is AArch64 only; EL2, EL3, RAS, MPAM and AMU are not shown. */
#define PFR0_EL0_SHIFT 0
#define PFR0_GIC_SHIFT 24
#define PFR0_KEPT                                                                                  \
    (FIELD(PFR0_EL0_SHIFT) | FIELD(16) /* FP */ | FIELD(20) /* AdvSIMD */ | FIELD(48) /* DIT */ |  \
     FIELD(56) /* CSV2 */ | FIELD(60) /* CSV3 */)
#define PFR0_FIXED FIELD_IS(1, 4) /* EL1 */

#define EL0_AARCH32 2u /* EL0 may run AArch32 as well */

/* ID_AA64PFR1_EL1. MTE and SME are not shown. */
#define PFR1_KEPT (FIELD(0) /* BT */ | FIELD(4) /* SSBS */)

/* ID_AA64DFR0_EL1. Debug is Armv8.0's (virt/vdebug.h); trace and profiling are not shown. */
#define DFR0_KEPT  (FIELD(DFR0_BRPS_SHIFT) | FIELD(DFR0_WRPS_SHIFT) | FIELD(DFR0_CTX_CMPS_SHIFT))
#define DFR0_FIXED (FIELD_IS(6, 0) /* DebugVer */ | FIELD_IS(0xF, 36) /* DoubleLock: none */)

/*
 * ID_AA64ISAR0_EL1. Not TME. Maintenance of TLB ranges and for the outer shareable domain cannot be
 * made undefined, except where all of it traps, as in mode "trap", which does not emulate these.
 */
#define ISAR0_TLB_SHIFT 56
#define ISAR0_KEPT                                                                                 \
    (FIELD(4) /* AES */ | FIELD(8) /* SHA1 */ | FIELD(12) /* SHA2 */ | FIELD(16) /* CRC32 */ |     \
     FIELD(20) /* Atomic */ | FIELD(28) /* RDM */ | FIELD(32) /* SHA3 */ | FIELD(36) /* SM3 */ |   \
     FIELD(40) /* SM4 */ | FIELD(44) /* DP */ | FIELD(48) /* FHM */ | FIELD(52) /* TS */ |         \
     FIELD(ISAR0_TLB_SHIFT) | FIELD(60) /* RNDR */)

/* ID_AA64ISAR1_EL1. Not XS and LS64. */
#define ISAR1_KEPT                                                                                 \
    (FIELD(0) /* DPB */ | FIELD(PAUTH_APA_SHIFT) | FIELD(PAUTH_API_SHIFT) |                        \
     FIELD(12) /* JSCVT */ | FIELD(16) /* FCMA */ | FIELD(20) /* LRCPC */ | FIELD(24) /* GPA */ |  \
     FIELD(28) /* GPI */ | FIELD(32) /* FRINTTS */ | FIELD(36) /* SB */ |                          \
     FIELD(40) /* SPECRES */ | FIELD(44) /* BF16 */ | FIELD(48) /* DGH */ | FIELD(52) /* I8MM */)

#define ISAR2_KEPT                                                                                 \
    (FIELD(4) /* RPRES */ | FIELD(8) /* GPA3 */ | FIELD(PAUTH_APA3_SHIFT) |                        \
     FIELD(24) /* PAC_frac */ | FIELD(20) /* BC */ | FIELD(28) /* CLRBHB */)

/* ID_AA64MMFR0_EL1. Not the granules of stage 2, FGT and ECV. */
#define MMFR0_PARANGE_SHIFT 0
#define MMFR0_KEPT                                                                                 \
    (FIELD(4) /* ASIDBits */ | FIELD(8) /* BigEnd */ | FIELD(16) /* BigEndEL0 */ |                 \
     FIELD(20) /* TGran16 */ | FIELD(24) /* TGran64 */ | FIELD(28) /* TGran4 */ |                  \
     FIELD(44) /* ExS */)

/* ID_AA64MMFR1_EL1. Not VHE, LORegions and what else EL2 controls. */
#define MMFR1_KEPT                                                                                 \
    (FIELD(0) /* HAFDBS */ | FIELD(12) /* HPDS */ | FIELD(20) /* PAN */ | FIELD(36) /* ETS */ |    \
     FIELD(44) /* AFP */)

/* Registers of features that a CPU may lack: CCSIDR2_EL1, GMID_EL1, SMIDR_EL1. */
#define NAME_GROUP_MASK NAME(3, 7, 0xF, 0, 0)
#define NAME_FEATURES   NAME(3, 1, 0, 0, 0)

/* ID_AA64MMFR2_EL1. Not IESB, NV, FWB and EVT. */
#define MMFR2_IDS_SHIFT 36
#define MMFR2_KEPT                                                                                 \
    (FIELD(0) /* CnP */ | FIELD(4) /* UAO */ | FIELD(8) /* LSM */ | FIELD(16) /* VARange */ |      \
     FIELD(20) /* CCIDX */ | FIELD(28) /* ST */ | FIELD(32) /* AT */ | FIELD(MMFR2_IDS_SHIFT) |    \
     FIELD(48) /* TTL */ | FIELD(52) /* BBM */ | FIELD(60) /* E0PD */)

/*
 * AArch32, for programs at EL0: the instruction sets and what goes with them. The debug and
 * memory-model registers matter to EL1 only, which is AArch64.
 */
#define ID_PFR0_KEPT (UINT64_C(0xFFFF) /* State0 to State3 */ | FIELD(16) /* CSV2 */ | FIELD(24))
#define ID_PFR1_KEPT FIELD(16) /* GenTimer */
#define ID_PFR2_KEPT (FIELD(0) /* CSV3 */ | FIELD(4) /* SSBS */)

#define CRM_AARCH32_LAST 3

static const struct shown shown[ID_NR_REGISTERS] = {
    [ID_INDEX(1, 0)] = {ID_PFR0_KEPT, 0}, /* ID_PFR0_EL1 */
    [ID_INDEX(1, 1)] = {ID_PFR1_KEPT, 0},
    [ID_INDEX(2, 0)] = {FIELDS_31_0, 0}, /* ID_ISAR0_EL1 to ID_ISAR5_EL1 */
    [ID_INDEX(2, 1)] = {FIELDS_31_0, 0},
    [ID_INDEX(2, 2)] = {FIELDS_31_0, 0},
    [ID_INDEX(2, 3)] = {FIELDS_31_0, 0},
    [ID_INDEX(2, 4)] = {FIELDS_31_0, 0},
    [ID_INDEX(2, 5)] = {FIELDS_31_0, 0},
    [ID_INDEX(2, 7)] = {FIELDS_31_0, 0}, /* ID_ISAR6_EL1 */
    [ID_INDEX(3, 0)] = {FIELDS_31_0, 0}, /* MVFR0_EL1 to MVFR2_EL1 */
    [ID_INDEX(3, 1)] = {FIELDS_31_0, 0},
    [ID_INDEX(3, 2)] = {FIELDS_31_0, 0},
    [ID_INDEX(3, 4)] = {ID_PFR2_KEPT, 0},

    [ID_INDEX(4, 0)] = {PFR0_KEPT, PFR0_FIXED},
    [ID_INDEX(4, 1)] = {PFR1_KEPT, 0},
    [ID_INDEX(5, 0)] = {DFR0_KEPT, DFR0_FIXED},
    [ID_INDEX(6, 0)] = {ISAR0_KEPT, 0},
    [ID_INDEX(6, 1)] = {ISAR1_KEPT, 0},
    [ID_INDEX(6, 2)] = {ISAR2_KEPT, 0},
    [ID_INDEX(7, 0)] = {MMFR0_KEPT, 0},
    [ID_INDEX(7, 1)] = {MMFR1_KEPT, 0},
    [ID_INDEX(7, 2)] = {MMFR2_KEPT, 0},
};

/* ID_AA64ZFR0_EL1: instructions alone. */
#define ID_AA64ZFR0 ID_INDEX(4, 4)
#define ZFR0_KEPT                                                                                  \
    (FIELD(0) /* SVEver */ | FIELD(4) /* AES */ | FIELD(16) /* BitPerm */ | FIELD(20) /* BF16 */ | \
     FIELD(24) /* B16B16 */ | FIELD(32) /* SHA3 */ | FIELD(40) /* SM4 */ | FIELD(44) /* I8MM */ |  \
     FIELD(52) /* F32MM */ | FIELD(56) /* F64MM */)
#define PFR0_SVE_SHIFT 32

/* What all VMs are shown, by ID_INDEX(); and what those that may have more. */
static uint64_t table[ID_NR_REGISTERS];
static uint64_t zfr0, pmuver;

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What neither is as in hardware nor always the same. */
static void adjust(const uint64_t hw[ID_NR_REGISTERS])
{
    uint64_t pfr0 = hw[ID_INDEX(4, 0)], mmfr0 = hw[ID_INDEX(7, 0)];

    /* The system registers of a GICv3 CPU interface. */
    if (machine.gic_version == 3)
        table[ID_INDEX(4, 0)] |= FIELD_IS(1, PFR0_GIC_SHIFT);
    /* No more than the physical address space shown: 40 bits, of which stage 2 takes 39. */
    table[ID_INDEX(7, 0)] |=
        FIELD_IS(lower(id_field(mmfr0, MMFR0_PARANGE_SHIFT), 2), MMFR0_PARANGE_SHIFT);
    if (id_field(pfr0, PFR0_EL0_SHIFT) != EL0_AARCH32) {
        for (uint32_t i = 0; i < ID_INDEX(CRM_AARCH32_LAST + 1, 0); i++)
            table[i] = 0;
    }
}

void vid_init(void)
{
    uint64_t hw[ID_NR_REGISTERS];

    id_read_all(hw);
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        table[i] = (hw[i] & shown[i].kept) | shown[i].fixed;
    adjust(hw);
    baseline_hide(table);
    zfr0 = hw[ID_AA64ZFR0] & ZFR0_KEPT;
    pmuver = id_field(hw[ID_AA64DFR0], DFR0_PMUVER_SHIFT);
}

void vid_show(struct vm *vm)
{
    memcpy(vm->ids, table, sizeof(table));
    if (vm->config.mode == VM_MODE_TRAP)
        vm->ids[ID_AA64ISAR0] &= ~FIELD(ISAR0_TLB_SHIFT);
    if ((vm->config.pmu || vm->config.pmu_el2) && pmuver != PMUVER_IMP_DEF)
        vm->ids[ID_AA64DFR0] |= FIELD_IS(lower(pmuver, PMUVER_V3P1), DFR0_PMUVER_SHIFT);
    if (vm->sve_bytes > 0) {
        vm->ids[ID_AA64PFR0] |= FIELD_IS(1, PFR0_SVE_SHIFT);
        vm->ids[ID_AA64ZFR0] = zfr0;
    }
}

uint64_t vid_read(const struct vm *vm, uint32_t index)
{
    return vm->ids[index];
}

uint32_t vid_pa_bits(const struct vm *vm)
{
    /* The least three of the field's values, and no more are shown. */
    return 32 + 4 * (uint32_t)id_field(vid_read(vm, ID_INDEX(7, 0)), MMFR0_PARANGE_SHIFT);
}

bool vid_is_told(const struct vm *vm, uint64_t esr)
{
    bool is_read = esr_class(esr) == EC_SYS64 && (esr & ISS_IS_READ);

    return is_read && (esr & NAME_GROUP_MASK) == NAME_FEATURES &&
           id_field(vid_read(vm, ID_INDEX(7, 2)), MMFR2_IDS_SHIFT) != 0;
}
