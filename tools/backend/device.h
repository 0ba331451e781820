/* SPDX-License-Identifier: MIT */
/*
 * A virtio device that is served: its page, its queues, and the thread that does what the driver
 * asks for. What kind of device it is, a disk or a network card, is blk.c's, net.c's and
 * vhost_net.c's; how its driver gets to the page, and is told, is mmio.c's and bus.c's.
 */
#ifndef BACKEND_DEVICE_H
#define BACKEND_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "memory.h"
#include "queue.h"

/** A feature, by its number (virtio 1.2, section 6), as a bit. */
#define FEATURE(nr) (UINT64_C(1) << (nr))

struct device;

/** What came of a turn. */
enum run_result {
    RUN_DONE,   /* there was no more to do */
    RUN_MORE,   /* there may be */
    RUN_BROKEN, /* the driver has made what must not be */
};

/** What a kind of device does. All but open() and close() are called by the device's thread. */
struct kind {
    uint32_t device_id; /* virtio 1.2, section 5 */
    uint32_t nr_queues; /* unless open() sets the device's */

    /**
     * Opens what is behind it, fills @page's config, and returns the features, beside those of all
     * devices. False: it has told why.
     */
    bool (*open)(struct device *device, struct stile_virtio_page *page, uint64_t *features);
    void (*close)(struct device *device);

    /** The driver is there, and has accepted device->features; or may be NULL. */
    void (*start)(struct device *device);

    /** The driver is there no more: all of its memory is left alone; or may be NULL. */
    void (*stop)(struct device *device);

    /** Does some of what can be done. */
    enum run_result (*run)(struct device *device);

    /** Asks the driver to notify it of more; false: there is more by now. */
    bool (*is_idle)(struct device *device);
};

/** The way to a device's driver. All but close() are called by the device's thread. */
struct front {
    /** Tells of buffers that were used, by a bit for each queue. */
    void (*tell_used)(struct device *device, uint32_t queues);

    /** Tells that the page's configuration, or needs_reset, has changed. */
    void (*tell_changed)(struct device *device);

    /** Tells that the page's resets_done has changed, or device_id. */
    void (*tell_reset)(struct device *device);

    /** Whether the driver's VM has not ended: see device_wrote_it(). */
    bool (*is_there)(const struct device *device);

    bool has_ports; /* each queue has one, which device->events says how to bind */

    /** Features that are not for drivers who see the device by a pool of bounce buffers. */
    uint64_t never_bounced;
};

/** The most pairs of queues that a network card has: one more queue is for control. */
#define NET_PAIRS_MAX ((STILE_VIRTIO_NR_QUEUES - 1) / 2)

/** Of a network card: a queue that receives, one that sends, and the TAP device's for them. */
struct net_pair {
    int file;            /* or what the kernel tells of, which serves them */
    bool is_active;      /* packets come for it */
    bool has_failed;     /* no packet comes any more */
    bool waits_for_file; /* for packets, or to be told */
    uint8_t *packet;     /* that is on its way to the driver, with its header */
    size_t bytes;        /* of it; 0: there is none */
};

/** What a queue's port is joined to. */
struct events {
    int kick; /* an eventfd to be written at each event: event_fd, unless its kind has another */
    int call; /* an eventfd whose writing sends an event; -1: front->tell_used() does */
};

struct vhost;

struct device {
    const struct config_device *config;
    const struct kind *kind;
    const struct front *front;
    void *front_data;                       /* the front's */
    int file;                               /* what is behind it */
    int stile;                              /* of its ports */
    uint32_t ports[STILE_VIRTIO_NR_QUEUES]; /* its ends, as the front uses them; 0: none */
    int event_fd;                           /* written when it is to look, and when it is to end */
    struct events events[STILE_VIRTIO_NR_QUEUES];
    struct vhost *vhost; /* of a kind whose queues the kernel serves */
    bool ends;           /* atomic */
    struct stile_virtio_page *page;
    struct memory memory;
    uint64_t features; /* that the driver has accepted */
    bool is_started;   /* the driver is there */
    unsigned nr_broken;
    bool is_broken;  /* until it resets the device */
    uint32_t resets; /* that were done */
    uint32_t nr_queues;
    struct queue queues[STILE_VIRTIO_NR_QUEUES];
    struct chain chain; /* the one at hand */
    bool is_block;      /* a disk's file is a block device */
    uint64_t bytes;     /* of a disk */
    uint8_t *data;      /* copies: of a disk's; packets of a network card's driver */
    uint32_t nr_pairs;  /* of a network card */
    struct net_pair pairs[NET_PAIRS_MAX];
    pthread_t thread;
};

extern const struct kind kind_disk;
extern const struct kind kind_net;
extern const struct kind kind_vhost_net;

/**
 * device_new() - make a device that is to be served
 * @config: what it is
 * @page:   mapped, as is @memory; both until device_stop()
 * @front:  the way to its driver, with its data
 *
 * Returns NULL if that cannot be, and has told why.
 */
struct device *device_new(const struct config_device *config, struct stile_virtio_page *page,
                          const struct memory *memory, const struct front *front, void *front_data);

/** device_start() - offer it, and begin. Returns false, and has forgotten it, if that cannot be,
 * and has told why */
bool device_start(struct device *device);

/** device_kick() - have it look at its page; for any thread */
void device_kick(struct device *device);

/** device_end() - have its thread end soon */
void device_end(struct device *device);

/** device_stop() - end its thread, and forget it */
void device_stop(struct device *device);

/** device_forget() - forget one that was not started */
void device_forget(struct device *device);

/**
 * device_wrote_it() - whether what was copied out of the driver's memory is what the driver wrote
 *
 * Its VM had not ended by then: else it is scratch memory, and may be what others have left there.
 */
static inline bool device_wrote_it(const struct device *device)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return device->front->is_there(device);
}

/** device_ends() - whether the thread is to end */
static inline bool device_ends(const struct device *device)
{
    return __atomic_load_n(&device->ends, __ATOMIC_ACQUIRE);
}

/** device_is_called() - whether what takes long is to be left: it ends, or the driver has reset it
 */
static inline bool device_is_called(const struct device *device)
{
    return device_ends(device) ||
           __atomic_load_n(&device->page->resets, __ATOMIC_ACQUIRE) != device->resets;
}

/** device_has() - whether the driver has accepted a feature, by its number */
static inline bool device_has(const struct device *device, unsigned feature)
{
    return device->features >> feature & 1;
}

/* Parts of what the thread does, for tests that have none. */

/** device_offer() - say what the device is, in its page */
bool device_offer(struct device *device);

/** device_look() - do what the driver asks for */
void device_look(struct device *device);

#endif
