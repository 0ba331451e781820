/* SPDX-License-Identifier: MIT */
/*
 * The fake hypervisor as a test uses it: VMs that end, consoles, time, interrupts, faults to order.
 * That its calls answer as the real ones do is tests/lib/both's.
 */
#include <string.h>

#include "ktf.h"
#include "stile/fake.h"
#include "stile/hypercall.h"

static uint32_t vm;

static void start(void)
{
    uint32_t agreed;

    stile_fake_reset();
    vm = stile_fake_start(NULL);
    ASSERT_EQ(stile_handshake(STILE_CONDUIT_HVC, &agreed), STILE_SUCCESS);
    ASSERT_EQ(agreed, STILE_VERSION_CURRENT);
}

KTF_SUITE(fake, .setup = start);

/* --- ends --- */

static void panics(void *context)
{
    (void)context;
    stile_panic("no way on");
}

static void powers_off(void *context)
{
    (void)context;
    (void)stile_power_off(0);
}

static void reboots(void *context)
{
    memcpy(stile_fake_pointer(stile_ipa(STILE_FAKE_MEMORY_BASE)), context, 4);
    (void)stile_power_reboot();
}

static void returns(void *context)
{
    *(bool *)context = true;
}

KTF_TEST(fake, a_panic_ends_the_vm_and_not_the_test)
{
    char text[64];

    EXPECT_EQ(stile_fake_run(vm, 0, panics, NULL), STILE_FAKE_CRASHED);
    (void)stile_fake_console(vm, text, sizeof(text));
    EXPECT_STREQ(text, "no way on\n");
    EXPECT_STREQ(stile_fake_message(vm), "its kernel gave up"); /* by power_crash without a text */
}

KTF_TEST(fake, a_function_may_return)
{
    bool ran = false;

    EXPECT_EQ(stile_fake_run(vm, 0, returns, &ran), STILE_FAKE_RETURNED);
    EXPECT_TRUE(ran);
    EXPECT_EQ(stile_core_null().status, STILE_SUCCESS);
}

/* A vCPU of a VM that has ended makes no call any more. */
static void calls(void *context)
{
    (void)context;
    (void)stile_core_null();
}

KTF_TEST(fake, a_vm_that_is_off_is_off)
{
    EXPECT_EQ(stile_fake_run(vm, 0, powers_off, NULL), STILE_FAKE_OFF);
    EXPECT_EQ(stile_fake_run(vm, 0, calls, NULL), STILE_FAKE_OFF);
    EXPECT_EQ(stile_fake_start(NULL), vm + 1);
}

KTF_TEST(fake, a_reboot_starts_the_vm_anew)
{
    EXPECT_EQ(stile_fake_run(vm, 0, reboots, "data"), STILE_FAKE_REBOOTED);
    EXPECT_EQ(stile_core_null().status, STILE_NOT_SUPPORTED); /* no version agreed on */
    EXPECT_EQ(*(char *)stile_fake_pointer(stile_ipa(STILE_FAKE_MEMORY_BASE)), '\0');
}

static void crashes(void *context)
{
    uint64_t length = strlen(context);
    stile_ipa_t at = stile_ipa(STILE_FAKE_MEMORY_BASE + 100);

    memcpy(stile_fake_pointer(at), context, length);
    (void)stile_power_crash(at, stile_nr_bytes(length));
}

static void agrees_and_crashes(void *context)
{
    (void)stile_core_version(STILE_VERSION_CURRENT);
    crashes(context);
}

KTF_TEST(fake, a_crash_leaves_its_message)
{
    EXPECT_EQ(stile_fake_run(vm, 0, crashes, "out of luck"), STILE_FAKE_CRASHED);
    EXPECT_STREQ(stile_fake_message(vm), "out of luck");
    EXPECT_EQ(stile_fake_run(stile_fake_start(NULL), 0, agrees_and_crashes, "\033[2J"),
              STILE_FAKE_CRASHED);
    EXPECT_STREQ(stile_fake_message(vm + 1), " [2J");
}

/* --- the console --- */

KTF_TEST(fake, what_is_written_is_kept)
{
    stile_ipa_t buffer = stile_ipa(STILE_FAKE_MEMORY_BASE + 8);
    char text[64];

    memcpy(stile_fake_pointer(buffer), "by address\n", 11);
    EXPECT_EQ(stile_console_puts("in registers\n", 13), STILE_SUCCESS);
    EXPECT_EQ(stile_console_write_at(buffer, 11), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_console(vm, text, sizeof(text)), 24);
    EXPECT_STREQ(text, "in registers\nby address\n");
    EXPECT_EQ(stile_fake_console(vm, text, 6), 24);
    EXPECT_STREQ(text, "ress\n");
}

KTF_TEST(fake, what_is_typed_is_read_and_interrupts)
{
    uint32_t intid = (uint32_t)stile_core_info(STILE_INFO_CONSOLE_INTID).value[0];

    EXPECT_EQ(stile_irq_unmask(stile_vcpu_id(0), stile_intid(intid)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_console_read(stile_nr_bytes(8)).value[0], 0);
    stile_fake_type(vm, "abc");
    EXPECT_EQ(stile_fake_acknowledge(), intid);
    struct stile_result result = stile_console_read(stile_nr_bytes(8));
    EXPECT_EQ(result.value[0], 3);
    EXPECT_EQ(result.value[1], 0x636261);
    stile_fake_end_interrupt(intid);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
}

/* --- time and interrupts --- */

KTF_TEST(fake, the_timer_is_level_and_fires_at_its_deadline)
{
    (void)stile_irq_unmask(stile_vcpu_id(0), stile_intid(27));
    (void)stile_time_oneshot(stile_ticks(500));
    stile_fake_set_ticks(499);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
    stile_fake_set_ticks(500);
    EXPECT_EQ(stile_fake_acknowledge(), 27);
    stile_fake_end_interrupt(27);
    EXPECT_EQ(stile_fake_acknowledge(), 27); /* still up */
    stile_fake_end_interrupt(27);
    (void)stile_time_oneshot(stile_ticks(STILE_TIME_NEVER));
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
}

KTF_TEST(fake, a_vcpu_that_sleeps_sleeps_to_its_deadline)
{
    (void)stile_irq_unmask(stile_vcpu_id(0), stile_intid(27));
    (void)stile_time_oneshot(stile_ticks(700));
    EXPECT_EQ(stile_vcpu_block().status, STILE_SUCCESS);
    EXPECT_EQ(stile_fake_ticks(), 700);
    EXPECT_EQ(stile_vcpu_block().status, STILE_SUCCESS); /* the interrupt is pending */
    EXPECT_EQ(stile_fake_ticks(), 700);
}

KTF_TEST(fake, the_more_urgent_interrupt_comes_first)
{
    for (uint32_t intid = 40; intid < 43; intid++) {
        (void)stile_irq_set_priority(stile_vcpu_id(0), stile_intid(intid), 0x80 - intid);
        (void)stile_irq_unmask(stile_vcpu_id(0), stile_intid(intid));
        (void)stile_irq_inject(stile_vcpu_id(0), stile_intid(intid));
    }
    EXPECT_EQ(stile_fake_acknowledge(), 41); /* 0x50, as 42 has: bits 7:3 count */
    EXPECT_EQ(stile_fake_acknowledge(), 42);
    EXPECT_EQ(stile_fake_acknowledge(), 40);
}

KTF_TEST(fake, the_mailbox_can_be_the_controller)
{
    struct stile_fake_config config = {.nr_vcpus = 2, .controller = STILE_CONTROLLER_MAILBOX};
    uint32_t other = stile_fake_start(&config);
    struct stile_mailbox *mailbox = stile_fake_mailbox(other, 1);

    stile_fake_become(other, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    EXPECT_EQ(stile_irq_ipi(stile_vcpu_id(1), stile_intid(3)).status, STILE_SUCCESS);
    EXPECT_EQ(mailbox->words[0].pending, 1 << 3);
    stile_fake_become(other, 1);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT); /* masked */
    mailbox->words[0].pending = 0;
    mailbox->words[0].mask = 0;
    (void)stile_time_oneshot(stile_ticks(10));
    stile_fake_set_ticks(10);
    EXPECT_EQ(mailbox->words[0].pending, 1 << 27);
    EXPECT_EQ(stile_fake_acknowledge(), 31);
}

/* --- what a test orders --- */

KTF_TEST(fake, a_range_ends_whatever_is_answered)
{
    uint64_t done;

    stile_fake_fail(STILE_NR_memory_unmap, STILE_SUCCESS, 1); /* and no page given back */
    EXPECT_EQ(stile_memory_unmap_all(stile_ipa(STILE_FAKE_MEMORY_BASE), stile_nr_pages(1), &done),
              STILE_NOT_SUPPORTED);
    EXPECT_EQ(done, 0);
}

KTF_TEST(fake, a_call_fails_to_order)
{
    uint64_t done = 1;

    stile_fake_fail(STILE_NR_memory_unmap, STILE_NO_MEMORY, 1);
    EXPECT_EQ(stile_memory_unmap_all(stile_ipa(STILE_FAKE_MEMORY_BASE), stile_nr_pages(1), &done),
              STILE_NO_MEMORY);
    EXPECT_EQ(done, 0);
    EXPECT_EQ(stile_memory_unmap_all(stile_ipa(STILE_FAKE_MEMORY_BASE), stile_nr_pages(1), &done),
              STILE_SUCCESS);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_memory_unmap), 2);
}

KTF_TEST(fake, pages_given_back_are_gone_and_come_back_empty)
{
    stile_ipa_t page = stile_ipa(STILE_FAKE_MEMORY_BASE + 3 * STILE_PAGE_SIZE);
    uint64_t *words = stile_fake_pointer(page);

    words[0] = 5;
    EXPECT_EQ(stile_memory_unmap(page, stile_nr_pages(1)).status, STILE_SUCCESS);
    EXPECT_NULL(stile_fake_pointer(page));
    EXPECT_EQ(stile_memory_map(page, stile_nr_pages(1)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_fake_pointer(page), words);
    EXPECT_EQ(words[0], 0);
}

KTF_TEST(fake, an_older_version_has_fewer_calls)
{
    stile_fake_reset();
    (void)stile_fake_start(NULL);
    EXPECT_EQ(stile_core_null().status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_core_version(STILE_VERSION(0, 1)).value[0], STILE_VERSION(0, 1));
    EXPECT_EQ(stile_core_null().status, STILE_SUCCESS);
    EXPECT_EQ(stile_core_multicall(0, 1, 0).status, STILE_NOT_SUPPORTED);
    EXPECT_FALSE(stile_has_call(STILE_NR_core_multicall));
}

/* Two errors hold of it; tests/compare wants the hypervisor's. */
KTF_TEST(fake, a_hole_in_a_share_is_busy)
{
    const uint64_t hole = STILE_FAKE_MEMORY_BASE + STILE_PAGE_SIZE;
    uint32_t peer = stile_fake_start(NULL);

    EXPECT_EQ(stile_memory_unmap(stile_ipa(hole), stile_nr_pages(1)).status, STILE_SUCCESS);
    ASSERT_EQ(stile_memory_share(stile_ipa(STILE_FAKE_MEMORY_BASE), stile_nr_pages(3),
                                 stile_vm_id(peer), STILE_ACCESS_READ)
                  .status,
              STILE_SUCCESS);
    EXPECT_EQ(stile_memory_unmap(stile_ipa(hole), stile_nr_pages(1)).status, STILE_BUSY);
    EXPECT_EQ(stile_memory_protect(stile_ipa(hole), stile_nr_pages(1), STILE_ACCESS_READ).status,
              STILE_BUSY);
    EXPECT_EQ(stile_memory_map(stile_ipa(hole), stile_nr_pages(1)).status, STILE_SUCCESS);
}

KTF_TEST(fake, what_is_pending_in_a_gic_stays_when_its_vcpu_is_turned_on)
{
    const struct stile_fake_config config = {.nr_vcpus = 2};
    const stile_vcpu_id_t second = stile_vcpu_id(1);
    const stile_intid_t intid = stile_intid(18);

    stile_fake_reset();
    (void)stile_fake_start(&config);
    ASSERT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
    EXPECT_EQ(stile_irq_inject(second, intid).status, STILE_SUCCESS);
    EXPECT_EQ(stile_irq_unmask(second, intid).status, STILE_SUCCESS);
    EXPECT_EQ(stile_vcpu_on(second, stile_ipa(STILE_FAKE_MEMORY_BASE), 0).status, STILE_SUCCESS);
    EXPECT_EQ(stile_irq_query(second, intid).value[0], STILE_IRQ_ENABLED | STILE_IRQ_PENDING);
}
