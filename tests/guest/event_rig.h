/* SPDX-License-Identifier: MIT */
/*
 * What the suites about events share: the mailboxes, ports that are closed again, and the one
 * interrupt that tells of bits.
 */
#ifndef GUEST_EVENT_RIG_H
#define GUEST_EVENT_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "stile/hypercall.h"

/** event_rig_init() - suite_setup: skips without a hypervisor; maps all vCPUs' mailboxes */
void event_rig_init(void);

/** event_rig_start() - setup: takes the event interrupt on every CPU from now on */
void event_rig_start(void);

/** event_rig_stop() - teardown: no longer; closes all ports and masks all bits */
void event_rig_stop(void);

/** event_rig_mailbox() - of a vCPU */
struct stile_mailbox *event_rig_mailbox(uint32_t cpu);

/** event_rig_vcpu_page() - the same, of its read-only page */
const volatile struct stile_vcpu_page *event_rig_vcpu_page(uint32_t cpu);

/** event_rig_taken() - how many event interrupts a CPU took since event_rig_start() */
uint32_t event_rig_taken(uint32_t cpu);

bool event_rig_is_pending(uint32_t cpu, uint32_t port);
bool event_rig_is_masked(uint32_t cpu, uint32_t port);

/** event_rig_clear() - clear a pending bit; returns whether it was set */
bool event_rig_clear(uint32_t cpu, uint32_t port);
void event_rig_mask(uint32_t cpu, uint32_t port);
void event_rig_unmask(uint32_t cpu, uint32_t port);

/**
 * event_rig_await() - poll until a bit is set, at most @ms milliseconds
 * @cpu: the calling one, which it stays
 *
 * Returns whether it was set. It is clear then.
 */
bool event_rig_await(uint32_t cpu, uint32_t port, uint64_t ms);

/** event_rig_port() - what a call that makes a port returned; fails the case if it made none */
uint32_t event_rig_port(struct stile_result made);

/**
 * event_rig_on_each() - run a function once on every CPU, with interrupts masked
 *
 * All are in it at once: each waits until the last has come.
 */
void event_rig_on_each(void (*function)(uint32_t cpu));

/** event_rig_info() - the value of core_info */
uint64_t event_rig_info(uint32_t item);

#endif
