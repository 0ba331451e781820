/* SPDX-License-Identifier: MIT */
/*
 * The tables of names. Those of calls and their arguments come from the call table.
 */
#include "watch/names.h"

#include <stdio.h>

#include "arch/esr.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/machine.h"
#include "stile/abi.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* --- calls --------------------------------------------------------------------------------- */

#define MAX_ARGUMENTS 6

#define NAMES_ARGS0()            NULL
#define NAMES_ARGS1(t1, a1)      #a1
#define NAMES_ARGS2(t1, a1, ...) #a1, NAMES_ARGS1(__VA_ARGS__)
#define NAMES_ARGS3(t1, a1, ...) #a1, NAMES_ARGS2(__VA_ARGS__)
#define NAMES_ARGS4(t1, a1, ...) #a1, NAMES_ARGS3(__VA_ARGS__)
#define NAMES_ARGS5(t1, a1, ...) #a1, NAMES_ARGS4(__VA_ARGS__)
#define NAMES_ARGS6(t1, a1, ...) #a1, NAMES_ARGS5(__VA_ARGS__)

static const struct call {
    uint32_t fid;
    const char *name;
    const char *arguments[MAX_ARGUMENTS];
} calls[] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    {(uint32_t)STILE_FID(nr), #group "_" #name, {NAMES_##args}},
#include "stile/calls.h"
    {STILE_FID_UID, "vendor_uid", {NULL}},
    {STILE_FID_REVISION, "vendor_revision", {NULL}},
    {STILE_SMCCC_VERSION, "SMCCC_VERSION", {NULL}},
    {STILE_SMCCC_ARCH_FEATURES, "SMCCC_ARCH_FEATURES", {"function"}},
    {STILE_SMCCC_ARCH_SOC_ID, "SMCCC_ARCH_SOC_ID", {"type"}},
    {STILE_SMCCC_ARCH_WORKAROUND_1, "SMCCC_ARCH_WORKAROUND_1", {NULL}},
    {STILE_SMCCC_ARCH_WORKAROUND_2, "SMCCC_ARCH_WORKAROUND_2", {"enable"}},
    {STILE_SMCCC_ARCH_WORKAROUND_3, "SMCCC_ARCH_WORKAROUND_3", {NULL}},
    {STILE_PSCI_VERSION, "PSCI_VERSION", {NULL}},
    {STILE_PSCI_CPU_SUSPEND_32, "CPU_SUSPEND", {"state", "entry", "context"}},
    {STILE_PSCI_CPU_SUSPEND_64, "CPU_SUSPEND", {"state", "entry", "context"}},
    {STILE_PSCI_CPU_OFF, "CPU_OFF", {NULL}},
    {STILE_PSCI_CPU_ON_32, "CPU_ON", {"target", "entry", "context"}},
    {STILE_PSCI_CPU_ON_64, "CPU_ON", {"target", "entry", "context"}},
    {STILE_PSCI_AFFINITY_INFO_32, "AFFINITY_INFO", {"target", "level"}},
    {STILE_PSCI_AFFINITY_INFO_64, "AFFINITY_INFO", {"target", "level"}},
    {STILE_PSCI_MIGRATE_INFO_TYPE, "MIGRATE_INFO_TYPE", {NULL}},
    {STILE_PSCI_SYSTEM_OFF, "SYSTEM_OFF", {NULL}},
    {STILE_PSCI_SYSTEM_RESET, "SYSTEM_RESET", {NULL}},
    {STILE_PSCI_SYSTEM_RESET2_32, "SYSTEM_RESET2", {"type", "cookie"}},
    {STILE_PSCI_SYSTEM_RESET2_64, "SYSTEM_RESET2", {"type", "cookie"}},
    {STILE_PSCI_FEATURES, "PSCI_FEATURES", {"function"}},
    {STILE_TRNG_VERSION, "TRNG_VERSION", {NULL}},
    {STILE_TRNG_FEATURES, "TRNG_FEATURES", {"function"}},
    {STILE_TRNG_GET_UUID, "TRNG_GET_UUID", {NULL}},
    {STILE_TRNG_RND32, "TRNG_RND32", {"nr_bits"}},
    {STILE_TRNG_RND64, "TRNG_RND64", {"nr_bits"}},
    {STILE_PV_TIME_FEATURES, "PV_TIME_FEATURES", {"function"}},
    {STILE_PV_TIME_ST, "PV_TIME_ST", {NULL}},
};

static const struct call *find_call(uint64_t fid)
{
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        if (calls[i].fid == (uint32_t)fid)
            return &calls[i];
    return NULL;
}

const char *names_call(uint64_t fid)
{
    const struct call *call = find_call(fid);

    return call ? call->name : NULL;
}

const char *names_argument(uint64_t fid, uint32_t index)
{
    const struct call *call = find_call(fid);

    return call && index < MAX_ARGUMENTS ? call->arguments[index] : NULL;
}

/* --- exception classes --------------------------------------------------------------------- */

const char *names_class(uint64_t esr)
{
    /* Arm ARM D13.2.37, the exceptions that a guest can cause. */
    static const char *const classes[] = {
        [EC_UNKNOWN] = "unknown instruction",
        [0x03] = "AArch32 MCR or MRC, CP15",
        [0x04] = "AArch32 MCRR or MRRC, CP15",
        [0x05] = "AArch32 MCR or MRC, CP14",
        [0x06] = "AArch32 LDC or STC",
        [EC_FP] = "FP/SIMD",
        [0x08] = "AArch32 VMRS",
        [0x09] = "pointer authentication",
        [0x0A] = "LD64B or ST64B",
        [0x0C] = "AArch32 MRRC, CP14",
        [0x0D] = "branch target",
        [EC_ILLEGAL] = "illegal execution state",
        [0x12] = "AArch32 HVC",
        [0x13] = "AArch32 SMC",
        [EC_HVC64] = "HVC",
        [EC_SMC64] = "SMC",
        [EC_SYS64] = "system register",
        [0x19] = "SVE",
        [0x1A] = "ERET",
        [0x1D] = "SME",
        [EC_IABT_LOWER] = "instruction abort",
        [0x22] = "PC alignment",
        [EC_DABT_LOWER] = "data abort",
        [0x26] = "SP alignment",
        [0x2C] = "FP exception",
        [0x30] = "breakpoint",
        [0x32] = "software step",
        [0x34] = "watchpoint",
        [0x3C] = "BRK",
    };
    uint32_t class = esr_class(esr);

    if (class == EC_WFX)
        return esr & WFX_IS_WFE ? "WFE" : "WFI";
    return class < ARRAY_SIZE(classes) && classes[class] ? classes[class] : "exception";
}

/* --- system registers ---------------------------------------------------------------------- */

/* The fields of a register's name, packed; the same order as in its assembler name. */
#define REGISTER(op0, op1, crn, crm, op2)                                                          \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static uint32_t register_of(uint64_t iss)
{
    uint32_t op0 = (uint32_t)(iss >> 20) & 3, op2 = (uint32_t)(iss >> 17) & 7;
    uint32_t op1 = (uint32_t)(iss >> 14) & 7, crn = (uint32_t)(iss >> 10) & 15;
    uint32_t crm = (uint32_t)(iss >> 1) & 15;

    return REGISTER(op0, op1, crn, crm, op2);
}

/* Arm ARM D17.2, IHI 0069 12.2: what traps, and what guests try. */
static const struct {
    uint32_t number;
    const char *name;
} registers[] = {
    {REGISTER(1, 0, 7, 6, 2), "DC ISW"},           {REGISTER(1, 0, 7, 10, 2), "DC CSW"},
    {REGISTER(1, 0, 7, 14, 2), "DC CISW"},         {REGISTER(1, 0, 8, 3, 0), "TLBI VMALLE1IS"},
    {REGISTER(1, 0, 8, 3, 1), "TLBI VAE1IS"},      {REGISTER(1, 0, 8, 3, 2), "TLBI ASIDE1IS"},
    {REGISTER(1, 0, 8, 3, 3), "TLBI VAAE1IS"},     {REGISTER(1, 0, 8, 3, 5), "TLBI VALE1IS"},
    {REGISTER(1, 0, 8, 3, 7), "TLBI VAALE1IS"},    {REGISTER(1, 0, 8, 7, 0), "TLBI VMALLE1"},
    {REGISTER(1, 0, 8, 7, 1), "TLBI VAE1"},        {REGISTER(1, 0, 8, 7, 2), "TLBI ASIDE1"},
    {REGISTER(1, 0, 8, 7, 3), "TLBI VAAE1"},       {REGISTER(1, 0, 8, 7, 5), "TLBI VALE1"},
    {REGISTER(1, 0, 8, 7, 7), "TLBI VAALE1"},      {REGISTER(2, 0, 0, 2, 2), "MDSCR_EL1"},
    {REGISTER(2, 0, 1, 0, 4), "OSLAR_EL1"},        {REGISTER(2, 0, 1, 1, 4), "OSLSR_EL1"},
    {REGISTER(2, 0, 1, 3, 4), "OSDLR_EL1"},        {REGISTER(3, 0, 0, 0, 6), "REVIDR_EL1"},
    {REGISTER(3, 0, 0, 4, 0), "ID_AA64PFR0_EL1"},  {REGISTER(3, 0, 0, 4, 1), "ID_AA64PFR1_EL1"},
    {REGISTER(3, 0, 0, 4, 4), "ID_AA64ZFR0_EL1"},  {REGISTER(3, 0, 0, 4, 5), "ID_AA64SMFR0_EL1"},
    {REGISTER(3, 0, 0, 5, 0), "ID_AA64DFR0_EL1"},  {REGISTER(3, 0, 0, 5, 1), "ID_AA64DFR1_EL1"},
    {REGISTER(3, 0, 0, 6, 0), "ID_AA64ISAR0_EL1"}, {REGISTER(3, 0, 0, 6, 1), "ID_AA64ISAR1_EL1"},
    {REGISTER(3, 0, 0, 6, 2), "ID_AA64ISAR2_EL1"}, {REGISTER(3, 0, 0, 7, 0), "ID_AA64MMFR0_EL1"},
    {REGISTER(3, 0, 0, 7, 1), "ID_AA64MMFR1_EL1"}, {REGISTER(3, 0, 0, 7, 2), "ID_AA64MMFR2_EL1"},
    {REGISTER(3, 0, 1, 0, 0), "SCTLR_EL1"},        {REGISTER(3, 0, 1, 0, 1), "ACTLR_EL1"},
    {REGISTER(3, 0, 2, 0, 0), "TTBR0_EL1"},        {REGISTER(3, 0, 2, 0, 1), "TTBR1_EL1"},
    {REGISTER(3, 0, 2, 0, 2), "TCR_EL1"},          {REGISTER(3, 0, 5, 1, 0), "AFSR0_EL1"},
    {REGISTER(3, 0, 5, 1, 1), "AFSR1_EL1"},        {REGISTER(3, 0, 5, 2, 0), "ESR_EL1"},
    {REGISTER(3, 0, 6, 0, 0), "FAR_EL1"},          {REGISTER(3, 0, 9, 14, 1), "PMINTENSET_EL1"},
    {REGISTER(3, 0, 9, 14, 2), "PMINTENCLR_EL1"},  {REGISTER(3, 0, 10, 2, 0), "MAIR_EL1"},
    {REGISTER(3, 0, 10, 3, 0), "AMAIR_EL1"},       {REGISTER(3, 0, 12, 11, 5), "ICC_SGI1R_EL1"},
    {REGISTER(3, 0, 12, 11, 6), "ICC_ASGI1R_EL1"}, {REGISTER(3, 0, 12, 11, 7), "ICC_SGI0R_EL1"},
    {REGISTER(3, 0, 12, 12, 5), "ICC_SRE_EL1"},    {REGISTER(3, 0, 13, 0, 1), "CONTEXTIDR_EL1"},
    {REGISTER(3, 1, 0, 0, 0), "CCSIDR_EL1"},       {REGISTER(3, 1, 0, 0, 1), "CLIDR_EL1"},
    {REGISTER(3, 1, 0, 0, 7), "AIDR_EL1"},         {REGISTER(3, 2, 0, 0, 0), "CSSELR_EL1"},
    {REGISTER(3, 3, 0, 0, 1), "CTR_EL0"},          {REGISTER(3, 3, 9, 12, 0), "PMCR_EL0"},
    {REGISTER(3, 3, 9, 12, 1), "PMCNTENSET_EL0"},  {REGISTER(3, 3, 9, 12, 2), "PMCNTENCLR_EL0"},
    {REGISTER(3, 3, 9, 12, 3), "PMOVSCLR_EL0"},    {REGISTER(3, 3, 9, 12, 5), "PMSELR_EL0"},
    {REGISTER(3, 3, 9, 12, 6), "PMCEID0_EL0"},     {REGISTER(3, 3, 9, 12, 7), "PMCEID1_EL0"},
    {REGISTER(3, 3, 9, 13, 0), "PMCCNTR_EL0"},     {REGISTER(3, 3, 9, 14, 0), "PMUSERENR_EL0"},
    {REGISTER(3, 3, 14, 0, 1), "CNTPCT_EL0"},      {REGISTER(3, 3, 14, 2, 0), "CNTP_TVAL_EL0"},
    {REGISTER(3, 3, 14, 2, 1), "CNTP_CTL_EL0"},    {REGISTER(3, 3, 14, 2, 2), "CNTP_CVAL_EL0"},
    {REGISTER(3, 3, 14, 15, 7), "PMCCFILTR_EL0"},
};

void names_register(uint64_t iss, char text[NAMES_REGISTER_BYTES])
{
    uint32_t number = register_of(iss);

    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        if (registers[i].number == number) {
            (void)snprintf(text, NAMES_REGISTER_BYTES, "%s", registers[i].name);
            return;
        }
    }
    (void)snprintf(text, NAMES_REGISTER_BYTES, "S%u_%u_C%u_C%u_%u", number >> 14 & 3,
                   number >> 11 & 7, number >> 7 & 15, number >> 3 & 15, number & 7);
}

/* --- interrupts ---------------------------------------------------------------------------- */

const char *names_intid(uint32_t intid)
{
    const struct {
        uint32_t intid;
        const char *name;
    } known[] = {
        {IRQ_KICK, "kick"},
        {IRQ_CONSOLE, "console's turn"},
        {IRQ_DEVICES, "devices' turn"},
        {ppi.maintenance, "GIC maintenance"},
        {ppi.hyp_timer, "hypervisor's timer"},
        {ppi.virt_timer, "virtual timer"},
        {ppi.phys_timer, "console ring"},
        {ppi.pmu, "performance monitors"},
        {machine.uart_intid, "UART"},
    };

    if (intid >= GIC_INTID_SPECIAL)
        return "gone before it was taken";
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].intid == intid)
            return known[i].name;
    return "";
}
