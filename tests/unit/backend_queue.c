/* SPDX-License-Identifier: MIT */
/*
 * tools/backend/queue.h beside a driver that keeps its own books, for each kind of ring with each
 * of the features: what is made available is used once, in its order, with what was written; nobody
 * sleeps over something. Also if the device dies at any of its stores, and another one goes on.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void before_store(void);

/* The device's stores, at each of which it may die. */
#define __atomic_store_n(word, value, order)                                                       \
    (before_store(), (void)(*(volatile __typeof__(*(word)) *)(word) = (value)))

#include "../../tools/backend/queue.c"
#include "../../tools/backend/say.c"
#include "../../tools/backend/queue_split.c"
#include "../../tools/backend/queue_packed.c"

#undef __atomic_store_n

#include "ktf.h"

#define BASE    UINT64_C(0x40000000)
#define NUM_MAX 16u
#define DESC    BASE
#define DRIVER  (BASE + 0x1000)
#define DEVICE  (BASE + 0x2000)
#define TABLES  (BASE + 0x3000) /* an indirect one of each chain */
#define BUFFERS (BASE + 0x5000)
#define BYTES   0xA000u

#define DESCS_MAX   4u
#define BUFFER_MAX  16u
#define CHAIN_BYTES (DESCS_MAX * BUFFER_MAX)

/* --- which queues ---------------------------------------------------------------------------- */

static const struct ring_case {
    const char *name;
    uint64_t features;
    bool is_indirect; /* sometimes */
    unsigned num;
} ring_cases[] = {
#define EVENT  (UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)
#define PACKED (UINT64_C(1) << VIRTIO_F_RING_PACKED)
    {"split", 0, false, 16},
    {"split, event index", EVENT, false, 8},
    {"split, indirect", 0, true, 16},
    {"split, both", EVENT, true, 4},
    {"packed", PACKED, false, 16},
    {"packed, event index", PACKED | EVENT, false, 7},
    {"packed, indirect", PACKED, true, 16},
    {"packed, both", PACKED | EVENT, true, 5},
    {"packed, of one", PACKED | EVENT, true, 1},
};

static void name_case(const struct ring_case *it, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", it->name);
}

/* --- the driver ------------------------------------------------------------------------------ */

/** A chain that the device has. */
struct flight {
    unsigned place;    /* which buffers */
    unsigned nr_descs; /* of the ring */
    uint32_t bytes_in;
    uint32_t seed; /* of what is to be read */
};

static const struct ring_case *ring;
static struct memory memory;
static struct flight flights[NUM_MAX]; /* the oldest first */
static unsigned nr_flights;
static bool is_taken[NUM_MAX];
static unsigned next_descs[NUM_MAX]; /* split: which are free */
static unsigned nr_free;
static unsigned avail_at, used_at; /* of packed rings: positions; else indexes */
static bool driver_sleeps;
static unsigned nr_taken;

static void *at(uint64_t base)
{
    return memory_at(&memory, base, 1);
}

static bool is_packed(void)
{
    return ring->features & PACKED;
}

static bool has_event(void)
{
    return ring->features & EVENT;
}

/* Of a packed ring: the bits of what is available at a position. */
static unsigned bits_at(unsigned position, bool used)
{
    bool wrap = position % (2 * ring->num) < ring->num;

    return (wrap ? 0x80u : 0u) | (wrap == used ? 0x8000u : 0u);
}

static uint32_t event_at(unsigned position)
{
    return position % ring->num | (position % (2 * ring->num) < ring->num ? 0x8000u : 0u) |
           2u << 16;
}

static void driver_begin(const struct ring_case *which)
{
    ring = which;
    memset(memory.ranges[0].at, 0, BYTES);
    nr_flights = nr_taken = 0;
    avail_at = used_at = 0;
    driver_sleeps = false;
    memset(is_taken, 0, sizeof(is_taken));
    nr_free = ring->num;
    for (unsigned i = 0; i < ring->num; i++)
        next_descs[i] = i;
}

static struct stile_virtio_queue page_queue(void)
{
    return (struct stile_virtio_queue){
        .num = ring->num, .ready = 1, .desc_ipa = DESC, .driver_ipa = DRIVER, .device_ipa = DEVICE};
}

/* A descriptor of the ring, or of a table. */
static void write_desc(void *ring_at, unsigned index, uint64_t address, uint32_t bytes,
                       unsigned flags, unsigned tag)
{
    struct vring_desc *split = ring_at;
    struct vring_packed_desc *packed = ring_at;

    if (is_packed())
        packed[index] = (struct vring_packed_desc){address, bytes, (uint16_t)tag, (uint16_t)flags};
    else
        split[index] = (struct vring_desc){address, bytes, (uint16_t)flags, (uint16_t)tag};
}

/* Where the chain's descriptors go: into the ring, at the driver's position, or a table. */
struct writer {
    void *at;
    bool is_ring;
    unsigned nr;
};

static unsigned index_of(const struct writer *writer, unsigned i)
{
    if (!writer->is_ring)
        return i;
    return is_packed() ? (avail_at + i) % ring->num : next_descs[nr_free - 1 - i];
}

static void write_one(const struct writer *writer, unsigned i, uint64_t address, uint32_t bytes,
                      unsigned flags, unsigned place)
{
    bool is_last = i + 1 == writer->nr;
    unsigned tag = is_packed() ? place : is_last ? 0 : index_of(writer, i + 1);

    if (!is_last && (writer->is_ring || !is_packed()))
        flags |= VRING_DESC_F_NEXT;
    if (is_packed() && writer->is_ring)
        flags |= bits_at(avail_at + i, false);
    write_desc(writer->at, index_of(writer, i), address, bytes, flags, tag);
}

static void write_buffers(const struct writer *writer, unsigned nr_out, unsigned place,
                          struct flight *flight)
{
    for (unsigned i = writer->nr; i-- > 0;) { /* the first one last */
        uint64_t address = BUFFERS + place * CHAIN_BYTES + i * BUFFER_MAX;
        uint32_t bytes = 1 + (uint32_t)rand() % BUFFER_MAX;

        if (i >= nr_out)
            flight->bytes_in += bytes;
        for (unsigned k = 0; i < nr_out && k < bytes; k++)
            ((uint8_t *)at(address))[k] = (uint8_t)(flight->seed + i);
        write_one(writer, i, address, bytes, i < nr_out ? 0 : VRING_DESC_F_WRITE, place);
    }
}

static unsigned free_place(void)
{
    unsigned place = (unsigned)rand() % ring->num;

    while (is_taken[place])
        place = (place + 1) % ring->num;
    return place;
}

static void make_available(unsigned nr_descs)
{
    struct vring_avail *avail = at(DRIVER);

    if (is_packed()) {
        avail_at += nr_descs;
    } else {
        avail->ring[avail_at++ % ring->num] = (uint16_t)next_descs[nr_free - 1];
        avail->idx = (uint16_t)avail_at;
    }
    nr_free -= nr_descs;
}

/* Puts a chain in. Returns false if there is no room. */
static bool add(unsigned nr, unsigned nr_out, bool is_indirect)
{
    unsigned nr_descs = is_indirect ? 1 : nr;

    if (nr_descs > nr_free || nr_flights == ring->num)
        return false;
    unsigned place = free_place();
    struct flight *flight = &flights[nr_flights++];
    struct writer writer = {at(is_indirect ? TABLES + place * 256 : DESC), !is_indirect, nr};

    *flight = (struct flight){.place = place, .nr_descs = nr_descs, .seed = (uint32_t)rand()};
    write_buffers(&writer, nr_out, place, flight);
    writer = (struct writer){at(DESC), true, 1};
    if (is_indirect)
        write_one(&writer, 0, TABLES + place * 256, nr * 16, VRING_DESC_F_INDIRECT, place);
    is_taken[place] = true;
    make_available(nr_descs);
    return true;
}

/* Whether the device is to be notified of what was added since @before. */
static bool must_kick(unsigned before)
{
    uint32_t event = *(const uint32_t *)at(DEVICE);
    const struct vring_used *used = at(DEVICE);

    if (is_packed()) {
        if (event >> 16 != 2)
            return event >> 16 == 0;
        for (unsigned i = before; i < avail_at; i++)
            if (event == event_at(i))
                return true;
        return false;
    }
    if (!has_event())
        return !used->flags;
    return vring_need_event(*(const uint16_t *)(const void *)&used->ring[ring->num],
                            (uint16_t)avail_at, (uint16_t)before);
}

/* What the device has used, of which place: false if there is none. */
static bool find_used(unsigned *place, uint32_t *written)
{
    const struct vring_used *used = at(DEVICE);
    const struct vring_packed_desc *packed = at(DESC);
    const struct vring_packed_desc *desc = &packed[used_at % ring->num];

    if (is_packed()) {
        if ((desc->flags & 0x8080u) != bits_at(used_at, true))
            return false;
        EXPECT_EQ(desc->flags & VRING_DESC_F_WRITE ? desc->len > 0 : desc->len == 0, true);
        *place = desc->id;
        *written = desc->len;
        return true;
    }
    if (used->idx == (uint16_t)used_at)
        return false;
    *written = used->ring[used_at % ring->num].len;
    *place = flights[0].place;
    /* Descriptors are told apart by what the first of them has. */
    const struct vring_desc *split = at(DESC);
    uint64_t address = split[used->ring[used_at % ring->num].id].addr;
    bool is_table = address < BUFFERS;

    EXPECT_EQ(is_table ? (address - TABLES) / 256 : (address - BUFFERS) / CHAIN_BYTES, *place);
    for (unsigned i = 0, id = used->ring[used_at % ring->num].id; i < flights[0].nr_descs; i++) {
        next_descs[nr_free + i] = id;
        id = split[id].next;
    }
    return true;
}

/* --- the device ------------------------------------------------------------------------------ */

static struct queue queue;
static uint32_t expected[NUM_MAX]; /* of a place: how much was written */
static unsigned batch_of[NUM_MAX]; /* and how many are told together, if it is the first */
static bool device_sleeps;
static jmp_buf death;
static unsigned dies_in; /* stores; 0: it does not */

static void before_store(void)
{
    if (dies_in > 0 && --dies_in == 0)
        longjmp(death, 1);
}

static void open_anew(void)
{
    struct stile_virtio_queue its = page_queue();

    device_sleeps = false;
    memset(&queue, 0xFF, sizeof(queue));
    ASSERT_TRUE(queue_open(&queue, &memory, &its, ring->features));
}

/* Takes up to so many chains, and uses them at once: all but the last are full. */
static void use_some(unsigned most)
{
    static struct chain chain;
    unsigned nr = 0, first = 0;

    while (nr < most && queue_pop(&queue, &chain) == QUEUE_CHAIN) {
        uint32_t written = (uint32_t)chain.bytes_in;
        struct cursor in = chain_in(&chain);
        uint8_t data[CHAIN_BYTES];

        if (nr + 1 == most && rand() % 2)
            written = (uint32_t)rand() % (written + 1);
        unsigned place =
            (unsigned)((uint8_t *)chain.buffers[0].iov_base - (uint8_t *)at(BUFFERS)) / CHAIN_BYTES;

        for (unsigned i = 0; i < chain.nr_out; i++)
            EXPECT_EQ(*(const uint8_t *)chain.buffers[i].iov_base,
                      (uint8_t)(*(const uint8_t *)chain.buffers[0].iov_base + i));
        memset(data, (int)place + 1, sizeof(data));
        EXPECT_EQ(chain_write(&in, data, written), written);
        first = nr++ == 0 ? place : first;
        expected[place] = written;
        batch_of[place] = 0;
        queue_fill(&queue, &chain, written);
    }
    /* One that waits for more of them than there are. */
    if (nr > 0 && nr < most && rand() % 8 == 0) {
        queue_undo(&queue, (uint16_t)nr);
        return;
    }
    if (nr > 0) {
        batch_of[first] = nr;
        queue_publish(&queue);
    }
}

/* --- both ------------------------------------------------------------------------------------ */

static void setup(void)
{
    srand(1);
    memory = (struct memory){.nr = 1, .ranges = {{BASE, BYTES, calloc(1, BYTES)}}};
    dies_in = 0;
}

static void teardown(void)
{
    free(memory.ranges[0].at);
}

KTF_SUITE(backend_queue, .setup = setup, .teardown = teardown);

static bool take_one(unsigned *batch)
{
    unsigned place;
    uint32_t written;

    if (!find_used(&place, &written))
        return false;
    const struct flight flight = flights[0];

    EXPECT_GT(nr_flights, 0);
    EXPECT_EQ(place, flight.place);
    EXPECT_EQ(written, expected[place]);
    EXPECT_LE(written, flight.bytes_in);
    *batch = batch_of[place];
    is_taken[place] = false;
    used_at += is_packed() ? flight.nr_descs : 1;
    nr_free += flight.nr_descs;
    memmove(&flights[0], &flights[1], --nr_flights * sizeof(flights[0]));
    nr_taken++;
    return true;
}

/* Takes what was used; of those that are told together all are there. */
static unsigned take_all(void)
{
    unsigned nr = 0, batch, inner;

    for (; take_one(&batch); nr++) {
        EXPECT_GT(batch, 0);
        for (unsigned i = 1; i < batch; i++, nr++)
            EXPECT_TRUE(take_one(&inner));
    }
    return nr;
}

static void add_some(void)
{
    unsigned before = avail_at;

    for (unsigned i = 1 + (unsigned)rand() % 4; i > 0; i--) {
        unsigned nr = 1 + (unsigned)rand() % (ring->num < DESCS_MAX ? ring->num : DESCS_MAX);
        bool is_indirect = ring->is_indirect && rand() % 2;

        (void)add(nr, (unsigned)rand() % (nr + 1), is_indirect);
    }
    if (must_kick(before))
        device_sleeps = false;
    else
        EXPECT_TRUE(!device_sleeps || before == avail_at);
}

/* The driver asks to be interrupted, as the specification has it. */
static void fall_asleep(void)
{
    struct vring_avail *avail = at(DRIVER);

    if (is_packed())
        *(uint32_t *)at(DRIVER) = has_event() ? event_at(used_at) : 0;
    else if (has_event())
        avail->ring[ring->num] = (uint16_t)used_at;
    driver_sleeps = nr_flights > 0 && take_all() == 0;
}

static void one_step(void)
{
    switch (rand() % 4) {
    case 0:
        add_some();
        break;
    case 1:
        (void)take_all();
        break;
    case 2:
        fall_asleep();
        break;
    default:
        use_some(1 + (unsigned)rand() % 4);
        if (queue_must_signal(&queue))
            driver_sleeps = false;
        if (driver_sleeps)
            EXPECT_EQ(take_all(), 0);
        if (rand() % 2)
            device_sleeps = queue_is_idle(&queue);
    }
}

KTF_TEST_EACH(backend_queue, chains_are_used_in_their_order, struct ring_case, ring_cases,
              name_case)
{
    driver_begin(param);
    open_anew();
    for (unsigned i = 0; i < 200000; i++)
        one_step();
    EXPECT_GT(nr_taken, 10000);
}

KTF_TEST_EACH(backend_queue, a_device_dies_at_any_store, struct ring_case, ring_cases, name_case)
{
    volatile unsigned nr_deaths = 0;

    driver_begin(param);
    open_anew();
    for (volatile unsigned i = 0; i < 200000; i++) {
        dies_in = (unsigned)rand() % 24;
        if (setjmp(death) == 0) {
            one_step();
            dies_in = 0;
            continue;
        }
        nr_deaths++;
        if (rand() % 2)
            (void)take_all();
        if (rand() % 2)
            add_some();
        dies_in = rand() % 8 ? 0 : 1 + (unsigned)rand() % 4; /* also while it goes on */
        (void)setjmp(death);                                 /* and then another one does */
        open_anew();
        dies_in = 0;
        driver_sleeps = false; /* each back end begins by interrupting */
    }
    EXPECT_GT(nr_taken, 10000);
    EXPECT_GT(nr_deaths, 1000);
}
