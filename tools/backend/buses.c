/* SPDX-License-Identifier: MIT */
/*
 * Which VMs offer a bus, under which keys.
 */
#include "buses.h"

#include <string.h>

#include "bus.h"
#include "stile.h"

#define BUSES_MAX SERVED_MAX

static struct bus *buses[BUSES_MAX];

static void drop_ended(void)
{
    for (unsigned i = 0; i < BUSES_MAX; i++) {
        if (!buses[i] || !bus_has_ended(buses[i]))
            continue;
        bus_stop(buses[i]);
        buses[i] = NULL;
    }
}

/* A place for a bus of the VM's; NULL if it has one, or there is none left. */
static struct bus **place_for(const char *vm)
{
    struct bus **place = NULL;

    for (unsigned i = 0; i < BUSES_MAX; i++) {
        if (buses[i] && buses[i]->vm == vm)
            return NULL;
        if (!buses[i])
            place = &buses[i];
    }
    return place;
}

/*
 * An earlier bus of the VM's has ended before another is joined: its devices write to the same
 * disk.
 */
static void join_one_of(int stile, const struct config *config, const char *vm, uint32_t vm_id)
{
    char key[] = STILE_VIRTIO_MSG_KEY;
    struct bus **place = place_for(vm);
    uint64_t share;

    for (unsigned i = 0; i < BUSES_OF_VM && place && !*place; i++) {
        key[sizeof(key) - 2] = (char)('0' + i);
        if (stile_find_key(stile, vm_id, key, &share))
            *place = bus_start(config, vm, vm_id, (uint32_t)share);
    }
}

/* Of a VM that offers a page which nobody has taken: a channel is shared before it has its key. */
static bool may_have_more(int stile, uint32_t vm_id)
{
    struct stile_offer offer = {.share = 0};

    while (stile_next_offer(stile, &offer))
        if (offer.owner == vm_id && offer.pages == 1 && !offer.is_device && !offer.is_donated &&
            !offer.is_accepted && !offer.has_ended)
            return true;
    return false;
}

/* Whether an earlier line of the configuration names the same VM. */
static bool is_named_before(const struct config *config, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (strcmp(config->devices[i].vm, config->devices[index].vm) == 0)
            return true;
    return false;
}

bool buses_look(int stile, const struct config *config)
{
    bool has_more = false;

    drop_ended();
    for (unsigned i = 0; i < config->nr; i++) {
        const char *vm = config->devices[i].vm;
        uint32_t vm_id = is_named_before(config, i) ? 0 : stile_find_vm(stile, vm);

        if (vm_id == 0)
            continue;
        join_one_of(stile, config, vm, vm_id);
        has_more = may_have_more(stile, vm_id) || has_more;
    }
    return has_more;
}
