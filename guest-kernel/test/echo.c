/* SPDX-License-Identifier: MIT */
/*
 * A VM that answers events of another one, and ends or starts anew when that wants it to. It
 * publishes its ports by what they are for; tests/guest/hc_event_peer.c is who uses them.
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

static bool publish(uint32_t peer, enum purpose purpose)
{
    uint64_t key = 0;
    struct stile_result port = stile_event_alloc(stile_vm_id(peer), stile_vcpu_id(0));

    if (port.status != STILE_SUCCESS || port.value[0] != STILE_PORT_FIRST + (unsigned)purpose)
        return false;
    memcpy(&key, keys[purpose], strlen(keys[purpose]));
    return stile_directory_publish(key, 0, port.value[0]).status == STILE_SUCCESS;
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
        uint64_t set = __atomic_fetch_and(&mailbox->pending[WORD], ~all, __ATOMIC_ACQUIRE);
        if (set & bit_of(ECHO))
            (void)stile_event_send(stile_port(STILE_PORT_FIRST + ECHO));
        if (set & bit_of(REBOOT))
            sensitive->power_reset();
        if (set & bit_of(OFF))
            sensitive->power_off(0);
    }
}
