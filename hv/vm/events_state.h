/* SPDX-License-Identifier: MIT */
/*
 * The event ports of a VM (virt/events.h).
 */
#ifndef VM_EVENTS_STATE_H
#define VM_EVENTS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/spinlock.h"
#include "stile/abi.h"

struct vcpu;

#define EVENTS_NR_PORTS (STILE_NR_PORTS - STILE_PORT_FIRST)

/** One port of a VM. All zero: free. */
struct event_port {
    struct vcpu *to; /* whose bit event_send sets; NULL: nobody's */
    union {
        uint32_t peer; /* STILE_PORT_WAITING, STILE_PORT_PEER: the other VM's number */
        struct {
            uint8_t virq; /* STILE_PORT_VIRQ: enum stile_virq */
            bool armed;   /* STILE_VIRQ_TIMER: time_event has been called since it was bound */
        };
    };
    uint8_t to_port; /* which of the bits of "to" */
    uint8_t state;   /* enum stile_port_state */
    uint8_t target;  /* the vCPU, of this VM, that has the bit */
    uint8_t use;     /* whose it is: enum event_use, or EVENT_DEVICE and which one */
};

enum event_use {
    EVENT_FREE,
    EVENT_GUEST,  /* a guest has made it */
    EVENT_DEVICE, /* the hypervisor has, for a virtio device: what is sent to it goes there */
};

/** A VM's ports. A virq has at most one: the first entries are by virq, 0 if it has none. */
struct events {
    struct spinlock lock; /* of all that follows */
    uint8_t virq_port[STILE_NR_VIRQS];
    uint8_t timer_port[CONFIG_NR_VCPUS]; /* STILE_VIRQ_TIMER has one for each vCPU instead */
    struct event_port ports[EVENTS_NR_PORTS];
};

#endif
