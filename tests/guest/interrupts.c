/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: SGIs to this and to other CPUs, by the GIC and by the sensitive layer; shared
 * interrupts made pending in the distributor; masking.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gicd.h"
#include "dev/irq.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS 3000

/* SPIs that no device of the machine drives. */
#define SPI_FIRST  80
#define SPI_SECOND 81

/* The SGIs that the kernel leaves to tests. */
#define SGI_FIRST 3
#define SGI_LAST  15

KTF_SUITE(interrupts);

struct seen {
    uint32_t count;
    uint32_t intid;
    uint32_t cpu;
};

static void note(uint32_t intid, void *argument)
{
    struct seen *seen = argument;

    seen->intid = intid;
    seen->cpu = smp_cpu()->index;
    __atomic_fetch_add(&seen->count, 1, __ATOMIC_RELEASE);
}

static uint32_t count_of(const struct seen *seen)
{
    return __atomic_load_n(&seen->count, __ATOMIC_ACQUIRE);
}

struct way {
    const char *name;
    void (*send)(uint32_t cpu, uint32_t sgi);
};

static void send_by_gic(uint32_t cpu, uint32_t sgi)
{
    gic->send_sgi(cpu, sgi);
}

static void send_by_layer(uint32_t cpu, uint32_t sgi)
{
    sensitive->send_ipi(cpu, sgi);
}

static const struct way ways[] = {{"by the GIC", send_by_gic}, {"as configured", send_by_layer}};

static void describe_way(const struct way *way, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", way->name);
}

/* To the CPU this runs on, which it cannot leave meanwhile. */
static void send_to_self(const struct way *way, uint32_t sgi)
{
    uint64_t flags = irq_save();

    way->send(smp_cpu()->index, sgi);
    irq_restore(flags);
}

KTF_TEST_EACH(interrupts, every_sgi_reaches_its_sender, struct way, ways, describe_way)
{
    for (uint32_t sgi = SGI_FIRST; sgi <= SGI_LAST; sgi++) {
        struct seen seen = {0, 0, 0};
        irq_register(sgi, note, &seen);
        send_to_self(param, sgi);
        EXPECT_TRUE(support_wait(count_of(&seen) > 0, LIMIT_MS));
        EXPECT_EQ(seen.count, 1);
        EXPECT_EQ(seen.intid, sgi);
        irq_register(sgi, NULL, NULL);
    }
}

KTF_TEST_EACH(interrupts, an_sgi_reaches_every_other_cpu, struct way, ways, describe_way)
{
    if (smp_nr_online() == 1)
        SKIP("there is one CPU");
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        struct seen seen = {0, 0, UINT32_MAX};
        irq_register(SGI_FIRST, note, &seen);
        param->send(cpu, SGI_FIRST);
        EXPECT_TRUE(support_wait(count_of(&seen) > 0, LIMIT_MS));
        EXPECT_EQ(seen.count, 1);
        EXPECT_EQ(seen.cpu, cpu);
        irq_register(SGI_FIRST, NULL, NULL);
    }
}

KTF_TEST_EACH(interrupts, many_sgis_in_a_row_all_arrive, struct way, ways, describe_way)
{
    struct seen seen = {0, 0, 0};

    irq_register(SGI_FIRST, note, &seen);
    for (uint32_t i = 1; i <= 200; i++) {
        send_to_self(param, SGI_FIRST);
        ASSERT_TRUE(support_wait(count_of(&seen) == i, LIMIT_MS));
    }
    irq_register(SGI_FIRST, NULL, NULL);
}

KTF_TEST(interrupts, two_sgis_at_once_are_both_taken)
{
    struct seen first = {0, 0, 0};
    struct seen second = {0, 0, 0};

    irq_register(SGI_FIRST, note, &first);
    irq_register(SGI_LAST, note, &second);
    uint64_t flags = irq_save();
    sensitive->send_ipi(smp_cpu()->index, SGI_FIRST);
    sensitive->send_ipi(smp_cpu()->index, SGI_LAST);
    EXPECT_EQ(first.count + second.count, 0);
    irq_restore(flags);
    EXPECT_TRUE(support_wait(count_of(&first) == 1 && count_of(&second) == 1, LIMIT_MS));
    irq_register(SGI_FIRST, NULL, NULL);
    irq_register(SGI_LAST, NULL, NULL);
}

KTF_TEST(interrupts, a_masked_cpu_takes_none_until_it_unmasks)
{
    struct seen seen = {0, 0, 0};

    irq_register(SGI_FIRST, note, &seen);
    uint64_t flags = irq_save();
    sensitive->send_ipi(smp_cpu()->index, SGI_FIRST);
    uint64_t end = cpu_ticks() + time_us_to_ticks(500);
    while (cpu_ticks() < end)
        ;
    EXPECT_EQ(count_of(&seen), 0);
    irq_restore(flags);
    EXPECT_TRUE(support_wait(count_of(&seen) == 1, LIMIT_MS));
    irq_register(SGI_FIRST, NULL, NULL);
}

KTF_TEST(interrupts, idle_ends_when_an_interrupt_is_pending)
{
    struct seen seen = {0, 0, 0};

    irq_register(SGI_FIRST, note, &seen);
    uint64_t flags = irq_save();
    sensitive->send_ipi(smp_cpu()->index, SGI_FIRST);
    sensitive->idle(); /* or the suite hangs here */
    irq_restore(flags);
    EXPECT_TRUE(support_wait(count_of(&seen) == 1, LIMIT_MS));
    irq_register(SGI_FIRST, NULL, NULL);
}

/* --- in the distributor --- */

KTF_SUITE(interrupts_shared, .suite_setup = gic_rig_need_gic);

static void set_pending(uint32_t file, uint32_t intid)
{
    io_write32(gicd_bit_word(gic_distributor(), file, intid), gicd_bit(intid));
}

static bool is_pending(uint32_t intid)
{
    return io_read32(gicd_bit_word(gic_distributor(), GICD_ISPENDR, intid)) & gicd_bit(intid);
}

KTF_TEST(interrupts_shared, a_shared_interrupt_made_pending_arrives)
{
    struct seen first = {0, 0, 0};
    struct seen second = {0, 0, 0};

    irq_register(SPI_FIRST, note, &first);
    irq_register(SPI_SECOND, note, &second);
    set_pending(GICD_ISPENDR, SPI_FIRST);
    EXPECT_TRUE(support_wait(count_of(&first) == 1, LIMIT_MS));
    EXPECT_EQ(first.intid, SPI_FIRST);
    EXPECT_EQ(first.cpu, 0);
    EXPECT_EQ(count_of(&second), 0);
    irq_unregister(SPI_FIRST);
    irq_unregister(SPI_SECOND);
}

KTF_TEST(interrupts_shared, a_disabled_interrupt_waits_until_it_is_enabled)
{
    struct seen seen = {0, 0, 0};

    irq_register(SPI_FIRST, note, &seen);
    gic->disable(SPI_FIRST);
    set_pending(GICD_ISPENDR, SPI_FIRST);
    EXPECT_TRUE(is_pending(SPI_FIRST));
    thread_sleep_ms(2);
    EXPECT_EQ(count_of(&seen), 0);
    gic->enable(SPI_FIRST);
    EXPECT_TRUE(support_wait(count_of(&seen) == 1, LIMIT_MS));
    EXPECT_FALSE(is_pending(SPI_FIRST));
    irq_unregister(SPI_FIRST);
}

KTF_TEST(interrupts_shared, a_pending_interrupt_can_be_withdrawn)
{
    struct seen seen = {0, 0, 0};

    irq_register(SPI_FIRST, note, &seen);
    gic->disable(SPI_FIRST);
    set_pending(GICD_ISPENDR, SPI_FIRST);
    set_pending(GICD_ICPENDR, SPI_FIRST);
    EXPECT_FALSE(is_pending(SPI_FIRST));
    gic->enable(SPI_FIRST);
    thread_sleep_ms(2);
    EXPECT_EQ(count_of(&seen), 0);
    irq_unregister(SPI_FIRST);
}

KTF_TEST(interrupts_shared, the_distributor_tells_enabled_ones)
{
    uint64_t word = gicd_bit_word(gic_distributor(), GICD_ISENABLER, SPI_FIRST);

    gic->enable(SPI_FIRST);
    EXPECT_EQ(io_read32(word) & gicd_bit(SPI_FIRST), gicd_bit(SPI_FIRST));
    gic->disable(SPI_FIRST);
    EXPECT_EQ(io_read32(word) & gicd_bit(SPI_FIRST), 0);
}
