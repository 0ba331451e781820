/* SPDX-License-Identifier: MIT */
/*
 * virt/virtio_mmio.c: as Linux's driver and a back end use it, who waits for whom, and that neither
 * side's values lead anywhere.
 */
#include <stdlib.h>
#include <string.h>

static void before_store(const volatile void *word);

/* Each store of the file's is looked at before it is made. */
#define __atomic_store_n(word, value, order)                                                       \
    (before_store(word), (void)(*(volatile __typeof__(*(word)) *)(word) = (value)))

#include "lib/guest_word.c"
#include "vm/mmio_map.c"
#include "virt/virtio_backend.c"
#include "virt/virtio_mmio.c"

#include "ktf.h"

#define BASE     UINT64_C(0xA000000)
#define BYTES    0x200u
#define NR       3u
#define INTID(i) (48 + (i))
#define PORT(i)  (100 + (i))

/* --- what the devices call --- */

static struct vm vm;
static struct vcpu vcpus[2];
static struct stile_virtio_page pages[NR];
static bool levels[NR];
static uint32_t nr_edges[NR]; /* rising */
static uint32_t nr_events[NR];

static void set_level(struct vm *of, uint32_t intid, bool high)
{
    EXPECT_EQ(of, &vm);
    ASSERT_LT(intid - INTID(0), NR);
    nr_edges[intid - INTID(0)] += high && !levels[intid - INTID(0)];
    levels[intid - INTID(0)] = high;
}

/* A back end that sees a reset must not find the driver still there: it would begin anew. */
static void before_store(const volatile void *word)
{
    for (uint32_t i = 0; i < NR; i++)
        if (word == &pages[i].resets)
            EXPECT_EQ(pages[i].status, 0);
}

static const struct controller controller = {.set_level = set_level};

void events_notify(struct vm *of, uint32_t port)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(vm.virtio.lock.next, vm.virtio.lock.serving);
    EXPECT_LT(port - PORT(0), NR);
    nr_events[(port - PORT(0)) % NR]++;
}

void sched_set_paused(struct vcpu *vcpu, uint32_t reason, bool paused)
{
    EXPECT_EQ(reason, VCPU_PAUSED_DEVICE);
    EXPECT_NE(vcpu->paused != 0, paused);
    vcpu->paused = paused ? (uint8_t)reason : 0;
}

void *page_alloc(uint32_t owner, unsigned order)
{
    static uint32_t next;

    EXPECT_EQ(owner, vm.id);
    EXPECT_EQ(order, PAGE_ORDER_4K);
    return &pages[next++ % NR];
}

void page_free(void *page, unsigned order)
{
    EXPECT_EQ(order, PAGE_ORDER_4K);
    memset(page, 0xEE, PAGE_SIZE);
}

/* --- both sides --- */

static uint32_t get(uint32_t device, uint32_t offset)
{
    return (uint32_t)vm.mmio.regions[0].ops->read(&vcpus[0], device * BYTES + offset, 4);
}

static void put(uint32_t device, uint32_t offset, uint32_t value)
{
    vm.mmio.regions[0].ops->write(&vcpus[0], device * BYTES + offset, 4, value);
}

/* A back end comes, and says what the device is. */
static void attach(uint32_t device)
{
    struct stile_virtio_page *page = &pages[device];

    virtio_bound(&vm, device, true);
    page->resets_done = page->resets;
    page->vendor_id = 0x5354;
    page->device_features = UINT64_C(1) << 32 | 0x40;
    page->queues[0].num_max = 256;
    page->queues[7].num_max = 16;
    page->config[0] = 0x12;
    page->config[7] = 0x34;
    page->device_id = 2;
    virtio_signal(&vm, device);
}

static void finish_reset(uint32_t device)
{
    pages[device].resets_done = pages[device].resets;
    virtio_signal(&vm, device);
}

static void interrupt(uint32_t device, uint64_t bits)
{
    pages[device].interrupt |= bits;
    virtio_signal(&vm, device);
}

static void setup(void)
{
    memset(&vm, 0, sizeof(vm));
    memset(vcpus, 0, sizeof(vcpus));
    memset(levels, 0, sizeof(levels));
    memset(nr_edges, 0, sizeof(nr_edges));
    memset(nr_events, 0, sizeof(nr_events));
    vm.id = 1;
    vm.number = 257;
    vm.controller = &controller;
    vm.config.nr_virtio = NR;
    vm.config.virtio_at = (struct ipa_range){ipa_make(BASE), NR * BYTES};
    vm.config.virtio_bytes = BYTES;
    vm.config.virtio[1].memory.bytes = PAGE_SIZE;
    for (uint32_t i = 0; i < 2; i++) {
        vm.vcpus[i] = &vcpus[i];
        vcpus[i].vm = &vm;
        vcpus[i].index = i;
    }
    EXPECT_TRUE(virtio_alloc(&vm));
    virtio_init(&vm);
    for (uint32_t i = 0; i < NR; i++) {
        vm.config.virtio[i].intid = INTID(i);
        vm.virtio.devices[i].port = PORT(i);
    }
}

static void teardown(void)
{
    virtio_free(&vm);
}

KTF_SUITE(virtio_mmio, .setup = setup, .teardown = teardown);

/* --- the register file --- */

KTF_TEST(virtio_mmio, one_is_what_its_back_end_says)
{
    EXPECT_EQ(vm.mmio.nr_regions, 1);
    EXPECT_EQ(vm.mmio.regions[0].bytes, NR * BYTES);
    EXPECT_EQ(pages[1].magic, STILE_VIRTIO_MAGIC);
    EXPECT_EQ(pages[1].index, 1);
    EXPECT_EQ(pages[1].vm_id, 257);
    EXPECT_EQ(pages[1].flags, STILE_VIRTIO_RESTRICTED);
    EXPECT_EQ(pages[2].flags, 0);
    EXPECT_EQ(get(1, MAGIC_VALUE), MAGIC);
    EXPECT_EQ(get(1, VERSION), 2);
    EXPECT_EQ(get(1, DEVICE_ID), 0);
    attach(1);
    EXPECT_EQ(get(1, DEVICE_ID), 2);
    EXPECT_EQ(get(1, VENDOR_ID), 0x5354);
    EXPECT_EQ(get(1, SHM_LEN_LOW), UINT32_MAX);
    EXPECT_EQ(get(1, 0x0C0), 0);
    EXPECT_EQ(get(2, DEVICE_ID), 0);
    EXPECT_EQ(get(1, CONFIG), 0x12);
    EXPECT_EQ(get(1, CONFIG + 4), 0x34000000);
    EXPECT_EQ(virtio_read(&vcpus[0], BYTES + CONFIG + 7, 1), 0x34);
    EXPECT_EQ(virtio_read(&vcpus[0], BYTES + CONFIG, 8), UINT64_C(0x3400000000000012));
    EXPECT_EQ(virtio_read(&vcpus[0], BYTES + DEVICE_ID, 2), 0);
}

static void select_and_accept(uint32_t device, uint32_t sel, uint32_t half)
{
    put(device, DRIVER_FEATURES_SEL, sel);
    put(device, DRIVER_FEATURES, half);
}

KTF_TEST(virtio_mmio, features_are_accepted_as_far_as_they_are_offered)
{
    attach(0);
    put(0, DEVICE_FEATURES_SEL, 0);
    EXPECT_EQ(get(0, DEVICE_FEATURES), 0x40);
    put(0, DEVICE_FEATURES_SEL, 1);
    EXPECT_EQ(get(0, DEVICE_FEATURES), 1);
    put(0, DEVICE_FEATURES_SEL, 2);
    EXPECT_EQ(get(0, DEVICE_FEATURES), 0);
    select_and_accept(0, 1, 1);
    select_and_accept(0, 0, 0x41);
    select_and_accept(0, 2, 7);
    EXPECT_EQ(pages[0].driver_features, UINT64_C(1) << 32 | 0x41);
    put(0, STATUS, 11);
    EXPECT_EQ(get(0, STATUS), 3);
    select_and_accept(0, 0, 0x40);
    put(0, STATUS, 11);
    EXPECT_EQ(get(0, STATUS), 11);
    EXPECT_EQ(nr_events[0], 2);
}

KTF_TEST(virtio_mmio, queues_are_set_up)
{
    attach(0);
    put(0, QUEUE_SEL, 7);
    EXPECT_EQ(get(0, QUEUE_NUM_MAX), 16);
    put(0, QUEUE_NUM, 8);
    put(0, QUEUE_DESC_LOW, 0x1000);
    put(0, QUEUE_DESC_HIGH, 1);
    put(0, QUEUE_DRIVER_LOW, 0x2000);
    put(0, QUEUE_DRIVER_HIGH, 2);
    put(0, QUEUE_DEVICE_LOW, 0x3000);
    put(0, QUEUE_DEVICE_HIGH, 3);
    put(0, QUEUE_READY, 1);
    EXPECT_EQ(get(0, QUEUE_READY), 1);
    EXPECT_EQ(pages[0].queues[7].num, 8);
    EXPECT_EQ(pages[0].queues[7].ready, 1);
    EXPECT_EQ(pages[0].queues[7].desc_ipa, UINT64_C(0x100001000));
    EXPECT_EQ(pages[0].queues[7].driver_ipa, UINT64_C(0x200002000));
    EXPECT_EQ(pages[0].queues[7].device_ipa, UINT64_C(0x300003000));
    put(0, QUEUE_SEL, 8);
    EXPECT_EQ(get(0, QUEUE_NUM_MAX), 0);
    put(0, QUEUE_READY, 1);
    EXPECT_EQ(get(0, QUEUE_READY), 0);
    EXPECT_EQ(nr_events[0], 0);
    put(0, QUEUE_NOTIFY, 7);
    EXPECT_EQ(nr_events[0], 1);
}

KTF_TEST(virtio_mmio, the_configuration_is_written_and_told)
{
    attach(0);
    virtio_write(&vcpus[0], CONFIG + 32, 1, 1);
    EXPECT_EQ(pages[0].config[32], 1);
    virtio_write(&vcpus[0], CONFIG + 0xFC, 4, 0x04030201);
    EXPECT_EQ(pages[0].config[255], 4);
    EXPECT_EQ(nr_events[0], 2);
}

/* --- interrupts --- */

KTF_TEST(virtio_mmio, interrupts_are_levels_until_acknowledged)
{
    attach(0);
    interrupt(0, STILE_VIRTIO_USED_BUFFER);
    EXPECT_TRUE(levels[0]);
    EXPECT_EQ(get(0, INTERRUPT_STATUS), 1);
    put(0, INTERRUPT_ACK, 1);
    EXPECT_FALSE(levels[0]);
    EXPECT_EQ(get(0, INTERRUPT_STATUS), 0);
    EXPECT_EQ(nr_events[0], 0);
}

/* As an edge it is seen, too, though it came before the acknowledgement of another. */
KTF_TEST(virtio_mmio, what_was_not_acknowledged_interrupts_again)
{
    attach(0);
    interrupt(0, STILE_VIRTIO_USED_BUFFER);
    interrupt(0, STILE_VIRTIO_CONFIG);
    EXPECT_EQ(nr_edges[0], 1);
    put(0, INTERRUPT_ACK, STILE_VIRTIO_USED_BUFFER);
    EXPECT_TRUE(levels[0]);
    EXPECT_EQ(nr_edges[0], 2);
    put(0, INTERRUPT_ACK, STILE_VIRTIO_CONFIG);
    EXPECT_FALSE(levels[0]);
}

/* --- who waits --- */

KTF_TEST(virtio_mmio, a_vm_begins_when_all_are_served)
{
    virtio_start(&vm);
    EXPECT_TRUE(vcpus[0].paused);
    attach(2);
    attach(0);
    EXPECT_TRUE(vcpus[0].paused);
    virtio_bound(&vm, 0, false); /* that back end is gone again */
    attach(1);
    EXPECT_TRUE(vcpus[0].paused);
    attach(0);
    EXPECT_FALSE(vcpus[0].paused);
    virtio_bound(&vm, 0, false);
    EXPECT_FALSE(vcpus[0].paused);
}

KTF_TEST(virtio_mmio, a_vm_without_any_begins_at_once)
{
    vm.config.nr_virtio = 0;
    virtio_start(&vm);
    EXPECT_FALSE(vcpus[0].paused);
    vm.config.nr_virtio = NR;
}

KTF_TEST(virtio_mmio, a_reset_is_waited_for)
{
    attach(0);
    put(0, QUEUE_NUM, 8);
    put(0, QUEUE_READY, 1);
    put(0, STATUS, 15);
    interrupt(0, STILE_VIRTIO_USED_BUFFER);
    put(0, STATUS, 0);
    EXPECT_TRUE(vcpus[0].paused);
    EXPECT_EQ(pages[0].resets, 1);
    EXPECT_EQ(pages[0].status, 0);
    EXPECT_EQ(pages[0].queues[0].ready, 0);
    EXPECT_EQ(pages[0].interrupt, 0);
    EXPECT_FALSE(levels[0]);
    virtio_signal(&vm, 0); /* of something else */
    EXPECT_TRUE(vcpus[0].paused);
    finish_reset(0);
    EXPECT_FALSE(vcpus[0].paused);
}

KTF_TEST(virtio_mmio, a_device_that_is_broken_says_so_until_it_is_reset)
{
    attach(0);
    put(0, STATUS, 15);
    pages[0].needs_reset = 1;
    EXPECT_EQ(get(0, STATUS), 0x4F);
    put(0, STATUS, 0);
    EXPECT_EQ(get(0, STATUS), 0);
}

KTF_TEST(virtio_mmio, no_back_end_no_waiting)
{
    put(0, STATUS, 0);
    EXPECT_FALSE(vcpus[0].paused);
    attach(0);
    put(0, STATUS, 0);
    EXPECT_TRUE(vcpus[0].paused);
    virtio_bound(&vm, 0, false);
    EXPECT_FALSE(vcpus[0].paused);
}

/* It sends by a port whose binding has not come to its end on another CPU. */
KTF_TEST(virtio_mmio, a_back_end_that_is_not_bound_serves_nothing)
{
    pages[0].device_id = 2;
    virtio_signal(&vm, 0);
    EXPECT_EQ(get(0, DEVICE_ID), 0);
}

/* A driver that looks for it meanwhile finds it. */
KTF_TEST(virtio_mmio, a_device_stays_when_its_back_end_dies)
{
    attach(0);
    virtio_bound(&vm, 0, false);
    EXPECT_EQ(pages[0].device_id, 0);
    EXPECT_EQ(get(0, DEVICE_ID), 2);
    EXPECT_EQ(get(0, VENDOR_ID), 0x5354);
    EXPECT_EQ(get(0, CONFIG), 0x12);
    attach(0);
    EXPECT_EQ(get(0, DEVICE_ID), 2);
}

/* --- both hostile --- */

/* Anything is written to any register while anything is in the page: no sanitizer complains. */
KTF_TEST(virtio_mmio, any_values_on_both_sides)
{
    for (uint32_t i = 0; i < 1000000; i++) {
        uint32_t bytes = 1u << rand() % 4;
        uint32_t offset = (uint32_t)rand() % (NR * BYTES) / bytes * bytes;
        uint32_t device = (uint32_t)rand() % NR;

        ((uint8_t *)&pages[device])[rand() % (int)PAGE_SIZE] = (uint8_t)rand();
        switch (rand() % 8) {
        case 0:
            virtio_bound(&vm, device, rand() % 2);
            break;
        case 1:
            virtio_signal(&vm, device);
            break;
        case 2:
        case 3:
            (void)virtio_read(&vcpus[0], offset, bytes);
            break;
        default:
            if (!vcpus[0].paused)
                virtio_write(&vcpus[0], offset, bytes, rand() % 4 ? (uint32_t)rand() : 0);
            break;
        }
        EXPECT_EQ(vcpus[0].paused != 0,
                  ((vm.virtio.devices[0].awaiting | vm.virtio.devices[1].awaiting |
                    vm.virtio.devices[2].awaiting) &
                   1) != 0);
    }
}
