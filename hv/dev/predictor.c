/* SPDX-License-Identifier: MIT */
/*
 * See predictor.h.
 */
#include "dev/predictor.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/id.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "dev/psci.h"
#include "stile/smccc.h"

#define SMCCC_1_1 0x10001

#define ID_CSV2_SHIFT   56 /* ID_AA64PFR0_EL1 */
#define CSV2_HISTORY    3  /* branch history of one context does not steer another */
#define ID_ECBHB_SHIFT  60 /* ID_AA64MMFR1_EL1: nor that of before an exception */
#define ID_CLRBHB_SHIFT 28 /* ID_AA64ISAR2_EL1 */

/* MIDR_EL1: implementer and part. */
#define MIDR_MODEL(midr) ((uint32_t)(midr)&0xFF00FFF0)
#define MODEL_ARM(part)  (0x41000000u | (uint32_t)(part) << 4)

/* How many branches fill the history of a CPU that has neither instruction nor field for it. */
static const struct {
    uint32_t model;
    uint8_t nr_branches;
} histories[] = {
    {MODEL_ARM(0xD07), 8},  /* Cortex-A57 */
    {MODEL_ARM(0xD08), 8},  /* Cortex-A72 */
    {MODEL_ARM(0xD0B), 24}, /* Cortex-A76 */
    {MODEL_ARM(0xD0C), 24}, /* Neoverse-N1 */
    {MODEL_ARM(0xD0D), 24}, /* Cortex-A77 */
    {MODEL_ARM(0xD40), 32}, /* Neoverse-V1 */
    {MODEL_ARM(0xD41), 32}, /* Cortex-A78 */
    {MODEL_ARM(0xD42), 32}, /* Cortex-A78AE */
    {MODEL_ARM(0xD44), 32}, /* Cortex-X1 */
    {MODEL_ARM(0xD47), 32}, /* Cortex-A710 */
    {MODEL_ARM(0xD48), 32}, /* Cortex-X2 */
    {MODEL_ARM(0xD49), 32}, /* Neoverse-N2 */
    {MODEL_ARM(0xD4B), 32}, /* Cortex-A78C */
};

/* Firmware of SMCCC 1.1 keeps x4 to x17, and answers what it does not know. */
static bool firmware_is_known(void)
{
    return machine.has_psci && psci_firmware(STILE_PSCI_FEATURES, STILE_SMCCC_VERSION) >= 0 &&
           psci_firmware(STILE_SMCCC_VERSION, 0) >= SMCCC_1_1;
}

int32_t predictor_features(uint32_t function)
{
    return pcpu_self()->predictor.has_firmware ? psci_firmware(STILE_SMCCC_ARCH_FEATURES, function)
                                               : -1;
}

void predictor_call(uint32_t function)
{
    (void)psci_firmware(function, 0);
}

static uint8_t history_length(void)
{
    uint32_t model = MIDR_MODEL(read_sysreg(midr_el1));

    for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++)
        if (histories[i].model == model)
            return histories[i].nr_branches;
    return 0;
}

void predictor_init_pcpu(void)
{
    struct pcpu_predictor *predictor = &pcpu_self()->predictor;
    uint64_t hw[ID_NR_REGISTERS];

    id_read_all(hw);
    uint64_t csv2 = id_field(hw[ID_AA64PFR0], ID_CSV2_SHIFT);
    bool safe = csv2 >= CSV2_HISTORY || id_field(hw[ID_AA64MMFR1], ID_ECBHB_SHIFT) != 0;

    *predictor = (struct pcpu_predictor){.has_firmware = firmware_is_known()};
    if (!safe && id_field(hw[ID_AA64ISAR2], ID_CLRBHB_SHIFT) != 0)
        predictor->has_instruction = true;
    else if (!safe)
        predictor->nr_branches = history_length();
    if (!safe && !predictor->has_instruction && predictor->nr_branches == 0 &&
        predictor_features(STILE_SMCCC_ARCH_WORKAROUND_3) == 0)
        predictor->workaround = STILE_SMCCC_ARCH_WORKAROUND_3; /* which does what 1 does, too */
    else if (csv2 == 0 && predictor_features(STILE_SMCCC_ARCH_WORKAROUND_1) == 0)
        predictor->workaround = STILE_SMCCC_ARCH_WORKAROUND_1;
}

void predictor_clean(const struct pcpu *self)
{
    const struct pcpu_predictor *predictor = &self->predictor;

    if (predictor->nr_branches)
        cpu_take_branches(predictor->nr_branches);
    else if (predictor->has_instruction)
        cpu_clear_branch_history();
    if (predictor->workaround)
        predictor_call(predictor->workaround);
}
