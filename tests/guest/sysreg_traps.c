/* SPDX-License-Identifier: MIT */
/*
 * System registers and instructions that are not a guest's, or not as the hardware has them:
 * undefined, or reading as zero; and those that a hypervisor may carry out for it, which work.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "program.h"
#include "support.h"

KTF_SUITE(sysreg_traps);

static bool is_emulated(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    return traits && traits->is_stile;
}

struct instruction {
    const char *name;
    void (*run)(void *argument);
};

static void describe(const struct instruction *instruction, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", instruction->name);
}

static void expect_undefined(const struct instruction *instruction)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(instruction->run, NULL, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    EXPECT_EQ(*(const uint32_t *)fault.elr & 0xC0000000, 0xC0000000); /* where it happened */
}

#define INSTRUCTION(function, text)                                                                \
    static void function(void *argument)                                                           \
    {                                                                                              \
        (void)argument;                                                                            \
        __asm__ volatile(text : : : "x0", "memory");                                               \
    }

/* --- not a guest's, nor a kernel's at EL1 at all --- */

INSTRUCTION(read_hcr, "mrs x0, hcr_el2")
INSTRUCTION(write_hcr, "msr hcr_el2, xzr")
INSTRUCTION(read_vttbr, "mrs x0, vttbr_el2")
INSTRUCTION(write_vbar_el2, "msr vbar_el2, xzr")
INSTRUCTION(read_esr_el2, "mrs x0, esr_el2")
INSTRUCTION(read_cnthp, "mrs x0, cnthp_ctl_el2")
INSTRUCTION(write_cntvoff, "msr cntvoff_el2, xzr")
INSTRUCTION(read_scr, "mrs x0, s3_6_c1_c1_0")
INSTRUCTION(read_ich_hcr, "mrs x0, s3_4_c12_c11_0")
INSTRUCTION(write_ich_lr0, "msr s3_4_c12_c12_0, xzr")
INSTRUCTION(tlbi_alle1, "tlbi alle1")
INSTRUCTION(tlbi_ipas2, "tlbi ipas2e1is, xzr")
INSTRUCTION(at_s12, "at s12e1r, xzr")
INSTRUCTION(unallocated_0, "mrs x0, s3_0_c11_c3_5")
INSTRUCTION(unallocated_1, "msr s3_0_c4_c7_7, xzr")
INSTRUCTION(unallocated_2, "mrs x0, s3_7_c14_c15_7")

static const struct instruction not_of_el1[] = {
    {"mrs HCR_EL2", read_hcr},
    {"msr HCR_EL2", write_hcr},
    {"mrs VTTBR_EL2", read_vttbr},
    {"msr VBAR_EL2", write_vbar_el2},
    {"mrs ESR_EL2", read_esr_el2},
    {"mrs CNTHP_CTL_EL2", read_cnthp},
    {"msr CNTVOFF_EL2", write_cntvoff},
    {"mrs SCR_EL3", read_scr},
    {"mrs ICH_HCR_EL2", read_ich_hcr},
    {"msr ICH_LR0_EL2", write_ich_lr0},
    {"tlbi ALLE1", tlbi_alle1},
    {"tlbi IPAS2E1IS", tlbi_ipas2},
    {"at S12E1R", at_s12},
    {"mrs S3_0_C11_C3_5", unallocated_0},
    {"msr S3_0_C4_C7_7", unallocated_1},
    {"mrs S3_7_C14_C15_7", unallocated_2},
};

KTF_TEST_EACH(sysreg_traps, it_is_not_of_el1, struct instruction, not_of_el1, describe)
{
    expect_undefined(param);
}

/* --- the performance monitors, which this VM was not given --- */

INSTRUCTION(read_pmcr, "mrs x0, pmcr_el0")
INSTRUCTION(write_pmcr, "msr pmcr_el0, xzr")
INSTRUCTION(read_pmccntr, "mrs x0, pmccntr_el0")
INSTRUCTION(write_pmccntr, "msr pmccntr_el0, xzr")
INSTRUCTION(write_pmcntenset, "msr pmcntenset_el0, xzr")
INSTRUCTION(write_pmintenset, "msr pmintenset_el1, xzr")
INSTRUCTION(read_pmevcntr0, "mrs x0, pmevcntr0_el0")
INSTRUCTION(write_pmevtyper0, "msr pmevtyper0_el0, xzr")
INSTRUCTION(read_pmccfiltr, "mrs x0, pmccfiltr_el0")
INSTRUCTION(write_pmuserenr, "msr pmuserenr_el0, xzr")

static const struct instruction monitors[] = {
    {"mrs PMCR_EL0", read_pmcr},
    {"msr PMCR_EL0", write_pmcr},
    {"mrs PMCCNTR_EL0", read_pmccntr},
    {"msr PMCCNTR_EL0", write_pmccntr},
    {"msr PMCNTENSET_EL0", write_pmcntenset},
    {"msr PMINTENSET_EL1", write_pmintenset},
    {"mrs PMEVCNTR0_EL0", read_pmevcntr0},
    {"msr PMEVTYPER0_EL0", write_pmevtyper0},
    {"mrs PMCCFILTR_EL0", read_pmccfiltr},
    {"msr PMUSERENR_EL0", write_pmuserenr},
};

KTF_TEST_EACH(sysreg_traps, without_performance_monitors, struct instruction, monitors, describe)
{
    if (!is_emulated())
        SKIP("this machine has them");
    expect_undefined(param);
}

/* Nor is a program's access reported to EL1 as one to registers that PMUSERENR_EL0 guards. */
KTF_TEST(sysreg_traps, programs_have_no_performance_monitors_either)
{
    static const struct {
        uint64_t pstate;
        uint32_t instruction;
    } accesses[] = {
        {PROGRAM_EL0, 0xD53B9C00}, /* mrs x0, pmcr_el0 */
        {PROGRAM_EL0, 0xD53B9D00}, /* mrs x0, pmccntr_el0 */
        {PROGRAM_EL0, 0xD51B9C80}, /* msr pmswinc_el0, x0 */
        {PROGRAM_A32, 0xEE190F1C}, /* mrc PMCR, r0 */
        {PROGRAM_A32, 0xEC510F09}, /* mrrc PMCCNTR, r0, r1 */
    };

    if (!is_emulated())
        SKIP("this machine has them");
    program_setup(0);
    for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
        struct program_state state = {.pstate = accesses[i].pstate};

        if (state.pstate == PROGRAM_A32 && (read_sysreg(id_aa64pfr0_el1) & 0xF) != 2)
            continue;
        program_run(&accesses[i].instruction, 1, &state);
        EXPECT_EQ(esr_class(state.esr), EC_UNKNOWN);
        EXPECT_EQ(state.pc, PROGRAM_CODE);
    }
    program_teardown();
}

/* --- what works, trapped or not --- */

static void run_harmless(void *argument)
{
    (void)argument;
    __asm__ volatile("tlbi vmalle1\n\ttlbi vmalle1is\n\ttlbi vae1, xzr\n\ttlbi vae1is, xzr\n\t"
                     "tlbi aside1, xzr\n\ttlbi aside1is, xzr\n\ttlbi vaae1, xzr\n\t"
                     "tlbi vaae1is, xzr\n\ttlbi vale1, xzr\n\ttlbi vale1is, xzr\n\t"
                     "tlbi vaale1, xzr\n\ttlbi vaale1is, xzr\n\tdsb ish\n\tisb" ::
                         : "memory");
    __asm__ volatile("dc isw, xzr\n\tdc csw, xzr\n\tdc cisw, xzr\n\tic iallu\n\tic ialluis\n\t"
                     "dsb sy\n\tisb" ::
                         : "memory");
    __asm__ volatile("yield\n\twfe\n\tsevl\n\twfe" ::: "memory");
}

KTF_TEST(sysreg_traps, maintenance_is_carried_out)
{
    struct fault fault = {0, 0, 0};

    for (int i = 0; i < 3; i++) {
        cpu_send_event(); /* for the first WFE */
        if (exception_try(run_harmless, NULL, &fault))
            EXPECT_FAIL("exception 0x%lx at 0x%lx", (unsigned long)fault.esr,
                        (unsigned long)fault.elr);
    }
}

static void select_and_clean(void *argument)
{
    uint64_t operand = *(const uint64_t *)argument;

    write_sysreg(csselr_el1, operand);
    isb();
    (void)read_sysreg(ccsidr_el1);
    __asm__ volatile("dc isw, %0\n\tdc csw, %0\n\tdc cisw, %0" : : "r"(operand) : "memory");
}

/* Caches, sets and ways that are not there: for these the hardware may do anything. */
KTF_TEST(sysreg_traps, caches_that_are_not_there_do_no_harm)
{
    uint64_t selected = read_sysreg(csselr_el1);

    if (!is_emulated())
        SKIP("this machine may do anything");
    for (uint32_t bit = 0; bit <= 64; bit++) {
        uint64_t operand = bit < 64 ? UINT64_C(1) << bit : UINT64_MAX;
        struct fault fault = {0, 0, 0};
        if (exception_try(select_and_clean, &operand, &fault))
            EXPECT_EQ(esr_class(fault.esr), EC_UNKNOWN);
    }
    write_sysreg(csselr_el1, selected);
}

KTF_TEST(sysreg_traps, memory_registers_keep_what_is_written)
{
    uint64_t flags = irq_save();
    uint64_t contextidr = read_sysreg(contextidr_el1), far = read_sysreg(far_el1);

    for (uint32_t bit = 0; bit < 32; bit++) {
        write_sysreg(contextidr_el1, UINT64_C(1) << bit);
        write_sysreg(far_el1, UINT64_C(1) << bit << 20);
        isb();
        EXPECT_EQ(read_sysreg(contextidr_el1), UINT64_C(1) << bit);
        EXPECT_EQ(read_sysreg(far_el1), UINT64_C(1) << bit << 20);
    }
    write_sysreg(contextidr_el1, contextidr);
    write_sysreg(far_el1, far);
    irq_restore(flags);
    EXPECT_EQ(read_sysreg(sctlr_el1) & 1, 1); /* the MMU is on */
}

KTF_TEST(sysreg_traps, identity_is_the_device_trees)
{
    uint64_t flags = irq_save();
    uint64_t mpidr = read_sysreg(mpidr_el1) & UINT64_C(0xFF00FFFFFF);
    uint32_t found = 0;

    irq_restore(flags);
    for (uint32_t i = 0; i < machine.nr_cpus; i++)
        found += machine.mpidr[i] == mpidr;
    EXPECT_EQ(found, 1);
    EXPECT_NE(read_sysreg(midr_el1), 0);
    (void)read_sysreg(revidr_el1);
    (void)read_sysreg(aidr_el1);
    uint64_t actlr = read_sysreg(actlr_el1);
    write_sysreg(actlr_el1, actlr);
}

INSTRUCTION(read_sgi1r, "mrs x0, s3_0_c12_c11_5")
INSTRUCTION(read_asgi1r, "mrs x0, s3_0_c12_c11_6")
INSTRUCTION(read_sgi0r, "mrs x0, s3_0_c12_c11_7")

static const struct instruction sgi_reads[] = {
    {"mrs ICC_SGI1R_EL1", read_sgi1r},
    {"mrs ICC_ASGI1R_EL1", read_asgi1r},
    {"mrs ICC_SGI0R_EL1", read_sgi0r},
};

KTF_TEST_EACH(sysreg_traps, it_is_write_only, struct instruction, sgi_reads, describe)
{
    expect_undefined(param);
}
