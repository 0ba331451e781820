/* SPDX-License-Identifier: MIT */
/*
 * The event loop: a vCPU's mailbox, and a function for each port. Also ports that two VMs find each
 * other by, and waiting for one port.
 *
 * Ordering, with the hypervisor's half in struct stile_mailbox: it sets a pending bit and then
 * looks at mask and busy; the vCPU clears its mask bit, or busy, and then looks at pending, each
 * with a full barrier between, so an event is either seen by that look or raises the interrupt. A
 * bit is cleared, with acquire, before its function is called: what the sender wrote before it sent
 * is seen there, and what it sends from then on sets the bit anew.
 *
 * Each vCPU has its own struct stile_event_loop and runs it itself, with interrupts masked in
 * PSTATE. Masks may be changed by any vCPU.
 */
#ifndef STILE_EVENT_H
#define STILE_EVENT_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is called when a port is pending: an entry of the caller's array. */
struct stile_event_handler {
    void (*handle)(uint32_t port, void *context);
    void *context;
};

/** A vCPU's loop. */
struct stile_event_loop {
    struct stile_mailbox *mailbox;
    const struct stile_event_handler *handlers; /**< STILE_NR_PORTS of them, or NULL */
    uint32_t last;                              /**< the port served last, of those not urgent */
    uint32_t nr_strays;                         /**< events of ports without a function */
};

/**
 * stile_event_init() - set a loop up, with all ports masked
 * @loop: to be filled in
 * @mailbox: the vCPU's, mapped
 * @handlers: one for each port, 0 to STILE_NR_PORTS - 1; .handle NULL where there is none. Loops of
 *            several vCPUs may share the array. NULL for who takes ports by himself.
 */
void stile_event_init(struct stile_event_loop *loop, struct stile_mailbox *mailbox,
                      const struct stile_event_handler *handlers);

/** stile_event_mask() - have a port raise no interrupt, and call no function. No call, any context.
 */
void stile_event_mask(struct stile_mailbox *mailbox, uint32_t port);

/**
 * stile_event_unmask() - let a port interrupt again
 *
 * Returns whether it is pending: no interrupt tells of it then, so call stile_event_dispatch(), if
 * the mailbox is one's own, or raise an interrupt for the vCPU whose it is. No call, any context.
 */
bool stile_event_unmask(struct stile_mailbox *mailbox, uint32_t port);

/** stile_event_set_urgent() - whether a port comes before those that are not urgent */
void stile_event_set_urgent(struct stile_mailbox *mailbox, uint32_t port, bool urgent);

/**
 * stile_event_clear() - take a port's pending bit, masked or not
 *
 * Returns whether it was set. Acquires what the sender wrote. No call, any context.
 */
bool stile_event_clear(struct stile_mailbox *mailbox, uint32_t port);

/**
 * stile_event_take() - clear the next pending bit that is not masked
 * @loop: of the calling vCPU
 *
 * Urgent ports first, the lowest of them first; the others in turn, so that none waits for ever.
 * Returns the port, or -1 if there is none.
 */
int stile_event_take(struct stile_event_loop *loop);

/**
 * stile_event_begin() - start to go through the ports: no interrupt is needed meanwhile
 *
 * For who has a dispatcher of his own; stile_event_dispatch() does all of this:
 *
 *     do {
 *         stile_event_begin(loop);
 *         while ((port = stile_event_take(loop)) >= 0)
 *             ...
 *     } while (stile_event_end(loop));
 */
void stile_event_begin(struct stile_event_loop *loop);

/** stile_event_end() - be interrupted again; whether something came that must be looked at first */
bool stile_event_end(struct stile_event_loop *loop);

/**
 * stile_event_dispatch() - call the functions of all ports that are pending and not masked
 * @loop: of the calling vCPU
 *
 * For the handler of STILE_INFO_EVENT_INTID, between its acknowledgement and its end. Needs no
 * interrupt while it runs, and returns when nothing is left. A port without a function is masked
 * and counted. Does not nest.
 */
void stile_event_dispatch(struct stile_event_loop *loop);

/**
 * stile_event_idle() - sleep until there is something to do
 * @loop: of the calling vCPU
 *
 * Dispatches what is pending, or else sleeps by vcpu_block, which an interrupt ends. Interrupts are
 * masked in PSTATE when it is called, and are to be let in after it.
 */
void stile_event_idle(struct stile_event_loop *loop);

/**
 * stile_event_wait() - sleep until one port is pending, and clear it
 * @mailbox: the calling vCPU's, mapped
 * @port: masked, so that no interrupt handler takes its bit
 * @deadline: when to give up, or STILE_TIME_NEVER
 *
 * Returns 0; STILE_BUSY if the deadline has passed; or the error of vcpu_poll. The thread stays on
 * its vCPU.
 */
int64_t stile_event_wait(struct stile_mailbox *mailbox, uint32_t port, stile_ticks_t deadline);

/**
 * stile_event_offer() - allocate a port for a peer, and publish it
 * @key: under which the peer finds it: see stile_directory_set()
 * @peer: who may bind
 * @target: the vCPU that gets the events
 * @port: where to put it; masked
 *
 * Returns 0, or the error of event_alloc or directory_publish; then no port is left behind.
 */
int64_t stile_event_offer(const char *key, stile_vm_id_t peer, stile_vcpu_id_t target,
                          stile_port_t *port);

/**
 * stile_event_connect() - bind a port to the one a peer has published
 * @owner: the peer
 * @key: as it said to stile_event_offer()
 * @target: the vCPU that gets the events
 * @port: where to put it; masked
 *
 * Returns 0, or the error of directory_lookup or event_bind.
 */
int64_t stile_event_connect(stile_vm_id_t owner, const char *key, stile_vcpu_id_t target,
                            stile_port_t *port);

#ifdef __cplusplus
}
#endif

#endif
