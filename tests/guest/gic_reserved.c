/* SPDX-License-Identifier: MIT */
/*
 * What is reserved in the interrupt controller's frames reads as zero and ignores writes
 * (IHI 0048 4.1.2, IHI 0069 12.1.1); widths that a register does not have change nothing; an
 * access that is not aligned faults.
 */
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "gic_rig.h"
#include "ktf.h"
#include "support.h"

static const struct gic_traits *traits;

static void find_traits(void)
{
    traits = gic_rig_traits();
    if (!traits)
        SKIP("no GIC, or one whose documented differences are not known");
}

KTF_SUITE(gic_reserved, .suite_setup = find_traits, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

static void expect_nothing(uint64_t frame, uint32_t first, uint32_t end)
{
    for (uint32_t offset = first; offset < end; offset += 4) {
        EXPECT_EQ(io_read32(frame + offset), 0);
        io_write32(frame + offset, UINT32_MAX);
        EXPECT_EQ(io_read32(frame + offset), 0);
    }
}

KTF_TEST(gic_reserved, the_distributor_has_nothing_there)
{
    uint64_t gicd = gic_distributor();

    expect_nothing(gicd, 0x010, 0x020);
    expect_nothing(gicd, 0x050, 0x080);
    expect_nothing(gicd, 0xE00, 0xF00); /* GICD_NSACR, without a secure world */
    expect_nothing(gicd, 0xF04, 0xF10);
    expect_nothing(gicd, 0xF30, 0xFC0);
    if (gic->version == 3) {
        expect_nothing(gicd, 0x800, 0x800 + 0x20);
        expect_nothing(gicd, 0xF00, 0xF04);
        expect_nothing(gicd, 0x5F00, 0x6100);
        expect_nothing(gicd, 0x8000, 0x8040);
        expect_nothing(gicd, 0xC000, 0xC040);
        expect_nothing(gicd, 0xFF00, 0xFFD0);
    }
}

KTF_TEST(gic_reserved, a_redistributor_has_nothing_there)
{
    if (gic->version != 3)
        SKIP("a GICv2 has no redistributors");
    uint64_t base = gic_rig_own_frame();
    uint64_t frame = base + GICR_SGI_FRAME;

    expect_nothing(base, 0x018, 0x040);
    expect_nothing(base, 0x0C0, 0x100);
    expect_nothing(base, 0x200, 0x300);
    expect_nothing(base, 0xFF00, 0xFFD0);
    expect_nothing(frame, 0x000, 0x080);
    expect_nothing(frame, GICD_ISENABLER + 4, GICD_ICENABLER);
    expect_nothing(frame, GICD_IPRIORITYR + 32, GICD_IPRIORITYR + 64);
    expect_nothing(frame, GICD_ICFGR + 8, GICD_ICFGR + 64);
    expect_nothing(frame, 0x1000, 0x1040);
    expect_nothing(frame, 0xFF00, 0xFFC0);
}

/* --- widths --- */

static void write8(uint64_t address, uint32_t value)
{
    io_write8(address, (uint8_t)value);
}

static void write16(uint64_t address, uint32_t value)
{
    __asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static void write64(uint64_t address, uint32_t value)
{
    io_write64(address, value | (uint64_t)value << 32);
}

static const struct {
    const char *name;
    void (*write)(uint64_t address, uint32_t value);
} widths[] = {{"byte", write8}, {"half-word", write16}, {"double-word", write64}};

KTF_TEST(gic_reserved, other_widths_change_nothing)
{
    static const uint32_t files[] = {GICD_IGROUPR, GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER,
                                     GICD_ICFGR};

    if (traits->any_width)
        SKIP("documented: this one allows them");
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
            uint64_t word = gic_distributor() + files[i] +
                            (files[i] == GICD_ICFGR ? RIG_SPI / 16 * 4 : RIG_SPI / 32 * 4);
            uint64_t aligned = word & ~UINT64_C(7);
            uint32_t before = io_read32(word);
            widths[w].write(aligned, ~before);
            EXPECT_EQ(io_read32(word), before);
        }
        uint32_t before = io_read32(gic_distributor() + GICD_CTLR);
        widths[w].write(gic_distributor() + GICD_CTLR, 0);
        EXPECT_EQ(io_read32(gic_distributor() + GICD_CTLR), before);
    }
    EXPECT_TRUE(gic_rig_none());
}

/* --- alignment --- */

static void read_word(void *argument)
{
    (void)io_read32((uintptr_t)argument);
}

static void write_word(void *argument)
{
    io_write32((uintptr_t)argument, UINT32_MAX);
}

/* Of device memory a CPU reports an alignment fault; one that does not look gets an abort. */
static void expect_fault(void (*function)(void *), uint64_t address)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(function, (void *)address, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_DATA);
    EXPECT_TRUE((fault.esr & ISS_FSC) == 0x21 || (fault.esr & ISS_FSC) == FSC_SYNCHRONOUS_ABORT);
    EXPECT_EQ(fault.far, address);
}

KTF_TEST(gic_reserved, what_is_not_aligned_faults)
{
    uint64_t word = gic_rig_word(GICD_ISENABLER, RIG_SPI);
    uint32_t before = io_read32(word);

    if (traits->takes_unaligned)
        SKIP("documented: here it does not");
    for (uint32_t i = 1; i < 4; i++) {
        expect_fault(read_word, word + i);
        expect_fault(write_word, word + i);
    }
    expect_fault(read_word, gic_distributor() + 0xFFE);
    expect_fault(write_word, gic_distributor() + 0xFFE);
    EXPECT_EQ(io_read32(word), before);
}
