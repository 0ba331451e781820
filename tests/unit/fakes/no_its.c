/* SPDX-License-Identifier: MIT */
/*
 * A machine without an ITS: none is taken over, and so nothing else is asked of one.
 */
#include <stdlib.h>

#include "dev/its.h"

bool its_is_there(void)
{
    return false;
}

const char *its_init(pa_t base, void *const tables[ITS_NR_TABLES])
{
    (void)base, (void)tables;
    return "there is none";
}

bool its_is_at(pa_t base)
{
    (void)base;
    abort();
}

uint32_t its_nr_devices(void)
{
    abort();
}

void its_map_device(uint32_t device, const void *itt)
{
    (void)device, (void)itt;
    abort();
}

void its_unmap_device(uint32_t device)
{
    (void)device;
    abort();
}

void its_map(const struct its_event *event, uint32_t pcpu_index)
{
    (void)event, (void)pcpu_index;
    abort();
}

void its_unmap(const struct its_event *event)
{
    (void)event;
    abort();
}

void its_move(const struct its_event *event, uint32_t pcpu_index)
{
    (void)event, (void)pcpu_index;
    abort();
}

void its_set_enabled(const struct its_event *event, bool enabled)
{
    (void)event, (void)enabled;
    abort();
}
