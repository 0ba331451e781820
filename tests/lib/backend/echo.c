/* SPDX-License-Identifier: MIT */
/*
 * A network card whose wire is a loop: what is sent is received. In place of tools/backend/net.c,
 * which takes a TAP device.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "../../../tools/backend/device.h"

#define RX 0u
#define TX 1u

#define PACKET_MAX 65600u

static bool open_card(struct device *device, struct stile_virtio_page *page, uint64_t *features)
{
    struct virtio_net_config config = {.status = 0};

    device->file = open("/dev/null", O_RDWR | O_CLOEXEC);
    device->data = malloc(PACKET_MAX);
    memcpy(config.mac, device->config->mac, sizeof(config.mac));
    memcpy(page->config, &config, sizeof(config));
    *features = UINT64_C(1) << VIRTIO_NET_F_MAC;
    return device->data != NULL;
}

static void close_card(struct device *device)
{
    free(device->data);
    (void)close(device->file);
}

/* A packet on its way is kept until there is a buffer. */
static bool receive(struct device *device)
{
    struct cursor in;

    if (queue_pop(&device->queues[RX], &device->chain) != QUEUE_CHAIN)
        return false;
    in = chain_in(&device->chain);
    (void)chain_write(&in, device->data, device->pairs[0].bytes);
    queue_push(&device->queues[RX], &device->chain, (uint32_t)device->pairs[0].bytes);
    device->pairs[0].bytes = 0;
    return true;
}

static enum run_result run_card(struct device *device)
{
    struct cursor out;

    for (;;) {
        if (device->pairs[0].bytes > 0 && !receive(device))
            return RUN_DONE;
        if (queue_pop(&device->queues[TX], &device->chain) != QUEUE_CHAIN)
            return RUN_DONE;
        out = chain_out(&device->chain);
        device->pairs[0].bytes = chain_read(&out, device->data, PACKET_MAX);
        queue_push(&device->queues[TX], &device->chain, 0);
    }
}

static bool is_card_idle(struct device *device)
{
    bool is_rx_idle = queue_is_idle(&device->queues[RX]);

    return queue_is_idle(&device->queues[TX]) && is_rx_idle;
}

const struct kind kind_net = {
    .device_id = VIRTIO_ID_NET,
    .nr_queues = 2,
    .open = open_card,
    .close = close_card,
    .run = run_card,
    .is_idle = is_card_idle,
};
