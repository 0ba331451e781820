/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "arch/layout.h"
#include "arm64/io.h"
#include "blk_transport.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"

/* Of bus 0. */
#define NR_SLOTS   32u
#define BUS_BYTES  0x100000u
#define SLOT_BYTES 0x8000u

/* PCI Local Bus 6.1 and 6.7: the header, and a capability that is the vendor's. */
#define ID                 0x00
#define COMMAND            0x04
#define BAR(n)             (0x10 + 4u * (n))
#define CAPABILITIES       0x34
#define INTERRUPT_PIN      0x3D
#define COMMAND_MEMORY     2u
#define COMMAND_BUS_MASTER 4u
#define CAP_NEXT           1
#define CAP_ID_VENDOR      0x09

/* Virtio 1.1, 4.1: the device, its capabilities, and what is where they say. */
#define ID_BLOCK        ((0x1040u + BLK_DEVICE_ID) << 16 | 0x1AF4u)
#define ID_TRANSITIONAL (0x1001u << 16 | 0x1AF4u)
#define CAP_TYPE        3
#define CAP_BAR         4
#define CAP_OFFSET      8
#define CAP_MULTIPLIER  16
#define CAP_TYPE_COMMON 1
#define CAP_TYPE_NOTIFY 2
#define CAP_TYPE_ISR    3
#define CAP_TYPE_DEVICE 4
#define NR_CAP_TYPES    5

#define DEVICE_FEATURES_SEL 0x00
#define DEVICE_FEATURES     0x04
#define DRIVER_FEATURES_SEL 0x08
#define DRIVER_FEATURES     0x0C
#define STATUS              0x14
#define QUEUE_SEL           0x16
#define QUEUE_SIZE          0x18
#define QUEUE_ENABLE        0x1C
#define QUEUE_NOTIFY_OFF    0x1E
#define QUEUE_DESC          0x20
#define QUEUE_DRIVER        0x28
#define QUEUE_DEVICE        0x30

/* The BAR of all that is of 64 bits, and has so much. */
#define BAR_BYTES 0x4000u

static uint64_t at[NR_CAP_TYPES]; /* by type */
static uint64_t doorbell;
static uint32_t multiplier;
static uint32_t line;

static uint32_t intid(void)
{
    return machine.pci.intids[line % 4];
}

static uint32_t status(void)
{
    return io_read8(at[CAP_TYPE_COMMON] + STATUS);
}

static void set_status(uint32_t value)
{
    io_write8(at[CAP_TYPE_COMMON] + STATUS, (uint8_t)value);
}

static uint64_t features(void)
{
    uint64_t low;

    io_write32(at[CAP_TYPE_COMMON] + DEVICE_FEATURES_SEL, 0);
    low = io_read32(at[CAP_TYPE_COMMON] + DEVICE_FEATURES);
    io_write32(at[CAP_TYPE_COMMON] + DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)io_read32(at[CAP_TYPE_COMMON] + DEVICE_FEATURES) << 32;
}

static void set_features(uint64_t value)
{
    io_write32(at[CAP_TYPE_COMMON] + DRIVER_FEATURES_SEL, 0);
    io_write32(at[CAP_TYPE_COMMON] + DRIVER_FEATURES, (uint32_t)value);
    io_write32(at[CAP_TYPE_COMMON] + DRIVER_FEATURES_SEL, 1);
    io_write32(at[CAP_TYPE_COMMON] + DRIVER_FEATURES, (uint32_t)(value >> 32));
}

static void write_pa(uint32_t offset, uint64_t pa)
{
    io_write32(at[CAP_TYPE_COMMON] + offset, (uint32_t)pa);
    io_write32(at[CAP_TYPE_COMMON] + offset + 4, (uint32_t)(pa >> 32));
}

static bool set_queue(uint32_t nr, uint64_t desc, uint64_t driver, uint64_t device)
{
    uint64_t common = at[CAP_TYPE_COMMON];

    io_write16(common + QUEUE_SEL, 0);
    if (io_read16(common + QUEUE_SIZE) < nr)
        return false;
    io_write16(common + QUEUE_SIZE, (uint16_t)nr);
    write_pa(QUEUE_DESC, desc);
    write_pa(QUEUE_DRIVER, driver);
    write_pa(QUEUE_DEVICE, device);
    doorbell = at[CAP_TYPE_NOTIFY] + io_read16(common + QUEUE_NOTIFY_OFF) * multiplier;
    io_write16(common + QUEUE_ENABLE, 1);
    return true;
}

static void notify(void)
{
    io_write16(doorbell, 0);
}

/* Read, it is cleared. */
static uint32_t acknowledge(void)
{
    return io_read8(at[CAP_TYPE_ISR]);
}

static uint64_t sectors(void)
{
    return io_read32(at[CAP_TYPE_DEVICE]) | (uint64_t)io_read32(at[CAP_TYPE_DEVICE] + 4) << 32;
}

static const struct blk_transport transport = {
    intid, status, set_status, features, set_features, set_queue, notify, acknowledge, sectors,
};

/* Puts the BAR of all capabilities at the beginning of the window. */
static void place(uint64_t function)
{
    uint64_t va = kernel_map_device(machine.pci.window.base, BAR_BYTES);
    uint32_t cap = io_read8(function + CAPABILITIES);

    for (; cap != 0; cap = io_read8(function + cap + CAP_NEXT)) {
        uint32_t type = io_read8(function + cap + CAP_TYPE);
        uint32_t bar = BAR(io_read8(function + cap + CAP_BAR));

        if (io_read8(function + cap) != CAP_ID_VENDOR || type == 0 || type >= NR_CAP_TYPES)
            continue;
        io_write32(function + bar, (uint32_t)machine.pci.window_pci);
        io_write32(function + bar + 4, (uint32_t)(machine.pci.window_pci >> 32));
        at[type] = va + io_read32(function + cap + CAP_OFFSET);
        if (type == CAP_TYPE_NOTIFY)
            multiplier = io_read32(function + cap + CAP_MULTIPLIER);
    }
    io_write16(function + COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER);
}

const struct blk_transport *blk_pci_find(void)
{
    uint64_t config = machine.pci.config.bytes ? machine.pci.config.base : 0;

    if (config == 0)
        return NULL;
    config = kernel_map_device(config, BUS_BYTES);
    for (uint32_t slot = 0; slot < NR_SLOTS; slot++) {
        uint64_t function = config + slot * SLOT_BYTES;
        uint32_t id = io_read32(function + ID);

        if (id != ID_BLOCK && id != ID_TRANSITIONAL)
            continue;
        line = slot + io_read8(function + INTERRUPT_PIN) - 1;
        place(function);
        return &transport;
    }
    return NULL;
}
