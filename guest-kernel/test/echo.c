/* SPDX-License-Identifier: MIT */
/*
 * A VM that answers events of another one, and ends or starts anew when that wants it to. It
 * publishes its ports by what they are for; tests/guest/hc_event_peer.c is who uses them.
 *
 * A bit may be set without a send. So what it stands for is a word that the other VM publishes
 * under the same name as the port; the answer is that word, published under "answer".
 */
#include <string.h>

#include "lib/printk.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/hypercall.h"
#include "test/test.h"

#define WORD (STILE_PORT_FIRST / 64)

/* Ports of that word, in the order in which they are allocated. */
enum purpose { ECHO, REBOOT, OFF, NR_PURPOSES };

static const char *const keys[NR_PURPOSES] = {"echo", "reboot", "off"};

static uint64_t bit_of(enum purpose purpose)
{
    return UINT64_C(1) << (STILE_PORT_FIRST % 64 + (unsigned)purpose);
}

static uint64_t key_of(const char *name)
{
    uint64_t key = 0;

    memcpy(&key, name, strlen(name));
    return key;
}

static bool publish(uint32_t peer, enum purpose purpose)
{
    struct stile_result port = stile_event_alloc(stile_vm_id(peer), stile_vcpu_id(0));

    if (port.status != STILE_SUCCESS || port.value[0] != STILE_PORT_FIRST + (unsigned)purpose)
        return false;
    return stile_directory_publish(key_of(keys[purpose]), 0, port.value[0]).status == STILE_SUCCESS;
}

/* What the peer wants, or false if it wants nothing. */
static bool is_wanted(uint32_t peer, enum purpose purpose, uint64_t *word)
{
    struct stile_result found = stile_directory_lookup(stile_vm_id(peer), key_of(keys[purpose]), 0);

    *word = found.value[0];
    return found.status == STILE_SUCCESS;
}

static void look(uint32_t peer)
{
    uint64_t word;

    if (is_wanted(peer, ECHO, &word)) {
        (void)stile_directory_publish(key_of("answer"), 0, word);
        (void)stile_event_send(stile_port(STILE_PORT_FIRST + ECHO));
    }
    if (is_wanted(peer, REBOOT, &word))
        sensitive->power_reset();
    if (is_wanted(peer, OFF, &word))
        sensitive->power_off(0);
}

void echo_run(const char *whom)
{
    uint32_t peer = test_find_peer(whom);
    uint64_t ipa = stile_core_info(STILE_INFO_MAILBOX).value[0];
    struct stile_mailbox *mailbox = (void *)kernel_map_device(ipa, PAGE_SIZE);
    uint64_t all = bit_of(ECHO) | bit_of(REBOOT) | bit_of(OFF);

    for (unsigned i = 0; i < NR_PURPOSES; i++)
        if (!publish(peer, (enum purpose)i)) {
            printk("echo: no port\n");
            return;
        }
    for (;;) {
        (void)stile_vcpu_poll(WORD, all, stile_ticks(STILE_TIME_NEVER));
        (void)__atomic_fetch_and(&mailbox->words[WORD].pending, ~all, __ATOMIC_ACQUIRE);
        look(peer);
    }
}
