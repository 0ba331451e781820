/* SPDX-License-Identifier: MIT */
/*
 * The cache geometry, walked as boot loaders walk it: every set and way of every data cache. With a
 * hypervisor, each cache has one of each, so that the walk is an exit a level and no more.
 *
 * With "lines" on its command line the kernel reads CTR_EL0 often before it looks at the geometry,
 * as one does that patches itself. Then no register of these traps, and what they tell is the
 * hardware's.
 */
#include "arch/cpu.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "support.h"

/* CLIDR_EL1 (Arm ARM D17.2.27) */
#define CLIDR_CTYPE(clidr, level) ((uint32_t)((clidr) >> 3 * (level)) & 7)
#define CLIDR_LOC(clidr)          ((uint32_t)((clidr) >> 24) & 7)
#define CTYPE_HAS_CODE(type)      ((type) == 1 || (type) == 3)
#define CTYPE_HAS_DATA(type)      ((type) >= 2)
#define CSSELR_LEVEL(level)       ((uint64_t)(level) << 1)
#define CSSELR_INSTRUCTION        UINT64_C(1)

/* ID_AA64MMFR2_EL1.CCIDX: CCSIDR_EL1 has the 64-bit format (D17.2.26). */
#define MMFR2_CCIDX_SHIFT 20

/* CTR_EL0: log2 of the smallest lines in words. */
#define CTR_DMINLINE(ctr) ((uint32_t)((ctr) >> 16) & 0xF)

#define LINES_READS 1000 /* of CTR_EL0 */

/* EL2 does what the guest means piece by piece: docs/architecture.md, "Registers". */
#define PIECE_BYTES 0x20000

struct geometry {
    uint32_t line_shift; /* log2 of bytes */
    uint32_t nr_sets, nr_ways;
};

static bool is_emulated(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    return traits && traits->is_stile;
}

static uint64_t read_selected(uint64_t selection)
{
    uint64_t flags = irq_save();

    write_sysreg(csselr_el1, selection);
    isb();
    uint64_t value = read_sysreg(ccsidr_el1);
    irq_restore(flags);
    return value;
}

static struct geometry geometry_of(uint64_t selection)
{
    uint64_t value = read_selected(selection);
    bool is_wide = read_sysreg(id_aa64mmfr2_el1) >> MMFR2_CCIDX_SHIFT & 0xF;
    struct geometry geometry = {.line_shift = (uint32_t)(value & 7) + 4};

    geometry.nr_ways = (uint32_t)(value >> 3 & (is_wide ? 0x1FFFFF : 0x3FF)) + 1;
    geometry.nr_sets = (uint32_t)(is_wide ? value >> 32 & 0xFFFFFF : value >> 13 & 0x7FFF) + 1;
    return geometry;
}

static void read_lines(void)
{
    if (!machine_option("lines"))
        return;
    for (int i = 0; i < LINES_READS; i++)
        (void)read_sysreg(ctr_el0);
}

KTF_SUITE(caches, .suite_setup = read_lines);

KTF_TEST(caches, no_line_is_shorter_than_the_shortest)
{
    uint64_t clidr = read_sysreg(clidr_el1), ctr = read_sysreg(ctr_el0);

    EXPECT_LE(CLIDR_LOC(clidr), 7);
    for (uint32_t level = 0; level < CLIDR_LOC(clidr); level++) {
        if (CTYPE_HAS_DATA(CLIDR_CTYPE(clidr, level)))
            EXPECT_GE(geometry_of(CSSELR_LEVEL(level)).line_shift, CTR_DMINLINE(ctr) + 2);
    }
}

KTF_TEST(caches, there_is_one_set_and_one_way)
{
    uint64_t clidr = read_sysreg(clidr_el1);

    if (!is_emulated() || machine_option("lines"))
        SKIP("they are the hardware's");
    for (uint32_t level = 0; level < 7; level++) {
        for (uint64_t is_code = 0; is_code <= CSSELR_INSTRUCTION; is_code++) {
            uint32_t type = CLIDR_CTYPE(clidr, level);
            if (is_code ? !CTYPE_HAS_CODE(type) : !CTYPE_HAS_DATA(type))
                continue;
            struct geometry geometry = geometry_of(CSSELR_LEVEL(level) | is_code);
            EXPECT_EQ(geometry.nr_sets, 1);
            EXPECT_EQ(geometry.nr_ways, 1);
        }
    }
}

/* Operations for one level; log2 of ways, rounded up, is where they begin in the operand. */
static uint64_t walk_level(uint32_t level)
{
    struct geometry geometry = geometry_of(CSSELR_LEVEL(level));
    uint32_t way_shift = geometry.nr_ways > 1 ? (uint32_t)__builtin_clz(geometry.nr_ways - 1) : 31;
    uint64_t nr = 0;

    for (uint64_t way = 0; way < geometry.nr_ways; way++) {
        for (uint64_t set = 0; set < geometry.nr_sets; set++) {
            uint64_t operand = way << way_shift | set << geometry.line_shift | CSSELR_LEVEL(level);
            __asm__ volatile("dc cisw, %0" : : "r"(operand) : "memory");
            nr++;
        }
    }
    return nr;
}

/* Returns how many operations it takes, and in *@nr_levels the levels that have data. */
static uint64_t walk(uint32_t *nr_levels)
{
    uint64_t clidr = read_sysreg(clidr_el1);
    uint64_t nr = 0;

    *nr_levels = 0;
    dsb_sy();
    for (uint32_t level = 0; level < CLIDR_LOC(clidr); level++) {
        if (!CTYPE_HAS_DATA(CLIDR_CTYPE(clidr, level)))
            continue;
        nr += walk_level(level);
        ++*nr_levels;
    }
    write_sysreg(csselr_el1, 0);
    dsb_sy();
    isb();
    return nr;
}

static uint64_t memory_bytes(void)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < machine.nr_memory; i++)
        bytes += machine.memory[i].bytes;
    return bytes;
}

KTF_TEST(caches, a_walk_is_one_operation_a_level)
{
    uint32_t nr_levels;
    uint64_t nr = walk(&nr_levels);

    EXPECT_GE(nr, nr_levels);
    if (is_emulated() && !machine_option("lines"))
        EXPECT_EQ(nr, nr_levels);
}

static uint64_t nr_exits(void)
{
    return stile_vcpu_counter(STILE_COUNTER_SYSREG).value[0];
}

/* Beside the operations and their pieces: CLIDR, and of each level CSSELR and CCSIDR. */
KTF_TEST(caches, a_walk_is_few_exits)
{
    uint32_t nr_levels;
    uint64_t flags, exits;

    support_need_hypervisor();
    if (machine_option("lines"))
        SKIP("the caches are the hardware's");
    flags = irq_save();
    exits = nr_exits();
    (void)walk(&nr_levels);
    exits = nr_exits() - exits;
    irq_restore(flags);
    EXPECT_LE(exits, 2 + nr_levels * (3 + 2 * memory_bytes() / PIECE_BYTES));
}

KTF_TEST(caches, who_has_read_ctr_often_exits_no_more)
{
    uint64_t flags, exits;

    support_need_hypervisor();
    if (!machine_option("lines"))
        SKIP("needs \"lines\" on the command line");
    flags = irq_save();
    exits = nr_exits();
    read_lines();
    (void)read_selected(0);
    exits = nr_exits() - exits;
    irq_restore(flags);
    EXPECT_EQ(exits, 0);
}

/* However often the line size is read, on whichever CPU. */
KTF_TEST(caches, what_is_shown_does_not_change)
{
    uint64_t ctr = read_sysreg(ctr_el0), first = read_selected(0);

    for (int i = 0; i < LINES_READS; i++)
        EXPECT_EQ(read_sysreg(ctr_el0), ctr);
    EXPECT_EQ(read_selected(0), first);
}
