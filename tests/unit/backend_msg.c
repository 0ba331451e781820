/* SPDX-License-Identifier: MIT */
/*
 * tools/backend's messages: what a driver says in its order, and a hostile one, whose every message
 * is made up.
 */
#include <stdlib.h>
#include <string.h>

#include "../../tools/backend/msg.c"
#include "../../tools/backend/say.c"

#include "ktf.h"

#define DEVICE 5
#define NUM    64u

#define VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)
#define OFFERED   (VERSION_1 | 0x30000201u)

static const struct config_device config = {.index = DEVICE};
static const struct kind kind = {.device_id = 2};
static struct stile_virtio_page page;
static struct device device;
static struct bus bus;
static unsigned nr_resets, nr_kicks, nr_shares, nr_binds;

/* --- what messages do to the bus ------------------------------------------------------------- */

struct bus_device *bus_device(struct bus *of, uint16_t number)
{
    return number == DEVICE ? &of->devices[DEVICE] : NULL;
}

bool bus_share(struct bus *of, const struct stile_virtio_msg_memory *memory)
{
    (void)of;
    nr_shares++;
    return memory->bytes != 0;
}

bool bus_bind(struct bus *of, const struct stile_virtio_msg_port *port)
{
    (void)of;
    nr_binds++;
    return port->queue < 2;
}

void bus_reset(struct bus *of, struct bus_device *it)
{
    (void)of;
    it->page->status = 0;
    nr_resets++;
}

void device_kick(struct device *it)
{
    (void)it;
    nr_kicks++;
}

static void setup(void)
{
    page = (struct stile_virtio_page){.device_id = 2, .vendor_id = 7, .device_features = OFFERED};
    page.queues[0].num_max = page.queues[1].num_max = NUM;
    for (unsigned i = 0; i < STILE_VIRTIO_CONFIG_BYTES; i++)
        page.config[i] = (uint8_t)i;
    device = (struct device){.config = &config, .kind = &kind, .nr_queues = 2, .page = &page};
    bus = (struct bus){.vm = "vm"};
    bus.devices[DEVICE] = (struct bus_device){.config = &config, .device = &device, .page = &page};
    nr_resets = nr_kicks = nr_shares = nr_binds = 0;
}

KTF_SUITE(backend_msg, .setup = setup);

/* --- a driver -------------------------------------------------------------------------------- */

static struct stile_virtio_msg answer;
static union stile_virtio_msg_payload payload;

/* Says something to a device, or the bus; true if it answers, with @wanted bytes. */
static bool say_to(uint8_t type, uint8_t id, uint32_t bytes, int wanted)
{
    struct stile_virtio_msg message = {
        .type = type,
        .id = id,
        .device = type == 0 ? DEVICE : 0,
        .token = 0x1234,
        .bytes = (uint16_t)(HEADER_BYTES + bytes),
    };

    memcpy(message.words, &payload, sizeof(payload));
    if (!msg_answer(&bus, &message, &answer))
        return false;
    EXPECT_EQ(answer.type, type | STILE_VIRTIO_MSG_RESPONSE);
    EXPECT_EQ(answer.id, id);
    EXPECT_EQ(answer.device, message.device);
    EXPECT_EQ(answer.token, 0x1234);
    memcpy(&payload, answer.words, sizeof(payload));
    return answer.bytes == HEADER_BYTES + (unsigned)wanted;
}

static uint32_t set(uint32_t status)
{
    payload.status.status = status;
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_STATUS, 4, 4));
    return payload.status.status;
}

static void choose(uint64_t features)
{
    payload.features =
        (struct stile_virtio_msg_features){0, 2, {(uint32_t)features, (uint32_t)(features >> 32)}};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_FEATURES, 16, 0));
}

KTF_TEST(backend_msg, what_a_device_is)
{
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_GET_INFO, 0, 24));
    EXPECT_EQ(payload.info.device_id, 2);
    EXPECT_EQ(payload.info.vendor_id, 7);
    EXPECT_EQ(payload.info.nr_features, 64);
    EXPECT_EQ(payload.info.config_bytes, 256);
    EXPECT_EQ(payload.info.nr_queues, 2);
    payload.features = (struct stile_virtio_msg_features){.first = 0, .nr = 12};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_GET_FEATURES, 8, 56));
    EXPECT_EQ(payload.features.data[0], (uint32_t)OFFERED);
    EXPECT_EQ(payload.features.data[1], 1);
    EXPECT_EQ(payload.features.data[2], 0);
    payload.range = (struct stile_virtio_msg_range){.offset = 212, .bytes = 44};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_GET_CONFIG, 8, 56));
    EXPECT_EQ(payload.config.data[43], 255);
    payload.range = (struct stile_virtio_msg_range){.offset = 213, .bytes = 44};
    EXPECT_FALSE(say_to(0, STILE_VIRTIO_GET_CONFIG, 8, 56));
}

KTF_TEST(backend_msg, a_driver_begins)
{
    EXPECT_EQ(set(0), 0);
    EXPECT_EQ(nr_resets, 1);
    EXPECT_EQ(set(3), 3);
    EXPECT_EQ(set(15), 3); /* without features it has no driver */
    choose(VERSION_1 | 2);
    EXPECT_EQ(set(11), 3); /* not one that is offered */
    choose(OFFERED & ~VERSION_1);
    EXPECT_EQ(set(11), 3);
    choose(OFFERED);
    EXPECT_EQ(set(11), 11);
    choose(VERSION_1); /* too late */
    EXPECT_EQ(page.driver_features, OFFERED);
    payload.vqueue = (struct stile_virtio_msg_vqueue){.index = 1, .num = NUM, .desc_ipa = 0x1000};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_VQUEUE, 40, 0));
    payload.vqueue = (struct stile_virtio_msg_vqueue){.index = 1};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_GET_VQUEUE, 4, 40));
    EXPECT_EQ(payload.vqueue.num_max, NUM);
    EXPECT_EQ(payload.vqueue.num, NUM);
    EXPECT_EQ(payload.vqueue.desc_ipa, 0x1000);
    EXPECT_EQ(set(15), 15);
    payload.vqueue = (struct stile_virtio_msg_vqueue){.index = 1, .num = 2};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_VQUEUE, 40, 0)); /* too late */
    EXPECT_EQ(page.queues[1].num, NUM);
    EXPECT_EQ(set(0), 0);
    EXPECT_EQ(page.queues[1].num, 0);
    EXPECT_EQ(page.queues[1].num_max, NUM);
    EXPECT_EQ(page.driver_features, 0);
}

KTF_TEST(backend_msg, features_beyond_those_there_are)
{
    payload.features = (struct stile_virtio_msg_features){2, 1, {1}};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_FEATURES, 12, 0));
    payload.features = (struct stile_virtio_msg_features){.first = 1, .nr = 1, .data = {1}};
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_FEATURES, 12, 0));
    EXPECT_EQ(set(11), 11);
    EXPECT_EQ(set(0), 0);
    choose(OFFERED);
    payload.features = (struct stile_virtio_msg_features){UINT32_MAX, 2, {0, 1}}; /* round */
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_SET_FEATURES, 16, 0));
    EXPECT_EQ(page.driver_features, (OFFERED & ~UINT64_C(0xFFFFFFFF)) | 1);
    EXPECT_EQ(set(11), 11);
}

KTF_TEST(backend_msg, a_device_that_needs_a_reset)
{
    struct stile_virtio_msg message;
    struct stile_virtio_msg_event event;

    page.needs_reset = 1;
    page.config_generation = 3;
    msg_changed(DEVICE, &bus.devices[DEVICE], &message);
    EXPECT_EQ(message.id, STILE_VIRTIO_EVENT_CONFIG);
    EXPECT_EQ(message.token, 0);
    EXPECT_EQ(message.bytes, 24);
    memcpy(&event, message.words, sizeof(event));
    EXPECT_EQ(event.status, 64);
    EXPECT_EQ(event.generation, 3);
    EXPECT_TRUE(say_to(0, STILE_VIRTIO_GET_STATUS, 0, 4));
    EXPECT_EQ(payload.status.status, 64);
}

KTF_TEST(backend_msg, what_the_bus_has)
{
    static const struct config_device other = {.index = 17};

    bus.devices[17].config = &other;
    payload.devices = (struct stile_virtio_msg_devices){.first = 0, .nr = 8};
    EXPECT_TRUE(say_to(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_GET_DEVICES, 4, 38));
    EXPECT_EQ(payload.devices.bits[0], 1 << DEVICE);
    EXPECT_EQ(payload.devices.next, 16);
    payload.devices = (struct stile_virtio_msg_devices){.first = 16, .nr = 256};
    EXPECT_TRUE(say_to(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_GET_DEVICES, 4, 38));
    EXPECT_EQ(payload.devices.bits[0], 2);
    EXPECT_EQ(payload.devices.next, 0);
    payload.words[0] = 0x11223344;
    EXPECT_TRUE(say_to(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_PING, 4, 4));
    EXPECT_EQ((uint32_t)payload.words[0], 0x11223344);
    EXPECT_FALSE(say_to(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_PING, 3, 4));
    EXPECT_FALSE(say_to(0, STILE_VIRTIO_RESET_VQUEUE, 40, 0));
}

/* --- a hostile one --------------------------------------------------------------------------- */

/* A message that is mostly nearly right. */
static struct stile_virtio_msg any_message(void)
{
    const struct message *like = &messages[(unsigned)rand() % (sizeof(messages) / sizeof(*like))];
    struct stile_virtio_msg message = {
        .type = (uint8_t)(like->type | (rand() % 50 == 0 ? rand() : 0)),
        .id = (uint8_t)(rand() % 20 ? like->id : rand()),
        .device = (uint16_t)(rand() % 8 ? DEVICE : rand()),
        .token = (uint16_t)(rand() % 20 ? 1 : rand()),
        .bytes = (uint16_t)(rand() % 4 ? HEADER_BYTES + like->bytes + (unsigned)rand() % 40
                                       : (unsigned)rand()),
    };
    uint32_t words[14];

    for (unsigned i = 0; i < 14; i++)
        words[i] = rand() % 3 ? (uint32_t)rand() % (rand() % 2 ? 80 : 4)
                              : (uint32_t)rand() << (rand() % 4);
    memcpy(message.words, words, sizeof(words));
    return message;
}

KTF_TEST(backend_msg, any_messages_for_a_million_steps)
{
    unsigned nr_answers = 0, nr_drivers = 0;

    for (unsigned i = 0; i < 1000000; i++) {
        struct stile_virtio_msg message = any_message();

        if (msg_answer(&bus, &message, &answer)) {
            nr_answers++;
            EXPECT_EQ(answer.token, message.token);
            EXPECT_EQ(answer.device, message.device);
            EXPECT_LE(answer.bytes, sizeof(answer));
        }
        EXPECT_LE(page.queues[0].num, NUM);
        EXPECT_EQ(page.queues[2].num, 0);
        if (page.status & VIRTIO_CONFIG_S_DRIVER_OK) {
            nr_drivers++;
            EXPECT_TRUE(page.status & VIRTIO_CONFIG_S_FEATURES_OK);
            EXPECT_EQ(page.driver_features & ~OFFERED, 0);
        }
        if (rand() % 64 == 0 && !(page.status & VIRTIO_CONFIG_S_FEATURES_OK))
            choose(OFFERED);
    }
    EXPECT_GT(nr_answers, 100000);
    EXPECT_GT(nr_drivers, 1000);
    EXPECT_GT(nr_resets, 1000);
    EXPECT_GT(nr_shares, 1000);
    EXPECT_GT(nr_binds, 1000);
}
