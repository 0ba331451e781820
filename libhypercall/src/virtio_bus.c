/* SPDX-License-Identifier: MIT */
/*
 * Requests and their responses, one at a time. What the peer says is copied once, by the ring, and
 * checked in the copy.
 */
#include "stile/virtio_bus.h"

#include "copy.h"
#include "stile/event.h"

#define HEADER_BYTES 8

int64_t stile_virtio_bus_offer(struct stile_virtio_bus *bus, void *memory, stile_ipa_t base,
                               uint32_t index, stile_vm_id_t peer, stile_vcpu_id_t target,
                               struct stile_mailbox *mailbox)
{
    const struct stile_channel_memory channel = {
        .memory = memory,
        .base = base,
        .pages = stile_nr_pages(1),
        .message_bytes = STILE_VIRTIO_MSG_BYTES,
    };

    if (index > 9)
        return STILE_INVALID_ARGUMENT;
    stile_copy(bus->key, STILE_VIRTIO_MSG_KEY, sizeof(bus->key));
    bus->key[sizeof(bus->key) - 2] = (char)('0' + index);
    bus->peer = peer;
    bus->target = target;
    bus->deadline = stile_ticks(STILE_TIME_NEVER);
    bus->token = 0;
    bus->nr_events = 0;
    bus->nr_shares = 0;
    bus->nr_ports = 0;
    return stile_channel_offer(&bus->channel, &channel, bus->key, peer, target, mailbox);
}

/* Memory first: what is not done yet is not to be answered by who sees the channel end. */
int64_t stile_virtio_bus_withdraw(struct stile_virtio_bus *bus)
{
    int64_t status = STILE_SUCCESS;

    while (bus->nr_shares > 0 && status == STILE_SUCCESS)
        status = stile_memory_revoke(bus->shares[--bus->nr_shares]).status;
    int64_t other = stile_channel_withdraw(&bus->channel, bus->key);
    while (bus->nr_ports > 0)
        (void)stile_event_close(bus->ports[--bus->nr_ports]);
    return status != STILE_SUCCESS ? status : other;
}

/* --- requests -------------------------------------------------------------------------------- */

/* Whether it answers this request, and has all that is wanted. */
static bool is_response(const struct stile_virtio_msg *message, const struct stile_virtio_msg *sent)
{
    const uint8_t mask = STILE_VIRTIO_MSG_RESPONSE | STILE_VIRTIO_MSG_BUS;

    return (message->type & mask) == (sent->type | STILE_VIRTIO_MSG_RESPONSE) &&
           message->id == sent->id && message->device == sent->device &&
           message->token == sent->token;
}

static void take_event(struct stile_virtio_bus *bus, const struct stile_virtio_msg *message)
{
    if ((message->type & (STILE_VIRTIO_MSG_RESPONSE | STILE_VIRTIO_MSG_BUS)) == 0 &&
        message->id == STILE_VIRTIO_EVENT_CONFIG)
        bus->nr_events++;
}

int64_t stile_virtio_bus_request(struct stile_virtio_bus *bus, struct stile_virtio_msg *message,
                                 uint32_t bytes, uint32_t wanted)
{
    struct stile_virtio_msg sent;

    bus->token = bus->token == UINT16_MAX ? 1 : (uint16_t)(bus->token + 1);
    message->token = bus->token;
    message->bytes = (uint16_t)(HEADER_BYTES + bytes);
    stile_copy(&sent, message, sizeof(sent));
    int64_t status = stile_channel_send_wait(&bus->channel, &sent, bus->deadline);
    if (status != STILE_SUCCESS)
        return status;
    /* What is of an earlier request, that was given up, is nobody's. */
    do {
        status = stile_channel_receive_wait(&bus->channel, message, bus->deadline);
        if (status != STILE_SUCCESS)
            return status;
        take_event(bus, message);
    } while (!is_response(message, &sent));
    return message->bytes >= HEADER_BYTES + wanted && message->bytes <= sizeof(*message)
               ? STILE_SUCCESS
               : STILE_DENIED;
}

/* A request with a payload of @bytes, which becomes that of the response, of @wanted bytes. */
static int64_t request(struct stile_virtio_bus *bus, struct stile_virtio_msg header,
                       union stile_virtio_msg_payload *payload, uint32_t bytes, uint32_t wanted)
{
    struct stile_virtio_msg message = header;

    stile_copy(message.words, payload, sizeof(*payload));
    int64_t status = stile_virtio_bus_request(bus, &message, bytes, wanted);
    if (status == STILE_SUCCESS)
        stile_copy(payload, message.words, sizeof(*payload));
    return status;
}

static struct stile_virtio_msg of_bus(uint8_t id)
{
    const struct stile_virtio_msg message = {.type = STILE_VIRTIO_MSG_BUS, .id = id};

    return message;
}

static struct stile_virtio_msg of_device(const struct stile_virtio_device *device, uint8_t id)
{
    const struct stile_virtio_msg message = {.id = id, .device = device->number};

    return message;
}

/* A request that is done, or refused. */
static int64_t request_done(struct stile_virtio_bus *bus, uint8_t id,
                            union stile_virtio_msg_payload *payload, uint32_t bytes)
{
    int64_t status = request(bus, of_bus(id), payload, bytes, sizeof(payload->done));

    if (status != STILE_SUCCESS)
        return status;
    return payload->done.error == 0 ? STILE_SUCCESS : STILE_DENIED;
}

/* --- the bus --------------------------------------------------------------------------------- */

int64_t stile_virtio_bus_share(struct stile_virtio_bus *bus, stile_ipa_t base,
                               stile_nr_pages_t count)
{
    if (bus->nr_shares == STILE_VM_NR_REGIONS)
        return STILE_LIMIT;
    struct stile_result result =
        stile_memory_share(base, count, bus->peer, STILE_ACCESS_READ | STILE_ACCESS_WRITE);
    if (result.status != STILE_SUCCESS)
        return result.status;
    stile_share_t share = stile_memory_share_handle(result);
    union stile_virtio_msg_payload payload = {.words = {0}};
    payload.memory.share = share.handle;
    payload.memory.base_ipa = base.ipa;
    payload.memory.bytes = count.pages * STILE_PAGE_SIZE;
    int64_t status = request_done(bus, STILE_VIRTIO_SHARE_MEMORY, &payload, sizeof(payload.memory));
    if (status == STILE_SUCCESS)
        bus->shares[bus->nr_shares++] = share;
    else
        (void)stile_memory_revoke(share);
    return status;
}

int64_t stile_virtio_bus_next(struct stile_virtio_bus *bus, uint32_t *number)
{
    uint32_t next = *number;

    while (next <= UINT16_MAX) {
        union stile_virtio_msg_payload payload = {.words = {0}};
        const struct stile_virtio_msg_devices *devices = &payload.devices;
        uint32_t first = next & ~7u;

        payload.devices.first = (uint16_t)first;
        payload.devices.nr = STILE_VIRTIO_MSG_NR_DEVICES;
        int64_t status = request(bus, of_bus(STILE_VIRTIO_GET_DEVICES), &payload,
                                 offsetof(struct stile_virtio_msg_devices, next), sizeof(*devices));
        if (status != STILE_SUCCESS)
            return status;
        if (devices->first != first || devices->nr > STILE_VIRTIO_MSG_NR_DEVICES)
            return STILE_DENIED;
        for (; next < first + devices->nr; next++) {
            if (devices->bits[(next - first) / 8] >> (next - first) % 8 & 1) {
                *number = next;
                return STILE_SUCCESS;
            }
        }
        if (devices->next == 0)
            return STILE_NOT_FOUND;
        if (devices->next < next || devices->next == first)
            return STILE_DENIED;
        next = devices->next;
    }
    return STILE_NOT_FOUND;
}

/* --- a device -------------------------------------------------------------------------------- */

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u

/* Sets the status. STILE_DENIED if the device does not have it so. */
static int64_t set_status(struct stile_virtio_device *device, uint32_t status)
{
    union stile_virtio_msg_payload payload = {.words = {0}};

    payload.status.status = status;
    int64_t error = request(device->bus, of_device(device, STILE_VIRTIO_SET_STATUS), &payload,
                            sizeof(payload.status), sizeof(payload.status));
    if (error != STILE_SUCCESS)
        return error;
    return payload.status.status == status ? STILE_SUCCESS : STILE_DENIED;
}

int64_t stile_virtio_device_reset(struct stile_virtio_device *device)
{
    return set_status(device, 0);
}

static int64_t get_info(struct stile_virtio_device *device, uint32_t device_id)
{
    union stile_virtio_msg_payload payload = {.words = {0}};
    int64_t status = request(device->bus, of_device(device, STILE_VIRTIO_GET_INFO), &payload, 0,
                             sizeof(payload.info));

    if (status != STILE_SUCCESS)
        return status;
    device->device_id = payload.info.device_id;
    device->nr_queues = payload.info.nr_queues;
    return device->device_id == device_id ? STILE_SUCCESS : STILE_NOT_FOUND;
}

static int64_t agree_on_features(struct stile_virtio_device *device, uint64_t known)
{
    union stile_virtio_msg_payload payload = {.words = {0}};
    struct stile_virtio_msg_features *features = &payload.features;
    const uint32_t head = offsetof(struct stile_virtio_msg_features, data);

    features->nr = 2;
    int64_t status = request(device->bus, of_device(device, STILE_VIRTIO_GET_FEATURES), &payload,
                             head, head + 2 * sizeof(uint32_t));
    if (status != STILE_SUCCESS)
        return status;
    device->features =
        ((uint64_t)features->data[1] << 32 | features->data[0]) &
        (known | STILE_VIRTIO_VERSION_1 | STILE_VIRTIO_ACCESS_PLATFORM | STILE_VIRTIO_EVENT_INDEX);
    if ((device->features & STILE_VIRTIO_VERSION_1) == 0)
        return STILE_DENIED;
    features->first = 0;
    features->nr = 2;
    features->data[0] = (uint32_t)device->features;
    features->data[1] = (uint32_t)(device->features >> 32);
    return request(device->bus, of_device(device, STILE_VIRTIO_SET_FEATURES), &payload,
                   head + 2 * sizeof(uint32_t), 0);
}

int64_t stile_virtio_device_open(struct stile_virtio_device *device, struct stile_virtio_bus *bus,
                                 uint16_t number, uint32_t device_id, uint64_t features)
{
    device->bus = bus;
    device->number = number;
    int64_t status = get_info(device, device_id);
    if (status == STILE_SUCCESS)
        status = stile_virtio_device_reset(device);
    if (status == STILE_SUCCESS)
        status = set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    if (status == STILE_SUCCESS)
        status = agree_on_features(device, features);
    if (status == STILE_SUCCESS)
        status = set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return status;
}

int64_t stile_virtio_device_config(struct stile_virtio_device *device, uint32_t offset, void *data,
                                   uint32_t bytes)
{
    const uint32_t head = offsetof(struct stile_virtio_msg_config, data);
    union stile_virtio_msg_payload payload = {.words = {0}};

    if (bytes - 1 >= STILE_VIRTIO_MSG_CONFIG_BYTES)
        return STILE_INVALID_ARGUMENT;
    payload.range.offset = offset;
    payload.range.bytes = bytes;
    int64_t status = request(device->bus, of_device(device, STILE_VIRTIO_GET_CONFIG), &payload,
                             sizeof(payload.range), head + bytes);
    if (status != STILE_SUCCESS)
        return status;
    if (payload.config.offset != offset || payload.config.bytes != bytes)
        return STILE_DENIED;
    stile_copy(data, payload.config.data, bytes);
    return STILE_SUCCESS;
}

/* Gives the queue a port of the device's, which the back end binds. */
static int64_t bind_port(struct stile_virtio_device *device, uint32_t index, stile_port_t *port)
{
    struct stile_virtio_bus *bus = device->bus;

    if (bus->nr_ports == STILE_VIRTIO_BUS_QUEUES)
        return STILE_LIMIT;
    struct stile_result result = stile_event_alloc(bus->peer, bus->target);
    if (result.status != STILE_SUCCESS)
        return result.status;
    *port = stile_event_alloc_port(result);
    union stile_virtio_msg_payload payload = {.words = {0}};
    payload.port.queue = index;
    payload.port.port = port->port;
    payload.port.device = device->number;
    int64_t status = request_done(bus, STILE_VIRTIO_BIND_PORT, &payload, sizeof(payload.port));
    if (status != STILE_SUCCESS) {
        (void)stile_event_close(*port);
        return status;
    }
    (void)stile_event_clear(bus->channel.mailbox, port->port); /* of its binding */
    bus->ports[bus->nr_ports++] = *port;
    return status;
}

int64_t stile_virtio_device_queue(struct stile_virtio_device *device, uint32_t index,
                                  const struct stile_virtqueue *queue, stile_port_t *port)
{
    union stile_virtio_msg_payload payload = {.words = {0}};
    struct stile_virtio_msg_vqueue *vqueue = &payload.vqueue;

    vqueue->index = index;
    int64_t status = request(device->bus, of_device(device, STILE_VIRTIO_GET_VQUEUE), &payload,
                             sizeof(vqueue->index), sizeof(*vqueue));
    if (status != STILE_SUCCESS)
        return status;
    if (vqueue->index != index || queue->num > vqueue->num_max)
        return STILE_DENIED;
    vqueue->num_max = 0;
    vqueue->num = queue->num;
    vqueue->desc_ipa = queue->desc.ipa;
    vqueue->driver_ipa = queue->driver.ipa;
    vqueue->device_ipa = queue->device.ipa;
    status = request(device->bus, of_device(device, STILE_VIRTIO_SET_VQUEUE), &payload,
                     sizeof(*vqueue), 0);
    return status == STILE_SUCCESS ? bind_port(device, index, port) : status;
}

int64_t stile_virtio_device_start(struct stile_virtio_device *device)
{
    return set_status(device,
                      STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

int64_t stile_virtio_device_wait(struct stile_virtio_device *device, struct stile_virtqueue *queue,
                                 uint16_t nr, stile_port_t port)
{
    const struct stile_virtio_bus *bus = device->bus;

    if (!stile_virtqueue_wait(queue, nr))
        return queue->broken ? STILE_DENIED : STILE_SUCCESS;
    /* A back end that has gone has set the bit, when it went. */
    struct stile_result result = stile_event_query(port);
    if (result.status != STILE_SUCCESS || stile_event_query_state(result) != STILE_PORT_PEER)
        return STILE_NOT_BOUND;
    return stile_event_wait(bus->channel.mailbox, port.port, bus->deadline);
}
