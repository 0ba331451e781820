/* SPDX-License-Identifier: MIT */
/*
 * The machine's ITS as dev/its.h has it, which checks that each is called as that says. Included by
 * one file of a test.
 */
#ifndef FAKES_ITS_H
#define FAKES_ITS_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/its.h"
#include "dev/its_regs.h"

#include "ktf.h"

/** DeviceIDs that there are: those of a VM's bridge lie in the middle. */
#define FAKE_ITS_DEVICES 64u
#define FAKE_ITS_LPIS    (CONFIG_NR_VMS * ITS_VM_LPIS)

static struct {
    const void *itt;             /* NULL: it is not mapped */
    uint32_t lpi[ITS_NR_EVENTS]; /* + 1 */
} fake_its[FAKE_ITS_DEVICES];

static struct {
    bool mapped;
    bool enabled;
    bool pending;
    uint32_t pcpu;
} fake_lpis[FAKE_ITS_LPIS];

bool its_is_there(void)
{
    return true;
}

uint32_t its_nr_devices(void)
{
    return FAKE_ITS_DEVICES;
}

void its_map_device(uint32_t device, const void *itt)
{
    const char *bytes = itt;

    ASSERT_LT(device, FAKE_ITS_DEVICES);
    ASSERT_NULL(fake_its[device].itt);
    for (uint32_t i = 0; i < ITS_ITT_BYTES; i++)
        ASSERT_EQ(bytes[i], 0);
    for (uint32_t i = 0; i < FAKE_ITS_DEVICES; i++)
        ASSERT_NE(fake_its[i].itt, itt);
    *(char *)(uintptr_t)itt = 1; /* it keeps something there */
    fake_its[device].itt = itt;
}

void its_unmap_device(uint32_t device)
{
    ASSERT_LT(device, FAKE_ITS_DEVICES);
    ASSERT_NOT_NULL(fake_its[device].itt);
    for (uint32_t i = 0; i < ITS_NR_EVENTS; i++)
        ASSERT_EQ(fake_its[device].lpi[i], 0);
    fake_its[device].itt = NULL;
}

static void fake_its_check(const struct its_event *event)
{
    ASSERT_LT(event->device, FAKE_ITS_DEVICES);
    ASSERT_LT(event->event, ITS_NR_EVENTS);
    ASSERT_LT(event->lpi, FAKE_ITS_LPIS);
    ASSERT_EQ(fake_its[event->device].lpi[event->event], event->lpi + 1);
}

void its_map(const struct its_event *event, uint32_t pcpu_index)
{
    ASSERT_LT(event->device, FAKE_ITS_DEVICES);
    ASSERT_LT(event->event, ITS_NR_EVENTS);
    ASSERT_LT(event->lpi, FAKE_ITS_LPIS);
    ASSERT_LT(pcpu_index, CONFIG_NR_PCPUS);
    ASSERT_NOT_NULL(fake_its[event->device].itt);
    ASSERT_EQ(fake_its[event->device].lpi[event->event], 0);
    ASSERT_FALSE(fake_lpis[event->lpi].mapped);
    fake_its[event->device].lpi[event->event] = event->lpi + 1;
    fake_lpis[event->lpi].mapped = fake_lpis[event->lpi].enabled = true;
    fake_lpis[event->lpi].pending = false;
    fake_lpis[event->lpi].pcpu = pcpu_index;
}

void its_unmap(const struct its_event *event)
{
    fake_its_check(event);
    fake_its[event->device].lpi[event->event] = 0;
    fake_lpis[event->lpi].mapped = fake_lpis[event->lpi].pending = false;
}

void its_move(const struct its_event *event, uint32_t pcpu_index)
{
    fake_its_check(event);
    ASSERT_LT(pcpu_index, CONFIG_NR_PCPUS);
    fake_lpis[event->lpi].pcpu = pcpu_index;
}

void its_set_enabled(const struct its_event *event, bool enabled)
{
    fake_its_check(event);
    fake_lpis[event->lpi].enabled = enabled;
}

/** A device writes to the doorbell. */
static inline void fake_its_write(uint32_t device, uint32_t event)
{
    uint32_t lpi = fake_its[device].lpi[event];

    if (lpi != 0)
        fake_lpis[lpi - 1].pending = true;
}

#endif
