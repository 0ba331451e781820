/* SPDX-License-Identifier: MIT */
/*
 * Event ports: who sets which bit of whose mailbox (group event of the call table). What setting a
 * bit does to the vCPU that has it is vgic/mailbox.h's.
 *
 * Which ports there are, and what is bound to what, changes under one lock for all VMs. A sender
 * takes its own VM's lock alone; so whoever changes where a VM's ports lead takes that, too, and
 * from then on nobody sets a bit of the old target's.
 */
#ifndef VIRT_EVENTS_H
#define VIRT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/abi.h"
#include "vm/events_state.h"

struct vcpu;
struct vm;

/*
 * The calls of the group. @vm is the caller's, @target one of its vCPUs, *@port the port that the
 * call makes. Ports and VM numbers may be any.
 */

/** events_alloc() - a port for @peer to bind to; NOT_FOUND, LIMIT */
enum stile_error events_alloc(struct vm *vm, uint32_t peer, uint32_t target, uint32_t *port);

/**
 * events_bind() - a port bound to @remote, which @peer has allocated for @vm; NOT_FOUND, LIMIT
 *
 * Sets the bit of @remote.
 */
enum stile_error events_bind(struct vm *vm, uint32_t peer, uint32_t remote, uint32_t target,
                             uint32_t *port);

/** events_bind_virq() - a port that the hypervisor sets at @virq, which there is; BUSY, LIMIT */
enum stile_error events_bind_virq(struct vm *vm, uint32_t virq, uint32_t target, uint32_t *port);

/** events_bind_ipi() - a port by which the VM's own vCPUs set the bit of @target; LIMIT */
enum stile_error events_bind_ipi(struct vm *vm, uint32_t target, uint32_t *port);

/** events_send() - set the bit at the other end; NOT_FOUND, NOT_BOUND */
enum stile_error events_send(struct vm *vm, uint32_t port);

/** events_close() - give a port up, and set the bit of its other end; NOT_FOUND; no device's */
enum stile_error events_close(struct vm *vm, uint32_t port);

/** events_status() - copy what there is to know of a port; NOT_FOUND */
enum stile_error events_status(struct vm *vm, uint32_t port, struct event_port *status);

/** events_move() - have another vCPU have the bit; NOT_FOUND, DENIED */
enum stile_error events_move(struct vm *vm, uint32_t port, uint32_t target);

/*
 * Ports of virtio devices. What is sent to one is virtio_signal()'s, that it was bound or its other
 * end is gone virtio_bound()'s. To its own VM's calls it is there to be looked at, and to send by.
 */

/** events_open_device() - one for @device, below VM_NR_VIRTIO, that @peer may bind to; LIMIT */
enum stile_error events_open_device(struct vm *vm, uint32_t device, uint32_t peer, uint32_t *port);

/** events_notify() - send by one, if somebody is at its other end; any port number */
void events_notify(struct vm *vm, uint32_t port);

/** events_close_device() - close it; harmless if it is no device's */
void events_close_device(struct vm *vm, uint32_t port);

/* What the hypervisor does to ports. Any physical CPU; no lock below events' in the order held. */

/** events_virq() - set a VM's port for STILE_VIRQ_SHARE or STILE_VIRQ_PEER, if it has one */
void events_virq(struct vm *vm, enum stile_virq virq);

/**
 * events_arm_timer() - time_event is called; does the vCPU have a port for it?
 * @vcpu: the caller
 */
bool events_arm_timer(struct vcpu *vcpu);

/**
 * events_timer() - what time_event has armed is due
 * @vcpu: loaded on this physical CPU, or about to be
 *
 * Returns false if the port was closed meanwhile.
 */
bool events_timer(struct vcpu *vcpu);

/**
 * events_close_some() - close some of the ports that a VM has made, a bounded number; whether there
 * may be more
 */
bool events_close_some(struct vm *vm);

/**
 * events_vm_gone() - a VM has ended: close its ports, and set the bits of their other ends
 *
 * Its vCPUs are still there, and never run.
 */
void events_vm_gone(struct vm *vm);

/** events_vms_changed() - a VM has started or ended: set every VM's port for STILE_VIRQ_PEER */
void events_vms_changed(void);

#endif
