/* SPDX-License-Identifier: MIT */
/*
 * arch/errata.c: which CPU has which erratum.
 */
#include "arch/errata.c"

#include "ktf.h"

KTF_SUITE(errata);

struct cpu {
    uint64_t midr;
    uint32_t errata;
};

static const struct cpu cpus[] = {
    {0x410FD034, 0},                                            /* Cortex-A53 r0p4 */
    {0x410FD050, ERRATUM_SPECULATIVE_AT | ERRATUM_REPEAT_TLBI}, /* Cortex-A55 r0p0 */
    {0x412FD050, ERRATUM_SPECULATIVE_AT | ERRATUM_REPEAT_TLBI}, /* Cortex-A55 r2p0 */
    {0x412FD051, ERRATUM_REPEAT_TLBI},                          /* Cortex-A55 r2p1 */
    {0x411FD071, ERRATUM_SPECULATIVE_AT},                       /* Cortex-A57 r1p1 */
    {0x410FD083, ERRATUM_SPECULATIVE_AT},                       /* Cortex-A72 r0p3 */
    {0x411FD0B0, ERRATUM_SPECULATIVE_AT | ERRATUM_REPEAT_TLBI}, /* Cortex-A76 r1p0 */
    {0x413FD0B0, ERRATUM_REPEAT_TLBI},                          /* Cortex-A76 r3p0 */
    {0x414FD0B1, 0},                                            /* Cortex-A76 r4p1 */
    {0x414FD0C1, 0},                                            /* Neoverse-N1 r4p1 */
    {0x510FD083, 0},                                            /* another implementer's */
};

KTF_TEST(errata, each_has_its_own)
{
    for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++)
        EXPECT_EQ(errata_find(cpus[i].midr), cpus[i].errata);
}

KTF_TEST(errata, one_cpu_of_the_machine_is_enough)
{
    errata = 0;
    fake_sysreg_write("midr_el1", 0x410FD083);
    errata_init_pcpu();
    fake_sysreg_write("midr_el1", 0x410FD034);
    errata_init_pcpu();
    EXPECT_TRUE(errata_have(ERRATUM_SPECULATIVE_AT));
    EXPECT_FALSE(errata_have(ERRATUM_REPEAT_TLBI));
}
