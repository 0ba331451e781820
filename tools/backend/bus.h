/* SPDX-License-Identifier: MIT */
/*
 * A bus of messages (stile/virtio_msg.h): a channel that another VM offers, the memory it shares,
 * and its devices. What messages mean is msg.c's.
 */
#ifndef BACKEND_BUS_H
#define BACKEND_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "device.h"
#include "memory.h"
#include "stile/message_ring.h"
#include "stile/virtio_msg.h"

/** How many keys are looked at. Of those that a VM offers to this one, one bus is served. */
#define BUSES_OF_VM 10

/** A device of a bus, by its index in the configuration. */
struct bus_device {
    const struct config_device *config; /* NULL: there is none */
    struct device *device;              /* NULL: nobody has asked for it yet */
    bool has_failed;                    /* it could not be started */
    struct stile_virtio_page *page;     /* what the driver has said, and the device shows */
    bool refuses;                       /* the driver has chosen a feature that there is not */
};

/** Memory of the other VM's. */
struct bus_share {
    uint32_t share;
    uint32_t pages;
    void *at;
};

struct bus {
    const char *vm; /* its name */
    uint32_t vm_id;
    int stile;
    int event_fd; /* written when there may be something to do */
    int reset_fd; /* written when a device has done a reset */
    struct bus_share channel;
    struct stile_message_end in;
    struct stile_message_end out;
    uint32_t ports[2]; /* its ends, of the rings in and out */
    bool was_broken;
    bool has_pending; /* a message that is to be sent */
    struct stile_virtio_msg pending;
    uint32_t changed; /* devices whose change is to be told, a bit each; atomic */
    bool ends;        /* atomic */
    struct memory memory;
    unsigned nr_refused;
    unsigned nr_shares; /* atomic */
    struct bus_share shares[STILE_VM_NR_REGIONS];
    struct bus_device devices[SERVED_MAX];
    pthread_t thread;
};

/**
 * bus_start() - join a bus, and serve it
 * @vm:     the name of the VM, as in the configuration
 * @share:  of its channel
 *
 * Returns NULL if it cannot be joined; told why unless it is a matter of time.
 */
struct bus *bus_start(const struct config *config, const char *vm, uint32_t vm_id, uint32_t share);

/** bus_has_ended() - whether its VM has ended it, or taken memory away */
bool bus_has_ended(const struct bus *bus);

/** bus_stop() - end all that is served on it, and forget it */
void bus_stop(struct bus *bus);

/* For messages. */

/** bus_device() - the device of a number, started if it is not. NULL: there is none */
struct bus_device *bus_device(struct bus *bus, uint16_t number);

/** bus_share() - take memory. Returns false, and nothing is taken, if that cannot be */
bool bus_share(struct bus *bus, const struct stile_virtio_msg_memory *memory);

/** bus_bind() - bind a queue's port. Returns false, and nothing has changed, if that cannot be */
bool bus_bind(struct bus *bus, const struct stile_virtio_msg_port *port);

/** bus_reset() - reset a device, and wait until it has let go of memory */
void bus_reset(struct bus *bus, struct bus_device *it);

/**
 * msg_answer() - do what a message asks for
 * @message: of the driver's side; a copy
 * @answer:  to be filled in
 *
 * Returns whether there is an answer.
 */
bool msg_answer(struct bus *bus, const struct stile_virtio_msg *message,
                struct stile_virtio_msg *answer);

/** msg_changed() - make the message that a device has changed */
void msg_changed(uint16_t number, const struct bus_device *it, struct stile_virtio_msg *message);

#endif
