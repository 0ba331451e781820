/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU did, counted always: exits by kind, calls by number.
 */
#ifndef VM_STATS_H
#define VM_STATS_H

#include <stdint.h>

#include "stile/abi.h"

/* Slots of the dispatch table: a power of two that holds every call number. */
#define STATS_CALL_SLOTS 256
_Static_assert(STILE_NR_CALLS_MAX <= STATS_CALL_SLOTS, "every number has a slot");

/*
 * Every way into the hypervisor that is no hypercall: E(kind, the counter of enum stile_counter
 * that it is part of, what people read). What a new device does is EXIT_DEVICE until its mmio_ops
 * say otherwise.
 */
#define STATS_EXITS(E)                                                                             \
    E(DEVICE, DATA_ABORTS, "other device")                                                         \
    E(UART_DATA, DATA_ABORTS, "PL011 data register")                                               \
    E(UART_OTHER, DATA_ABORTS, "PL011 other registers")                                            \
    E(GICD, DATA_ABORTS, "distributor")                                                            \
    E(SGIR, DATA_ABORTS, "GICD_SGIR")                                                              \
    E(GICR, DATA_ABORTS, "redistributor")                                                          \
    E(TOUCH_PART, DATA_ABORTS, "first touch of 256 KiB")                                           \
    E(TOUCH_PAGE, DATA_ABORTS, "first touch of a page")                                            \
    E(BAD_ACCESS, DATA_ABORTS, "access to nothing")                                                \
    E(ID_REGISTER, SYSREG, "identification register")                                              \
    E(SGI1R, SYSREG, "ICC_SGI1R_EL1")                                                              \
    E(TTBR, SYSREG, "TTBRn_EL1, TCR_EL1")                                                          \
    E(VM_REGISTER, SYSREG, "other EL1 memory register")                                            \
    E(TLBI, SYSREG, "TLBI")                                                                        \
    E(CACHE_REGISTER, SYSREG, "cache geometry register")                                           \
    E(SET_WAY, SYSREG, "DC by set and way")                                                        \
    E(TIMER, SYSREG, "physical timer")                                                             \
    E(PMU, SYSREG, "PMU register")                                                                 \
    E(DEBUG, SYSREG, "debug register")                                                             \
    E(OTHER_REGISTER, SYSREG, "other register")                                                    \
    E(WFI, WAITS, "WFI")                                                                           \
    E(WFE, WAITS, "WFE")                                                                           \
    E(SMC, OTHER, "SMC")                                                                           \
    E(FP, OTHER, "first use of FP/SIMD")                                                           \
    E(FETCH_PART, OTHER, "first fetch from 256 KiB")                                               \
    E(FETCH_PAGE, OTHER, "first fetch from a page")                                                \
    E(BAD_FETCH, OTHER, "fetch from nothing")                                                      \
    E(REFUSED, OTHER, "undefined instruction")                                                     \
    E(INTERRUPT, INTERRUPTS, "physical interrupt")

enum stats_exit {
#define EXIT(kind, counter, name) EXIT_##kind,
    STATS_EXITS(EXIT)
#undef EXIT
        STATS_NR_EXITS,
};

struct vcpu_stats {
    uint64_t exits[STATS_NR_EXITS];
    /* SMCCC's queries, PSCI and ids outside the table. */
    uint64_t standard_calls;
    /* By call number, those that no call has too, and those of core_multicall, which are no exits.
     */
    uint64_t calls[STATS_CALL_SLOTS];
};

/** The last exit, counted as @from, was a @to on a closer look. */
static inline void stats_reclassify(struct vcpu_stats *stats, enum stats_exit from,
                                    enum stats_exit to)
{
    stats->exits[from]--;
    stats->exits[to]++;
}

/** What people call a kind of exit. */
const char *stats_exit_name(enum stats_exit exit);

#endif
