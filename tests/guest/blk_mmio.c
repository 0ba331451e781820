/* SPDX-License-Identifier: MIT */
#include "arch/layout.h"
#include "arm64/io.h"
#include "blk_transport.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"

/* Virtio 1.1, 4.2.2. */
#define VERSION             0x04
#define DEVICE_ID           0x08
#define DEVICE_FEATURES     0x10
#define DEVICE_FEATURES_SEL 0x14
#define DRIVER_FEATURES     0x20
#define DRIVER_FEATURES_SEL 0x24
#define QUEUE_SEL           0x30
#define QUEUE_NUM_MAX       0x34
#define QUEUE_NUM           0x38
#define QUEUE_READY         0x44
#define QUEUE_NOTIFY        0x50
#define INTERRUPT_STATUS    0x60
#define INTERRUPT_ACK       0x64
#define STATUS              0x70
#define QUEUE_DESC          0x80 /* each of these a low and a high word */
#define QUEUE_DRIVER        0x90
#define QUEUE_DEVICE        0xA0
#define CONFIG_CAPACITY     0x100

#define VERSION_MODERN 2u

static uint64_t registers;
static uint32_t slot_intid;

static uint32_t read32(uint32_t at)
{
    return io_read32(registers + at);
}

static void write32(uint32_t at, uint32_t value)
{
    io_write32(registers + at, value);
}

static void write_pa(uint32_t at, uint64_t pa)
{
    write32(at, (uint32_t)pa);
    write32(at + 4, (uint32_t)(pa >> 32));
}

static uint32_t intid(void)
{
    return slot_intid;
}

static uint32_t status(void)
{
    return read32(STATUS);
}

static void set_status(uint32_t value)
{
    write32(STATUS, value);
}

static uint64_t features(void)
{
    uint64_t low;

    write32(DEVICE_FEATURES_SEL, 0);
    low = read32(DEVICE_FEATURES);
    write32(DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)read32(DEVICE_FEATURES) << 32;
}

static void set_features(uint64_t value)
{
    write32(DRIVER_FEATURES_SEL, 0);
    write32(DRIVER_FEATURES, (uint32_t)value);
    write32(DRIVER_FEATURES_SEL, 1);
    write32(DRIVER_FEATURES, (uint32_t)(value >> 32));
}

static bool set_queue(uint32_t nr, uint64_t desc, uint64_t driver, uint64_t device)
{
    write32(QUEUE_SEL, 0);
    if (read32(QUEUE_NUM_MAX) < nr)
        return false;
    write32(QUEUE_NUM, nr);
    write_pa(QUEUE_DESC, desc);
    write_pa(QUEUE_DRIVER, driver);
    write_pa(QUEUE_DEVICE, device);
    write32(QUEUE_READY, 1);
    return true;
}

static void notify(void)
{
    write32(QUEUE_NOTIFY, 0);
}

static uint32_t acknowledge(void)
{
    uint32_t why = read32(INTERRUPT_STATUS);

    write32(INTERRUPT_ACK, why);
    return why;
}

static uint64_t sectors(void)
{
    return read32(CONFIG_CAPACITY) | (uint64_t)read32(CONFIG_CAPACITY + 4) << 32;
}

static const struct blk_transport transport = {
    intid, status, set_status, features, set_features, set_queue, notify, acknowledge, sectors,
};

/* Each page of slots is mapped once. */
const struct blk_transport *blk_mmio_find(void)
{
    uint64_t page = 0;
    uint64_t va = 0;

    for (uint32_t i = 0; i < machine.nr_slots; i++) {
        const struct slot *slot = &machine.slots[i];
        uint64_t offset = slot->registers.base % PAGE_SIZE;

        if (slot->registers.base - offset != page) {
            page = slot->registers.base - offset;
            va = kernel_map_device(page, PAGE_SIZE);
        }
        registers = va + offset;
        slot_intid = slot->intid;
        if (read32(DEVICE_ID) == BLK_DEVICE_ID && read32(VERSION) == VERSION_MODERN)
            return &transport;
    }
    return 0;
}
