/* SPDX-License-Identifier: MIT */
/*
 * What of /dev/stile a back end uses: shares that others offer, and event ports.
 */
#ifndef BACKEND_STILE_H
#define BACKEND_STILE_H

#include <stdbool.h>
#include <stdint.h>

/** What another VM offers to this one. */
struct stile_offer {
    uint32_t share;
    uint32_t owner;
    uint32_t pages;
    bool is_device;   /* a page of stile/virtio.h */
    bool is_donated;  /* it is to be this VM's own */
    bool is_accepted; /* somebody has taken it */
    bool has_ended;
};

/** stile_open() - /dev/stile. -1: errno says why */
int stile_open(void);

/** stile_close() - close it: what was made by it is gone */
void stile_close(int stile);

/** stile_find_vm() - the number of the VM of a name; 0: none runs */
uint32_t stile_find_vm(int stile, const char *name);

/** stile_find_key() - what a VM has published under a key; false: nothing */
bool stile_find_key(int stile, uint32_t vm, const char *key, uint64_t *value);

/** stile_watch_shares() - an eventfd that is written when something has become of a share; or -1 */
int stile_watch_shares(int stile);

/** stile_next_offer() - walk what is offered: what is behind @offer->share, 0 at first */
bool stile_next_offer(int stile, struct stile_offer *offer);

/**
 * stile_accept() - accept a share, and map it, to be read and written
 *
 * Returns NULL, and errno says why.
 */
void *stile_accept(int stile, uint32_t share, uint32_t pages);

/**
 * stile_is_from() - whether an accepted share is memory of that VM's own choice
 *
 * For a handle that the VM has said: else it might be another's, or one of a device.
 */
bool stile_is_from(int stile, uint32_t share, uint32_t owner);

/** stile_release() - unmap it, and release it */
void stile_release(int stile, uint32_t share, void *at, uint32_t pages);

/** stile_has_ended() - whether the owner of an accepted share has ended it */
bool stile_has_ended(int stile, uint32_t share);

/**
 * stile_bind() - bind a port to one of a peer's
 * @event_fd: an eventfd, to be written at each event
 * @send_fd:  an eventfd whose writing sends one; or -1
 *
 * Returns the port; 0, and errno says why.
 */
uint32_t stile_bind(int stile, uint32_t peer, uint32_t remote, int event_fd, int send_fd);

/** stile_unbind() - give a port up */
void stile_unbind(int stile, uint32_t port);

/** stile_send() - send an event; false: nobody is at the other end any more */
bool stile_send(int stile, uint32_t port);

#endif
