/* SPDX-License-Identifier: MIT */
/*
 * Two VMs that exchange messages: the owner of the channel asks, the other answers. First one at a
 * time, so that both sleep in between; then as fast as there is room.
 */
#include <string.h>

#include "lib/printk.h"
#include "sensitive/channel.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"
#include "test/test.h"

#define LIMIT_MS  20000
#define NR_PINGS  250
#define NR_STREAM 5000

struct message {
    uint64_t number;
    uint64_t words[3];
};
_Static_assert(sizeof(struct message) == CHANNEL_MESSAGE_BYTES, "one message");

/* What the message of a number looks like, from the owner or from the other. */
static struct message make(uint64_t number, uint64_t from)
{
    return (struct message){number, {number * number + from, ~number, from}};
}

static bool is_right(const struct message *message, uint64_t number, uint64_t from)
{
    struct message right = make(number, from);

    return memcmp(message, &right, sizeof(right)) == 0;
}

static bool send(uint64_t number, uint64_t from)
{
    struct message message = make(number, from);

    return channel_send(&message, LIMIT_MS);
}

static bool receive(uint64_t number, uint64_t from)
{
    struct message message;

    return channel_receive(&message, LIMIT_MS) && is_right(&message, number, from);
}

/* How many were asked, all of them if nothing went wrong. The owner's messages are from 1. */
static uint64_t ask(void)
{
    uint64_t i = 0;

    while (i < NR_PINGS && send(i, 1) && receive(i, 0))
        i++;
    while (i >= NR_PINGS && i < NR_PINGS + NR_STREAM && send(i, 1))
        i++;
    return receive(i, 0) ? i : 0;
}

static uint64_t answer(void)
{
    uint64_t i = 0;

    while (i < NR_PINGS && receive(i, 1) && send(i, 0))
        i++;
    while (i >= NR_PINGS && i < NR_PINGS + NR_STREAM && receive(i, 1))
        i++;
    return send(i, 0) ? i : 0;
}

void channel_run(const char *how)
{
    bool is_owner = strncmp(how, "to:", 3) == 0;
    const char *rest = strchr(how, ':');
    uint64_t before = 0, after = 0;
    char peer[32];

    test_word(rest ? rest + 1 : "", peer, sizeof(peer));
    if (!channel_open(peer, is_owner, LIMIT_MS)) {
        printk("channel: %s is not there: BAD\n", peer);
        return;
    }
    (void)sensitive_counter(STILE_COUNTER_HYPERCALLS, &before);
    uint64_t nr = is_owner ? ask() : answer();
    (void)sensitive_counter(STILE_COUNTER_HYPERCALLS, &after);
    channel_close();
    printk("channel: %lu messages, %lu calls: %s\n", nr, after - before,
           nr == NR_PINGS + NR_STREAM ? "good" : "BAD");
}
