/* SPDX-License-Identifier: MIT */
/*
 * The console as two rings in a page that the guest writes, too: struct stile_console_ring.
 *
 * The hypervisor is the reader of output. It reads when it is notified, then again every
 * VRING_LOOK_US, until it finds nothing: then it sleeps, and says so. A guest can say anything in
 * the page; it only ever garbles its own console.
 */
#ifndef VIRT_VRING_H
#define VIRT_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/shared.h"
#include "vm/vconsole_state.h"

struct console_turn;
struct vm;

/** How long output waits at most while the reader is awake. */
#define VRING_LOOK_US 10000

/**
 * vring_use() - have the VM use its ring from now on, or not
 *
 * Empties both directions; output that is there is written before. What was typed and not read
 * moves into a ring that is now used, and the VM is told. The caller holds no lock.
 */
void vring_use(struct vm *vm, bool enable);

/** vring_notify() - the guest says that there is output; false if it does not use its ring */
bool vring_notify(struct vm *vm);

/**
 * vring_has_output() - whether a guest has written to @page what is not read yet
 *
 * Takes no lock. May say so of a ring that is not used; then vring_flush() knows better.
 */
static inline bool vring_has_output(const struct vring *ring, const struct stile_console_ring *page)
{
    return __atomic_load_n(&page->out_produced, __ATOMIC_RELAXED) != ring->out_consumed;
}

/**
 * vring_flush() - write what the ring has by now, as far as the console takes it
 * @turn: the console's, for all that is written before the guest goes on
 *
 * Returns whether that is all, or the guest does not use its ring.
 */
bool vring_flush(struct vm *vm, struct console_turn *turn);

/**
 * vring_feed() - move typed characters on into the ring, as the guest has room
 * @vm: uses its ring; its vconsole.lock is held
 *
 * Returns whether the guest is to be interrupted: it had read everything. While something is left,
 * the reader of output is awake, and does the same each time it looks.
 */
bool vring_feed(struct vm *vm);

/** vring_lose() - typed characters were dropped. The VM uses its ring; its vconsole.lock is held.
 */
void vring_lose(struct vm *vm, uint32_t count);

/** vring_look_later() - have this CPU's ppi.phys_timer come in VRING_LOOK_US, if not before */
void vring_look_later(void);

/** vring_look() - this CPU's ppi.phys_timer: look at the rings that it has promised to. No lock
 * held. */
void vring_look(struct console_turn *turn);

#endif
