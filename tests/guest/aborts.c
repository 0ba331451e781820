/* SPDX-License-Identifier: MIT */
/*
 * What a fault is told as: the level of a walk that found nothing, addresses that are too large,
 * maintenance of caches and translation, accesses that a device cannot have. On bare hardware the
 * CPU tells all of it; behind stage 2 a hypervisor must.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/pl011.h"
#include "gic_rig.h"
#include "hostile_window.h"
#include "ktf.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "mm/space.h"
#include "program.h"
#include "support.h"

#define FSC_ADDRESS_SIZE UINT64_C(0x00) /* bits 1:0 are the level, as of the next */
#define FSC_WALK         UINT64_C(0x14)
#define FSC_UNSUPPORTED  UINT64_C(0x35)

#define ESR_CM  (UINT64_C(1) << 8)
#define ESR_WNR (UINT64_C(1) << 6)

#define DESC_TABLE    UINT64_C(3)
#define FIRST_LEVEL   1 /* of 39 bits in pages of 4 KiB */
#define LAST_LEVEL    3
#define ENTRIES       512
#define TCR_IPS_SHIFT 32
#define TCR_IPS_MASK  (UINT64_C(7) << TCR_IPS_SHIFT)
#define TCR_IPS_MOST  UINT64_C(5)

#define PAR_FAULT    UINT64_C(1)
#define PAR_FST(par) ((par) >> 1 & 0x3F)
#define PAR_STAGE_2  (UINT64_C(3) << 8) /* S and PTW */
#define PAR_ADDRESS  UINT64_C(0x0000FFFFFFFFF000)
#define SVC          UINT32_C(0xD4000001)

KTF_SUITE(aborts);

/* --- table walks --------------------------------------------------------------------------- */

/* Tables down to @level, where the next is at @pa; the first one's address. */
static uint64_t tables_to(uint32_t level, uint64_t pa, uint64_t tables[LAST_LEVEL])
{
    uint64_t next = pa;

    for (uint32_t i = level; i > FIRST_LEVEL; i--) {
        uint64_t *table;

        tables[i - 1] = page_alloc_zeroed();
        table = phys_to_virt(tables[i - 1]);
        table[HOSTILE_VA >> (39 - 9 * (i - 1)) & (ENTRIES - 1)] = next | DESC_TABLE;
        next = tables[i - 1];
    }
    dsb_ishst();
    return next;
}

static void try_tables(uint32_t level, uint64_t pa, void (*function)(void *argument),
                       struct fault *fault)
{
    uint64_t tables[LAST_LEVEL] = {0};
    uint64_t root = tables_to(level, pa, tables);

    EXPECT_TRUE(hostile_window_try_root(root, function, HOSTILE_VA, fault));
    EXPECT_EQ(fault->far, HOSTILE_VA);
    for (uint32_t i = 0; i < LAST_LEVEL; i++) {
        if (tables[i] != 0)
            page_free(tables[i]);
    }
}

static void expect_level(uint64_t pa)
{
    struct fault fault;

    for (uint32_t level = FIRST_LEVEL; level <= LAST_LEVEL; level++) {
        try_tables(level, pa, hostile_load, &fault);
        EXPECT_EQ(esr_class(fault.esr), EC_DATA);
        EXPECT_EQ(fault.esr & ISS_FSC, FSC_WALK | level);
        EXPECT_EQ(fault.esr & ESR_WNR, 0);
        try_tables(level, pa, hostile_store, &fault);
        EXPECT_EQ(fault.esr & ISS_FSC, FSC_WALK | level);
        EXPECT_EQ(fault.esr & ESR_WNR, ESR_WNR);
        try_tables(level, pa, hostile_jump, &fault);
        EXPECT_EQ(esr_class(fault.esr), EC_INSTRUCTION);
        EXPECT_EQ(fault.esr & ISS_FSC, FSC_WALK | level);
    }
}

KTF_TEST(aborts, a_table_that_is_nowhere_has_its_level)
{
    expect_level(support_beyond_memory());
}

KTF_TEST(aborts, a_table_that_is_a_device_has_its_level)
{
    if (!hostile_is_emulated())
        SKIP("hardware's devices answer a walk");
    expect_level(machine.gicd.base);
    if (machine.uart.bytes != 0)
        expect_level(machine.uart.base);
    if (machine.gic_version == 2)
        expect_level(machine.gicc.base); /* stage 2 has it as Device memory */
    else
        expect_level(machine.gicr.base);
}

/* --- addresses ----------------------------------------------------------------------------- */

static uint64_t pa_end(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 52};

    return UINT64_C(1) << bits[read_sysreg(id_aa64mmfr0_el1) & 7];
}

/* With TCR_EL1.IPS as large as it can be, which counts as what the CPU has. */
static void set_large_ips(bool large)
{
    static uint64_t before;
    uint64_t tcr = read_sysreg(tcr_el1);

    if (large)
        before = tcr;
    tcr = large ? (tcr & ~TCR_IPS_MASK) | TCR_IPS_MOST << TCR_IPS_SHIFT : before;
    write_sysreg(tcr_el1, tcr);
    isb();
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

static void expect_too_large(void)
{
    struct fault fault;

    ASSERT_TRUE(hostile_window_try(pa_end(), 1, MAP_KERNEL_DATA, hostile_load, HOSTILE_VA, &fault));
    EXPECT_EQ(fault.esr & ISS_FSC, FSC_ADDRESS_SIZE | LAST_LEVEL);
    ASSERT_TRUE(hostile_window_try(pa_end(), 1, MAP_KERNEL_TEXT, hostile_jump, HOSTILE_VA, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_INSTRUCTION);
    EXPECT_EQ(fault.esr & ISS_FSC, FSC_ADDRESS_SIZE | LAST_LEVEL);
    for (uint32_t level = FIRST_LEVEL; level <= LAST_LEVEL; level++) {
        try_tables(level, pa_end(), hostile_load, &fault);
        EXPECT_EQ(fault.esr & ISS_FSC, FSC_ADDRESS_SIZE | (level == FIRST_LEVEL ? 0 : level - 1));
    }
}

KTF_TEST(aborts, an_address_past_the_end_is_too_large)
{
    if (pa_end() > PAR_ADDRESS)
        SKIP("a descriptor has no larger one");
    expect_too_large();
    set_large_ips(true);
    expect_too_large();
    set_large_ips(false);
}

KTF_TEST(aborts, an_address_before_the_end_is_nowhere)
{
    struct fault fault;

    if (pa_end() / 2 > PAR_ADDRESS)
        SKIP("a descriptor has no larger one");
    ASSERT_TRUE(
        hostile_window_try(pa_end() / 2, 1, MAP_KERNEL_DATA, hostile_load, HOSTILE_VA, &fault));
    EXPECT_EQ(fault.esr & ISS_FSC, FSC_SYNCHRONOUS_ABORT);
}

/* --- maintenance --------------------------------------------------------------------------- */

#define INSTRUCTION(name, text)                                                                    \
    static void name(void *argument)                                                               \
    {                                                                                              \
        register uint64_t x0 __asm__("x0") = (uintptr_t)argument;                                  \
                                                                                                   \
        __asm__ volatile(text : : "r"(x0) : "memory");                                             \
    }

INSTRUCTION(dc_civac, "dc civac, x0")
INSTRUCTION(dc_cvac, "dc cvac, x0")
INSTRUCTION(dc_ivac, "dc ivac, x0")
INSTRUCTION(dc_cvau, "dc cvau, x0")
INSTRUCTION(ic_ivau, "ic ivau, x0")
INSTRUCTION(dc_cvap, ".inst 0xD50B7C20") /* DC CVAP, X0 */
INSTRUCTION(prfm, "prfm pldl1keep, [x0]")
INSTRUCTION(dc_zva, "dc zva, x0")
INSTRUCTION(at_s1e1r, "at s1e1r, x0")

static void (*const maintenance[])(void *) = {dc_civac, dc_cvac, dc_ivac, dc_cvau,
                                              ic_ivau,  dc_cvap, prfm};

KTF_TEST(aborts, maintenance_of_what_is_no_memory_does_nothing)
{
    uint64_t nowhere = support_beyond_memory();
    struct fault fault;

    for (size_t i = 0; i < sizeof(maintenance) / sizeof(maintenance[0]); i++) {
        if (maintenance[i] == dc_cvap && (read_sysreg(id_aa64isar1_el1) & 0xF) == 0)
            continue; /* FEAT_DPB */
        EXPECT_FALSE(
            hostile_window_try(nowhere, 1, MAP_KERNEL_DATA, maintenance[i], HOSTILE_VA, &fault));
        if (machine.gicd.bytes != 0)
            EXPECT_FALSE(
                exception_try(maintenance[i], (void *)(uintptr_t)gic_distributor(), &fault));
    }
}

KTF_TEST(aborts, zeroing_a_device_aborts)
{
    struct fault fault;

    if (!hostile_is_emulated())
        SKIP("hardware's devices take it");
    uint32_t before = io_read32(gic_distributor() + GICD_ISENABLER + 8);
    ASSERT_TRUE(
        exception_try(dc_zva, (void *)(uintptr_t)(gic_distributor() + GICD_ISENABLER), &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_DATA);
    EXPECT_EQ(fault.esr & ESR_WNR, ESR_WNR);
    EXPECT_EQ(io_read32(gic_distributor() + GICD_ISENABLER + 8), before);
}

KTF_TEST(aborts, translating_a_device_is_no_access)
{
    uint64_t flags = irq_save(), par;

    if (machine.gicd.bytes == 0) {
        irq_restore(flags);
        SKIP("no device");
    }
    at_s1e1r((void *)(uintptr_t)gic_distributor());
    isb();
    par = read_sysreg(par_el1);
    irq_restore(flags);
    EXPECT_EQ(par & PAR_FAULT, 0);
    EXPECT_EQ(par & PAR_ADDRESS, machine.gicd.base);
}

/* The walk finds no table: an abort that says it was on no access. */
KTF_TEST(aborts, a_walk_for_at_says_so)
{
    struct fault fault;

    for (uint32_t level = FIRST_LEVEL; level <= LAST_LEVEL; level++) {
        try_tables(level, support_beyond_memory(), at_s1e1r, &fault);
        EXPECT_EQ(fault.esr & ISS_FSC, FSC_WALK | level);
        EXPECT_EQ(fault.esr & ESR_CM, ESR_CM);
    }
}

/* --- accesses that a device cannot have ---------------------------------------------------- */

static void expect_unsupported(uint32_t instruction)
{
    const uint32_t code[] = {instruction, SVC};
    struct program_state state = {.pstate = PROGRAM_EL0, .x = {[2] = PROGRAM_DEVICE + 0x420}};

    program_run(code, 2, &state);
    EXPECT_EQ(esr_class(state.esr), EC_DATA_USER);
    EXPECT_EQ(state.esr & ISS_FSC, FSC_UNSUPPORTED);
    EXPECT_EQ(state.far, PROGRAM_DEVICE + 0x420);
    EXPECT_EQ(state.pc, PROGRAM_CODE);
}

KTF_TEST(aborts, exclusives_and_atomics_of_a_device_are_unsupported)
{
    if (!hostile_is_emulated())
        SKIP("hardware's devices may take them");
    program_setup(machine.gicd.base);
    expect_unsupported(0x885F7C40); /* ldxr w0, [x2] */
    expect_unsupported(0x885FFC40); /* ldaxr w0, [x2] */
    expect_unsupported(0xC87F0C41); /* ldxp x1, x3, [x2] */
    if ((read_sysreg(id_aa64isar0_el1) >> 20 & 0xF) != 0) {
        expect_unsupported(0xB8210040); /* ldadd w1, w0, [x2] */
        expect_unsupported(0xB8218040); /* swp w1, w0, [x2] */
        expect_unsupported(0x88A07C41); /* cas w0, w1, [x2] */
        expect_unsupported(0x48207C44); /* casp x0, x1, x4, x5, [x2] */
    }
    program_teardown();
}
