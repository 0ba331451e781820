/* SPDX-License-Identifier: MIT */
/*
 * Devices that the hypervisor offers, each by a page (stile/virtio.h), and the memory that goes
 * with them.
 */
#include <errno.h>
#include <string.h>

#include "mmio.h"
#include "offers.h"
#include "say.h"
#include "stile.h"

/** Memory of another VM's, which several of its devices use. */
struct shared {
    uint32_t share; /* 0: unused */
    uint32_t pages;
    void *at;
    unsigned nr_users;
};

/** A device that is served, or is to be. */
struct served {
    uint32_t share; /* of its page; 0: unused */
    struct stile_virtio_page *page;
    const struct config_device *config; /* NULL: it is none of ours */
    struct device *device;              /* NULL: it could not be started; tried again */
    unsigned nr_shared;
    struct shared *shared[STILE_VM_NR_REGIONS];
};

static const struct config *config;
static struct served all_served[SERVED_MAX];
static struct shared all_shared[SERVED_MAX * STILE_VM_NR_REGIONS];
static int stile;

/* --- memory --------------------------------------------------------------------------------- */

static struct shared *find_shared(uint32_t share)
{
    for (unsigned i = 0; i < sizeof(all_shared) / sizeof(all_shared[0]); i++)
        if (all_shared[i].share == share)
            return &all_shared[i];
    return NULL;
}

static struct shared *get_shared(const struct stile_virtio_memory *memory)
{
    struct shared *shared = memory->share ? find_shared(memory->share) : NULL;

    if (!shared) {
        shared = find_shared(0); /* there are as many as all devices may have */
        shared->pages = (uint32_t)(memory->bytes / 4096);
        shared->at = stile_accept(stile, memory->share, shared->pages);
        if (!shared->at)
            return NULL;
        shared->share = memory->share;
    }
    shared->nr_users++;
    return shared;
}

static void put_shared(struct shared *shared)
{
    if (--shared->nr_users > 0)
        return;
    stile_release(stile, shared->share, shared->at, shared->pages);
    shared->share = 0;
}

/* --- devices -------------------------------------------------------------------------------- */

static void drop(struct served *served)
{
    while (served->nr_shared > 0)
        put_shared(served->shared[--served->nr_shared]);
    stile_release(stile, served->share, served->page, 1);
    served->share = 0;
}

static bool map_memory(struct served *served, struct memory *memory)
{
    for (unsigned i = 0; i < STILE_VM_NR_REGIONS; i++) {
        struct stile_virtio_memory copy;

        memcpy(&copy, &served->page->memory[i], sizeof(copy));
        if (copy.bytes == 0)
            continue;
        struct shared *shared = get_shared(&copy);

        if (!shared)
            return false;
        served->shared[served->nr_shared++] = shared;
        memory->ranges[memory->nr++] = (struct range){copy.base_ipa, copy.bytes, shared->at};
    }
    return true;
}

static const struct config_device *find_config(const struct stile_virtio_page *page)
{
    for (unsigned i = 0; i < config->nr; i++) {
        const struct config_device *device = &config->devices[i];

        if (device->index == page->index && stile_find_vm(stile, device->vm) == page->vm_id)
            return device;
    }
    return NULL;
}

static void stop(struct served *served)
{
    if (!served->device)
        return;
    say("%s %u: its VM has ended", served->config->vm, served->config->index);
    device_stop(served->device);
    served->device = NULL;
}

/* Of a VM that starts anew, and whose end was not seen yet: that one is not served again. */
static void stop_earlier(const struct served *served)
{
    for (unsigned i = 0; i < SERVED_MAX; i++) {
        struct served *other = &all_served[i];

        if (other->share == 0 || other == served || other->config != served->config)
            continue;
        stop(other);
        other->config = NULL;
    }
}

/* Serves a device; what it takes is kept if that fails, and is there when it is tried again. */
static void serve(struct served *served)
{
    struct memory memory = {.nr = 0};

    stop_earlier(served);
    while (served->nr_shared > 0)
        put_shared(served->shared[--served->nr_shared]);
    if (map_memory(served, &memory))
        served->device = mmio_start(served->config, served->page, &memory);
    else
        say("%s %u: its memory cannot be mapped: %s", served->config->vm, served->config->index,
            strerror(errno));
}

/* Whose it is, as the page says, and the configuration. */
static void identify(struct served *served)
{
    const struct stile_virtio_page *page = served->page;

    served->config = NULL;
    if (page->magic != STILE_VIRTIO_MAGIC || page->version != STILE_VIRTIO_VERSION)
        say("share %u is not a device of version %u", served->share, STILE_VIRTIO_VERSION);
    else if (!(served->config = find_config(page)))
        say("device %u of VM %u is to be served, and is not in the configuration", page->index,
            page->vm_id);
}

/* Returns whether there is one that could not be started. */
static bool serve_all(void)
{
    bool failed = false;

    for (unsigned i = 0; i < SERVED_MAX; i++) {
        struct served *served = &all_served[i];

        if (served->share == 0 || !served->config || served->device)
            continue;
        serve(served);
        failed = failed || !served->device;
    }
    return failed;
}

static struct served *find_served(uint32_t share)
{
    for (unsigned i = 0; i < SERVED_MAX; i++)
        if (all_served[i].share == share)
            return &all_served[i];
    return NULL;
}

/* Takes what is offered. What it does not serve it keeps, so as to say that once. */
static void take_offers(void)
{
    struct stile_offer offered = {.share = 0};

    while (stile_next_offer(stile, &offered)) {
        struct served *served = find_served(0);

        if (!offered.is_device || find_served(offered.share) || offered.has_ended ||
            offered.pages != 1)
            continue;
        if (!served)
            die("more than %d devices are offered", SERVED_MAX);
        served->page = stile_accept(stile, offered.share, 1);
        if (!served->page) {
            if (errno != ENOENT) /* it has ended by now */
                say("share %u cannot be accepted: %s", offered.share, strerror(errno));
            continue;
        }
        served->share = offered.share;
        served->device = NULL;
        served->nr_shared = 0;
        identify(served);
    }
}

static void drop_ended(void)
{
    for (unsigned i = 0; i < SERVED_MAX; i++) {
        struct served *served = &all_served[i];

        if (served->share == 0 || !stile_has_ended(stile, served->share))
            continue;
        stop(served);
        drop(served);
    }
}

bool offers_look(void)
{
    drop_ended();
    take_offers();
    return serve_all();
}

void offers_init(int file, const struct config *wanted)
{
    stile = file;
    config = wanted;
}
