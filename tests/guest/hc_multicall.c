/* SPDX-License-Identifier: MIT */
/*
 * core_multicall: each entry is a call of its own, with its own result.
 */
#include <string.h>

#include "arch/cpu.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/thread.h"

#define NO_CALL   0x9F
#define SGI_TEST  11
#define UNTOUCHED 0x5A
#define ROUNDS    2000
#define LIMIT_MS  5000

KTF_SUITE(hc_multicall, .suite_setup = support_need_hypervisor);

/* The entries, and interrupts masked, so that the caller stays on its CPU. */
struct work {
    struct stile_call_entry *calls;
    uint64_t irq_flags;
};

static struct work begin(void)
{
    uint64_t flags = irq_save();
    struct work work = {support_mailbox()->calls, flags};

    memset(work.calls, UNTOUCHED, STILE_MULTICALL_MAX * sizeof(work.calls[0]));
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        memset(work.calls[i].x, 0, sizeof(work.calls[i].x));
    return work;
}

static void end(struct work work)
{
    irq_restore(work.irq_flags);
}

static void set(struct work work, uint32_t i, uint64_t nr, uint64_t x1)
{
    work.calls[i].nr = nr;
    work.calls[i].x[0] = x1;
}

static void set_all(struct work work, uint64_t nr)
{
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        set(work, i, nr, 0);
}

/* Makes the calls, all of them, in as many exits as it takes; how many were made. */
static uint32_t run(uint32_t first, uint32_t count, uint32_t flags)
{
    uint32_t made = 0;
    struct stile_result result = {0, {0}};

    while (made < count) {
        result = stile_core_multicall(first + made, count - made, flags);
        EXPECT_EQ(result.value[1], 0);
        EXPECT_EQ(result.value[2], 0);
        if (result.status != STILE_SUCCESS || result.value[0] == 0 ||
            result.value[0] > count - made)
            break;
        made += (uint32_t)result.value[0];
        if ((flags & STILE_MULTICALL_STOP) && support_mailbox()->calls[first + made - 1].status < 0)
            break;
    }
    EXPECT_EQ(result.status, STILE_SUCCESS);
    return made;
}

static bool is_untouched(const struct stile_call_entry *entry)
{
    static const uint8_t untouched[] = {[0 ... 31] = UNTOUCHED};

    return memcmp(&entry->status, untouched, sizeof(untouched)) == 0;
}

KTF_TEST(hc_multicall, every_entry_gets_its_own_result)
{
    struct work work = begin();

    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        set(work, i, i % 3 == 0 ? STILE_NR_core_info : STILE_NR_core_features, i % 3);
    EXPECT_EQ(run(0, STILE_MULTICALL_MAX, 0), STILE_MULTICALL_MAX);
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++) {
        struct stile_result single = i % 3 == 0 ? stile_core_info(0) : stile_core_features(i % 3);
        EXPECT_EQ(work.calls[i].status, single.status);
        EXPECT_EQ(work.calls[i].value[0], single.value[0]);
        EXPECT_EQ(work.calls[i].reserved, UINT64_C(0x0101010101010101) * UNTOUCHED);
    }
    end(work);
}

/* Every beginning and every length. */
KTF_TEST(hc_multicall, only_the_entries_asked_for_are_made)
{
    struct work work = begin();

    for (uint32_t first = 0; first < STILE_MULTICALL_MAX; first++) {
        for (uint32_t count = 1; count <= STILE_MULTICALL_MAX - first; count++) {
            memset(work.calls, UNTOUCHED, STILE_MULTICALL_MAX * sizeof(work.calls[0]));
            for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++) {
                memset(work.calls[i].x, 0, sizeof(work.calls[i].x));
                set(work, i, STILE_NR_core_info, STILE_INFO_TIMER_INTID);
            }
            EXPECT_EQ(run(first, count, 0), count);
            for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++) {
                bool inside = i >= first && i < first + count;
                if (inside &&
                    (work.calls[i].status != STILE_SUCCESS || work.calls[i].value[0] != 27))
                    EXPECT_FAIL("%u from %u: entry %u was not made", count, first, i);
                if (!inside && !is_untouched(&work.calls[i]))
                    EXPECT_FAIL("%u from %u: entry %u was written", count, first, i);
            }
        }
    }
    end(work);
}

KTF_TEST(hc_multicall, bad_arguments_are_refused)
{
    static const struct {
        uint32_t first, count, flags;
        uint64_t bad;
    } wrong[] = {
        {STILE_MULTICALL_MAX, 1, 0, 1},
        {UINT32_MAX, 1, 0, 1},
        {0, 0, 0, 2},
        {0, STILE_MULTICALL_MAX + 1, 0, 2},
        {0, UINT32_MAX, 0, 2},
        {31, 2, 0, 2},
        {1, STILE_MULTICALL_MAX, 0, 2},
        {1, UINT32_MAX, 0, 2},
        {0, 1, 2, 3},
        {0, 1, UINT32_MAX, 3},
    };
    struct work work = begin();

    set_all(work, STILE_NR_core_null);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct stile_result result =
            stile_core_multicall(wrong[i].first, wrong[i].count, wrong[i].flags);
        EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
        EXPECT_EQ(result.value[0], wrong[i].bad);
    }
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        EXPECT_TRUE(is_untouched(&work.calls[i]));
    end(work);
}

/* An error in each place, of calls that are alike and of calls that are not. */
static void expect_stop(struct work work, uint64_t nr, uint64_t bad_nr, uint64_t bad_x1,
                        int64_t error)
{
    for (uint32_t bad = 0; bad < STILE_MULTICALL_MAX; bad++) {
        for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++) {
            memset(&work.calls[i].status, UNTOUCHED, 32);
            set(work, i, nr, 0);
        }
        set(work, bad, bad_nr, bad_x1);
        EXPECT_EQ(run(0, STILE_MULTICALL_MAX, STILE_MULTICALL_STOP), bad + 1);
        EXPECT_EQ(work.calls[bad].status, error);
        EXPECT_TRUE(bad == 0 || work.calls[bad - 1].status == STILE_SUCCESS);
        for (uint32_t i = bad + 1; i < STILE_MULTICALL_MAX; i++)
            EXPECT_TRUE(is_untouched(&work.calls[i]));
        EXPECT_EQ(run(0, STILE_MULTICALL_MAX, 0), STILE_MULTICALL_MAX);
        EXPECT_EQ(work.calls[STILE_MULTICALL_MAX - 1].status,
                  bad == STILE_MULTICALL_MAX - 1 ? error : STILE_SUCCESS);
    }
}

KTF_TEST(hc_multicall, stops_after_an_error_if_asked)
{
    struct work work = begin();

    expect_stop(work, STILE_NR_core_null, STILE_NR_core_null, 1, STILE_INVALID_ARGUMENT);
    expect_stop(work, STILE_NR_core_null, NO_CALL, 0, STILE_NOT_SUPPORTED);
    expect_stop(work, STILE_NR_core_null, STILE_NR_console_write, 0, STILE_INVALID_ARGUMENT);
    end(work);
}

KTF_TEST(hc_multicall, numbers_that_are_no_calls_are_not_supported)
{
    static const uint64_t numbers[] = {
        NO_CALL,
        STILE_NR_core_multicall,
        0xFE,
        0xFF,
        0x100,
        0x103,
        STILE_FID(3),
        UINT64_C(1) << 32 | 3,
        UINT64_C(1) << 63,
        UINT64_MAX,
    };
    struct work work = begin();
    uint32_t count = sizeof(numbers) / sizeof(numbers[0]);

    for (uint32_t i = 0; i < count; i++)
        set(work, i, numbers[i], 0);
    EXPECT_EQ(run(0, count, 0), count);
    for (uint32_t i = 0; i < count; i++) {
        EXPECT_EQ(work.calls[i].status, STILE_NOT_SUPPORTED);
        EXPECT_EQ(work.calls[i].value[0], 0);
    }
    end(work);
}

KTF_TEST(hc_multicall, every_register_of_an_entry_is_checked)
{
    struct work work = begin();

    for (uint32_t i = 0; i < 6; i++) {
        set(work, i, STILE_NR_core_null, 0);
        work.calls[i].x[i] = UINT64_C(1) << 63;
    }
    EXPECT_EQ(run(0, 6, 0), 6);
    for (uint32_t i = 0; i < 6; i++) {
        EXPECT_EQ(work.calls[i].status, STILE_INVALID_ARGUMENT);
        EXPECT_EQ(work.calls[i].value[0], i + 1);
        memset(work.calls[i].x, 0, sizeof(work.calls[i].x));
    }
    end(work);
}

/* x2 and x3 of a call that returns something there, and of none that does not. */
KTF_TEST(hc_multicall, further_results_are_the_calls_own)
{
    struct work work = begin();

    set(work, 0, STILE_NR_core_null, 0);
    set(work, 1, STILE_NR_console_read, 8);
    set(work, 2, STILE_NR_console_read, 0);
    set(work, 3, STILE_NR_core_null, 0);
    EXPECT_EQ(run(0, 4, 0), 4);
    EXPECT_EQ(work.calls[1].status, STILE_SUCCESS);
    EXPECT_EQ(work.calls[1].value[0], 0);
    EXPECT_EQ(work.calls[1].value[1], 0);
    EXPECT_EQ(work.calls[1].value[2], 0);
    EXPECT_EQ(work.calls[2].status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(work.calls[0].value[1], UINT64_C(0x0101010101010101) * UNTOUCHED);
    EXPECT_EQ(work.calls[3].value[2], UINT64_C(0x0101010101010101) * UNTOUCHED);
    end(work);
}

KTF_TEST(hc_multicall, a_call_that_may_take_long_is_the_last)
{
    struct work work = begin();

    set_all(work, STILE_NR_console_read);
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        work.calls[i].x[0] = 1;
    EXPECT_EQ(stile_core_multicall(0, STILE_MULTICALL_MAX, 0).value[0], 1);
    set(work, 0, STILE_NR_core_null, 0);
    set(work, 1, STILE_NR_memory_map, 1);
    EXPECT_EQ(stile_core_multicall(0, 4, 0).value[0], 2);
    EXPECT_EQ(work.calls[1].status, STILE_INVALID_ARGUMENT);
    end(work);
}

static uint64_t counter(uint32_t which)
{
    return stile_vcpu_counter(which).value[0];
}

/* One exit, one hypercall. */
KTF_TEST(hc_multicall, its_calls_are_no_exits)
{
    struct work work = begin();

    set_all(work, STILE_NR_core_null);
    set(work, 5, STILE_NR_core_info, 0);
    uint64_t exits = counter(STILE_COUNTER_EXITS);
    uint64_t calls = counter(STILE_COUNTER_HYPERCALLS);
    struct stile_result result = stile_core_multicall(0, STILE_MULTICALL_MAX, 0);
    EXPECT_EQ(counter(STILE_COUNTER_HYPERCALLS), calls + 2);
    EXPECT_LT(counter(STILE_COUNTER_EXITS), exits + STILE_MULTICALL_MAX);
    EXPECT_GE(result.value[0], 1);
    end(work);
}

/* --- calls that want the scheduler --- */

static uint32_t nr_sgis;

static void count_sgi(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    __atomic_fetch_add(&nr_sgis, 1, __ATOMIC_RELAXED);
}

KTF_TEST(hc_multicall, calls_that_block_and_yield)
{
    nr_sgis = 0;
    irq_register(SGI_TEST, count_sgi, NULL);
    struct work work = begin();

    set(work, 0, STILE_NR_vcpu_yield, 0);
    set(work, 1, STILE_NR_irq_ipi, smp_cpu()->index);
    work.calls[1].x[1] = SGI_TEST;
    set(work, 2, STILE_NR_vcpu_block, 0);
    set(work, 3, STILE_NR_vcpu_block, 0);
    set(work, 4, STILE_NR_vcpu_yield, 0);
    set(work, 5, STILE_NR_core_null, 0);
    EXPECT_EQ(run(0, 6, 0), 6);
    for (uint32_t i = 0; i < 6; i++)
        EXPECT_EQ(work.calls[i].status, STILE_SUCCESS);
    end(work);
    EXPECT_TRUE(support_wait(__atomic_load_n(&nr_sgis, __ATOMIC_RELAXED) == 1, LIMIT_MS));
    irq_register(SGI_TEST, NULL, NULL);
}

/* --- another CPU writes meanwhile --- */

static struct {
    volatile struct stile_call_entry *calls;
    bool stops;
} changer;

static void change_entries(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; !__atomic_load_n(&changer.stops, __ATOMIC_ACQUIRE); i++) {
        volatile struct stile_call_entry *entry = &changer.calls[i % STILE_MULTICALL_MAX];
        entry->nr = (i >> 5) % 2 ? STILE_NR_core_null : (i >> 6) % 2 ? UINT64_MAX : NO_CALL;
        entry->x[0] = (i >> 7) % 2;
        if (i % 4096 == 0)
            thread_yield();
    }
}

KTF_TEST(hc_multicall, entries_that_another_cpu_changes)
{
    if (smp_nr_online() < 2)
        SKIP("there is one CPU");
    struct work work = begin();
    set_all(work, STILE_NR_core_null);
    changer.calls = work.calls;
    __atomic_store_n(&changer.stops, false, __ATOMIC_RELEASE);
    end(work);
    struct thread *thread = thread_create("changer", change_entries, NULL, NULL);
    ASSERT_TRUE(thread != NULL);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t flags = irq_save();
        struct stile_call_entry *calls = support_mailbox()->calls;
        uint32_t made = run(0, STILE_MULTICALL_MAX, 0);
        for (uint32_t j = 0; j < made && calls == work.calls; j++) {
            int64_t status = calls[j].status;
            if (status != STILE_SUCCESS && status != STILE_NOT_SUPPORTED &&
                status != STILE_INVALID_ARGUMENT)
                EXPECT_FAIL("entry %u: status %ld", j, (long)status);
        }
        EXPECT_TRUE(calls != work.calls || made == STILE_MULTICALL_MAX);
        irq_restore(flags);
        if (i % 64 == 0)
            thread_yield();
    }
    __atomic_store_n(&changer.stops, true, __ATOMIC_RELEASE);
    thread_join(thread);
}
