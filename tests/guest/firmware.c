/* SPDX-License-Identifier: MIT */
/*
 * SMCCC (DEN 0028) and PSCI (DEN 0022): what is asked of them and answered at once. The same on
 * bare metal, where the machine's firmware answers, as far as that must know it.
 */
#include "firmware.h"

#include <stdio.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "stile/smccc.h"
#include "support.h"

/* An affinity that no machine of ours has. */
#define MPIDR_NOBODY 0x00000000FF00FF00

/* A PSCI function that no version of it has. */
#define PSCI_UNKNOWN 0x8400001F

/* An upper half for arguments that have 32 bits. */
#define UPPER UINT64_C(0xABCD12300000000)

/* --- for all suites of firmware --- */

void firmware_describe(const struct conduit *conduit, char *text, size_t size)
{
    (void)snprintf(text, size, "by %s", conduit->name);
}

struct firmware_registers firmware_call(const struct conduit *conduit, uint64_t function,
                                        uint64_t x1, uint64_t x2, uint64_t x3)
{
    struct firmware_registers registers = {{function, x1, x2, x3}};

    firmware_raw(&registers, conduit->is_smc);
    return registers;
}

bool firmware_is_stile(void)
{
    struct firmware_registers registers = {{STILE_FID_UID, 0, 0, 0}};

    if (machine.psci != PSCI_METHOD_HVC)
        return false;
    firmware_raw(&registers, false);
    return (uint32_t)registers.x[0] == STILE_UID_WORD0;
}

bool firmware_can(const struct conduit *conduit)
{
    return machine.psci == PSCI_METHOD_HVC && (!conduit->is_smc || firmware_is_stile());
}

/* --- the suite --- */

KTF_SUITE(firmware);

static const struct conduit conduits[] = FIRMWARE_CONDUITS;

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            SKIP("the firmware here has no such thing");                                           \
    } while (0)

static int32_t call(const struct conduit *conduit, uint64_t function, uint64_t x1, uint64_t x2,
                    uint64_t x3)
{
    return (int32_t)firmware_call(conduit, function, x1, x2, x3).x[0];
}

KTF_TEST_EACH(firmware, is_psci_1_1, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_can(param));
    EXPECT_EQ(call(param, STILE_PSCI_VERSION, 0, 0, 0), STILE_PSCI_VERSION_1_1);
}

KTF_TEST_EACH(firmware, tells_its_features, struct conduit, conduits, firmware_describe)
{
    static const uint32_t required[] = {
        STILE_PSCI_VERSION,        STILE_PSCI_CPU_SUSPEND_64,  STILE_PSCI_CPU_OFF,
        STILE_PSCI_CPU_ON_64,      STILE_PSCI_CPU_ON_32,       STILE_PSCI_AFFINITY_INFO_64,
        STILE_PSCI_SYSTEM_OFF,     STILE_PSCI_SYSTEM_RESET,    STILE_PSCI_FEATURES,
        STILE_PSCI_CPU_SUSPEND_32, STILE_PSCI_AFFINITY_INFO_32};

    NEED(firmware_can(param));
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
        EXPECT_EQ(call(param, STILE_PSCI_FEATURES, required[i], 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_FEATURES, PSCI_UNKNOWN, 0, 0), STILE_PSCI_NOT_SUPPORTED);
}

KTF_TEST_EACH(firmware, has_what_psci_leaves_open, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_is_stile());
    EXPECT_EQ(call(param, STILE_PSCI_FEATURES, STILE_PSCI_SYSTEM_RESET2_32, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_FEATURES, STILE_PSCI_SYSTEM_RESET2_64, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_FEATURES, STILE_SMCCC_VERSION, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_FEATURES, UPPER | STILE_PSCI_CPU_OFF, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
}

KTF_TEST_EACH(firmware, does_not_know_what_there_is_not, struct conduit, conduits,
              firmware_describe)
{
    NEED(firmware_can(param));
    EXPECT_EQ(call(param, PSCI_UNKNOWN, 0, 0, 0), STILE_PSCI_NOT_SUPPORTED);
    EXPECT_EQ(call(param, 0x8400000E, 0, 0, 0), STILE_PSCI_NOT_SUPPORTED); /* SYSTEM_SUSPEND */
}

KTF_TEST_EACH(firmware, does_not_start_what_runs, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_can(param));
    for (uint32_t i = 0; i < smp_nr_online(); i++)
        EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, machine.mpidr[i], machine.memory[0].base, 0),
                  STILE_PSCI_ALREADY_ON);
}

KTF_TEST_EACH(firmware, does_not_start_a_cpu_that_is_not_there, struct conduit, conduits,
              firmware_describe)
{
    NEED(firmware_can(param));
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, MPIDR_NOBODY, machine.memory[0].base, 0),
              STILE_PSCI_INVALID_PARAMETERS);
}

KTF_TEST_EACH(firmware, does_not_start_a_cpu_outside_memory, struct conduit, conduits,
              firmware_describe)
{
    uint64_t base = machine.memory[0].base;

    NEED(firmware_is_stile());
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, machine.mpidr[0], base + 2, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, machine.mpidr[0], base - 4, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, machine.mpidr[0], support_beyond_memory(), 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, machine.mpidr[0], UINT64_MAX - 3, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, MPIDR_NOBODY, 2, 0), STILE_PSCI_INVALID_PARAMETERS);
}

KTF_TEST_EACH(firmware, truncates_arguments_of_32_bits, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_is_stile());
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_32, UPPER | machine.mpidr[0],
                   UPPER | machine.memory[0].base, UPPER),
              STILE_PSCI_ALREADY_ON);
    EXPECT_EQ(
        call(param, STILE_PSCI_CPU_ON_64, UPPER | machine.mpidr[0], machine.memory[0].base, 0),
        STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_32, UPPER | machine.mpidr[0], UPPER, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, machine.mpidr[0], UPPER, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, UPPER | machine.mpidr[0], 0, 0),
              STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(param, UPPER | STILE_PSCI_VERSION, 0, 0, 0), STILE_PSCI_VERSION_1_1);
}

KTF_TEST_EACH(firmware, says_that_cpus_are_on, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_can(param));
    for (uint32_t i = 0; i < smp_nr_online(); i++)
        EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, machine.mpidr[i], 0, 0), 0);
    EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, MPIDR_NOBODY, 0, 0),
              STILE_PSCI_INVALID_PARAMETERS);
}

KTF_TEST_EACH(firmware, tells_of_cpus_alone, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_is_stile());
    for (uint32_t level = 1; level <= 3; level++)
        EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, machine.mpidr[0], level, 0),
                  STILE_PSCI_INVALID_PARAMETERS);
}

KTF_TEST_EACH(firmware, resets_in_no_way_of_a_vendors, struct conduit, conduits, firmware_describe)
{
    static const uint32_t types[] = {1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

    NEED(firmware_is_stile());
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        EXPECT_EQ(call(param, STILE_PSCI_SYSTEM_RESET2_32, types[i], 0, 0),
                  STILE_PSCI_INVALID_PARAMETERS);
        EXPECT_EQ(call(param, STILE_PSCI_SYSTEM_RESET2_64, types[i], 0, 0),
                  STILE_PSCI_INVALID_PARAMETERS);
    }
}

KTF_TEST_EACH(firmware, is_smccc_1_2, struct conduit, conduits, firmware_describe)
{
    NEED(firmware_is_stile());
    EXPECT_EQ(call(param, STILE_SMCCC_VERSION, 0, 0, 0), STILE_SMCCC_VERSION_1_2);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_VERSION, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_FEATURES, 0, 0), 0);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_SOC_ID, 0, 0), -1);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_SOC_ID, 0, 0, 0), -1);
}

/* A kernel told 0 would call on every switch of processes, or on every entry from EL0. */
KTF_TEST_EACH(firmware, needs_no_workaround, struct conduit, conduits, firmware_describe)
{
    uint64_t csv2 = read_sysreg(id_aa64pfr0_el1) >> 56 & 0xF;

    NEED(firmware_is_stile());
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_1, 0, 0),
              csv2 ? 1 : -1);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_2, 0, 0), -1);
    EXPECT_EQ(call(param, STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_3, 0, 0), -1);
}

KTF_TEST_EACH(firmware, keeps_registers_that_return_nothing, struct conduit, conduits,
              firmware_describe)
{
    NEED(firmware_is_stile());
    struct firmware_registers after = firmware_call(param, STILE_PSCI_VERSION, 11, 22, 33);
    EXPECT_EQ(after.x[1], 11);
    EXPECT_EQ(after.x[2], 22);
    EXPECT_EQ(after.x[3], 33);
}
