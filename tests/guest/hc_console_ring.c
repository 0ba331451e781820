/* SPDX-License-Identifier: MIT */
/*
 * The console's ring, which this kernel itself writes to: every test leaves it as it was, but for
 * what it has written. Those are KTAP diagnostics.
 */
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "stile/console_ring.h"
#include "support.h"
#include "threads/thread.h"

#define LINE_BYTES 64

/* Longer than the hypervisor takes to look again, and again; for a machine with other work. */
#define LOOK_MS 2000

static struct stile_console_ring *ring;
static bool kernel_uses_it;
static char line[LINE_BYTES + 1];

static void map_ring(void)
{
    support_need_hypervisor();
    if (!sensitive_is_paravirtual())
        return;
    if (!ring)
        ring = kernel_map_shared(stile_core_info(STILE_INFO_CONSOLE_RING).value[0], PAGE_SIZE);
    kernel_uses_it = stile_console_notify().status != STILE_BUSY;
    memset(line, '.', LINE_BYTES);
    line[0] = '#';
    line[1] = ' ';
    line[LINE_BYTES - 1] = '\n';
}

static void use_ring(void)
{
    (void)stile_console_use_ring(1);
}

static void leave_ring(void)
{
    (void)stile_console_use_ring(kernel_uses_it);
}

KTF_SUITE(hc_console_ring, .suite_setup = map_ring, .setup = use_ring, .teardown = leave_ring);

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static bool is_read(void)
{
    return load(&ring->out_consumed) == load(&ring->out_produced);
}

KTF_TEST(hc_console_ring, a_ring_that_is_not_used_says_so)
{
    ASSERT_EQ(stile_console_use_ring(0).status, STILE_SUCCESS);
    EXPECT_EQ(stile_console_ring_try(ring, line, LINE_BYTES), STILE_BUSY);
    EXPECT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), STILE_BUSY);
    EXPECT_EQ(load(&ring->out_produced), 0);
}

KTF_TEST(hc_console_ring, starts_empty_and_asleep)
{
    EXPECT_EQ(ring->out_produced, 0);
    EXPECT_EQ(ring->out_consumed, 0);
    EXPECT_EQ(ring->out_sleeps, 1);
    EXPECT_EQ(ring->out_lost, 0);
    EXPECT_EQ(ring->in_produced, 0);
    EXPECT_EQ(ring->in_consumed, 0);
    EXPECT_EQ(ring->in_lost, 0);
}

KTF_TEST(hc_console_ring, is_used_or_not_and_nothing_else)
{
    static const uint32_t wrong[] = {2, 3, 0x80000000, UINT32_MAX};

    for (int i = 0; i < 4; i++) {
        struct stile_result result = stile_console_use_ring(wrong[i]);
        EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
        EXPECT_EQ(result.value[0], 1);
    }
    EXPECT_EQ(stile_console_notify().status, STILE_SUCCESS);
}

KTF_TEST(hc_console_ring, one_that_is_not_used_is_not_notified)
{
    EXPECT_EQ(stile_console_use_ring(0).status, STILE_SUCCESS);
    EXPECT_EQ(stile_console_notify().status, STILE_BUSY);
    EXPECT_EQ(ring->out_sleeps, 1);
}

KTF_TEST(hc_console_ring, what_is_written_is_read_at_once_or_soon)
{
    ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    EXPECT_TRUE(is_read()); /* the reader slept */
    ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    EXPECT_TRUE(support_wait(is_read(), LOOK_MS));
    EXPECT_TRUE(support_wait(load(&ring->out_sleeps) == 1, LOOK_MS));
    EXPECT_TRUE(is_read());
}

/* Calls that write lines while the reader is awake: only those that count. */
KTF_TEST(hc_console_ring, a_line_costs_no_call_while_the_reader_is_awake)
{
    uint64_t before, after;

    ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    ASSERT_TRUE(sensitive_counter(STILE_COUNTER_HYPERCALLS, &before));
    uint64_t flags = irq_save();
    for (int i = 0; i < 10 && load(&ring->out_sleeps) == 0; i++)
        (void)stile_console_ring_try(ring, line, LINE_BYTES);
    irq_restore(flags);
    ASSERT_TRUE(sensitive_counter(STILE_COUNTER_HYPERCALLS, &after));
    EXPECT_LE(after - before, 2); /* this one, and if the reader just fell asleep */
}

KTF_TEST(hc_console_ring, more_than_it_holds_goes_through)
{
    for (int i = 0; i < 4 * STILE_CONSOLE_RING_OUT / LINE_BYTES; i++)
        ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    EXPECT_EQ(load(&ring->out_produced), 4 * STILE_CONSOLE_RING_OUT);
    EXPECT_TRUE(support_wait(is_read(), LOOK_MS));
}

KTF_TEST(hc_console_ring, calls_may_write_in_between)
{
    ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    ASSERT_EQ(stile_console_ring_puts(ring, line, LINE_BYTES), 0);
    EXPECT_EQ(stile_console_puts(line, LINE_BYTES), 0);
    EXPECT_TRUE(support_wait(is_read(), LOOK_MS));
}

KTF_TEST(hc_console_ring, while_it_is_used_calls_read_nothing)
{
    EXPECT_EQ(stile_console_read(stile_nr_bytes(8)).value[0], 0);
}

/* Lies about every index. What comes out is at most a ring full of what the ring holds: lines. */
KTF_TEST(hc_console_ring, no_index_hurts_the_hypervisor)
{
    static const uint32_t lies[] = {LINE_BYTES, STILE_CONSOLE_RING_OUT + LINE_BYTES, 0x80000000,
                                    UINT32_MAX - LINE_BYTES + 1};

    for (size_t i = 0; i < STILE_CONSOLE_RING_OUT; i += LINE_BYTES)
        memcpy(ring->out + i, line, LINE_BYTES);
    for (int i = 0; i < 4; i++) {
        ring->out_consumed = ~lies[i];
        ring->out_sleeps = lies[i];
        ring->in_produced = lies[i];
        ring->in_consumed = ~lies[i];
        __atomic_store_n(&ring->out_produced, lies[i], __ATOMIC_RELEASE);
        EXPECT_EQ(stile_console_notify().status, STILE_SUCCESS);
        EXPECT_TRUE(support_wait(is_read(), LOOK_MS));
        EXPECT_EQ(load(&ring->out_produced), lies[i]);
        EXPECT_LE(load(&ring->out_sleeps), 1);
    }
}
