/* SPDX-License-Identifier: MIT */
/*
 * Ethernet frames of all sizes, there and back.
 *
 *     frames answer DEVICE
 *     frames ask DEVICE STEP plain|gso
 *
 * Who asks sends a frame of each size from 60 bytes to 65,535 by steps, and waits for the answer, a
 * frame of the same size; the last one is always among them. Both look at every byte. One is under
 * way at a time, so none may be lost.
 *
 * With gso they are TCP's, each longer than a segment is one that whoever cannot take it whole cuts
 * into segments; here nobody has to, and it comes as it was sent. Nobody has the addresses in them,
 * so that no kernel does anything about them.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sequence.h"

#define FIRST_BYTES   60u
#define LAST_BYTES    65535u
#define SEGMENT_BYTES 1448u
#define PROTOCOL_NONE 253 /* RFC 3692: for experiments */

/* TEST-NET-1 (RFC 5737), from this one on: who asks, and who answers. */
#define FIRST_ADDRESS 0xC0000201u

enum side { ASKS, ANSWERS };

/** As the kernel takes it from a packet socket, and gives it: what is left to do comes first. */
struct frame {
    struct virtio_net_hdr todo;
    struct ether_header ethernet;
    struct iphdr ip;
    struct tcphdr tcp;
    uint8_t data[LAST_BYTES];
} __attribute__((packed));

#define HEADER_BYTES (offsetof(struct frame, data) - sizeof(struct virtio_net_hdr))

static struct {
    const char *name;
    int socket;
    uint8_t mac[ETH_ALEN];
} device;

static struct frame frame;

static _Noreturn void fail(const char *what)
{
    printf("frames: %s: BAD: %s: %s\n", device.name, what, strerror(errno));
    exit(1);
}

/* What came by a device for a VLAN of it goes to sockets of both. It is answered there, and the
 * next one is sent: here they would become more and more, until there is no room for the device's
 * own. */
static int take_own(unsigned index)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_IFINDEX),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

    return setsockopt(device.socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static void open_device(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
    struct ifreq request = {.ifr_ifindex = 0};
    int one = 1;

    device.name = name;
    while ((address.sll_ifindex = (int)if_nametoindex(name)) == 0)
        sleep(1);
    device.socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* nothing, until it is bound */
    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (device.socket < 0 || take_own((unsigned)address.sll_ifindex) != 0 ||
        setsockopt(device.socket, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) != 0 ||
        bind(device.socket, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        ioctl(device.socket, SIOCGIFHWADDR, &request) != 0)
        fail("a packet socket");
    memcpy(device.mac, request.ifr_hwaddr.sa_data, sizeof(device.mac));
}

/* --- one frame ------------------------------------------------------------------------------- */

static uint64_t content_of(size_t bytes, enum side side)
{
    return bytes << 1 | side;
}

/* What is left to do to a frame, by who sends it on. */
static struct virtio_net_hdr todo_of(size_t bytes, bool is_tcp)
{
    struct virtio_net_hdr todo = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};

    if (!is_tcp)
        return todo;
    todo.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    todo.csum_start = sizeof(struct ether_header) + sizeof(struct iphdr);
    todo.csum_offset = offsetof(struct tcphdr, th_sum);
    todo.hdr_len = HEADER_BYTES;
    if (bytes > HEADER_BYTES + SEGMENT_BYTES) {
        todo.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        todo.gso_size = SEGMENT_BYTES;
    }
    return todo;
}

/* @to may be in the frame that it is for. */
static void send_frame(const uint8_t *to, size_t bytes, bool is_tcp, enum side side)
{
    memmove(frame.ethernet.ether_dhost, to, ETH_ALEN);
    memcpy(frame.ethernet.ether_shost, device.mac, ETH_ALEN);
    frame.ethernet.ether_type = htons(ETHERTYPE_IP);
    frame.todo = todo_of(bytes, is_tcp);
    frame.ip = (struct iphdr){
        .version = 4,
        .ihl = sizeof(frame.ip) / 4,
        .tot_len = htons((uint16_t)(bytes - sizeof(frame.ethernet))),
        .ttl = 1,
        .protocol = is_tcp ? IPPROTO_TCP : PROTOCOL_NONE,
        .saddr = htonl(FIRST_ADDRESS + side),
        .daddr = htonl(FIRST_ADDRESS + !side),
    };
    frame.tcp = (struct tcphdr){.th_off = sizeof(frame.tcp) / 4};
    sequence_fill(frame.data, bytes - HEADER_BYTES, content_of(bytes, side));
    if (send(device.socket, &frame, sizeof(frame.todo) + bytes, 0) < 0) {
        printf("frames: %s: BAD: %zu bytes are not sent: %s\n", device.name, bytes,
               strerror(errno));
        exit(1);
    }
}

/* Whether the frame is as the other side has sent it. */
static void check(size_t bytes, enum side side)
{
    struct virtio_net_hdr todo = todo_of(bytes, frame.ip.protocol == IPPROTO_TCP);
    size_t all = bytes - HEADER_BYTES;
    size_t good = sequence_check(frame.data, all, content_of(bytes, side));

    if (good < all)
        printf("frames: %s: BAD: of %zu bytes, from %zu on\n", device.name, bytes,
               good + HEADER_BYTES);
    if (ntohs(frame.ip.tot_len) != bytes - sizeof(frame.ethernet))
        printf("frames: %s: BAD: %zu bytes say that they are others\n", device.name, bytes);
    if (frame.todo.gso_type != todo.gso_type || frame.todo.gso_size != todo.gso_size)
        printf("frames: %s: BAD: %zu bytes are to be cut into segments of %u, by type %u\n",
               device.name, bytes, frame.todo.gso_size, frame.todo.gso_type);
}

/* Waits for a frame of the other side's. Returns its size; 0: none comes for as long as the socket
 * waits. */
static size_t receive(enum side side)
{
    for (;;) {
        ssize_t bytes = recv(device.socket, &frame, sizeof(frame), 0);

        if (bytes < 0 && errno == EAGAIN)
            return 0;
        if (bytes < 0)
            fail("recv");
        if ((size_t)bytes >= sizeof(frame.todo) + FIRST_BYTES &&
            frame.ip.saddr == htonl(FIRST_ADDRESS + side) &&
            frame.ip.daddr == htonl(FIRST_ADDRESS + !side)) {
            check((size_t)bytes - sizeof(frame.todo), side);
            return (size_t)bytes - sizeof(frame.todo);
        }
    }
}

/* --- both sides ------------------------------------------------------------------------------ */

static _Noreturn void answer(void)
{
    for (;;) {
        size_t bytes = receive(ASKS);

        send_frame(frame.ethernet.ether_shost, bytes, frame.ip.protocol == IPPROTO_TCP, ANSWERS);
    }
}

/* Asks everybody, until somebody is there who answers. */
static void find_other(uint8_t mac[ETH_ALEN])
{
    static const uint8_t all[ETH_ALEN] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    struct timeval wait = {.tv_sec = 1};

    (void)setsockopt(device.socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    do
        send_frame(all, FIRST_BYTES, false, ASKS);
    while (receive(ANSWERS) == 0);
    memcpy(mac, frame.ethernet.ether_shost, ETH_ALEN);
    wait.tv_sec = 60;
    (void)setsockopt(device.socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* Returns whether the answer came, behind others to find_other(). */
static bool ask_one(const uint8_t mac[ETH_ALEN], size_t bytes, bool is_tcp)
{
    size_t got;

    send_frame(mac, bytes, is_tcp, ASKS);
    while ((got = receive(ANSWERS)) != bytes)
        if (got != FIRST_BYTES) {
            printf("frames: %s: BAD: %zu bytes are answered by %zu\n", device.name, bytes, got);
            return false;
        }
    return true;
}

static void ask(unsigned step, bool is_tcp)
{
    uint8_t mac[ETH_ALEN];
    unsigned nr = 0;

    find_other(mac);
    for (unsigned bytes = FIRST_BYTES; bytes < LAST_BYTES; bytes += step, nr++)
        if (!ask_one(mac, bytes, is_tcp))
            return;
    if (ask_one(mac, LAST_BYTES, is_tcp))
        printf("frames: %s: %u sizes up to %u, %s\n", device.name, nr + 1, LAST_BYTES,
               is_tcp ? "gso" : "plain");
}

int main(int argc, char *argv[])
{
    unsigned step = argc == 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "answer") == 0) {
        open_device(argv[2]);
        answer();
    }
    if (step == 0 || strcmp(argv[1], "ask") != 0) {
        (void)fprintf(stderr, "usage: frames answer DEVICE\n"
                              "       frames ask DEVICE STEP plain|gso\n");
        return 2;
    }
    open_device(argv[2]);
    ask(step, strcmp(argv[4], "gso") == 0);
    return 0;
}
