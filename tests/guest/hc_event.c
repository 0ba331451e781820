/* SPDX-License-Identifier: MIT */
/*
 * Group event within one VM: channels to itself, IPIs, virqs, limits, and who is interrupted.
 */
#include "arch/cpu.h"
#include "event_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "sensitive/sensitive.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS   3000
#define QUIET_MS   5
#define NR_ROUNDS  200
#define NR_STREAM  20
#define STREAM_MS  15000
#define NR_PORTS   (STILE_NR_PORTS - STILE_PORT_FIRST)
#define NO_VM      0x1FF /* no such place */
#define LAST_CPU() (smp_nr_online() - 1)

KTF_SUITE(hc_event, .suite_setup = event_rig_init, .setup = event_rig_start,
          .teardown = event_rig_stop);

static stile_vm_id_t self(void)
{
    return stile_vm_id((uint32_t)event_rig_info(STILE_INFO_VM_ID));
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

static int64_t send(uint32_t port)
{
    return stile_event_send(stile_port(port)).status;
}

static int64_t close(uint32_t port)
{
    return stile_event_close(stile_port(port)).status;
}

static uint32_t alloc(uint32_t cpu)
{
    return event_rig_port(stile_event_alloc(self(), stile_vcpu_id(cpu)));
}

static uint32_t bind(uint32_t remote, uint32_t cpu)
{
    return event_rig_port(stile_event_bind(self(), stile_port(remote), stile_vcpu_id(cpu)));
}

static uint32_t bind_ipi(uint32_t cpu)
{
    return event_rig_port(stile_event_bind_ipi(stile_vcpu_id(cpu)));
}

static void expect_status(uint32_t port, uint64_t state, uint64_t cpu, uint64_t x3)
{
    struct stile_result result = stile_event_query(stile_port(port));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], state);
    EXPECT_EQ(result.value[1], cpu);
    EXPECT_EQ(result.value[2], x3);
}

static void expect_no_port(uint32_t port)
{
    EXPECT_EQ(send(port), STILE_NOT_FOUND);
    EXPECT_EQ(close(port), STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_query(stile_port(port)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_move(stile_port(port), stile_vcpu_id(0)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_bind(self(), stile_port(port), stile_vcpu_id(0)).status, STILE_NOT_FOUND);
}

/* --- bad input ------------------------------------------------------------------------------- */

KTF_TEST(hc_event, what_is_no_port_is_not_found)
{
    static const uint32_t ports[] = {0,
                                     31,
                                     STILE_PORT_FIRST - 1,
                                     STILE_PORT_FIRST,
                                     STILE_NR_PORTS - 1,
                                     STILE_NR_PORTS,
                                     INT32_MAX,
                                     UINT32_MAX};

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        expect_no_port(ports[i]);
}

KTF_TEST(hc_event, what_is_no_vcpu_is_refused)
{
    uint32_t bad[] = {machine.nr_cpus, UINT32_MAX};
    uint32_t port = alloc(0);

    for (size_t i = 0; i < 2; i++) {
        stile_vcpu_id_t none = stile_vcpu_id(bad[i]);
        expect_bad(stile_event_alloc(self(), none), 2);
        expect_bad(stile_event_bind(self(), stile_port(port), none), 3);
        expect_bad(stile_event_bind_virq(STILE_VIRQ_PEER, none), 2);
        expect_bad(stile_event_bind_ipi(none), 1);
        expect_bad(stile_event_move(stile_port(port), none), 2);
    }
    expect_status(port, STILE_PORT_WAITING, 0, self().number);
}

KTF_TEST(hc_event, what_is_no_vm_or_virq_is_refused)
{
    stile_vcpu_id_t first = stile_vcpu_id(0);

    EXPECT_EQ(stile_event_alloc(stile_vm_id(0), first).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_alloc(stile_vm_id(NO_VM), first).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_alloc(stile_vm_id(UINT32_MAX), first).status, STILE_NOT_FOUND);
    expect_bad(stile_event_bind_virq(STILE_NR_VIRQS, first), 1);
    expect_bad(stile_event_bind_virq(UINT32_MAX, first), 1);
    EXPECT_EQ(stile_event_bind(stile_vm_id(0), stile_port(STILE_PORT_FIRST), first).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_bind(stile_vm_id(NO_VM), stile_port(STILE_PORT_FIRST), first).status,
              STILE_NOT_FOUND);
}

KTF_TEST(hc_event, a_vm_has_so_many_ports_and_no_more)
{
    for (uint32_t i = 0; i < NR_PORTS; i++)
        (void)bind_ipi(i % smp_nr_online());
    EXPECT_EQ(stile_event_bind_ipi(stile_vcpu_id(0)).status, STILE_LIMIT);
    EXPECT_EQ(stile_event_alloc(self(), stile_vcpu_id(0)).status, STILE_LIMIT);
    EXPECT_EQ(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0)).status, STILE_LIMIT);
    EXPECT_EQ(close(STILE_NR_PORTS - 1), STILE_SUCCESS);
    EXPECT_EQ(alloc(0), STILE_NR_PORTS - 1);
}

/* --- channels -------------------------------------------------------------------------------- */

KTF_TEST(hc_event, a_new_port_is_clear_and_masked)
{
    event_rig_mailbox(0)->words[STILE_PORT_FIRST / 64].mask = 0;
    event_rig_mailbox(0)->words[STILE_PORT_FIRST / 64].pending = UINT64_MAX;
    uint32_t port = alloc(0);

    EXPECT_FALSE(event_rig_is_pending(0, port));
    EXPECT_TRUE(event_rig_is_masked(0, port));
    EXPECT_FALSE(event_rig_is_masked(0, port + 1));
    event_rig_mailbox(0)->words[STILE_PORT_FIRST / 64].pending = 0;
}

KTF_TEST(hc_event, both_ends_of_a_channel_reach_each_other)
{
    uint32_t one = alloc(0);
    uint32_t other = bind(one, LAST_CPU());

    EXPECT_TRUE(event_rig_clear(0, one)); /* it was bound */
    EXPECT_FALSE(event_rig_is_pending(LAST_CPU(), other));
    expect_status(one, STILE_PORT_PEER, 0, self().number | (uint64_t)other << 32);
    expect_status(other, STILE_PORT_PEER, LAST_CPU(), self().number | (uint64_t)one << 32);
    EXPECT_EQ(send(one), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(LAST_CPU(), other));
    EXPECT_FALSE(event_rig_is_pending(0, one));
    EXPECT_EQ(send(other), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_clear(0, one));
    EXPECT_EQ(send(other), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(0, one));
}

KTF_TEST(hc_event, only_what_waits_can_be_bound)
{
    uint32_t one = alloc(0);
    uint32_t ipi = bind_ipi(0);
    uint32_t other = bind(one, 0);
    uint32_t ports[] = {one, other, ipi};

    for (size_t i = 0; i < 3; i++)
        EXPECT_EQ(stile_event_bind(self(), stile_port(ports[i]), stile_vcpu_id(0)).status,
                  STILE_NOT_FOUND);
}

KTF_TEST(hc_event, what_waits_leads_nowhere)
{
    uint32_t port = alloc(0);

    EXPECT_EQ(send(port), STILE_NOT_BOUND);
    uint32_t other = bind(port, 0);
    EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_EQ(close(other), STILE_SUCCESS);
    EXPECT_FALSE(event_rig_is_pending(0, other));
    EXPECT_EQ(send(port), STILE_NOT_BOUND);
    expect_status(port, STILE_PORT_WAITING, 0, self().number);
    expect_no_port(other);
    other = bind(port, 0);
    EXPECT_EQ(send(other), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(0, port));
}

KTF_TEST(hc_event, a_port_moves_with_its_bit)
{
    uint32_t port = bind_ipi(0);

    EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_EQ(stile_event_move(stile_port(port), stile_vcpu_id(LAST_CPU())).status, STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(LAST_CPU(), port));
    EXPECT_EQ(event_rig_is_pending(0, port), LAST_CPU() == 0);
    expect_status(port, STILE_PORT_IPI, LAST_CPU(), 0);
    EXPECT_TRUE(event_rig_clear(LAST_CPU(), port));
    EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(LAST_CPU(), port));
}

KTF_TEST(hc_event, a_virq_has_one_port)
{
    uint32_t port = event_rig_port(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0)));

    expect_status(port, STILE_PORT_VIRQ, 0, STILE_VIRQ_PEER);
    EXPECT_EQ(send(port), STILE_NOT_BOUND);
    EXPECT_EQ(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(LAST_CPU())).status, STILE_BUSY);
    (void)event_rig_port(stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0)));
    EXPECT_EQ(close(port), STILE_SUCCESS);
    (void)event_rig_port(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(LAST_CPU())));
}

KTF_TEST(hc_event, a_timer_has_a_port_for_each_vcpu)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        stile_vcpu_id_t target = stile_vcpu_id(cpu);
        uint32_t port = event_rig_port(stile_event_bind_virq(STILE_VIRQ_TIMER, target));
        EXPECT_EQ(stile_event_bind_virq(STILE_VIRQ_TIMER, target).status, STILE_BUSY);
        EXPECT_EQ(stile_event_move(stile_port(port), target).status, STILE_DENIED);
    }
}

KTF_TEST(hc_event, an_end_that_comes_or_goes_interrupts_the_other)
{
    uint32_t port = alloc(LAST_CPU()), taken = 0;

    event_rig_unmask(LAST_CPU(), port);
    for (uint32_t i = 0; i < NR_ROUNDS; i++) {
        uint32_t other = bind(port, 0);
        ASSERT_TRUE(support_wait(event_rig_taken(LAST_CPU()) == taken + 1, LIMIT_MS));
        ASSERT_TRUE(event_rig_clear(LAST_CPU(), port));
        EXPECT_EQ(close(other), STILE_SUCCESS);
        ASSERT_TRUE(support_wait(event_rig_taken(LAST_CPU()) == taken + 2, LIMIT_MS));
        ASSERT_TRUE(event_rig_clear(LAST_CPU(), port));
        taken += 2;
    }
}

KTF_TEST(hc_event, an_end_that_goes_ends_the_others_poll)
{
    uint32_t port = alloc(0), other = bind(port, 0);

    EXPECT_TRUE(event_rig_clear(0, port));
    EXPECT_EQ(close(other), STILE_SUCCESS);
    EXPECT_EQ(stile_vcpu_poll(port / 64, UINT64_C(1) << (port % 64), stile_ticks(STILE_TIME_NEVER))
                  .status,
              STILE_SUCCESS);
    expect_status(port, STILE_PORT_WAITING, 0, self().number);
}

/* --- who is interrupted ---------------------------------------------------------------------- */

KTF_TEST(hc_event, an_ipi_interrupts_its_vcpu)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        uint32_t port = bind_ipi(cpu);
        event_rig_unmask(cpu, port);
        for (uint32_t i = 1; i <= NR_ROUNDS; i++) {
            ASSERT_EQ(send(port), STILE_SUCCESS);
            ASSERT_TRUE(support_wait(event_rig_taken(cpu) == i, LIMIT_MS));
            ASSERT_TRUE(event_rig_clear(cpu, port));
        }
    }
}

KTF_TEST(hc_event, a_bit_that_is_set_interrupts_once)
{
    uint32_t port = bind_ipi(0);

    event_rig_unmask(0, port);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_TRUE(support_wait(event_rig_taken(0) == 1, LIMIT_MS));
    thread_sleep_ms(QUIET_MS);
    EXPECT_EQ(event_rig_taken(0), 1);
}

KTF_TEST(hc_event, a_masked_bit_is_set_and_interrupts_nobody)
{
    uint32_t port = bind_ipi(LAST_CPU());

    EXPECT_EQ(send(port), STILE_SUCCESS);
    thread_sleep_ms(QUIET_MS);
    EXPECT_EQ(event_rig_taken(LAST_CPU()), 0);
    EXPECT_TRUE(event_rig_is_pending(LAST_CPU(), port));
    /* To unmask interrupts nobody either: who does it looks at the bit. */
    event_rig_unmask(LAST_CPU(), port);
    thread_sleep_ms(QUIET_MS);
    EXPECT_EQ(event_rig_taken(LAST_CPU()), 0);
    EXPECT_TRUE(event_rig_clear(LAST_CPU(), port));
    EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_TRUE(support_wait(event_rig_taken(LAST_CPU()) == 1, LIMIT_MS));
}

KTF_TEST(hc_event, a_vcpu_that_is_busy_is_not_interrupted)
{
    uint32_t port = bind_ipi(LAST_CPU());

    event_rig_unmask(LAST_CPU(), port);
    event_rig_mailbox(LAST_CPU())->busy = 1;
    EXPECT_EQ(send(port), STILE_SUCCESS);
    thread_sleep_ms(QUIET_MS);
    EXPECT_EQ(event_rig_taken(LAST_CPU()), 0);
    EXPECT_TRUE(event_rig_clear(LAST_CPU(), port));
    __atomic_store_n(&event_rig_mailbox(LAST_CPU())->busy, 0, __ATOMIC_SEQ_CST);
    EXPECT_EQ(send(port), STILE_SUCCESS);
    EXPECT_TRUE(support_wait(event_rig_taken(LAST_CPU()) == 1, LIMIT_MS));
}

static uint32_t stream_port;
static bool stream_ends;

static void send_stream(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&stream_ends, __ATOMIC_ACQUIRE))
        EXPECT_EQ(send(stream_port), STILE_SUCCESS);
}

/* Takes some events as they come. On a host with few CPUs they may come slowly. */
static void take_stream(uint32_t cpu)
{
    uint64_t end = cpu_ticks() + time_ms_to_ticks(STREAM_MS);
    uint32_t nr_taken = 0;

    while (nr_taken < NR_STREAM && cpu_ticks() < end) {
        nr_taken += event_rig_clear(cpu, stream_port);
        cpu_wait_for_event(); /* no exit, unless the sender waits for this physical CPU */
    }
    EXPECT_EQ(nr_taken, NR_STREAM);
}

/* On a physical CPU of its own; else it has to make way for the sender, and that is an exit. */
KTF_TEST(hc_event, a_vcpu_that_is_busy_takes_no_exit)
{
    if (smp_nr_online() < 2)
        SKIP("there is no other vCPU");
    uint64_t flags = irq_save();
    uint32_t cpu = smp_cpu()->index;
    const volatile struct stile_vcpu_page *page = event_rig_vcpu_page(cpu);

    sensitive->timer_disarm();
    stream_ends = false;
    stream_port = bind_ipi(cpu);
    event_rig_unmask(cpu, stream_port);
    event_rig_mailbox(cpu)->busy = 1;
    struct thread *thread = thread_create("stream", send_stream, NULL, NULL);
    uint64_t switches = page->nr_switches;
    uint64_t exits = stile_vcpu_counter(STILE_COUNTER_EXITS).value[0];
    take_stream(cpu);
    exits = stile_vcpu_counter(STILE_COUNTER_EXITS).value[0] - exits;
    bool was_switched = page->nr_switches != switches;
    event_rig_mailbox(cpu)->busy = 0;
    irq_restore(flags);
    __atomic_store_n(&stream_ends, true, __ATOMIC_RELEASE);
    thread_join(thread);
    if (was_switched)
        SKIP("it had to make way");
    EXPECT_LE(exits, NR_STREAM / 4); /* the kernel's own */
}

KTF_TEST(hc_event, what_was_written_before_is_seen_by_who_sees_the_bit)
{
    static uint64_t message;
    uint32_t port = bind_ipi(LAST_CPU());

    for (uint64_t i = 1; i <= NR_ROUNDS; i++) {
        __atomic_store_n(&message, i, __ATOMIC_RELAXED);
        EXPECT_EQ(send(port), STILE_SUCCESS);
        ASSERT_TRUE(event_rig_clear(LAST_CPU(), port));
        ASSERT_EQ(__atomic_load_n(&message, __ATOMIC_RELAXED), i);
    }
}
