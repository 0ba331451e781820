/* SPDX-License-Identifier: MIT */
/*
 * The table of event ports, and every way into it.
 */
#include "virt/events.h"

#include "arch/clamp.h"
#include "lib/cold.h"
#include "lib/is_enabled.h"
#include "vgic/mailbox.h"
#include "virt/virtio_backend.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* Under which ports come, go and are bound, of all VMs. Before any VM's own lock. */
static struct spinlock events_lock;

_Static_assert(CONFIG_NR_VCPUS <= UINT8_MAX && STILE_NR_PORTS - 1 <= UINT8_MAX,
               "they fit struct event_port");

/* events_close_some() closes so many: some thousand instructions. */
#define CLOSE_SOME 16

/* A port that is in use, or NULL. One of the locks is held. */
static struct event_port *find(struct vm *vm, uint32_t port)
{
    uint32_t i = port - STILE_PORT_FIRST;

    if (i >= EVENTS_NR_PORTS)
        return NULL;
    struct event_port *end = &vm->events.ports[clamp(i, EVENTS_NR_PORTS)];
    return end->use != EVENT_FREE ? end : NULL;
}

/* Which of a VM's virtio devices has a port; none: NO_DEVICE. */
#define NO_DEVICE UINT32_MAX

static uint32_t device_of(const struct event_port *end)
{
    if (!IS_ENABLED(CONFIG_VIRTIO) || end->use < EVENT_DEVICE)
        return NO_DEVICE;
    return end->use - EVENT_DEVICE;
}

/* A port that a guest has made, or NULL. One of the locks is held. */
static struct event_port *find_own(struct vm *vm, uint32_t port)
{
    struct event_port *end = find(vm, port);

    return end && device_of(end) == NO_DEVICE ? end : NULL;
}

/* Where it is noted which port a virq has. */
static uint8_t *virq_port(struct vm *vm, uint32_t virq, uint32_t target)
{
    return virq == STILE_VIRQ_TIMER ? &vm->events.timer_port[clamp(target, CONFIG_NR_VCPUS)]
                                    : &vm->events.virq_port[clamp(virq, STILE_NR_VIRQS)];
}

/* Makes a port of the VM. Its bit is clear and masked. events_lock is held. */
static COLD enum stile_error make(struct vm *vm, struct event_port made, uint32_t *port)
{
    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++) {
        if (vm->events.ports[i].use != EVENT_FREE)
            continue;
        *port = STILE_PORT_FIRST + i;
        mailbox_mask(vm_vcpu(vm, made.target), *port);
        (void)mailbox_clear(vm_vcpu(vm, made.target), *port);
        if (made.state == STILE_PORT_IPI)
            made.to_port = (uint8_t)*port;
        if (made.use == EVENT_FREE)
            made.use = EVENT_GUEST;
        spin_lock(&vm->events.lock);
        vm->events.ports[i] = made;
        if (made.state == STILE_PORT_VIRQ)
            *virq_port(vm, made.virq, made.target) = (uint8_t)*port;
        spin_unlock(&vm->events.lock);
        return STILE_SUCCESS;
    }
    return STILE_LIMIT;
}

/* Has a VM's port lead to a vCPU's bit from now on; or, waiting for its peer, nowhere. */
static COLD void lead(struct vm *vm, uint32_t port, struct vcpu *to, uint32_t to_port)
{
    struct event_port *end = &vm->events.ports[port - STILE_PORT_FIRST];

    spin_lock(&vm->events.lock);
    end->state = to ? STILE_PORT_PEER : STILE_PORT_WAITING;
    end->to = to;
    end->to_port = (uint8_t)to_port;
    spin_unlock(&vm->events.lock);
}

/*
 * Sets the bit of a port that was bound, or whose other end is gone: its VM looks, and finds that
 * out. So who waits for a peer need not ask for it again and again. events_lock is held.
 */
static COLD void tell(struct vm *vm, uint32_t port)
{
    const struct event_port *end = &vm->events.ports[port - STILE_PORT_FIRST];
    uint32_t device = device_of(end);

    if (device == NO_DEVICE)
        mailbox_raise(vm->vcpus[end->target], port);
    else
        virtio_bound(vm, device, end->state == STILE_PORT_PEER);
}

COLD enum stile_error events_alloc(struct vm *vm, uint32_t peer, uint32_t target, uint32_t *port)
{
    struct event_port made = {.state = STILE_PORT_WAITING, .target = (uint8_t)target, .peer = peer};

    if (!vm_exists(peer))
        return STILE_NOT_FOUND;
    spin_lock(&events_lock);
    enum stile_error error = make(vm, made, port);
    spin_unlock(&events_lock);
    return error;
}

COLD enum stile_error events_open_device(struct vm *vm, uint32_t device, uint32_t peer,
                                         uint32_t *port)
{
    struct event_port made = {
        .state = STILE_PORT_WAITING, .peer = peer, .use = (uint8_t)(EVENT_DEVICE + device)};

    spin_lock(&events_lock);
    enum stile_error error = make(vm, made, port);
    spin_unlock(&events_lock);
    return error;
}

static COLD enum stile_error bind_locked(struct vm *vm, struct vm *peer, uint32_t remote,
                                         uint32_t target, uint32_t *port)
{
    const struct event_port *end = find(peer, remote);

    if (!end || end->state != STILE_PORT_WAITING || end->peer != vm->number)
        return STILE_NOT_FOUND;
    struct event_port made = {
        .state = STILE_PORT_PEER,
        .target = (uint8_t)target,
        .peer = peer->number,
        .to = device_of(end) == NO_DEVICE ? peer->vcpus[end->target] : NULL,
        .to_port = (uint8_t)remote,
    };
    enum stile_error error = make(vm, made, port);
    if (error == STILE_SUCCESS) {
        lead(peer, remote, vm_vcpu(vm, target), *port);
        tell(peer, remote);
    }
    return error;
}

COLD enum stile_error events_bind(struct vm *vm, uint32_t peer, uint32_t remote, uint32_t target,
                                  uint32_t *port)
{
    struct vm *other = vm_numbered(peer);

    if (!other)
        return STILE_NOT_FOUND;
    spin_lock(&events_lock);
    enum stile_error error = bind_locked(vm, other, remote, target, port);
    spin_unlock(&events_lock);
    return error;
}

COLD enum stile_error events_bind_virq(struct vm *vm, uint32_t virq, uint32_t target,
                                       uint32_t *port)
{
    struct event_port made = {
        .state = STILE_PORT_VIRQ, .target = (uint8_t)target, .virq = (uint8_t)virq};
    enum stile_error error = STILE_BUSY;

    spin_lock(&events_lock);
    if (*virq_port(vm, virq, target) == 0)
        error = make(vm, made, port);
    spin_unlock(&events_lock);
    return error;
}

COLD enum stile_error events_bind_ipi(struct vm *vm, uint32_t target, uint32_t *port)
{
    struct event_port made = {
        .state = STILE_PORT_IPI, .target = (uint8_t)target, .to = vm_vcpu(vm, target)};

    spin_lock(&events_lock);
    enum stile_error error = make(vm, made, port);
    spin_unlock(&events_lock);
    return error;
}

/* Under events_lock, so that the number stands for nothing else before its bit is clear. */
static COLD void close(struct vm *vm, uint32_t port, struct event_port *end)
{
    struct vcpu *target = vm->vcpus[end->target];

    if (end->state == STILE_PORT_PEER) {
        lead(vm_numbered(end->peer), end->to_port, NULL, 0);
        tell(vm_numbered(end->peer), end->to_port);
    }
    spin_lock(&vm->events.lock);
    if (end->state == STILE_PORT_VIRQ)
        *virq_port(vm, end->virq, end->target) = 0;
    *end = (struct event_port){0};
    spin_unlock(&vm->events.lock);
    (void)mailbox_clear(target, port);
}

COLD enum stile_error events_close(struct vm *vm, uint32_t port)
{
    spin_lock(&events_lock);
    struct event_port *end = find_own(vm, port);
    if (end)
        close(vm, port, end);
    spin_unlock(&events_lock);
    return end ? STILE_SUCCESS : STILE_NOT_FOUND;
}

COLD void events_close_device(struct vm *vm, uint32_t port)
{
    spin_lock(&events_lock);
    struct event_port *end = find(vm, port);
    if (end && device_of(end) != NO_DEVICE)
        close(vm, port, end);
    spin_unlock(&events_lock);
}

COLD enum stile_error events_status(struct vm *vm, uint32_t port, struct event_port *status)
{
    spin_lock(&vm->events.lock);
    const struct event_port *end = find(vm, port);
    if (end)
        *status = *end;
    spin_unlock(&vm->events.lock);
    return end ? STILE_SUCCESS : STILE_NOT_FOUND;
}

/* The bit goes last: by then everybody sets that of the new target. */
static COLD void move(struct vm *vm, uint32_t port, struct event_port *end, uint32_t target)
{
    struct vcpu *from = vm->vcpus[end->target], *to = vm_vcpu(vm, target);

    if (end->state == STILE_PORT_PEER)
        lead(vm_numbered(end->peer), end->to_port, to, port);
    spin_lock(&vm->events.lock);
    end->target = (uint8_t)target;
    if (end->state == STILE_PORT_IPI)
        end->to = to;
    spin_unlock(&vm->events.lock);
    if (to != from && mailbox_clear(from, port))
        mailbox_raise(to, port);
}

COLD enum stile_error events_move(struct vm *vm, uint32_t port, uint32_t target)
{
    enum stile_error error = STILE_SUCCESS;

    spin_lock(&events_lock);
    struct event_port *end = find_own(vm, port);
    if (!end)
        error = STILE_NOT_FOUND;
    else if (end->state == STILE_PORT_VIRQ && end->virq == STILE_VIRQ_TIMER)
        error = STILE_DENIED;
    else
        move(vm, port, end, target);
    spin_unlock(&events_lock);
    return error;
}

/* Where no vCPU's bit is: to a device of the peer's, or to nobody. The sender's lock is held. */
__attribute__((noinline)) static enum stile_error send_elsewhere(const struct event_port *end)
{
    struct vm *peer;

    if (!IS_ENABLED(CONFIG_VIRTIO) || end->state != STILE_PORT_PEER)
        return STILE_NOT_BOUND;
    /* Whose port stays as long as this one is bound to it. */
    peer = vm_numbered(end->peer);
    virtio_signal(peer, device_of(&peer->events.ports[end->to_port - STILE_PORT_FIRST]));
    return STILE_SUCCESS;
}

/* Inline in both of its callers: a call of the guest's, which is fast, and the hypervisor's own. */
static inline __attribute__((always_inline)) enum stile_error send_by(struct vm *vm, uint32_t port)
{
    uint32_t i = port - STILE_PORT_FIRST;
    enum stile_error error = STILE_NOT_FOUND;

    if (i >= EVENTS_NR_PORTS)
        return error;
    spin_lock(&vm->events.lock);
    const struct event_port *end = &vm->events.ports[clamp(i, EVENTS_NR_PORTS)];
    if (__builtin_expect(end->to != NULL, 1)) { /* so it is in use */
        mailbox_raise(end->to, end->to_port);
        error = STILE_SUCCESS;
    } else if (end->use != EVENT_FREE) {
        error = send_elsewhere(end);
    }
    spin_unlock(&vm->events.lock);
    return error;
}

enum stile_error events_send(struct vm *vm, uint32_t port)
{
    return send_by(vm, port);
}

void events_notify(struct vm *vm, uint32_t port)
{
    (void)send_by(vm, port);
}

/* Sets the bit of a virq's port. The VM's lock is held. */
static COLD void raise_virq(struct vm *vm, uint32_t port)
{
    const struct event_port *end = find(vm, port);

    if (end)
        mailbox_raise(vm->vcpus[end->target], port);
}

COLD void events_virq(struct vm *vm, enum stile_virq virq)
{
    /* Who binds a port meanwhile looks, having bound it, for what came before. */
    if (__atomic_load_n(&vm->events.virq_port[virq], __ATOMIC_RELAXED) == 0)
        return;
    spin_lock(&vm->events.lock);
    raise_virq(vm, vm->events.virq_port[virq]);
    spin_unlock(&vm->events.lock);
}

COLD bool events_arm_timer(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    spin_lock(&vm->events.lock);
    struct event_port *end = find(vm, vm->events.timer_port[vcpu->index]);
    if (end)
        end->armed = true;
    spin_unlock(&vm->events.lock);
    return end != NULL;
}

COLD bool events_timer(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    spin_lock(&vm->events.lock);
    uint32_t port = vm->events.timer_port[vcpu->index];
    const struct event_port *end = find(vm, port);
    bool armed = end && end->armed;
    if (armed)
        raise_virq(vm, port);
    spin_unlock(&vm->events.lock);
    return armed;
}

/* Each under the lock by itself, so that nobody waits for all of them. */
COLD bool events_close_some(struct vm *vm)
{
    uint32_t nr_closed = 0;

    for (uint32_t i = 0; i < EVENTS_NR_PORTS && nr_closed < CLOSE_SOME; i++)
        if (__atomic_load_n(&vm->events.ports[i].use, __ATOMIC_RELAXED) == EVENT_GUEST &&
            events_close(vm, STILE_PORT_FIRST + i) == STILE_SUCCESS)
            nr_closed++;
    return nr_closed == CLOSE_SOME;
}

COLD void events_vm_gone(struct vm *vm)
{
    while (events_close_some(vm))
        ;
    for (uint32_t i = 0; IS_ENABLED(CONFIG_VIRTIO) && i < VM_NR_VIRTIO; i++)
        events_close_device(vm, vm->virtio.devices[i].port);
}

COLD void events_vms_changed(void)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        events_virq(vm_slot(id), STILE_VIRQ_PEER);
}
