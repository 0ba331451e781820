/* SPDX-License-Identifier: MIT */
/*
 * Errata of CPUs that EL2 has to work around, by MIDR_EL1. A guest sees the real MIDR_EL1 and works
 * around what concerns itself.
 */
#ifndef ARCH_ERRATA_H
#define ARCH_ERRATA_H

#include <stdbool.h>
#include <stdint.h>

/* What EL2 does differently. */

/*
 * A speculative AT instruction may fill the TLB by a stage 1 and a stage 2 that do not belong
 * together, while EL2 changes them. So stage 1 is not walked meanwhile: TCR_EL1.EPD0 and EPD1 are
 * set, SCTLR_EL1.M too, from before VTTBR_EL2 changes until all of the vCPU's registers are there.
 */
#define ERRATUM_SPECULATIVE_AT (1u << 0)

/*
 * A TLB entry that is being filled may survive a broadcast TLBI and its DSB. So both are done
 * twice.
 */
#define ERRATUM_REPEAT_TLBI (1u << 1)

/*
 * E(what, part number, the last variant and revision that have it, Arm's number, CPU)
 *
 * Not here, because there is nothing to do differently: Cortex-A53 819472, 824069, 826319 and
 * 827319 (DC CVAC may lose or delay a store of another CPU's). They do not concern DC CIVAC.
 */
#define ERRATA(E)                                                                                  \
    E(SPECULATIVE_AT, 0xD05, 2, 0, "1530923", "Cortex-A55")                                        \
    E(SPECULATIVE_AT, 0xD07, 15, 15, "1319537", "Cortex-A57")                                      \
    E(SPECULATIVE_AT, 0xD08, 15, 15, "1319367", "Cortex-A72")                                      \
    E(SPECULATIVE_AT, 0xD0B, 2, 0, "1165522", "Cortex-A76")                                        \
    E(REPEAT_TLBI, 0xD05, 15, 15, "2441007", "Cortex-A55")                                         \
    E(REPEAT_TLBI, 0xD0B, 3, 0, "1286807", "Cortex-A76")

/** ERRATUM_* that any CPU of the machine has. Complete before the first VM runs. */
extern uint32_t errata;

static inline bool errata_have(uint32_t what)
{
    return (errata & what) != 0;
}

/** errata_find() - ERRATUM_* of the CPU that has @midr in MIDR_EL1 */
uint32_t errata_find(uint64_t midr);

/** errata_init_pcpu() - add those of the calling CPU */
void errata_init_pcpu(void);

#endif
