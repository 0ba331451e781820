/* SPDX-License-Identifier: MIT */
/*
 * Disks and networks at the shell.
 */
#include "shell/io.h"

#include <stdlib.h>
#include <string.h>

#include "lib/printk.h"
#include "lib/time.h"
#include "sensitive/virtio.h"

#define PATIENCE_MS 5000

/* How many packets may be somebody else's. */
#define PACKETS_MAX 64

/* A request may be lost, at first above all, when the bridge is not ready for us. */
#define NR_REQUESTS 5
#define ANSWER_MS   1000

/* Takes the next word; an empty one at the end. */
static void take_word(const char **from, char *word, size_t size)
{
    size_t length = 0;

    while (**from == ' ')
        (*from)++;
    for (; **from != '\0' && **from != ' '; (*from)++)
        if (length + 1 < size)
            word[length++] = **from;
    word[length] = '\0';
}

static void list_devices(const char *what, const char *vm)
{
    uint32_t number = 0;

    printk("%s: which device? %s has", what, vm);
    for (; !virtio_next(&number); number++)
        printk(" %u", number);
    printk("\n");
}

/*
 * Meets the VM that is named first, and takes the number that follows; false: it has told why, or
 * which there are.
 */
static bool open_bus(const char **argument, const char *what, uint16_t *number)
{
    char vm[32], word[16];
    const char *fault;

    take_word(argument, vm, sizeof(vm));
    take_word(argument, word, sizeof(word));
    fault = vm[0] != '\0' ? virtio_open(vm, PATIENCE_MS) : "which VM's?";
    if (fault) {
        printk("%s: %s%s%s\n", what, vm, vm[0] != '\0' ? ": " : "", fault);
        return false;
    }
    *number = (uint16_t)strtoul(word, NULL, 0);
    if (word[0] != '\0')
        return true;
    list_devices(what, vm);
    virtio_close();
    return false;
}

/* --- a disk ---------------------------------------------------------------------------------- */

/* The text that a sector begins with: a copy, as the other VM may go on writing there. */
static const char *show_sector(uint64_t sector)
{
    static char text[VIRTIO_SECTOR_BYTES + 1];
    const char *fault = virtio_disk_move(false, sector, 1);

    if (fault)
        return fault;
    memcpy(text, virtio_disk_block(0), VIRTIO_SECTOR_BYTES);
    for (uint32_t i = 0; i < VIRTIO_SECTOR_BYTES; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '\0';
    printk("disk: sector %lu: \"%s\"\n", sector, text);
    return NULL;
}

static const char *write_sector(uint64_t sector, const char *text)
{
    char *block = (char *)virtio_disk_block(0);
    const char *fault;

    memset(block, 0, VIRTIO_SECTOR_BYTES);
    memcpy(block, text, strnlen(text, VIRTIO_SECTOR_BYTES));
    fault = virtio_disk_move(true, sector, 1);
    return fault ? fault : virtio_disk_flush();
}

void io_disk(const char *argument)
{
    uint64_t sectors, sector;
    uint16_t number;
    const char *fault;
    char word[24];

    if (!open_bus(&argument, "disk", &number))
        return;
    take_word(&argument, word, sizeof(word));
    sector = strtoul(word, NULL, 0);
    fault = virtio_disk_open(number, &sectors);
    if (!fault && word[0] == '\0')
        printk("disk: %lu sectors\n", sectors);
    else if (!fault && argument[0] == '\0')
        fault = show_sector(sector);
    else if (!fault)
        fault = write_sector(sector, argument + 1);
    if (fault)
        printk("disk: %s\n", fault);
    virtio_close();
}

/* --- a network ------------------------------------------------------------------------------- */

/** A request or an answer of ARP, as the wire has it. */
struct arp {
    uint8_t to[6];
    uint8_t from[6];
    uint8_t what[10]; /* ARP; of Ethernet and IPv4; a request, or an answer */
    uint8_t from_mac[6];
    uint8_t from_ip[4];
    uint8_t to_mac[6];
    uint8_t to_ip[4];
};

static const uint8_t request_head[10] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
static const uint8_t answer_head[10] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 2};

static bool take_address(const char **from, uint8_t ip[4])
{
    char word[20], *next = word;

    take_word(from, word, sizeof(word));
    for (uint32_t i = 0; i < 4; i++) {
        char *start = next + (i > 0);

        if (i > 0 && *next != '.')
            return false;
        ip[i] = (uint8_t)strtoul(start, &next, 10);
        if (next == start)
            return false;
    }
    return *next == '\0';
}

/* Waits for the answer among the packets that come. */
static const char *await_answer(const uint8_t ip[4], struct arp *answer)
{
    static uint8_t packet[VIRTIO_PACKET_MAX];
    uint32_t bytes;

    for (uint32_t i = 0; i < PACKETS_MAX; i++) {
        const char *fault = virtio_net_receive(packet, &bytes, ANSWER_MS);

        if (fault)
            return fault;
        memcpy(answer, packet, sizeof(*answer));
        if (bytes >= sizeof(*answer) && memcmp(answer->what, answer_head, 10) == 0 &&
            memcmp(answer->from_ip, ip, 4) == 0)
            return NULL;
    }
    return "nobody has it, of all who spoke";
}

static void make_request(struct arp *arp, const uint8_t mac[6], const uint8_t own[4],
                         const uint8_t other[4])
{
    memset(arp, 0, sizeof(*arp));
    memset(arp->to, 0xFF, sizeof(arp->to));
    memcpy(arp->from, mac, 6);
    memcpy(arp->what, request_head, 10);
    memcpy(arp->from_mac, mac, 6);
    memcpy(arp->from_ip, own, 4);
    memcpy(arp->to_ip, other, 4);
}

static const char *ask(const uint8_t mac[6], const uint8_t own[4], const uint8_t other[4])
{
    uint64_t start = time_uptime_us();
    const char *fault = "";
    struct arp arp;

    for (uint32_t i = 0; i < NR_REQUESTS && fault; i++) {
        make_request(&arp, mac, own, other);
        fault = virtio_net_send(&arp, sizeof(arp));
        if (fault)
            return fault;
        fault = await_answer(other, &arp);
    }
    if (!fault)
        printk("net: %u.%u.%u.%u is at %x:%x:%x:%x:%x:%x, after %lu us\n", other[0], other[1],
               other[2], other[3], arp.from_mac[0], arp.from_mac[1], arp.from_mac[2],
               arp.from_mac[3], arp.from_mac[4], arp.from_mac[5], time_uptime_us() - start);
    return fault;
}

void io_net(const char *argument)
{
    uint8_t mac[6], own[4], other[4];
    const char *fault;
    uint16_t number;

    if (!open_bus(&argument, "net", &number))
        return;
    if (!take_address(&argument, own) || !take_address(&argument, &other[0]))
        fault = "two IPv4 addresses are wanted, one's own and another";
    else if (!(fault = virtio_net_open(number, mac)))
        fault = ask(mac, own, other);
    if (fault)
        printk("net: %s\n", fault);
    virtio_close();
}
