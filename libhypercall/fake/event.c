/* SPDX-License-Identifier: MIT */
/*
 * The fake's event ports.
 */
#include <string.h>

#include "event.h"
#include "handler.h"
#include "irq.h"

static struct fake_port *find(struct fake_vm *vm, uint32_t port)
{
    return port < STILE_NR_PORTS && vm->ports[port].used ? &vm->ports[port] : NULL;
}

static bool has_vcpu(const struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    return target.index < vcpu->vm->config.nr_vcpus;
}

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

/* Whether the bit was set. */
static bool clear(struct fake_vcpu *vcpu, uint32_t port)
{
    uint64_t old = __atomic_fetch_and(&vcpu->mailbox->words[port / 64].pending, ~bit_of(port),
                                      __ATOMIC_SEQ_CST);

    return (old & bit_of(port)) != 0;
}

static uint32_t *virq_port(struct fake_vm *vm, uint32_t virq, uint32_t target)
{
    return virq == STILE_VIRQ_TIMER ? &vm->vcpus[target].timer_port : &vm->virq_ports[virq];
}

/* A new port, or 0 if there is none left. */
static uint32_t make(struct fake_vm *vm, struct fake_port made)
{
    for (uint32_t i = STILE_PORT_FIRST; i < STILE_NR_PORTS; i++) {
        struct fake_vcpu *target = &vm->vcpus[made.target];

        if (vm->ports[i].used)
            continue;
        made.used = true;
        vm->ports[i] = made;
        (void)__atomic_fetch_or(&target->mailbox->words[i / 64].mask, bit_of(i), __ATOMIC_SEQ_CST);
        (void)clear(target, i);
        return i;
    }
    return 0;
}

/* Sets the bit of a port that was bound, or whose other end is gone. */
static void tell(struct fake_vm *vm, uint32_t port)
{
    fake_irq_set_port(&vm->vcpus[vm->ports[port].target], port);
}

static struct stile_result port_or_limit(uint32_t port)
{
    return port != 0 ? fake_value(port, 0, 0) : fake_error(STILE_LIMIT);
}

struct stile_result fake_event_alloc(struct fake_vcpu *vcpu, stile_vm_id_t peer,
                                     stile_vcpu_id_t target)
{
    if (!has_vcpu(vcpu, target))
        return fake_bad(2);
    if (!fake_running_vm(peer.number))
        return fake_error(STILE_NOT_FOUND);
    return port_or_limit(make(vcpu->vm, (struct fake_port){.state = STILE_PORT_WAITING,
                                                           .target = target.index,
                                                           .peer = peer.number}));
}

struct stile_result fake_event_bind(struct fake_vcpu *vcpu, stile_vm_id_t peer, stile_port_t remote,
                                    stile_vcpu_id_t target)
{
    struct fake_vm *other = fake_running_vm(peer.number);
    struct fake_port *end = other ? find(other, remote.port) : NULL;

    if (!has_vcpu(vcpu, target))
        return fake_bad(3);
    if (!end || end->state != STILE_PORT_WAITING || end->peer != vcpu->vm->number)
        return fake_error(STILE_NOT_FOUND);
    uint32_t port = make(vcpu->vm, (struct fake_port){.state = STILE_PORT_PEER,
                                                      .target = target.index,
                                                      .peer = peer.number,
                                                      .peer_port = remote.port});
    if (port != 0) {
        end->state = STILE_PORT_PEER;
        end->peer_port = port;
        tell(other, remote.port);
    }
    return port_or_limit(port);
}

struct stile_result fake_event_bind_virq(struct fake_vcpu *vcpu, stile_u32_t virq,
                                         stile_vcpu_id_t target)
{
    if (virq >= STILE_NR_VIRQS)
        return fake_bad(1);
    if (!has_vcpu(vcpu, target))
        return fake_bad(2);
    uint32_t *taken = virq_port(vcpu->vm, virq, target.index);
    if (*taken != 0)
        return fake_error(STILE_BUSY);
    *taken =
        make(vcpu->vm,
             (struct fake_port){.state = STILE_PORT_VIRQ, .target = target.index, .virq = virq});
    return port_or_limit(*taken);
}

struct stile_result fake_event_bind_ipi(struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    if (!has_vcpu(vcpu, target))
        return fake_bad(1);
    return port_or_limit(
        make(vcpu->vm, (struct fake_port){.state = STILE_PORT_IPI, .target = target.index}));
}

struct stile_result fake_event_send(struct fake_vcpu *vcpu, stile_port_t port)
{
    const struct fake_port *end = find(vcpu->vm, port.port);

    if (!end)
        return fake_error(STILE_NOT_FOUND);
    if (end->state == STILE_PORT_IPI) {
        fake_irq_set_port(&vcpu->vm->vcpus[end->target], port.port);
        return fake_ok();
    }
    if (end->state != STILE_PORT_PEER)
        return fake_error(STILE_NOT_BOUND);
    struct fake_vm *peer = fake_numbered_vm(end->peer);
    fake_irq_set_port(&peer->vcpus[peer->ports[end->peer_port].target], end->peer_port);
    return fake_ok();
}

static void close(struct fake_vm *vm, uint32_t port)
{
    struct fake_port *end = &vm->ports[port];

    if (end->state == STILE_PORT_PEER) {
        struct fake_vm *peer = fake_numbered_vm(end->peer);

        peer->ports[end->peer_port].state = STILE_PORT_WAITING;
        tell(peer, end->peer_port);
    }
    if (end->state == STILE_PORT_VIRQ)
        *virq_port(vm, end->virq, end->target) = 0;
    (void)clear(&vm->vcpus[end->target], port);
    memset(end, 0, sizeof(*end));
}

struct stile_result fake_event_close(struct fake_vcpu *vcpu, stile_port_t port)
{
    if (!find(vcpu->vm, port.port))
        return fake_error(STILE_NOT_FOUND);
    close(vcpu->vm, port.port);
    return fake_ok();
}

struct stile_result fake_event_query(struct fake_vcpu *vcpu, stile_port_t port)
{
    const struct fake_port *end = find(vcpu->vm, port.port);
    uint64_t peer = 0;

    if (!end)
        return fake_error(STILE_NOT_FOUND);
    if (end->state == STILE_PORT_PEER)
        peer = (uint64_t)end->peer_port << 32 | end->peer;
    else if (end->state == STILE_PORT_WAITING)
        peer = end->peer;
    else if (end->state == STILE_PORT_VIRQ)
        peer = end->virq;
    return fake_values(vcpu, (uint64_t)end->state, end->target, peer);
}

struct stile_result fake_event_move(struct fake_vcpu *vcpu, stile_port_t port,
                                    stile_vcpu_id_t target)
{
    struct fake_vm *vm = vcpu->vm;
    struct fake_port *end = find(vm, port.port);

    if (!has_vcpu(vcpu, target))
        return fake_bad(2);
    if (!end)
        return fake_error(STILE_NOT_FOUND);
    if (end->state == STILE_PORT_VIRQ && end->virq == STILE_VIRQ_TIMER)
        return fake_error(STILE_DENIED);
    uint32_t from = end->target;
    end->target = target.index;
    if (from != target.index && clear(&vm->vcpus[from], port.port))
        fake_irq_set_port(&vm->vcpus[target.index], port.port);
    return fake_ok();
}

void fake_event_virq(struct fake_vm *vm, uint32_t virq)
{
    uint32_t port = vm->virq_ports[virq];

    if (port != 0)
        fake_irq_set_port(&vm->vcpus[vm->ports[port].target], port);
}

void fake_event_vm_gone(struct fake_vm *vm)
{
    for (uint32_t i = STILE_PORT_FIRST; i < STILE_NR_PORTS; i++)
        if (vm->ports[i].used)
            close(vm, i);
}
