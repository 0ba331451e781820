/* SPDX-License-Identifier: MIT */
/*
 * Self-hosted debug (Arm ARM D2): what ID_AA64DFR0_EL1 shows is there and works. The kernel debugs
 * a program of its own, at EL1; tests/linux/step.c does the same to programs at EL0.
 *
 * With "pattern=N" on its command line the VM runs beside others on one physical CPU: those of
 * which N is 1 or 2 have breakpoints, each in another place, and that of which it is 0 has none.
 */
#include <stdlib.h>

#include "arch/cpu.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "program.h"
#include "registers_rig.h"
#include "support.h"

/* MDSCR_EL1 */
#define MDSCR_SS  (UINT64_C(1) << 0)
#define MDSCR_KDE (UINT64_C(1) << 13)
#define MDSCR_MDE (UINT64_C(1) << 15)

/* EL1 on its own stack, all masked but debug exceptions. */
#define PSTATE_DEBUGGED UINT64_C(0x1C5)

/* Exception classes, from the same level */
#define EC_SVC        0x15
#define EC_BREAKPOINT 0x31
#define EC_STEP       0x33
#define EC_WATCHPOINT 0x35

/* DBGBCR and DBGWCR: for EL1; 4 bytes of code; stores to any of 8 bytes. */
#define CONTROL_ENABLE UINT64_C(1)
#define CONTROL_EL1    (UINT64_C(1) << 1)
#define CONTROL_BREAK  (CONTROL_ENABLE | CONTROL_EL1 | UINT64_C(0xF) << 5)
#define CONTROL_WATCH  (CONTROL_ENABLE | CONTROL_EL1 | UINT64_C(0xFF) << 5 | UINT64_C(2) << 3)
/* Those that are kept: DBGBCR's but BT's highest, DBGWCR's. */
#define DBGBCR_BITS UINT64_C(0x7FE1E7)
#define DBGWCR_BITS UINT64_C(0x1F1FFFFF)

#define OSLSR_LOCKED (UINT64_C(1) << 1)

#define WINDOW_MS 300

static uint64_t word;

static uint32_t nr_breakpoints(void)
{
    return (uint32_t)(read_sysreg(id_aa64dfr0_el1) >> 12 & 0xF) + 1;
}

static uint32_t nr_watchpoints(void)
{
    return (uint32_t)(read_sysreg(id_aa64dfr0_el1) >> 20 & 0xF) + 1;
}

static void write_point(uint32_t n, uint32_t op2, uint64_t value)
{
    EXPECT_EQ(registers_write(REGISTER(2, 0, 0, n, op2), value), REGISTERS_NO_FAULT);
}

static uint64_t read_point(uint32_t n, uint32_t op2)
{
    uint64_t value = 0;

    EXPECT_EQ(registers_read(REGISTER(2, 0, 0, n, op2), &value), REGISTERS_NO_FAULT);
    return value;
}

static void set_breakpoint(uint32_t n, uint64_t address, uint64_t control)
{
    write_point(n, 4, address);
    write_point(n, 5, control);
}

static void set_watchpoint(uint32_t n, uint64_t address, uint64_t control)
{
    write_point(n, 6, address);
    write_point(n, 7, control);
}

static uint64_t flags;

static void begin(void)
{
    program_setup(0);
    flags = registers_begin();
    /* The kernel does not care whether they are masked; what it does here must not be a step. */
    __asm__ volatile("msr daifset, #8" : : : "memory");
    write_sysreg(oslar_el1, 0);
    write_sysreg(mdscr_el1, 0);
    isb();
}

static void end(void)
{
    write_sysreg(mdscr_el1, 0);
    for (uint32_t n = 0; n < nr_breakpoints(); n++)
        set_breakpoint(n, 0, 0);
    for (uint32_t n = 0; n < nr_watchpoints(); n++)
        set_watchpoint(n, 0, 0);
    isb();
    registers_end(flags);
    program_teardown();
}

KTF_SUITE(debug, .suite_setup = registers_setup, .setup = begin, .teardown = end);

/* The program, which needs x0 to be the address of a word. Of these MRS and WFE may trap. */
static const uint32_t code[] = {
    0xD503201F, /* nop */
    0xD5380409, /* mrs x9, id_aa64pfr0_el1 */
    0xD53B0029, /* mrs x9, ctr_el0 */
    0xD50320BF, /* sevl */
    0xD503205F, /* wfe */
    0xD538D029, /* mrs x9, contextidr_el1 */
    0xF9000009, /* str x9, [x0] */
    0xD503201F, /* nop */
    0xD4000001, /* svc #0 */
};

enum { MIDDLE = 5, STORE = 6, LAST = 8, NR_INSTRUCTIONS };

static uint64_t address_of(uint32_t instruction)
{
    return PROGRAM_KERNEL_CODE + instruction * sizeof(code[0]);
}

/* Runs it from an instruction on, with debug exceptions; what ended it. */
static struct program_state run_from(uint32_t first, uint64_t pstate, uint64_t mdscr)
{
    struct program_state state = {.pstate = pstate, .x = {(uintptr_t)&word}};

    write_sysreg(mdscr_el1, mdscr);
    isb();
    program_run(code + first, NR_INSTRUCTIONS - first, &state);
    write_sysreg(mdscr_el1, 0);
    isb();
    return state;
}

static struct program_state run(uint64_t mdscr)
{
    return run_from(0, PSTATE_DEBUGGED, mdscr);
}

KTF_TEST(debug, each_register_keeps_what_is_written)
{
    for (uint32_t n = 0; n < nr_breakpoints(); n++)
        set_breakpoint(n, UINT64_C(0xFFFF800012345600) + n * 4, DBGBCR_BITS & ~((uint64_t)n << 16));
    for (uint32_t n = 0; n < nr_watchpoints(); n++)
        set_watchpoint(n, UINT64_C(0x0000123456789A00) + n * 8, DBGWCR_BITS & ~((uint64_t)n << 16));
    for (uint32_t n = 0; n < nr_breakpoints(); n++) {
        EXPECT_EQ(read_point(n, 4), UINT64_C(0xFFFF800012345600) + n * 4);
        EXPECT_EQ(read_point(n, 5), DBGBCR_BITS & ~((uint64_t)n << 16));
    }
    for (uint32_t n = 0; n < nr_watchpoints(); n++) {
        EXPECT_EQ(read_point(n, 6), UINT64_C(0x0000123456789A00) + n * 8);
        EXPECT_EQ(read_point(n, 7), DBGWCR_BITS & ~((uint64_t)n << 16));
    }
}

KTF_TEST(debug, there_are_no_more_than_are_shown)
{
    uint64_t value;

    EXPECT_GE(nr_breakpoints(), 2);
    EXPECT_GE(nr_watchpoints(), 2);
    for (uint32_t n = nr_breakpoints(); n < 16; n++)
        EXPECT_NE(registers_read(REGISTER(2, 0, 0, n, 4), &value), REGISTERS_NO_FAULT);
    for (uint32_t n = nr_watchpoints(); n < 16; n++)
        EXPECT_NE(registers_write(REGISTER(2, 0, 0, n, 7), 0), REGISTERS_NO_FAULT);
}

KTF_TEST(debug, without_a_breakpoint_the_code_runs_to_its_end)
{
    struct program_state how = run(MDSCR_MDE | MDSCR_KDE);

    EXPECT_EQ(esr_class(how.esr), EC_SVC);
}

KTF_TEST(debug, each_breakpoint_stops_before_its_instruction)
{
    for (uint32_t n = 0; n < nr_breakpoints(); n++) {
        set_breakpoint(n, address_of(MIDDLE), CONTROL_BREAK);
        struct program_state how = run(MDSCR_MDE | MDSCR_KDE);
        EXPECT_EQ(esr_class(how.esr), EC_BREAKPOINT);
        EXPECT_EQ(how.pc, address_of(MIDDLE));
        set_breakpoint(n, 0, 0);
    }
}

KTF_TEST(debug, each_watchpoint_stops_the_store)
{
    for (uint32_t n = 0; n < nr_watchpoints(); n++) {
        word = 42;
        set_watchpoint(n, (uint64_t)&word, CONTROL_WATCH);
        struct program_state how = run(MDSCR_MDE | MDSCR_KDE);
        EXPECT_EQ(esr_class(how.esr), EC_WATCHPOINT);
        EXPECT_EQ(how.pc, address_of(STORE));
        EXPECT_EQ(how.far, (uint64_t)&word);
        EXPECT_EQ(word, 42);
        set_watchpoint(n, 0, 0);
    }
}

KTF_TEST(debug, nothing_stops_while_it_is_disabled)
{
    set_breakpoint(0, address_of(MIDDLE), CONTROL_BREAK);
    set_watchpoint(0, (uint64_t)&word, CONTROL_WATCH);
    EXPECT_EQ(esr_class(run(0).esr), EC_SVC);
    EXPECT_EQ(esr_class(run(MDSCR_MDE).esr), EC_SVC); /* not in the kernel itself */
    set_breakpoint(0, address_of(MIDDLE), CONTROL_BREAK & ~CONTROL_ENABLE);
    EXPECT_EQ(esr_class(run(MDSCR_MDE | MDSCR_KDE).esr), EC_WATCHPOINT);
}

KTF_TEST(debug, the_os_lock_holds_all_back)
{
    const struct gic_traits *traits = gic_rig_traits();

    if (traits && !traits->is_stile)
        SKIP("QEMU before 8.0 locks nothing");
    set_breakpoint(0, address_of(MIDDLE), CONTROL_BREAK);
    write_sysreg(oslar_el1, 1);
    isb();
    EXPECT_EQ(read_sysreg(oslsr_el1) & OSLSR_LOCKED, OSLSR_LOCKED);
    EXPECT_EQ(esr_class(run(MDSCR_MDE | MDSCR_KDE).esr), EC_SVC);
    write_sysreg(oslar_el1, 0);
    isb();
    EXPECT_EQ(read_sysreg(oslsr_el1) & OSLSR_LOCKED, 0);
    EXPECT_EQ(esr_class(run(MDSCR_MDE | MDSCR_KDE).esr), EC_BREAKPOINT);
}

/* Every instruction of the code is a step: those that trap to a hypervisor as well. */
KTF_TEST(debug, a_step_is_one_instruction)
{
    for (uint32_t i = 0; i < LAST; i++) {
        struct program_state how =
            run_from(i, PSTATE_DEBUGGED | PROGRAM_STEP, MDSCR_SS | MDSCR_KDE);

        EXPECT_EQ(esr_class(how.esr), EC_STEP);
        EXPECT_EQ(how.pc, PROGRAM_KERNEL_CODE + sizeof(code[0]));
    }
}

/* --- beside other VMs --- */

KTF_TEST(debug, each_vm_is_stopped_by_its_own)
{
    static const uint32_t places[] = {LAST, MIDDLE, STORE};
    const char *value = machine_option_value("pattern=");

    if (!value)
        SKIP("runs beside other VMs, with pattern=N on the command line");
    uint64_t n = strtoul(value, NULL, 10);
    ASSERT_LT(n, 3);
    uint64_t end_ticks = cpu_ticks() + time_ms_to_ticks(WINDOW_MS);
    while (cpu_ticks() < end_ticks) {
        if (n != 0) {
            set_breakpoint(0, address_of(places[n]), CONTROL_BREAK);
            write_sysreg(mdscr_el1, MDSCR_MDE);
        }
        (void)stile_vcpu_yield();
        struct program_state how = run(n != 0 ? MDSCR_MDE | MDSCR_KDE : 0);
        if (n != 0)
            EXPECT_EQ(esr_class(how.esr), EC_BREAKPOINT);
        else
            EXPECT_EQ(esr_class(how.esr), EC_SVC);
        EXPECT_EQ(how.pc - (n == 0 ? 4 : 0), address_of(places[n]));
    }
}
