/* SPDX-License-Identifier: MIT */
/*
 * For tests that look at all event ports at once. Included by a file that includes virt/events.c,
 * after it and after ktf.h.
 */
#ifndef FAKES_PORTS_H
#define FAKES_PORTS_H

/* One port of a VM, in use: what it leads to leads back. */
static inline void ports_expect_sense(struct vm *vm, uint32_t port, const struct event_port *end)
{
    struct vcpu *target = vm->vcpus[end->target];

    switch (end->state) {
    case STILE_PORT_WAITING:
        EXPECT_NULL(end->to);
        break;
    case STILE_PORT_PEER: {
        struct vm *peer = vm_numbered(end->peer);
        const struct event_port *far = find(peer, end->to_port);
        EXPECT_TRUE(far && far->state == STILE_PORT_PEER);
        EXPECT_TRUE(far && far->peer == vm->number && far->to_port == port);
        EXPECT_TRUE(far && far->to == (device_of(end) == NO_DEVICE ? target : NULL));
        EXPECT_TRUE(far &&
                    end->to == (device_of(far) == NO_DEVICE ? peer->vcpus[far->target] : NULL));
        break;
    }
    case STILE_PORT_VIRQ:
        EXPECT_EQ(*virq_port(vm, end->virq, end->target), port);
        EXPECT_NULL(end->to);
        break;
    case STILE_PORT_IPI:
        EXPECT_EQ(end->to, target);
        EXPECT_EQ(end->to_port, port);
        break;
    default:
        EXPECT_FAIL("port %u is in no state", port);
    }
}

#endif
