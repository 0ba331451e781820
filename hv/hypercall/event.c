/* SPDX-License-Identifier: MIT */
/*
 * Group event: ports that others set. What they are bound to is virt/events.h's.
 */
#include "hypercall/hypercall.h"
#include "lib/cold.h"
#include "virt/events.h"
#include "vm/events_state.h"
#include "vm/vm.h"

static bool has_vcpu(const struct vcpu *vcpu, stile_vcpu_id_t target)
{
    return target.index < vcpu->vm->config.nr_vcpus;
}

COLD struct hcall_result hcall_event_alloc(struct vcpu *vcpu, stile_vm_id_t peer,
                                           stile_vcpu_id_t target)
{
    uint32_t port = 0;

    if (!has_vcpu(vcpu, target))
        return hcall_bad_argument(2);
    enum stile_error error = events_alloc(vcpu->vm, peer.number, target.index, &port);
    return hcall_value_or(error, port);
}

COLD struct hcall_result hcall_event_bind(struct vcpu *vcpu, stile_vm_id_t peer,
                                          stile_port_t remote, stile_vcpu_id_t target)
{
    uint32_t port = 0;

    if (!has_vcpu(vcpu, target))
        return hcall_bad_argument(3);
    enum stile_error error = events_bind(vcpu->vm, peer.number, remote.port, target.index, &port);
    return hcall_value_or(error, port);
}

COLD struct hcall_result hcall_event_bind_virq(struct vcpu *vcpu, stile_u32_t virq,
                                               stile_vcpu_id_t target)
{
    uint32_t port = 0;

    if (virq >= STILE_NR_VIRQS)
        return hcall_bad_argument(1);
    if (!has_vcpu(vcpu, target))
        return hcall_bad_argument(2);
    enum stile_error error = events_bind_virq(vcpu->vm, virq, target.index, &port);
    return hcall_value_or(error, port);
}

COLD struct hcall_result hcall_event_bind_ipi(struct vcpu *vcpu, stile_vcpu_id_t target)
{
    uint32_t port = 0;

    if (!has_vcpu(vcpu, target))
        return hcall_bad_argument(1);
    enum stile_error error = events_bind_ipi(vcpu->vm, target.index, &port);
    return hcall_value_or(error, port);
}

struct hcall_result hcall_event_send(struct vcpu *vcpu, stile_port_t port)
{
    return hcall_error(events_send(vcpu->vm, port.port));
}

COLD struct hcall_result hcall_event_close(struct vcpu *vcpu, stile_port_t port)
{
    return hcall_error(events_close(vcpu->vm, port.port));
}

/* x3 of event_query. */
static uint64_t other_end(const struct event_port *port)
{
    return port->state == STILE_PORT_VIRQ
               ? port->virq
               : (port->state == STILE_PORT_PEER ? (uint64_t)port->to_port << 32 : 0) | port->peer;
}

COLD struct hcall_result hcall_event_query(struct vcpu *vcpu, stile_port_t port)
{
    struct event_port status;
    enum stile_error error = events_status(vcpu->vm, port.port, &status);

    if (error != STILE_SUCCESS)
        return hcall_error(error);
    return hcall_values(vcpu, status.state, status.target, other_end(&status));
}

COLD struct hcall_result hcall_event_move(struct vcpu *vcpu, stile_port_t port,
                                          stile_vcpu_id_t target)
{
    if (!has_vcpu(vcpu, target))
        return hcall_bad_argument(2);
    return hcall_error(events_move(vcpu->vm, port.port, target.index));
}
