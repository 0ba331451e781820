/* SPDX-License-Identifier: MIT */
/*
 * A network card of another VM's: packets are sent as fast as it takes them, and what that took of
 * the hypervisor is counted.
 */
#include <string.h>

#include "lib/printk.h"
#include "sensitive/sensitive.h"
#include "sensitive/virtio.h"
#include "stile/abi.h"
#include "test/test.h"

#define NR_PACKETS   8192u
#define PACKET_BYTES 1514u

/* Sent first: the VM that slept longer has the CPU for each packet until what it was due is used
 * up, which says how the machine began, not what packets take. */
#define NR_BEFORE 2048u

/* To and from addresses that nobody else has; of a type that nobody knows. */
static const uint8_t head[14] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xB5};

static const char *open_card(const char *how)
{
    uint8_t mac[6];
    char vm[32];

    test_word(how, vm, sizeof(vm));
    const char *fault = virtio_open(vm, TEST_IO_LIMIT_MS);
    if (fault)
        return fault;
    fault = virtio_net_open(1, mac);
    if (fault)
        virtio_close();
    return fault;
}

static const char *send_packets(uint64_t nr)
{
    static uint8_t packet[PACKET_BYTES];
    const char *fault = NULL;

    memcpy(packet, head, sizeof(head));
    for (uint64_t i = 0; i < nr && !fault; i++)
        fault = virtio_net_send(packet, sizeof(packet));
    return fault;
}

void packets_count(const char *how, const char *what, const char *(*run)(uint64_t nr))
{
    uint64_t before = 0, after = 0;
    const char *fault = open_card(how);

    if (!fault) {
        fault = run(NR_BEFORE);
        (void)sensitive_counter(STILE_COUNTER_EXITS, &before);
        test_mark();
        if (!fault)
            fault = run(NR_PACKETS);
        test_mark();
        (void)sensitive_counter(STILE_COUNTER_EXITS, &after);
        virtio_close();
    }
    if (fault)
        printk("packets: %s: BAD\n", fault);
    else
        printk("packets: %s: %u packets, %lu exits\npackets: good\n", what, NR_PACKETS,
               after - before);
}

void packets_run(const char *how)
{
    packets_count(how, "sent", send_packets);
}

const char *packets_storm(const char *whose)
{
    const char *fault = open_card(whose);

    return fault ? fault : send_packets(UINT64_MAX);
}
