/* SPDX-License-Identifier: MIT */
/*
 * What an instruction that traps to a hypervisor leaves behind once it was emulated: the PC of any
 * instruction set, ITSTATE, BTYPE, a single step.
 */
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "program.h"
#include "support.h"
#include "threads/exception.h"

/* Exception classes */
#define EC_SVC32    0x11
#define EC_SYS64    0x18
#define EC_STEP_EL0 0x32

#define MDSCR_SS UINT64_C(1)

#define SVC          UINT32_C(0xD4000001)
#define NOP          UINT32_C(0xD503201F)
#define WFI          UINT32_C(0xD503207F)
#define BR_X1        UINT32_C(0xD61F0020)
#define LDR_W0_X2    UINT32_C(0xB9400040)
#define MRS_CNTP_CTL UINT32_C(0xD53BE220)
#define A32_SVC      UINT32_C(0xEF000000)

#define CNTKCTL_EL0PTEN (UINT64_C(1) << 9)
#define PSTATE_BTYPE    (UINT64_C(3) << 10)
#define PSTATE_IT       (UINT64_C(3) << 25 | UINT64_C(0x3F) << 10)

#define WAIT_US 500

static bool has_aarch32(void)
{
    return (read_sysreg(id_aa64pfr0_el1) & 0xF) == 2;
}

static void setup(void)
{
    program_setup(machine.uart.base);
}

KTF_SUITE(skipped, .setup = setup, .teardown = program_teardown);

/* Runs a program with which an interrupt is due soon, so that WFI ends. */
static void run(const uint32_t *code, size_t nr, struct program_state *state)
{
    uint64_t flags = irq_save();

    sensitive->timer_arm(cpu_ticks() + time_us_to_ticks(WAIT_US));
    program_run(code, nr, state);
    sensitive->timer_arm(cpu_ticks());
    irq_restore(flags);
}

/* --- AArch32 --- */

KTF_TEST(skipped, a_thumb_instruction_of_16_bits)
{
    /* wfi; movs r0, #17; movs r1, #34; svc #0 */
    static const uint32_t code[] = {0x2011BF30, 0xDF002122};
    struct program_state state = {.pstate = PROGRAM_T32};

    if (!has_aarch32())
        SKIP("no AArch32");
    run(code, 2, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC32);
    EXPECT_EQ(state.x[0], 17);
    EXPECT_EQ(state.x[1], 34);
    EXPECT_EQ(state.pc, PROGRAM_CODE + 8);
    EXPECT_EQ(state.vector, PROGRAM_FROM_A32);
}

KTF_TEST(skipped, a_thumb_load_of_16_bits)
{
    /* ldr r0, [r1]; movs r2, #34; svc #0 */
    static const uint32_t code[] = {0x22226808, 0xBF00DF00};
    struct program_state state = {.pstate = PROGRAM_T32, .x = {[1] = PROGRAM_DEVICE + 0xFE0}};

    if (!has_aarch32() || machine.uart.bytes == 0)
        SKIP("no AArch32 or no UART");
    run(code, 2, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC32);
    EXPECT_EQ(state.x[0], 0x11);
    EXPECT_EQ(state.x[2], 34);
    EXPECT_EQ(state.pc, PROGRAM_CODE + 6);
}

/* Blocks of all lengths, each of waits that are done and waits that are not. */
KTF_TEST(skipped, waits_in_a_block_of_it_advance_it)
{
    if (!has_aarch32())
        SKIP("no AArch32");
    for (uint32_t mask = 1; mask < 16; mask++) {
        uint32_t nr = 4 - (uint32_t)__builtin_ctz(mask);
        /* cmp r0, r0; it<mask> eq; nr * wfi; movs r1, #1; svc #0 */
        uint16_t halves[10] = {0x4280, (uint16_t)(0xBF00 | mask)};
        struct program_state state = {.pstate = PROGRAM_T32};
        uint32_t code[5];

        for (uint32_t i = 0; i < nr; i++)
            halves[2 + i] = 0xBF30;
        halves[2 + nr] = 0x2101;
        halves[3 + nr] = 0xDF00;
        memcpy(code, halves, sizeof(code));
        run(code, 5, &state);
        EXPECT_EQ(esr_class(state.esr), EC_SVC32);
        EXPECT_EQ(state.x[1], 1);
        EXPECT_EQ(state.pc, PROGRAM_CODE + 2 * (4 + nr));
        EXPECT_EQ(state.pstate & PSTATE_IT, 0);
    }
}

KTF_TEST(skipped, an_access_whose_condition_fails_is_none)
{
    /* cmp r0, r0; ldrne r2, [r1]; ldreq r3, [r1]; svc #0 */
    static const uint32_t code[] = {0xE1500000, 0x15912000, 0x05913000, A32_SVC};
    struct program_state state = {.pstate = PROGRAM_A32,
                                  .x = {[1] = PROGRAM_DEVICE + 0xFE0, [2] = 0x77}};

    if (!has_aarch32() || machine.uart.bytes == 0)
        SKIP("no AArch32 or no UART");
    run(code, 4, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC32);
    EXPECT_EQ(state.x[2], 0x77);
    EXPECT_EQ(state.x[3], 0x11);
}

/* --- the physical timer, which traps, by coprocessor accesses --- */

static struct program_state run_timer(const uint32_t *code, size_t nr, struct program_state state)
{
    uint64_t before = read_sysreg(cntkctl_el1);

    state.pstate = PROGRAM_A32;
    write_sysreg(cntp_cval_el0, UINT64_C(0x123456789));
    write_sysreg(cntp_ctl_el0, 2);
    write_sysreg(cntkctl_el1, before | 0x303);
    isb();
    program_run(code, nr, &state);
    write_sysreg(cntkctl_el1, before);
    write_sysreg(cntp_ctl_el0, 0);
    isb();
    return state;
}

KTF_TEST(skipped, aarch32_reads_and_writes_the_physical_timer)
{
    /* mrc CNTP_CTL, r4; mrrc CNTP_CVAL, r0, r1; mcrr CNTP_CVAL, r2, r3; svc #0 */
    static const uint32_t code[] = {0xEE1E4F32, 0xEC510F2E, 0xEC432F2E, A32_SVC};
    struct program_state state = {.x = {[2] = 0x55667788, [3] = 0x1234}};

    if (!has_aarch32())
        SKIP("no AArch32");
    state = run_timer(code, 4, state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC32);
    EXPECT_EQ(state.x[4], 2);
    EXPECT_EQ(state.x[0] | state.x[1] << 32, UINT64_C(0x123456789));
    EXPECT_EQ(read_sysreg(cntp_cval_el0), UINT64_C(0x123455667788));
}

KTF_TEST(skipped, aarch32_reads_counters_and_their_rate)
{
    /* mrrc CNTPCT, r0, r1; mrrc CNTVCT, r2, r3; mrc CNTFRQ, r4; svc #0 */
    static const uint32_t code[] = {0xEC510F0E, 0xEC532F1E, 0xEE1E4F10, A32_SVC};
    struct program_state state = {.x = {0}};

    if (!has_aarch32())
        SKIP("no AArch32");
    uint64_t before = cpu_ticks();
    state = run_timer(code, 4, state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC32);
    EXPECT_GE(state.x[0] | state.x[1] << 32, before);
    EXPECT_GE(state.x[2] | state.x[3] << 32, before);
    EXPECT_LE(state.x[2] | state.x[3] << 32, cpu_ticks());
    EXPECT_EQ(state.x[4], read_sysreg(cntfrq_el0));
}

/* --- AArch64 --- */

/* Jumps to an instruction that traps, the last before a page with guarded instructions. */
static void expect_no_btype(uint32_t trapping, uint64_t pstate)
{
    const uint32_t code[] = {BR_X1, NOP, trapping, SVC};
    struct program_state state = {
        .pstate = pstate,
        .x = {[1] = program_code(pstate) + 8, [2] = PROGRAM_DEVICE + 0xFE0},
    };

    run(code, 4, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC64);
    EXPECT_EQ(state.pc, program_code(pstate) + 16);
    EXPECT_EQ(state.pstate & PSTATE_BTYPE, 0);
}

KTF_TEST(skipped, a_program_reads_both_counters_if_it_may)
{
    /* mrs x0, cntpct_el0; mrs x1, cntvct_el0; svc #0 */
    static const uint32_t code[] = {0xD53BE020, 0xD53BE041, SVC};
    struct program_state state = {.pstate = PROGRAM_EL0};
    uint64_t kernel = read_sysreg(cntkctl_el1), before = cpu_ticks();

    write_sysreg(cntkctl_el1, kernel | 3);
    isb();
    program_run(code, 3, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SVC64);
    EXPECT_GE(state.x[0], before);
    EXPECT_GE(state.x[1], before);
    write_sysreg(cntkctl_el1, kernel & ~UINT64_C(3));
    isb();
    program_run(code, 3, &state);
    EXPECT_EQ(esr_class(state.esr), EC_SYS64);
    EXPECT_EQ(state.pc, PROGRAM_CODE);
    write_sysreg(cntkctl_el1, kernel);
    isb();
}

KTF_TEST(skipped, what_was_jumped_to_leaves_no_btype)
{
    uint64_t before = read_sysreg(cntkctl_el1);

    if ((read_sysreg(id_aa64pfr1_el1) & 0xF) == 0)
        SKIP("no BTI");
    write_sysreg(cntkctl_el1, before | CNTKCTL_EL0PTEN);
    isb();
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t pstate = i == 0 ? PROGRAM_EL0 : PROGRAM_EL1;

        expect_no_btype(NOP, pstate);
        expect_no_btype(WFI, pstate);
        expect_no_btype(MRS_CNTP_CTL, pstate);
        if (machine.uart.bytes != 0)
            expect_no_btype(LDR_W0_X2, pstate);
    }
    write_sysreg(cntkctl_el1, before);
    isb();
}

KTF_TEST(skipped, a_step_over_what_traps_is_one_step)
{
    static const uint32_t first[] = {NOP, WFI, MRS_CNTP_CTL, LDR_W0_X2};
    uint64_t before = read_sysreg(cntkctl_el1);

    write_sysreg(oslar_el1, 0);
    write_sysreg(cntkctl_el1, before | CNTKCTL_EL0PTEN);
    for (uint32_t i = 0; i < 4 && (first[i] != LDR_W0_X2 || machine.uart.bytes != 0); i++) {
        const uint32_t code[] = {first[i], NOP, SVC};
        struct program_state state = {.pstate = PROGRAM_EL0 | PROGRAM_STEP,
                                      .x = {[2] = PROGRAM_DEVICE + 0xFE0}};

        write_sysreg(mdscr_el1, MDSCR_SS);
        isb();
        run(code, 3, &state);
        write_sysreg(mdscr_el1, 0);
        isb();
        EXPECT_EQ(esr_class(state.esr), EC_STEP_EL0);
        EXPECT_EQ(state.pc, PROGRAM_CODE + 4);
    }
    write_sysreg(cntkctl_el1, before);
    isb();
}
