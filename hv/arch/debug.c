/* SPDX-License-Identifier: MIT */
/*
 * See debug.h. The number of a breakpoint is part of its registers' names: a case for each.
 */
#include "arch/debug.h"

#include "arch/cpu.h"
#include "arch/id.h"

/* From the last one down, so that a switch enters where the CPU's last is. */
#define EACH_POINT(P)                                                                              \
    P(15) P(14) P(13) P(12) P(11) P(10) P(9) P(8) P(7) P(6) P(5) P(4) P(3) P(2) P(1) P(0)

static void load_breakpoints(const struct debug_point points[], uint64_t last)
{
    switch (last) {
#define BREAKPOINT(n)                                                                              \
    case n:                                                                                        \
        write_sysreg(dbgbvr##n##_el1, points[n].value);                                            \
        write_sysreg(dbgbcr##n##_el1, points[n].control);                                          \
        __attribute__((fallthrough));
        EACH_POINT(BREAKPOINT)
#undef BREAKPOINT
    default:
        break;
    }
}

static void load_watchpoints(const struct debug_point points[], uint64_t last)
{
    switch (last) {
#define WATCHPOINT(n)                                                                              \
    case n:                                                                                        \
        write_sysreg(dbgwvr##n##_el1, points[n].value);                                            \
        write_sysreg(dbgwcr##n##_el1, points[n].control);                                          \
        __attribute__((fallthrough));
        EACH_POINT(WATCHPOINT)
#undef WATCHPOINT
    default:
        break;
    }
}

void debug_load(const struct debug_points *points)
{
    uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);

    load_breakpoints(points->breaks, id_field(dfr0, DFR0_BRPS_SHIFT));
    load_watchpoints(points->watches, id_field(dfr0, DFR0_WRPS_SHIFT));
}

void debug_init_pcpu(void)
{
    write_sysreg(mdscr_el1, 0);
    write_sysreg(osdlr_el1, 0);
    write_sysreg(oslar_el1, 0);
}
