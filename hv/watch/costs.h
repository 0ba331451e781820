/* SPDX-License-Identifier: MIT */
/*
 * What an exit costs in executed instructions, the guest's round trip: the trap advisor's prices.
 *
 * Counted under icount: gcc, default configuration, cortex-a72, GICv3. C(kind, instructions, the
 * row of 'make bench' it is), which 'make bench' holds them against. Those without a row were
 * counted in loops of the same kind, or, where a loop cannot be made (WFI, WFE, FP/SIMD), in the
 * code. A first fetch costs what a first touch does.
 */
#ifndef WATCH_COSTS_H
#define WATCH_COSTS_H

/* clang-format off */
#define COSTS_EXITS(C)                             \
    C(DEVICE, 165, "")                             \
    C(UART_DATA, 250, "uart_char trap")            \
    C(UART_OTHER, 219, "")                         \
    C(GICD, 163, "gicd_read trap")                 \
    C(SGIR, 321, "")                               \
    C(GICR, 165, "")                               \
    C(TOUCH_PART, 18812, "touch_block trap")       \
    C(TOUCH_PAGE, 800, "touch_page trap")          \
    C(BAD_ACCESS, 150, "")                         \
    C(ID_REGISTER, 47, "id_register trap")         \
    C(SGI1R, 229, "ipi_self trap")                 \
    C(TTBR, 140, "")                               \
    C(VM_REGISTER, 137, "")                        \
    C(TLBI, 126, "")                               \
    C(CACHE_REGISTER, 127, "")                     \
    C(SET_WAY, 143, "")                            \
    C(TIMER, 158, "")                              \
    C(PMU, 130, "")                                \
    C(DEBUG, 115, "")                              \
    C(OTHER_REGISTER, 137, "")                     \
    C(WFI, 135, "")                                \
    C(WFE, 110, "")                                \
    C(SMC, 166, "")                                \
    C(FP, 165, "")                                 \
    C(FETCH_PART, 20200, "")                       \
    C(FETCH_PAGE, 896, "")                         \
    C(BAD_FETCH, 150, "")                          \
    C(REFUSED, 130, "")                            \
    C(INTERRUPT, 131, "timer_now hardware")

/* Calls that do the same. */
#define COSTS_CALLS(C)                             \
    C(CONSOLE_64, 700, "console_64 call")          \
    C(IPI, 162, "ipi_self call")                   \
    C(YIELD, 76, "yield call")                     \
    C(BLOCK, 90, "")                               \
    C(STANDARD, 122, "")
/* clang-format on */

enum {
#define C(name, instructions, row) COST_EXIT_##name = (instructions),
    COSTS_EXITS(C)
#undef C
#define C(name, instructions, row) COST_CALL_##name = (instructions),
        COSTS_CALLS(C)
#undef C
};

#endif
