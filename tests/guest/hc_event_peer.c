/* SPDX-License-Identifier: MIT */
/*
 * Event channels to another VM, "peer=" of the command line, which does
 * guest-kernel/test/echo.c: events are answered; the other end is started anew, or ends, while this
 * one sends.
 */
#include <string.h>

#include "arch/cpu.h"
#include "event_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "support.h"
#include "test/test.h"
#include "threads/thread.h"

#define LIMIT_MS  10000
#define NR_ROUNDS 50

static uint32_t peer;

static void find_option(void)
{
    const char *value = machine_option_value("peer=");

    event_rig_init();
    if (!value)
        SKIP("there is no other VM to talk to");
    peer = test_find_peer(value);
}

KTF_SUITE(hc_event_peer, .suite_setup = find_option, .setup = event_rig_start,
          .teardown = event_rig_stop);

static uint64_t key_of(const char *name)
{
    uint64_t key = 0;

    memcpy(&key, name, strlen(name));
    return key;
}

/* The peer's port for a purpose, or its answer: 0 if it has published none. */
static uint32_t look_up(const char *name)
{
    struct stile_result found = stile_directory_lookup(stile_vm_id(peer), key_of(name), 0);

    return found.status == STILE_SUCCESS ? (uint32_t)found.value[0] : 0;
}

/* Has the peer do what a port of it is for, which the event alone does not. */
static int64_t want(const char *purpose, uint32_t word, uint32_t port)
{
    struct stile_result result = stile_directory_publish(key_of(purpose), 0, word);

    return result.status == STILE_SUCCESS ? stile_event_send(stile_port(port)).status
                                          : result.status;
}

static void want_no_more(const char *purpose)
{
    EXPECT_EQ(stile_directory_withdraw(key_of(purpose), 0).status, STILE_SUCCESS);
}

static uint32_t bind(uint32_t remote)
{
    return event_rig_port(
        stile_event_bind(stile_vm_id(peer), stile_port(remote), stile_vcpu_id(0)));
}

/* A channel to the peer's port for a purpose; 0 if it does not come. */
static uint32_t connect(const char *purpose)
{
    uint32_t remote = 0;

    EXPECT_TRUE(support_wait((remote = look_up(purpose)) != 0, LIMIT_MS));
    return remote ? bind(remote) : 0;
}

static uint32_t bind_peer_virq(void)
{
    return event_rig_port(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0)));
}

static int64_t send(uint32_t port)
{
    return stile_event_send(stile_port(port)).status;
}

static void expect_answers(uint32_t port)
{
    static uint32_t nr_asked;

    for (uint32_t i = 0; i < NR_ROUNDS; i++) {
        bool awaited = true;

        ASSERT_EQ(want("echo", ++nr_asked, port), STILE_SUCCESS);
        while (awaited && look_up("answer") != nr_asked)
            awaited = event_rig_await(0, port, LIMIT_MS);
        ASSERT_TRUE(awaited);
    }
    want_no_more("echo");
}

static void expect_state(uint32_t port, uint64_t state)
{
    struct stile_result result = stile_event_query(stile_port(port));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], state);
    EXPECT_EQ(result.value[1], 0);
    EXPECT_EQ((uint32_t)result.value[2], peer);
}

/* Sends until the other end is gone, which it may be at any moment. */
static void send_until_gone(uint32_t port)
{
    uint64_t end = cpu_ticks() + time_ms_to_ticks(LIMIT_MS);
    int64_t status = STILE_SUCCESS;

    while (status == STILE_SUCCESS && cpu_ticks() < end) {
        status = send(port);
        (void)stile_vcpu_yield();
    }
    EXPECT_EQ(status, STILE_NOT_BOUND);
}

KTF_TEST(hc_event_peer, events_are_answered)
{
    uint32_t port = connect("echo");

    ASSERT_NE(port, 0);
    expect_state(port, STILE_PORT_PEER);
    expect_answers(port);
}

KTF_TEST(hc_event_peer, what_waits_for_the_peer_is_not_bound_here)
{
    stile_vm_id_t self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);
    uint32_t port = event_rig_port(stile_event_alloc(stile_vm_id(peer), stile_vcpu_id(0)));

    EXPECT_EQ(stile_event_bind(self, stile_port(port), stile_vcpu_id(0)).status, STILE_NOT_FOUND);
}

KTF_TEST(hc_event_peer, what_is_bound_is_not_bound_again_until_it_is_closed)
{
    uint32_t port = connect("echo");
    uint32_t remote = look_up("echo");

    ASSERT_NE(port, 0);
    EXPECT_EQ(stile_event_bind(stile_vm_id(peer), stile_port(remote), stile_vcpu_id(0)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);
    port = bind(remote);
    expect_answers(port);
}

KTF_TEST(hc_event_peer, a_peer_starts_anew_and_is_found_again)
{
    uint32_t virq = bind_peer_virq();
    uint32_t port = connect("echo"), reboot = connect("reboot");

    ASSERT_TRUE(port != 0 && reboot != 0);
    EXPECT_FALSE(event_rig_is_pending(0, reboot));
    EXPECT_EQ(want("reboot", 1, reboot), STILE_SUCCESS);
    send_until_gone(port);
    EXPECT_TRUE(event_rig_await(0, reboot, LIMIT_MS)); /* on which nobody sends */
    want_no_more("reboot");
    EXPECT_TRUE(event_rig_await(0, virq, LIMIT_MS));
    expect_state(port, STILE_PORT_WAITING);
    expect_state(reboot, STILE_PORT_WAITING);
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);

    port = connect("echo");
    ASSERT_NE(port, 0);
    expect_answers(port);
}

KTF_TEST(hc_event_peer, a_peer_ends)
{
    uint32_t port = connect("echo"), off = connect("off");
    uint32_t remote = look_up("echo");

    ASSERT_TRUE(port != 0 && off != 0);
    uint32_t virq = bind_peer_virq();
    EXPECT_EQ(want("off", 1, off), STILE_SUCCESS);
    send_until_gone(port);
    EXPECT_TRUE(event_rig_await(0, off, LIMIT_MS));
    want_no_more("off");
    EXPECT_TRUE(event_rig_await(0, virq, LIMIT_MS));
    expect_state(port, STILE_PORT_WAITING);
    EXPECT_EQ(stile_event_bind(stile_vm_id(peer), stile_port(remote), stile_vcpu_id(0)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(look_up("echo"), 0);
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);
}
