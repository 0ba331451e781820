/* SPDX-License-Identifier: MIT */
/*
 * What an exit costs, in executed instructions of the guest's round trip: the trap advisor's
 * prices.
 *
 * From 'make bench': gcc, default configuration, cortex-a72, GICv3. C(kind, instructions, the row
 * of bench.csv it is, "" if it was counted in another way). tests/bench/costs holds the two against
 * each other.
 */
#ifndef CORE_COSTS_H
#define CORE_COSTS_H

#define COSTS_EXITS(C)                                                                             \
    C(DEVICE, 160, "")                                                                             \
    C(UART_DATA, 257, "uart_char trap")                                                            \
    C(UART_OTHER, 160, "")                                                                         \
    C(GICD, 163, "gicd_read trap")                                                                 \
    C(SGIR, 256, "")                                                                               \
    C(GICR, 170, "")                                                                               \
    C(FIRST_TOUCH, 400, "")                                                                        \
    C(BAD_ACCESS, 250, "")                                                                         \
    C(ID_REGISTER, 126, "id_register trap")                                                        \
    C(SGI1R, 256, "ipi_self trap")                                                                 \
    C(TTBR, 135, "")                                                                               \
    C(VM_REGISTER, 135, "")                                                                        \
    C(TLBI, 135, "")                                                                               \
    C(CACHE_REGISTER, 135, "")                                                                     \
    C(SET_WAY, 135, "")                                                                            \
    C(TIMER, 180, "")                                                                              \
    C(PMU, 135, "")                                                                                \
    C(DEBUG, 130, "")                                                                              \
    C(OTHER_REGISTER, 130, "")                                                                     \
    C(WFI, 200, "")                                                                                \
    C(WFE, 120, "")                                                                                \
    C(SMC, 150, "")                                                                                \
    C(FP, 170, "")                                                                                 \
    C(FETCH, 400, "")                                                                              \
    C(REFUSED, 130, "")                                                                            \
    C(INTERRUPT, 123, "timer_now hardware")

/* Calls that replace a trap. C(name, instructions, row) */
#define COSTS_CALLS(C)                                                                             \
    C(CONSOLE_64, 653, "console_64 call")                                                          \
    C(IPI, 175, "ipi_self call")                                                                   \
    C(YIELD, 81, "yield call")                                                                     \
    C(BLOCK, 150, "")                                                                              \
    C(NULL_CALL, 72, "null call")

enum {
#define C(name, instructions, row) COST_EXIT_##name = (instructions),
    COSTS_EXITS(C)
#undef C
#define C(name, instructions, row) COST_CALL_##name = (instructions),
        COSTS_CALLS(C)
#undef C
};

#endif
