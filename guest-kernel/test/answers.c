/* SPDX-License-Identifier: MIT */
/*
 * A network card of another VM's, both ways: its network stack is asked for echoes (RFC 792) as
 * fast as it answers.
 */
#include <string.h>

#include "sensitive/virtio.h"
#include "test/test.h"

#define NR_UNDERWAY  64u
#define PACKET_BYTES 1514u

#define IP_AT   14u
#define ICMP_AT 34u

/* From 10.9.0.2, as tests/linux/driver/devices expects it, to 10.9.0.1. */
static const uint8_t head[] = {
    0x52, 0x54, 0,         0x53,        0, 2, 0x52, 0x54, 0,  0x53, 0, 1, 0x08, 0x00, /* Ethernet */
    0x45, 0,    1500 >> 8, 1500 & 0xFF, 0, 0, 0,    0,    64, 1,    0, 0, 10,   9,
    0,    2,    10,        9,           0, 1,          /* IPv4 */
    8,    0,    0,         0,           0, 1, 0,    1, /* ICMP */
};

/* Internet checksum (RFC 1071) of an even number of bytes, which becomes theirs. */
static void add_checksum(uint8_t *of, uint32_t bytes, uint8_t *at)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < bytes; i += 2)
        sum += (uint32_t)of[i] << 8 | of[i + 1];
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    at[0] = (uint8_t)(sum >> 8);
    at[1] = (uint8_t)sum;
}

static void make_request(uint8_t packet[PACKET_BYTES])
{
    memset(packet, 0x5A, PACKET_BYTES);
    memcpy(packet, head, sizeof(head));
    add_checksum(&packet[IP_AT], ICMP_AT - IP_AT, &packet[IP_AT + 10]);
    add_checksum(&packet[ICMP_AT], PACKET_BYTES - ICMP_AT, &packet[ICMP_AT + 2]);
}

/* Waits for an answer; other packets are not looked at. */
static const char *take_answer(uint8_t packet[VIRTIO_PACKET_MAX])
{
    const char *fault = NULL;
    uint32_t bytes = 0;

    do {
        fault = virtio_net_receive(packet, &bytes, TEST_IO_LIMIT_MS);
    } while (!fault && (bytes != PACKET_BYTES || memcmp(&packet[12], &head[12], 2) != 0));
    return !fault && packet[ICMP_AT] != 0 ? "it is no answer" : fault;
}

static const char *ask_all(uint64_t nr_packets)
{
    static uint8_t request[PACKET_BYTES], answer[VIRTIO_PACKET_MAX];
    const char *fault = NULL;
    uint64_t nr_sent = 0;

    make_request(request);
    for (uint64_t nr = 0; nr < nr_packets && !fault; nr++) {
        for (; nr_sent < nr_packets && nr_sent - nr < NR_UNDERWAY && !fault; nr_sent++)
            fault = virtio_net_send(request, sizeof(request));
        if (!fault)
            fault = take_answer(answer);
    }
    return fault;
}

void answers_run(const char *how)
{
    packets_count(how, "answered", ask_all);
}
