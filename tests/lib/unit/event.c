/* SPDX-License-Identifier: MIT */
/*
 * The event loop over the fake: masks, order, strays, and what an event that comes late costs.
 */
#include <string.h>

#include "ktf.h"
#include "stile/directory.h"
#include "stile/event.h"
#include "stile/fake.h"

static struct stile_event_handler handlers[STILE_NR_PORTS];
static struct stile_event_loop loop;
static struct stile_mailbox *mailbox;
static uint32_t vm, peer;
static uint32_t seen[16];
static uint32_t nr_seen;

static void note(uint32_t port, void *context)
{
    if (nr_seen < 16)
        seen[nr_seen++] = port;
    if (context)
        *(uint32_t *)context = port;
}

static void start(void)
{
    stile_fake_reset();
    memset(handlers, 0, sizeof(handlers));
    nr_seen = 0;
    vm = stile_fake_start(NULL);
    peer = stile_fake_start(NULL);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    mailbox = stile_fake_mailbox(vm, 0);
    stile_event_init(&loop, mailbox, handlers);
    (void)stile_irq_unmask(stile_vcpu_id(0), stile_intid(31));
    stile_fake_become(peer, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_fake_become(vm, 0);
}

KTF_SUITE(event, .setup = start);

/* A port that the vCPU sends to itself by. */
static uint32_t ipi_port(void)
{
    uint32_t port = (uint32_t)stile_event_bind_ipi(stile_vcpu_id(0)).value[0];

    handlers[port].handle = note;
    return port;
}

static void send(uint32_t port)
{
    EXPECT_EQ(stile_event_send(stile_port(port)).status, STILE_SUCCESS);
}

KTF_TEST(event, a_port_is_masked_until_it_is_wanted)
{
    uint32_t port = ipi_port();

    send(port);
    EXPECT_EQ(stile_event_take(&loop), -1);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
    EXPECT_TRUE(stile_event_unmask(mailbox, port)); /* look yourself */
    EXPECT_EQ(stile_event_take(&loop), (int)port);
    EXPECT_EQ(stile_event_take(&loop), -1);
}

KTF_TEST(event, an_event_interrupts_and_its_function_is_called)
{
    uint32_t port = ipi_port(), context = 0;

    handlers[port].context = &context;
    EXPECT_FALSE(stile_event_unmask(mailbox, port));
    send(port);
    EXPECT_EQ(stile_fake_acknowledge(), 31);
    stile_event_dispatch(&loop);
    stile_fake_end_interrupt(31);
    EXPECT_EQ(nr_seen, 1);
    EXPECT_EQ(context, port);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
}

KTF_TEST(event, masks_make_no_call)
{
    uint32_t port = ipi_port();
    uint64_t before = stile_fake_calls();

    (void)stile_event_unmask(mailbox, port);
    stile_event_mask(mailbox, port);
    EXPECT_EQ(stile_fake_calls(), before);
    EXPECT_NE(mailbox->words[port / 64].mask >> (port % 64) & 1, 0);
}

KTF_TEST(event, urgent_ports_come_first_and_the_others_in_turn)
{
    uint32_t ports[4];

    for (int i = 0; i < 4; i++) {
        ports[i] = ipi_port();
        (void)stile_event_unmask(mailbox, ports[i]);
        send(ports[i]);
    }
    stile_event_set_urgent(mailbox, ports[3], true);
    EXPECT_EQ(stile_event_take(&loop), (int)ports[3]);
    EXPECT_EQ(stile_event_take(&loop), (int)ports[0]);
    send(ports[0]); /* again: it waits until the others had their turn */
    EXPECT_EQ(stile_event_take(&loop), (int)ports[1]);
    stile_event_set_urgent(mailbox, ports[3], false);
    send(ports[3]);
    EXPECT_EQ(stile_event_take(&loop), (int)ports[2]);
    EXPECT_EQ(stile_event_take(&loop), (int)ports[3]);
    EXPECT_EQ(stile_event_take(&loop), (int)ports[0]);
    EXPECT_EQ(stile_event_take(&loop), -1);
}

KTF_TEST(event, every_port_is_reached_from_every_other)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        mailbox->words[i].mask = 0;
    for (uint32_t from = 0; from < STILE_NR_PORTS; from++) {
        for (uint32_t to = 0; to < STILE_NR_PORTS; to += 5) {
            loop.last = from;
            mailbox->words[to / 64].pending = UINT64_C(1) << (to % 64);
            ASSERT_EQ(stile_event_take(&loop), (int)to);
        }
    }
}

/* A function that sends to its own port, as often as its context says. */
static void resend(uint32_t port, void *context)
{
    uint32_t *left = context;

    nr_seen++;
    if ((*left)-- > 0)
        send(port);
}

KTF_TEST(event, what_comes_meanwhile_needs_no_interrupt)
{
    uint32_t port = ipi_port(), left = 5;

    handlers[port] = (struct stile_event_handler){resend, &left};
    (void)stile_event_unmask(mailbox, port);
    send(port);
    EXPECT_EQ(stile_fake_acknowledge(), 31);
    stile_event_dispatch(&loop);
    stile_fake_end_interrupt(31);
    EXPECT_EQ(nr_seen, 6);
    EXPECT_EQ(mailbox->busy, 0);
    EXPECT_EQ(stile_fake_acknowledge(), STILE_FAKE_NO_INTERRUPT);
}

KTF_TEST(event, a_port_without_a_function_is_masked_and_counted)
{
    uint32_t port = ipi_port();

    handlers[port].handle = NULL;
    (void)stile_event_unmask(mailbox, port);
    send(port);
    stile_event_dispatch(&loop);
    EXPECT_EQ(loop.nr_strays, 1);
    send(port);
    stile_event_dispatch(&loop);
    EXPECT_EQ(loop.nr_strays, 1);
}

KTF_TEST(event, waiting_for_a_port_takes_its_bit)
{
    uint32_t port = ipi_port();

    send(port);
    EXPECT_EQ(stile_event_wait(mailbox, port, stile_ticks(STILE_TIME_NEVER)), STILE_SUCCESS);
    EXPECT_FALSE(stile_event_clear(mailbox, port));
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_poll), 0);
}

KTF_TEST(event, a_wait_ends_at_its_deadline)
{
    uint32_t port = ipi_port();

    EXPECT_EQ(stile_event_wait(mailbox, port, stile_ticks(1000)), STILE_BUSY);
    EXPECT_EQ(stile_fake_ticks(), 1000);
    stile_fake_fail(STILE_NR_vcpu_poll, STILE_NOT_SUPPORTED, 1);
    EXPECT_EQ(stile_event_wait(mailbox, port, stile_ticks(2000)), STILE_NOT_SUPPORTED);
}

KTF_TEST(event, idle_dispatches_or_blocks)
{
    uint32_t port = ipi_port();

    stile_event_idle(&loop);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_block), 1);
    send(port);
    (void)stile_event_unmask(mailbox, port);
    stile_event_idle(&loop);
    EXPECT_EQ(nr_seen, 1);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_block), 1);
}

KTF_TEST(event, two_vms_meet_by_a_key)
{
    stile_port_t ours, theirs;

    EXPECT_EQ(stile_event_offer("bell", stile_vm_id(peer), stile_vcpu_id(0), &ours), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(stile_event_connect(stile_vm_id(vm), "bell", stile_vcpu_id(0), &theirs),
              STILE_SUCCESS);
    send(theirs.port);
    EXPECT_TRUE(stile_event_clear(mailbox, ours.port));
    stile_fake_become(vm, 0);
    send(ours.port);
    EXPECT_TRUE(stile_event_clear(stile_fake_mailbox(peer, 0), theirs.port));
}

KTF_TEST(event, an_offer_that_cannot_be_published_leaves_no_port)
{
    stile_port_t port, next;

    EXPECT_EQ(stile_event_offer("two words", stile_vm_id(peer), stile_vcpu_id(0), &port),
              STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_event_query(port).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_offer("seventeen-letters", stile_vm_id(peer), stile_vcpu_id(0), &next),
              STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_event_connect(stile_vm_id(peer), "bell", stile_vcpu_id(0), &port),
              STILE_NOT_FOUND);
}

KTF_TEST(event, a_vm_is_found_by_its_name)
{
    stile_vm_id_t found = stile_vm_id(0);

    EXPECT_EQ(stile_directory_find("vm2", &found), STILE_SUCCESS);
    EXPECT_EQ(found.number, peer);
    EXPECT_EQ(stile_directory_find("vm", &found), STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_find("a name of more than 32 characters", &found),
              STILE_INVALID_ARGUMENT);
}

KTF_TEST(event, what_is_published_can_be_changed_and_withdrawn)
{
    uint64_t value = 0;

    EXPECT_EQ(stile_directory_set("key", 1), STILE_SUCCESS);
    EXPECT_EQ(stile_directory_set("key", 2), STILE_SUCCESS);
    EXPECT_EQ(stile_directory_get(stile_vm_id(vm), "key", &value), STILE_SUCCESS);
    EXPECT_EQ(value, 2);
    EXPECT_EQ(stile_directory_remove("key"), STILE_SUCCESS);
    EXPECT_EQ(stile_directory_get(stile_vm_id(vm), "key", &value), STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_remove("key"), STILE_NOT_FOUND);
}
