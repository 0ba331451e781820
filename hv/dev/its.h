/* SPDX-License-Identifier: MIT */
/*
 * The machine's interrupt translation service (IHI 0069, chapter 5), which turns what devices write
 * into LPIs. Set up if some VM has one.
 *
 * EL2 chooses the LPIs: each VM has ITS_VM_LPIS of them, those of its number, so that an LPI tells
 * whose it is. All are enabled at one priority; a collection is a physical CPU.
 *
 * Any context, after its_init(); one lock inside.
 */
#ifndef DEV_ITS_H
#define DEV_ITS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/** How many events a device may have, LPIs a VM, and bytes the table of a device's events takes. */
#define ITS_NR_EVENTS_LOG2 5u
#define ITS_NR_EVENTS      (1u << ITS_NR_EVENTS_LOG2)
#define ITS_VM_LPIS        256u
#define ITS_ITT_BYTES      512u

/** An event of a device, and the LPI that it is, from 0. */
struct its_event {
    uint32_t device; /* DeviceID */
    uint32_t event;  /* below ITS_NR_EVENTS */
    uint32_t lpi;    /* below CONFIG_NR_VMS * ITS_VM_LPIS */
};

/** What its_init() needs of memory: pieces of ITS_TABLE_ORDER, zeroed. */
#define ITS_TABLE_ORDER 4u
#define ITS_NR_TABLES   (3u + CONFIG_NR_PCPUS)

/**
 * its_init() - take over an ITS
 * @base: its registers, which are mapped, as are the redistributors'
 * @tables: ITS_NR_TABLES, of which those for CPUs that there are not may be NULL
 *
 * Returns NULL, or why it cannot be used. No VM runs.
 */
const char *its_init(pa_t base, void *const tables[ITS_NR_TABLES]);

/** its_is_at() - whether the ITS that was taken over has its registers there */
bool its_is_at(pa_t base);
bool its_is_there(void);

/** its_nr_devices() - DeviceIDs below that can be mapped */
uint32_t its_nr_devices(void);

/**
 * its_map_device() - have a device with ITS_NR_EVENTS events, none of which is an LPI yet
 * @itt: ITS_ITT_BYTES, aligned to that, zeroed, the ITS's until its_unmap_device()
 */
void its_map_device(uint32_t device, const void *itt);

/** its_unmap_device() - the end of that; its events were unmapped before */
void its_unmap_device(uint32_t device);

/** its_map() - have an event be an LPI, which comes to a physical CPU */
void its_map(const struct its_event *event, uint32_t pcpu_index);

/* These take effect soon, and before what is asked for afterwards. */

/** its_unmap() - the end of that; it is not pending any more either */
void its_unmap(const struct its_event *event);

/** its_move() - have it come to another physical CPU */
void its_move(const struct its_event *event, uint32_t pcpu_index);

/** its_set_enabled() - let it come, or keep it back: then it stays pending in memory */
void its_set_enabled(const struct its_event *event, bool enabled);

#endif
