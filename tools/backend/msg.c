/* SPDX-License-Identifier: MIT */
/*
 * What each message means: to the page of a device it does what an access to a register does where
 * there are registers. A message that makes no sense is dropped (draft, "Error Signaling").
 */
#include <string.h>

#include <linux/virtio_config.h>

#include "bus.h"

#define HEADER_BYTES 8u

#define KNOWN_STATUS                                                                               \
    (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK |            \
     VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_FAILED)

#define LOAD(field)         __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

/* What is behind the payload's first structure. */
#define FEATURES_HEAD ((uint32_t)offsetof(struct stile_virtio_msg_features, data))
#define CONFIG_HEAD   ((uint32_t)offsetof(struct stile_virtio_msg_config, data))

/* No answer. */
#define DROPPED (-1)

/* --- a device -------------------------------------------------------------------------------- */

/* Each takes the payload, of @bytes, and makes that of the answer. Returns its length, or DROPPED.
 */

static int get_info(struct bus *bus, struct bus_device *it, union stile_virtio_msg_payload *payload,
                    uint32_t bytes)
{
    const struct stile_virtio_page *page = it->page;

    (void)bus, (void)bytes;
    payload->info = (struct stile_virtio_msg_info){
        .device_id = page->device_id,
        .vendor_id = page->vendor_id,
        .nr_features = 64,
        .config_bytes = STILE_VIRTIO_CONFIG_BYTES,
        .nr_queues = it->device->nr_queues,
    };
    return sizeof(payload->info);
}

/* Whether so many blocks are told of, and there. */
static bool has_blocks(const union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    uint32_t nr = payload->features.nr;

    return nr - 1 < STILE_VIRTIO_MSG_NR_BLOCKS &&
           bytes >= FEATURES_HEAD + nr * sizeof(payload->features.data[0]);
}

static int get_features(struct bus *bus, struct bus_device *it,
                        union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    struct stile_virtio_msg_features *features = &payload->features;

    (void)bus, (void)bytes;
    if (features->nr - 1 >= STILE_VIRTIO_MSG_NR_BLOCKS)
        return DROPPED;
    for (uint32_t i = 0; i < features->nr; i++) {
        uint32_t block = features->first + i;

        features->data[i] = block < 2 ? (uint32_t)(it->page->device_features >> 32 * block) : 0;
    }
    return (int)(FEATURES_HEAD + features->nr * sizeof(features->data[0]));
}

static int set_features(struct bus *bus, struct bus_device *it,
                        union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    const struct stile_virtio_msg_features *features = &payload->features;
    uint64_t chosen = it->page->driver_features;

    (void)bus;
    if (!has_blocks(payload, bytes))
        return DROPPED;
    if (it->page->status & VIRTIO_CONFIG_S_FEATURES_OK) /* too late: they stay */
        return 0;
    it->refuses = false;
    for (uint32_t i = 0; i < features->nr; i++) {
        uint32_t block = features->first + i;

        if (block < 2)
            chosen = (chosen & ~(UINT64_C(0xFFFFFFFF) << 32 * block)) | (uint64_t)features->data[i]
                                                                            << 32 * block;
        else
            it->refuses = it->refuses || features->data[i] != 0;
    }
    STORE(it->page->driver_features, chosen);
    return 0;
}

static bool is_in_config(uint32_t offset, uint32_t bytes)
{
    return bytes - 1 < STILE_VIRTIO_MSG_CONFIG_BYTES && offset < STILE_VIRTIO_CONFIG_BYTES &&
           bytes <= STILE_VIRTIO_CONFIG_BYTES - offset;
}

static int get_config(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    const struct stile_virtio_msg_range range = payload->range;

    (void)bus, (void)bytes;
    if (!is_in_config(range.offset, range.bytes))
        return DROPPED;
    payload->config.generation = LOAD(it->page->config_generation);
    payload->config.offset = range.offset;
    payload->config.bytes = range.bytes;
    memcpy(payload->config.data, &it->page->config[range.offset], range.bytes);
    return (int)(CONFIG_HEAD + range.bytes);
}

/* No device of ours has a field that its driver writes: what it writes is not taken. */
static int set_config(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    struct stile_virtio_msg_config *config = &payload->config;

    (void)bus;
    if (!is_in_config(config->offset, config->bytes) || bytes < CONFIG_HEAD + config->bytes)
        return DROPPED;
    config->generation = LOAD(it->page->config_generation);
    config->bytes = 0;
    return (int)CONFIG_HEAD;
}

static uint32_t status_of(const struct bus_device *it)
{
    return it->page->status |
           (LOAD(it->page->needs_reset) ? (uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET : 0);
}

static int get_status(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    (void)bus, (void)bytes;
    payload->status.status = status_of(it);
    return sizeof(payload->status);
}

static bool are_features_good(const struct bus_device *it)
{
    uint64_t chosen = it->page->driver_features;

    return !it->refuses && (chosen & ~it->page->device_features) == 0 &&
           (chosen >> VIRTIO_F_VERSION_1 & 1) != 0;
}

/* Back to nothing, which the device's thread sees first. */
static void reset(struct bus *bus, struct bus_device *it)
{
    bus_reset(bus, it);
    for (unsigned i = 0; i < STILE_VIRTIO_NR_QUEUES; i++) {
        uint32_t num_max = it->page->queues[i].num_max;

        it->page->queues[i] = (struct stile_virtio_queue){.num_max = num_max};
    }
    it->page->driver_features = 0;
    it->refuses = false;
}

static int set_status(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    uint32_t status = payload->status.status & KNOWN_STATUS;

    (void)bytes;
    if (payload->status.status == 0) {
        reset(bus, it);
    } else {
        status |= it->page->status; /* only a reset takes away */
        if (status & VIRTIO_CONFIG_S_FEATURES_OK && !are_features_good(it))
            status &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
        if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
            status &= ~(uint32_t)VIRTIO_CONFIG_S_DRIVER_OK;
        STORE(it->page->status, status);
        device_kick(it->device);
    }
    payload->status.status = status_of(it);
    return sizeof(payload->status);
}

static struct stile_virtio_queue *queue_of(struct bus_device *it, uint32_t index)
{
    return index < STILE_VIRTIO_NR_QUEUES ? &it->page->queues[index] : NULL;
}

static int get_vqueue(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    uint32_t index = payload->vqueue.index;
    const struct stile_virtio_queue *queue = queue_of(it, index);

    (void)bus, (void)bytes;
    payload->vqueue = (struct stile_virtio_msg_vqueue){.index = index};
    if (queue) {
        payload->vqueue.num_max = queue->num_max;
        payload->vqueue.num = queue->num;
        payload->vqueue.desc_ipa = queue->desc_ipa;
        payload->vqueue.driver_ipa = queue->driver_ipa;
        payload->vqueue.device_ipa = queue->device_ipa;
    }
    return sizeof(payload->vqueue);
}

/* What cannot be set is not: GET_VQUEUE shows it. Where its memory is, the device looks at. */
static int set_vqueue(struct bus *bus, struct bus_device *it,
                      union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    const struct stile_virtio_msg_vqueue *vqueue = &payload->vqueue;
    struct stile_virtio_queue *queue = queue_of(it, vqueue->index);

    (void)bus, (void)bytes;
    if (!queue || vqueue->num > queue->num_max || it->page->status & VIRTIO_CONFIG_S_DRIVER_OK)
        return 0;
    queue->num = vqueue->num;
    queue->desc_ipa = vqueue->desc_ipa;
    queue->driver_ipa = vqueue->driver_ipa;
    queue->device_ipa = vqueue->device_ipa;
    queue->ready = vqueue->num != 0;
    return 0;
}

/* --- the bus --------------------------------------------------------------------------------- */

static int get_devices(struct bus *bus, struct bus_device *it,
                       union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    struct stile_virtio_msg_devices *devices = &payload->devices;
    uint32_t nr = devices->nr;

    (void)it, (void)bytes;
    if (devices->first % 8 != 0 || nr % 8 != 0 || nr == 0 || nr > STILE_VIRTIO_MSG_NR_DEVICES)
        return DROPPED;
    devices->next = 0;
    memset(devices->bits, 0, sizeof(devices->bits));
    for (uint32_t i = SERVED_MAX; i-- > 0;) {
        if (!bus->devices[i].config || i < devices->first)
            continue;
        if (i >= devices->first + nr)
            devices->next = (uint16_t)(i & ~7u);
        else
            devices->bits[(i - devices->first) / 8] |= (uint8_t)(1u << (i - devices->first) % 8);
    }
    return sizeof(*devices);
}

static int ping(struct bus *bus, struct bus_device *it, union stile_virtio_msg_payload *payload,
                uint32_t bytes)
{
    (void)bus, (void)it, (void)payload, (void)bytes;
    return sizeof(uint32_t);
}

static int share_memory(struct bus *bus, struct bus_device *it,
                        union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    (void)it, (void)bytes;
    payload->done.error = bus_share(bus, &payload->memory) ? 0 : 1;
    return sizeof(payload->done);
}

static int bind_port(struct bus *bus, struct bus_device *it,
                     union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    (void)it, (void)bytes;
    payload->done.error = bus_bind(bus, &payload->port) ? 0 : 1;
    return sizeof(payload->done);
}

/* --- all of them ----------------------------------------------------------------------------- */

/** A kind of message. */
struct message {
    uint8_t type;
    uint8_t id;
    uint16_t bytes; /* of its payload, at least */
    int (*answer)(struct bus *bus, struct bus_device *it, union stile_virtio_msg_payload *payload,
                  uint32_t bytes);
};

#define BUS STILE_VIRTIO_MSG_BUS

static const struct message messages[] = {
    {0, STILE_VIRTIO_GET_INFO, 0, get_info},
    {0, STILE_VIRTIO_GET_FEATURES, FEATURES_HEAD, get_features},
    {0, STILE_VIRTIO_SET_FEATURES, FEATURES_HEAD, set_features},
    {0, STILE_VIRTIO_GET_CONFIG, sizeof(struct stile_virtio_msg_range), get_config},
    {0, STILE_VIRTIO_SET_CONFIG, CONFIG_HEAD, set_config},
    {0, STILE_VIRTIO_GET_STATUS, 0, get_status},
    {0, STILE_VIRTIO_SET_STATUS, sizeof(struct stile_virtio_msg_status), set_status},
    {0, STILE_VIRTIO_GET_VQUEUE, sizeof(uint32_t), get_vqueue},
    {0, STILE_VIRTIO_SET_VQUEUE, sizeof(struct stile_virtio_msg_vqueue), set_vqueue},
    {BUS, STILE_VIRTIO_GET_DEVICES, offsetof(struct stile_virtio_msg_devices, next), get_devices},
    {BUS, STILE_VIRTIO_PING, sizeof(uint32_t), ping},
    {BUS, STILE_VIRTIO_SHARE_MEMORY, sizeof(struct stile_virtio_msg_memory), share_memory},
    {BUS, STILE_VIRTIO_BIND_PORT, sizeof(struct stile_virtio_msg_port), bind_port},
};

/* Which it is; NULL if it is none, or too short to be one. */
static const struct message *find(const struct stile_virtio_msg *message)
{
    for (unsigned i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        const struct message *kind = &messages[i];

        if ((message->type & (BUS | STILE_VIRTIO_MSG_RESPONSE)) == kind->type &&
            message->id == kind->id && message->bytes >= HEADER_BYTES + kind->bytes &&
            message->bytes <= sizeof(*message))
            return kind;
    }
    return NULL;
}

/* The number of a device that there is not: all of what it is reads as 0, nothing else is answered.
 */
static int answer_of_none(const struct message *kind, union stile_virtio_msg_payload *payload)
{
    if (kind->answer != get_info)
        return DROPPED;
    payload->info = (struct stile_virtio_msg_info){.device_id = 0};
    return sizeof(payload->info);
}

bool msg_answer(struct bus *bus, const struct stile_virtio_msg *message,
                struct stile_virtio_msg *answer)
{
    const struct message *kind = find(message);
    struct bus_device *it = NULL;
    union stile_virtio_msg_payload payload;
    int bytes;

    if (!kind || message->token == 0)
        return false;
    memcpy(&payload, message->words, sizeof(payload));
    if (kind->type != BUS)
        it = bus_device(bus, message->device);
    if (kind->type == BUS || it)
        bytes = kind->answer(bus, it, &payload, message->bytes - HEADER_BYTES);
    else
        bytes = answer_of_none(kind, &payload);
    if (bytes == DROPPED)
        return false;
    *answer = (struct stile_virtio_msg){
        .type = kind->type | STILE_VIRTIO_MSG_RESPONSE,
        .id = message->id,
        .device = message->device,
        .token = message->token,
        .bytes = (uint16_t)(HEADER_BYTES + (uint32_t)bytes),
    };
    memcpy(answer->words, &payload, (size_t)bytes);
    return true;
}

void msg_changed(uint16_t number, const struct bus_device *it, struct stile_virtio_msg *message)
{
    const struct stile_virtio_msg_event event = {
        .status = status_of(it),
        .generation = LOAD(it->page->config_generation),
    };

    *message = (struct stile_virtio_msg){
        .id = STILE_VIRTIO_EVENT_CONFIG,
        .device = number,
        .bytes = (uint16_t)(HEADER_BYTES + sizeof(event)),
    };
    memcpy(message->words, &event, sizeof(event));
}
