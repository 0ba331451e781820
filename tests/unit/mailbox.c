/* SPDX-License-Identifier: MIT */
/*
 * Raising a bit of a mailbox: when the vCPU is interrupted, and that no event is lost between a
 * guest that unmasks and a hypervisor that raises. The mailbox as interrupt controller.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "lib/guest_word.c"
#include "vgic/mailbox.c"

#include "ktf.h"

static struct stile_mailbox mailbox;
static struct vcpu vcpu = {.mailbox = &mailbox};
static struct vcpu second = {.index = 1};
static struct vm vm = {.vcpus = {&vcpu, &second}};
static uint32_t nr_raised;
static uint32_t nr_deactivated;

static void deactivate(uint32_t intid)
{
    EXPECT_EQ(intid, IRQ_VIRT_TIMER);
    EXPECT_NE(read_sysreg(cntv_ctl_el0) & TIMER_IMASK, 0u); /* or it would come again at once */
    nr_deactivated++;
}

static const struct gic_ops ops = {.deactivate = deactivate};
const struct gic_ops *gic = &ops;

void vgic_raise_event(struct vcpu *raised)
{
    EXPECT_EQ(raised, &vcpu);
    __atomic_fetch_add(&nr_raised, 1, __ATOMIC_SEQ_CST);
}

static uint64_t kicked, stopped;

void vcpu_kick_set(struct vm *of, uint64_t vcpus, uint32_t work)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(work, VCPU_WORK_VGIC);
    kicked |= vcpus;
}

void vcpu_kick(struct vcpu *told, uint32_t work)
{
    EXPECT_EQ(work, VCPU_WORK_CRASH);
    stopped |= UINT64_C(1) << told->index;
}

static uint32_t nr_roused;

void sleep_rouse(struct vcpu *roused)
{
    EXPECT_EQ(roused, &vcpu);
    nr_roused++;
}

KTF_SUITE(mailbox);

static void start(void)
{
    memset(&mailbox, 0, sizeof(mailbox));
    nr_raised = 0;
    nr_roused = 0;
    stopped = 0;
    vcpu.vm = &vm;
    vm.vcpus[1] = &second;
    vm.config.nr_vcpus = 2;
    fake_exclusive_failures = 0;
    fake_exclusive_has_lse = false;
    vcpu.poll_ports = 0;
}

static void mask_all(void)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        mailbox.words[i].mask = UINT64_MAX;
}

static const uint32_t ports[] = {0, 27, 63, 64, 96, 200, STILE_NR_PORTS - 1};

static void name_port(const uint32_t *port, char *text, size_t size)
{
    snprintf(text, size, "%u", *port);
}

KTF_TEST_EACH(mailbox, sets_the_bit_and_interrupts_once, uint32_t, ports, name_port)
{
    start();
    mailbox_raise(&vcpu, *param);
    mailbox_raise(&vcpu, *param);
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        EXPECT_EQ(mailbox.words[i].pending, i == *param / 64 ? UINT64_C(1) << (*param % 64) : 0);
    EXPECT_EQ(nr_raised, 1u);

    mailbox.words[*param / 64].pending = 0;
    mailbox_raise(&vcpu, *param);
    EXPECT_EQ(nr_raised, 2u);
}

KTF_TEST_EACH(mailbox, a_masked_bit_is_set_and_does_not_interrupt, uint32_t, ports, name_port)
{
    start();
    mailbox.words[*param / 64].mask = UINT64_C(1) << (*param % 64);
    mailbox_raise(&vcpu, *param);
    EXPECT_EQ(mailbox.words[*param / 64].pending, UINT64_C(1) << (*param % 64));
    EXPECT_EQ(nr_raised, 0u);
}

KTF_TEST_EACH(mailbox, the_mask_of_others_does_not_matter, uint32_t, ports, name_port)
{
    start();
    mask_all();
    mailbox.words[*param / 64].mask &= ~(UINT64_C(1) << (*param % 64));
    mailbox_raise(&vcpu, *param);
    EXPECT_EQ(nr_raised, 1u);
}

KTF_TEST(mailbox, a_busy_vcpu_is_not_interrupted)
{
    start();
    mailbox.busy = 0x80000000;
    mailbox_raise(&vcpu, 5);
    EXPECT_EQ(mailbox.words[0].pending, 1u << 5);
    EXPECT_EQ(nr_raised, 0u);
}

KTF_TEST_EACH(mailbox, a_masked_bit_wakes_who_polls_it, uint32_t, ports, name_port)
{
    start();
    mask_all();
    vcpu.poll_word = *param / 64;
    vcpu.poll_ports = UINT64_C(1) << (*param % 64);
    mailbox_raise(&vcpu, *param ^ 1);
    mailbox_raise(&vcpu, (*param + 64) % STILE_NR_PORTS);
    EXPECT_EQ(nr_roused, 0);
    mailbox_raise(&vcpu, *param);
    mailbox_raise(&vcpu, *param);
    EXPECT_EQ(nr_roused, 1);
    EXPECT_EQ(nr_raised, 0);
}

KTF_TEST(mailbox, a_busy_vcpu_that_polls_is_woken)
{
    start();
    mailbox.busy = 1;
    vcpu.poll_word = 2;
    vcpu.poll_ports = UINT64_MAX;
    mailbox_raise(&vcpu, 130);
    EXPECT_EQ(nr_roused, 1);
    EXPECT_EQ(nr_raised, 0);
}

KTF_TEST_EACH(mailbox, a_bit_is_cleared_alone, uint32_t, ports, name_port)
{
    start();
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        mailbox.words[i].pending = UINT64_MAX;
    EXPECT_TRUE(mailbox_clear(&vcpu, *param));
    EXPECT_FALSE(mailbox_clear(&vcpu, *param));
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        EXPECT_EQ(~mailbox.words[i].pending, i == *param / 64 ? UINT64_C(1) << (*param % 64) : 0);
}

KTF_TEST_EACH(mailbox, a_bit_is_masked_alone, uint32_t, ports, name_port)
{
    start();
    mailbox_mask(&vcpu, *param);
    mailbox_mask(&vcpu, *param);
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++) {
        EXPECT_EQ(mailbox.words[i].mask, i == *param / 64 ? UINT64_C(1) << (*param % 64) : 0);
        EXPECT_EQ(mailbox.words[i].pending, 0);
    }
}

KTF_TEST(mailbox, a_vcpu_starts_with_all_ports_masked)
{
    start();
    mailbox.busy = 1;
    mailbox.words[1].pending = 5;
    mailbox_start(&vcpu);
    EXPECT_EQ(mailbox.busy, 0);
    EXPECT_EQ(mailbox.words[1].pending, 5);
    for (uint32_t i = 0; i < STILE_PORT_WORDS_MAX; i++)
        EXPECT_EQ(mailbox.words[i].mask, i < STILE_PORT_WORDS ? UINT64_MAX : 0);
}

KTF_TEST(mailbox, leaves_the_guests_words_alone)
{
    start();
    memset(&mailbox, 0x5A, sizeof(mailbox));
    struct stile_mailbox before = mailbox;
    for (uint32_t port = 0; port < STILE_NR_PORTS; port++)
        mailbox_raise(&vcpu, port);
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        before.words[i].pending = UINT64_MAX;
    EXPECT_EQ(memcmp(&before, &mailbox, sizeof(before)), 0);
}

/* --- as interrupt controller --- */

static bool is_pending(uint32_t intid)
{
    return mailbox.words[intid / 64].pending >> (intid % 64) & 1;
}

KTF_TEST(mailbox, interrupts_are_bits)
{
    start();
    mailbox_inject(&vm, 0, 70);
    EXPECT_TRUE(is_pending(70));
    mailbox_send_sgi(&vcpu, &vcpu, 3);
    EXPECT_TRUE(is_pending(3));
    EXPECT_EQ(nr_raised, 2u);
}

/* The sender is interrupted at once, all others by one kick, less those that need none. */
KTF_TEST(mailbox, an_sgi_goes_to_several)
{
    static struct stile_mailbox boxes[3];
    struct vcpu others[3] = {
        {.mailbox = &boxes[0], .index = 1},
        {.mailbox = &boxes[1], .index = 2},
        {.mailbox = &boxes[2], .index = 3},
    };

    start();
    kicked = 0;
    memset(boxes, 0, sizeof(boxes));
    boxes[1].words[0].mask = 1u << 4;
    vcpu.vm = &vm;
    for (uint32_t i = 0; i < 3; i++)
        vm.vcpus[i + 1] = &others[i];
    mailbox_send_sgi_set(&vcpu, 7, 4);
    EXPECT_TRUE(is_pending(4));
    EXPECT_EQ(nr_raised, 1u);
    EXPECT_EQ(boxes[0].words[0].pending, 1u << 4);
    EXPECT_EQ(boxes[1].words[0].pending, 1u << 4);
    EXPECT_EQ(boxes[2].words[0].pending, 0u);
    EXPECT_EQ(kicked, 1u << 1);

    kicked = 0;
    mailbox_send_sgi_set(&vcpu, 10, 4);
    EXPECT_EQ(nr_raised, 1u);
    EXPECT_EQ(kicked, 1u << 3); /* of the other two the bit is set already */
}

KTF_TEST(mailbox, a_level_is_a_bit_when_it_rises)
{
    start();
    mailbox_set_level(&vm, 33, false);
    mailbox_set_ppi(&vcpu, 30, false);
    mailbox_set_level(&vm, 0, true); /* a device without an interrupt */
    EXPECT_EQ(mailbox.words[0].pending, 0u);
    mailbox_set_level(&vm, 33, true);
    mailbox_set_ppi(&vcpu, 30, true);
    EXPECT_TRUE(is_pending(33) && is_pending(30));
    EXPECT_EQ(nr_raised, 2u);
}

KTF_TEST(mailbox, a_timer_that_fired_is_masked_and_its_interrupt_over)
{
    start();
    nr_deactivated = 0;
    write_sysreg(cntv_ctl_el0, TIMER_ENABLE | TIMER_ISTATUS);
    mailbox_timer_fired(&vcpu);
    EXPECT_EQ(nr_deactivated, 1u);
    EXPECT_NE(read_sysreg(cntv_ctl_el0) & TIMER_ENABLE, 0u);
    EXPECT_TRUE(is_pending(27));
    EXPECT_EQ(nr_raised, 1u);
}

KTF_TEST_EACH(mailbox, a_mask_by_call_is_the_guests_own, uint32_t, ports, name_port)
{
    uint64_t bit = UINT64_C(1) << (*param % 64);

    start();
    mailbox_set_enabled(&vcpu, &vcpu, *param, false);
    EXPECT_EQ(mailbox.words[*param / 64].mask, bit);
    mailbox_raise(&vcpu, *param);
    EXPECT_EQ(mailbox_query(&vcpu, &vcpu, *param).flags, (uint32_t)STILE_IRQ_PENDING);
    EXPECT_EQ(nr_raised, 0u);
    mailbox_set_enabled(&vcpu, &vcpu, *param, true);
    EXPECT_EQ(mailbox.words[*param / 64].mask, 0u);
    EXPECT_EQ(nr_raised, 1u);
    EXPECT_EQ(mailbox_query(&vcpu, &vcpu, *param).flags, STILE_IRQ_PENDING | STILE_IRQ_ENABLED);
    mailbox.words[*param / 64].pending = 0;
    mailbox_set_enabled(&vcpu, &vcpu, *param, true);
    EXPECT_EQ(nr_raised, 1u);
}

KTF_TEST(mailbox, unmasked_by_call_a_busy_vcpu_is_not_interrupted)
{
    start();
    mailbox.words[0].mask = 1u << 9;
    mailbox_raise(&vcpu, 9);
    mailbox.busy = 1;
    mailbox_set_enabled(&vcpu, &vcpu, 9, true);
    EXPECT_EQ(nr_raised, 0u);
}

KTF_TEST_EACH(mailbox, a_priority_is_urgent_or_not, uint32_t, ports, name_port)
{
    uint64_t bit = UINT64_C(1) << (*param % 64);

    start();
    EXPECT_EQ(mailbox_query(&vcpu, &vcpu, *param).priority, 0x80u);
    mailbox_set_priority(&vcpu, &vcpu, *param, 0x7F);
    EXPECT_EQ(mailbox.words[*param / 64].urgent, bit);
    EXPECT_EQ(mailbox_query(&vcpu, &vcpu, *param).priority, 0u);
    mailbox_set_priority(&vcpu, &vcpu, *param, 0xFF);
    EXPECT_EQ(mailbox.words[*param / 64].urgent, 0u);
}

/* --- against a guest that never stops writing --- */

/* Everything that changes a word. */
static void raise(void)
{
    mailbox_raise(&vcpu, 5);
}

static void clear(void)
{
    EXPECT_TRUE(mailbox_clear(&vcpu, 5));
}

static void mask(void)
{
    mailbox_mask(&vcpu, 5);
}

static void enable(void)
{
    mailbox_set_enabled(&vcpu, &vcpu, 5, true);
}

static void be_urgent(void)
{
    mailbox_set_priority(&vcpu, &vcpu, 5, 0);
}

struct writer {
    const char *name;
    void (*change)(void);
};

static const struct writer writers[] = {
    {"raise", raise}, {"clear", clear}, {"mask", mask}, {"enable", enable}, {"urgent", be_urgent},
};

static void name_writer(const struct writer *writer, char *text, size_t size)
{
    snprintf(text, size, "%s", writer->name);
}

/* The bits whose change can be seen: all of them are the other way before. */
static void turn_all(void)
{
    mailbox.words[0] = (struct stile_port_word){.mask = 1u << 5};
}

KTF_TEST_EACH(mailbox, who_writes_for_ever_is_stopped, struct writer, writers, name_writer)
{
    start();
    turn_all();
    struct stile_mailbox before = mailbox;
    fake_exclusive_failures = UINT32_MAX;
    param->change();
    EXPECT_EQ(UINT32_MAX - fake_exclusive_failures, GUEST_WORD_TRIES + 1);
    EXPECT_EQ(memcmp(&before, &mailbox, sizeof(before)), 0);
    EXPECT_EQ(stopped, 3); /* all its vCPUs are told */
    EXPECT_EQ(nr_raised, 0);
}

KTF_TEST_EACH(mailbox, who_is_in_the_way_sometimes_is_not, struct writer, writers, name_writer)
{
    start();
    turn_all();
    mailbox.words[0].pending = param->change == clear ? 1u << 5 : 0;
    fake_exclusive_failures = GUEST_WORD_TRIES;
    param->change();
    EXPECT_EQ(fake_exclusive_failures, 0);
    EXPECT_EQ(stopped, 0);
}

KTF_TEST_EACH(mailbox, with_one_instruction_there_is_no_loop, struct writer, writers, name_writer)
{
    start();
    turn_all();
    mailbox.words[0].pending = param->change == clear ? 1u << 5 : 0;
    fake_exclusive_failures = UINT32_MAX;
    fake_exclusive_has_lse = true;
    param->change();
    EXPECT_EQ(UINT32_MAX - fake_exclusive_failures, 1); /* the first try is without */
    EXPECT_EQ(stopped, 0);
}

/* --- against a guest that masks, unmasks and looks --- */

#define NR_EVENTS 1000u
#define PORT      97u
#define WORD      (PORT / 64)
#define BIT       (UINT64_C(1) << (PORT % 64))

static uint32_t nr_taken; /* events the guest has found */
static bool by_mask;      /* it uses mask, else busy */

static void set_quiet(bool quiet)
{
    if (!by_mask)
        __atomic_store_n(&mailbox.busy, quiet, __ATOMIC_RELAXED);
    else
        __atomic_store_n(&mailbox.words[WORD].mask, quiet ? BIT : 0, __ATOMIC_RELAXED);
}

static bool take(void)
{
    if (!(__atomic_fetch_and(&mailbox.words[WORD].pending, ~BIT, __ATOMIC_ACQUIRE) & BIT))
        return false;
    __atomic_fetch_add(&nr_taken, 1, __ATOMIC_SEQ_CST);
    return true;
}

/* Sends one event after the other, each when the one before was taken. */
static void *send(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < NR_EVENTS; i++) {
        mailbox_raise(&vcpu, PORT);
        while (__atomic_load_n(&nr_taken, __ATOMIC_SEQ_CST) <= i)
            sched_yield();
    }
    return NULL;
}

/* The guest looks when it has unmasked and when it is interrupted, and at no other time. */
static void expect_no_loss(bool with_mask)
{
    uint32_t nr_seen = 0;
    uint32_t patience = 10000000; /* turns for the sender */
    pthread_t sender;

    start();
    nr_taken = 0;
    by_mask = with_mask;
    ASSERT_EQ(pthread_create(&sender, NULL, send, NULL), 0);
    while (__atomic_load_n(&nr_taken, __ATOMIC_SEQ_CST) < NR_EVENTS) {
        set_quiet(true);
        set_quiet(false);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(&mailbox.words[WORD].pending, __ATOMIC_RELAXED) & BIT && take())
            continue;
        while (__atomic_load_n(&nr_raised, __ATOMIC_SEQ_CST) == nr_seen) {
            ASSERT_NE(--patience, 0u);
            sched_yield();
        }
        nr_seen = __atomic_load_n(&nr_raised, __ATOMIC_SEQ_CST);
        (void)take();
    }
    pthread_join(sender, NULL);
}

KTF_TEST(mailbox, no_event_is_lost_while_a_guest_unmasks)
{
    expect_no_loss(true);
}

KTF_TEST(mailbox, no_event_is_lost_while_a_guest_is_busy)
{
    expect_no_loss(false);
}
