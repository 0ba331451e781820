/* SPDX-License-Identifier: MIT */
/*
 * Every encoding of a system register, read and written: either the identification registers show
 * what has it, and it works, or it is undefined. What a guest is not shown and can reach all the
 * same is named below, with the reason; registers_shared.c holds that none of it leads anywhere.
 *
 * Without the hypervisor only the first half is tested: the hardware has more than is named here.
 */
#include "registers_rig.h"

#include "arch/cpu.h"
#include "threads/exception.h"
#include "machine/machine.h"
#include "gic_rig.h"
#include "ktf.h"

/* When there are the registers of a rule. */
enum condition {
    ALWAYS,
    WITH_PAN,
    WITH_UAO,
    WITH_DIT,
    WITH_SSBS,
    WITH_RNDR,
    WITH_GIC,
    WITH_PAUTH,
    WITH_SVE,
    SOMETIMES, /* not shown, or as the implementation likes */
};

/* Op2 as sets of bits: which encodings of the rule can be read, and which written. */
struct rule {
    uint8_t op0, op1, crn, crm_first, crm_last;
    uint8_t reads, writes;
    enum condition condition;
};

static const struct rule rules[] = {
    {3, 0, 0, 0, 0, 0x61, 0, ALWAYS},         /* MIDR, MPIDR, REVIDR */
    {3, 0, 0, 1, 7, 0xFF, 0, ALWAYS},         /* the identification registers */
    {3, 0, 1, 0, 0, 0x07, 0x07, ALWAYS},      /* SCTLR, ACTLR, CPACR */
    {3, 0, 1, 2, 2, 0x01, 0x01, WITH_SVE},    /* ZCR */
    {3, 0, 1, 2, 2, 0x10, 0x10, SOMETIMES},   /* SMPRI: zero; traps only with FEAT_FGT */
    {3, 0, 2, 0, 0, 0x07, 0x07, ALWAYS},      /* TTBR0, TTBR1, TCR */
    {3, 0, 2, 1, 2, 0x0F, 0x0F, WITH_PAUTH},  /* APIAKey, APIBKey, APDAKey, APDBKey */
    {3, 0, 2, 3, 3, 0x03, 0x03, WITH_PAUTH},  /* APGAKey */
    {3, 0, 4, 0, 0, 0x03, 0x03, ALWAYS},      /* SPSR, ELR */
    {3, 0, 4, 1, 1, 0x01, 0x01, ALWAYS},      /* SP_EL0 */
    {3, 0, 4, 2, 2, 0x05, 0x01, ALWAYS},      /* SPSel, CurrentEL */
    {3, 0, 4, 2, 2, 0x08, 0x08, WITH_PAN},    /* PAN */
    {3, 0, 4, 2, 2, 0x10, 0x10, WITH_UAO},    /* UAO */
    {3, 0, 4, 6, 6, 0x01, 0x01, WITH_GIC},    /* ICC_PMR */
    {3, 0, 5, 1, 1, 0x03, 0x03, ALWAYS},      /* AFSR0, AFSR1 */
    {3, 0, 5, 2, 2, 0x01, 0x01, ALWAYS},      /* ESR */
    {3, 0, 6, 0, 0, 0x01, 0x01, ALWAYS},      /* FAR */
    {3, 0, 7, 4, 4, 0x01, 0x01, ALWAYS},      /* PAR */
    {3, 0, 10, 2, 3, 0x01, 0x01, ALWAYS},     /* MAIR, AMAIR */
    {3, 0, 12, 0, 0, 0x01, 0x01, ALWAYS},     /* VBAR */
    {3, 0, 12, 1, 1, 0x01, 0x00, ALWAYS},     /* ISR */
    {3, 0, 12, 1, 1, 0x02, 0x02, SOMETIMES},  /* DISR: never traps, but is VDISR_EL2 */
    {3, 0, 12, 8, 8, 0x1D, 0x1A, WITH_GIC},   /* ICC_IAR0, EOIR0, HPPIR0, BPR0, AP0R0 */
    {3, 0, 12, 8, 8, 0xE0, 0xE0, SOMETIMES},  /* ICC_AP0R1 to ICC_AP0R3 */
    {3, 0, 12, 9, 9, 0x01, 0x01, WITH_GIC},   /* ICC_AP1R0 */
    {3, 0, 12, 9, 9, 0x0E, 0x0E, SOMETIMES},  /* ICC_AP1R1 to ICC_AP1R3 */
    {3, 0, 12, 11, 11, 0x08, 0xE2, WITH_GIC}, /* ICC_DIR, RPR, SGI1R, ASGI1R, SGI0R */
    {3, 0, 12, 12, 12, 0xFD, 0xFA, WITH_GIC}, /* ICC_IAR1, EOIR1, HPPIR1, BPR1, CTLR, ... */
    {3, 0, 13, 0, 0, 0x12, 0x12, ALWAYS},     /* CONTEXTIDR, TPIDR_EL1 */
    {3, 0, 14, 1, 1, 0x01, 0x01, ALWAYS},     /* CNTKCTL */
    {3, 1, 0, 0, 0, 0x83, 0x00, ALWAYS},      /* CCSIDR, CLIDR, AIDR */
    /* What the make of CPU has of its own. HCR_EL2.TIDCP traps it, but QEMU before 8.0 knows no
     * TIDCP, and has constants there. */
    {3, 1, 11, 0, 15, 0xFF, 0xFF, SOMETIMES},
    {3, 1, 15, 0, 15, 0xFF, 0xFF, SOMETIMES},
    {3, 2, 0, 0, 0, 0x01, 0x01, ALWAYS},      /* CSSELR */
    {3, 3, 0, 0, 0, 0x82, 0x00, ALWAYS},      /* CTR, DCZID */
    {3, 3, 2, 4, 4, 0x03, 0x00, WITH_RNDR},   /* RNDR, RNDRRS */
    {3, 3, 4, 2, 2, 0x03, 0x03, ALWAYS},      /* NZCV, DAIF */
    {3, 3, 4, 2, 2, 0x20, 0x20, WITH_DIT},    /* DIT */
    {3, 3, 4, 2, 2, 0x40, 0x40, WITH_SSBS},   /* SSBS */
    {3, 3, 4, 2, 2, 0x40, 0x40, SOMETIMES},   /* SSBS without instructions: of PSTATE */
    {3, 3, 4, 2, 2, 0x80, 0x80, SOMETIMES},   /* TCO: of PSTATE, so nothing traps it */
    {3, 3, 4, 4, 4, 0x03, 0x03, ALWAYS},      /* FPCR, FPSR */
    {3, 3, 13, 0, 0, 0x0C, 0x0C, ALWAYS},     /* TPIDR_EL0, TPIDRRO_EL0 */
    {3, 3, 13, 0, 0, 0x20, 0x20, SOMETIMES},  /* TPIDR2_EL0: traps only with FEAT_FGT */
    {3, 3, 14, 0, 0, 0x07, 0x00, ALWAYS},     /* CNTFRQ, CNTPCT, CNTVCT */
    {3, 3, 14, 0, 0, 0x60, 0x00, SOMETIMES},  /* CNTPCTSS, CNTVCTSS: the same clocks */
    {3, 3, 14, 2, 3, 0x07, 0x07, ALWAYS},     /* CNTP_* and CNTV_* */
    {2, 0, 0, 0, 0, 0x04, 0x04, SOMETIMES},   /* OSDTRRX */
    {2, 0, 0, 0, 1, 0xF0, 0xF0, ALWAYS},      /* 2 break- and 2 watchpoints: in every Armv8 */
    {2, 0, 0, 2, 15, 0xF0, 0xF0, SOMETIMES},  /* and more: debug.c has how many are shown */
    {2, 0, 0, 2, 2, 0x01, 0x01, SOMETIMES},   /* MDCCINT */
    {2, 0, 0, 2, 2, 0x04, 0x04, ALWAYS},      /* MDSCR */
    {2, 0, 0, 3, 3, 0x04, 0x04, SOMETIMES},   /* OSDTRTX */
    {2, 0, 0, 6, 6, 0x04, 0x04, SOMETIMES},   /* OSECCR */
    {2, 0, 1, 0, 0, 0x01, 0x10, ALWAYS},      /* MDRAR, OSLAR */
    {2, 0, 1, 1, 1, 0x10, 0x00, ALWAYS},      /* OSLSR */
    {2, 0, 1, 3, 3, 0x10, 0x10, ALWAYS},      /* OSDLR */
    {2, 0, 1, 4, 4, 0x10, 0x10, SOMETIMES},   /* DBGPRCR */
    {2, 0, 7, 8, 9, 0x40, 0x40, SOMETIMES},   /* DBGCLAIMSET, DBGCLAIMCLR */
    {2, 0, 7, 14, 14, 0x40, 0x00, SOMETIMES}, /* DBGAUTHSTATUS */
    {2, 3, 0, 1, 1, 0x01, 0x00, SOMETIMES},   /* MDCCSR */
    {2, 3, 0, 4, 5, 0x01, 0x01, SOMETIMES},   /* DBGDTR, DBGDTRRX, DBGDTRTX */
};

#define NR_RULES (sizeof(rules) / sizeof(rules[0]))

/* Where FEAT_IDST makes more of an undefined read than that: a trapped register. */
#define EC_REGISTER 0x18

#define ICC_IAR0 REGISTER(3, 0, 12, 8, 0)
#define ICC_IAR1 REGISTER(3, 0, 12, 12, 0)

static uint64_t field(uint64_t value, uint32_t shift)
{
    return value >> shift & 0xF;
}

/* The registers of the GIC are those of its virtual interface, with a GIC in the tree or without.
 */
static bool is_met(enum condition condition)
{
    switch (condition) {
    case ALWAYS:
        return true;
    case WITH_PAN:
        return field(read_sysreg(id_aa64mmfr1_el1), 20) >= 1;
    case WITH_UAO:
        return field(read_sysreg(id_aa64mmfr2_el1), 4) >= 1;
    case WITH_DIT:
        return field(read_sysreg(id_aa64pfr0_el1), 48) >= 1;
    case WITH_SSBS:
        return field(read_sysreg(id_aa64pfr1_el1), 4) >= 2;
    case WITH_RNDR:
        return field(read_sysreg(id_aa64isar0_el1), 60) >= 1;
    case WITH_SVE:
        return field(read_sysreg(id_aa64pfr0_el1), 32) >= 1;
    case WITH_PAUTH:
        return field(read_sysreg(id_aa64isar1_el1), 4) >= 1 ||
               field(read_sysreg(id_aa64isar1_el1), 8) >= 1 ||
               field(read_sysreg(s3_0_c0_c6_2), 12) >= 1;
    case WITH_GIC:
        return field(read_sysreg(id_aa64pfr0_el1), 24) >= 1;
    default:
        return false;
    }
}

/* What is to come of accesses to an encoding. */
struct expected {
    bool must_read, may_read, must_write, may_write;
};

static bool covers(const struct rule *rule, uint32_t encoding)
{
    uint32_t crm = REGISTER_CRM(encoding);

    return rule->op0 == REGISTER_OP0(encoding) && rule->op1 == REGISTER_OP1(encoding) &&
           rule->crn == REGISTER_CRN(encoding) && rule->crm_first <= crm && crm <= rule->crm_last;
}

static struct expected expect(uint32_t encoding)
{
    struct expected expected = {false, false, false, false};

    for (size_t i = 0; i < NR_RULES; i++) {
        if (!covers(&rules[i], encoding))
            continue;
        bool must = is_met(rules[i].condition);
        bool may = must || rules[i].condition == SOMETIMES;
        bool reads = rules[i].reads >> REGISTER_OP2(encoding) & 1;
        bool writes = rules[i].writes >> REGISTER_OP2(encoding) & 1;
        expected.must_read |= reads && must;
        expected.may_read |= reads && may;
        expected.must_write |= writes && must;
        expected.may_write |= writes && may;
    }
    return expected;
}

static bool is_hypervisors(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    return !traits || traits->is_stile;
}

/* @esr: what came of it. */
static void check(uint32_t encoding, const char *access, bool must, bool may, uint64_t esr)
{
    bool works = esr == REGISTERS_NO_FAULT;

    if (must && !works)
        EXPECT_FAIL("%s of %s: exception %llx", access, registers_name(encoding),
                    (unsigned long long)esr);
    if (!is_hypervisors())
        return;
    if (works && !may)
        EXPECT_FAIL("%s of %s works", access, registers_name(encoding));
    if (!works && esr_class(esr) != EC_UNKNOWN && esr_class(esr) != EC_REGISTER)
        EXPECT_FAIL("%s of %s: syndrome %llx", access, registers_name(encoding),
                    (unsigned long long)esr);
}

KTF_SUITE(registers_walk, .suite_setup = registers_setup);

/* Each is written with what it holds, and what cannot be read with 0, which does nothing. */
static void walk(uint32_t encoding)
{
    struct expected expected = expect(encoding);
    uint64_t value = 0;
    uint64_t flags = registers_begin();
    /* To read these is to take an interrupt. */
    bool is_taken = encoding == ICC_IAR0 || encoding == ICC_IAR1;
    uint64_t read = is_taken ? REGISTERS_NO_FAULT : registers_read(encoding, &value);
    uint64_t written = registers_write(encoding, value);

    registers_end(flags);
    if (!is_taken)
        check(encoding, "reading", expected.must_read, expected.may_read, read);
    check(encoding, "writing", expected.must_write, expected.may_write, written);
}

KTF_TEST(registers_walk, each_is_shown_or_undefined)
{
    for (uint32_t encoding = 0; encoding < REGISTERS_NR; encoding++)
        walk(encoding);
}
