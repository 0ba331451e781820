/* SPDX-License-Identifier: MIT */
/*
 * virt/events.c: every state of a port, limits, an end that dies at each step, and all of it at
 * once. After each test the whole table must make sense: see expect_sense().
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "virt/events.c"
#include "ktf.h"

#include "fakes/ports.h"

#define NR_VMS   3 /* numbers 1 to 3; the others never ran */
#define NR_VCPUS 2
#define FIRST    STILE_PORT_FIRST
#define LAST     (STILE_NR_PORTS - 1)

static struct vm vms[CONFIG_NR_VMS];
static struct vcpu vcpus[NR_VMS][NR_VCPUS];
static struct stile_mailbox mailboxes[NR_VMS][NR_VCPUS];
static uint32_t nr_raised;
static struct vm *sender; /* where raising is expected of nobody else */

struct vm *vm_slot(uint32_t id)
{
    return id - 1 < CONFIG_NR_VMS ? &vms[id - 1] : NULL;
}

/* At first a VM's number is its place, so that the tests can say 1, 2 and 3. */
struct vm *vm_numbered(uint32_t number)
{
    for (uint32_t i = 0; i < NR_VMS; i++)
        if (number != 0 && vms[i].number == number)
            return &vms[i];
    return NULL;
}

bool vm_exists(uint32_t number)
{
    return vm_numbered(number) != NULL;
}

static uint64_t bit(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

/* Whether a lock is taken, in a test without threads. */
static bool is_held(const struct spinlock *lock)
{
    return lock->next != lock->serving;
}

void mailbox_raise(struct vcpu *vcpu, uint32_t port)
{
    if (sender)
        for (uint32_t i = 0; i < NR_VMS; i++)
            EXPECT_EQ(is_held(&vms[i].events.lock), &vms[i] == sender);
    __atomic_fetch_or(&vcpu->mailbox->words[port / 64].pending, bit(port), __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_raised, 1, __ATOMIC_RELAXED);
}

bool mailbox_clear(struct vcpu *vcpu, uint32_t port)
{
    return __atomic_fetch_and(&vcpu->mailbox->words[port / 64].pending, ~bit(port),
                              __ATOMIC_SEQ_CST) &
           bit(port);
}

void mailbox_mask(struct vcpu *vcpu, uint32_t port)
{
    __atomic_fetch_or(&vcpu->mailbox->words[port / 64].mask, bit(port), __ATOMIC_SEQ_CST);
}

/* What devices are told. */
static bool is_bound[NR_VMS][VM_NR_VIRTIO];
static uint32_t nr_signals[NR_VMS][VM_NR_VIRTIO];
static bool many_cpus; /* one of them may send while another one binds or closes */

void virtio_bound(struct vm *vm, uint32_t device, bool bound)
{
    EXPECT_TRUE(is_held(&events_lock));
    EXPECT_NE(is_bound[vm->id - 1][device], bound);
    is_bound[vm->id - 1][device] = bound;
}

void virtio_signal(struct vm *vm, uint32_t device)
{
    EXPECT_TRUE(many_cpus || is_bound[vm->id - 1][device]);
    __atomic_fetch_add(&nr_signals[vm->id - 1][device], 1, __ATOMIC_RELAXED);
}

static void setup(void)
{
    many_cpus = false;
    memset(is_bound, 0, sizeof(is_bound));
    memset(nr_signals, 0, sizeof(nr_signals));
    memset(vms, 0, sizeof(vms));
    memset(mailboxes, 0, sizeof(mailboxes));
    nr_raised = 0;
    sender = NULL;
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
        vms[i].id = i < NR_VMS ? i + 1 : 0;
    for (uint32_t i = 0; i < NR_VMS; i++) {
        vms[i].number = i + 1;
        vms[i].config.nr_vcpus = NR_VCPUS;
        for (uint32_t v = 0; v < NR_VCPUS; v++) {
            vcpus[i][v].vm = &vms[i];
            vcpus[i][v].index = v;
            vcpus[i][v].mailbox = &mailboxes[i][v];
            vms[i].vcpus[v] = &vcpus[i][v];
        }
    }
}

static bool is_pending(uint32_t vm, uint32_t vcpu, uint32_t port)
{
    return mailboxes[vm - 1][vcpu].words[port / 64].pending & bit(port);
}

/* Whether it was set; it is clear then. */
static bool take(uint32_t vm, uint32_t vcpu, uint32_t port)
{
    bool was_set = is_pending(vm, vcpu, port);

    mailboxes[vm - 1][vcpu].words[port / 64].pending &= ~bit(port);
    return was_set;
}

static bool is_masked(uint32_t vm, uint32_t vcpu, uint32_t port)
{
    return mailboxes[vm - 1][vcpu].words[port / 64].mask & bit(port);
}

/* Ends lead to each other, and no bit is set but that of a port, in its target's mailbox. */
static void expect_sense(void)
{
    for (uint32_t i = 0; i < NR_VMS; i++) {
        uint32_t nr_virqs = 0, nr_noted = 0;
        EXPECT_FALSE(is_held(&vms[i].events.lock));
        for (uint32_t port = 0; port < STILE_NR_PORTS; port++) {
            const struct event_port *end = find(&vms[i], port);
            if (end)
                ports_expect_sense(&vms[i], port, end);
            if (end && device_of(end) != NO_DEVICE &&
                vms[i].virtio.devices[device_of(end)].port == port)
                EXPECT_EQ(is_bound[i][device_of(end)], end->state == STILE_PORT_PEER);
            nr_virqs += end && end->state == STILE_PORT_VIRQ;
            for (uint32_t v = 0; v < NR_VCPUS; v++)
                EXPECT_TRUE(!is_pending(i + 1, v, port) || (end && end->target == v));
        }
        for (uint32_t v = 0; v < STILE_NR_VIRQS; v++)
            nr_noted += vms[i].events.virq_port[v] != 0;
        for (uint32_t v = 0; v < NR_VCPUS; v++)
            nr_noted += vms[i].events.timer_port[v] != 0;
        EXPECT_EQ(nr_virqs, nr_noted);
    }
    EXPECT_FALSE(is_held(&events_lock));
}

KTF_SUITE(events, .setup = setup, .teardown = expect_sense);

/* The calls with VM numbers, which succeed and return the port. */
static uint32_t alloc(uint32_t vm, uint32_t peer, uint32_t target)
{
    uint32_t port = 0;

    EXPECT_EQ(events_alloc(vm_slot(vm), peer, target, &port), STILE_SUCCESS);
    return port;
}

static uint32_t bind(uint32_t vm, uint32_t peer, uint32_t remote, uint32_t target)
{
    uint32_t port = 0;

    EXPECT_EQ(events_bind(vm_slot(vm), peer, remote, target, &port), STILE_SUCCESS);
    return port;
}

static uint32_t bind_virq(uint32_t vm, uint32_t virq, uint32_t target)
{
    uint32_t port = 0;

    EXPECT_EQ(events_bind_virq(vm_slot(vm), virq, target, &port), STILE_SUCCESS);
    return port;
}

static uint32_t bind_ipi(uint32_t vm, uint32_t target)
{
    uint32_t port = 0;

    EXPECT_EQ(events_bind_ipi(vm_slot(vm), target, &port), STILE_SUCCESS);
    return port;
}

static enum stile_error send(uint32_t vm, uint32_t port)
{
    sender = vm_slot(vm);
    enum stile_error error = events_send(sender, port);
    sender = NULL;
    return error;
}

static struct event_port status(uint32_t vm, uint32_t port)
{
    struct event_port found = {0};

    EXPECT_EQ(events_status(vm_slot(vm), port, &found), STILE_SUCCESS);
    return found;
}

static void expect_free(uint32_t vm, uint32_t port)
{
    struct event_port found;

    EXPECT_EQ(events_status(vm_slot(vm), port, &found), STILE_NOT_FOUND);
    EXPECT_EQ(events_send(vm_slot(vm), port), STILE_NOT_FOUND);
    EXPECT_EQ(events_close(vm_slot(vm), port), STILE_NOT_FOUND);
    EXPECT_EQ(events_move(vm_slot(vm), port, 0), STILE_NOT_FOUND);
}

/* --- channels ------------------------------------------------------------------------------ */

KTF_TEST(events, what_is_no_port_is_not_found)
{
    static const uint32_t ports[] = {0,         1,    FIRST - 1,      FIRST,     LAST,
                                     LAST + 1u, 4096, UINT32_MAX / 2, UINT32_MAX};

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        expect_free(1, ports[i]);
    EXPECT_EQ(nr_raised, 0);
}

KTF_TEST(events, a_new_port_is_clear_and_masked)
{
    mailboxes[0][1].words[FIRST / 64].pending = UINT64_MAX << FIRST % 64;
    uint32_t port = alloc(1, 2, 1);

    EXPECT_EQ(port, FIRST);
    EXPECT_FALSE(is_pending(1, 1, port));
    EXPECT_TRUE(is_masked(1, 1, port));
    EXPECT_FALSE(is_masked(1, 0, port));
    EXPECT_FALSE(is_masked(1, 1, port + 1));
    memset(mailboxes, 0, sizeof(mailboxes));
}

KTF_TEST(events, both_ends_of_a_channel_reach_each_other)
{
    uint32_t there = alloc(2, 1, 1);
    uint32_t skipped = bind_ipi(1, 0);
    uint32_t here = bind(1, 2, there, 0);

    EXPECT_EQ(here, skipped + 1);
    EXPECT_TRUE(take(2, 1, there)); /* it was bound */
    EXPECT_EQ(send(1, here), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(2, 1, there));
    EXPECT_FALSE(is_pending(1, 0, here));
    EXPECT_EQ(send(2, there), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 0, here));
    EXPECT_EQ(nr_raised, 3);
}

KTF_TEST(events, status_tells_what_a_port_is_bound_to)
{
    uint32_t there = alloc(2, 1, 1);

    EXPECT_EQ(status(2, there).state, STILE_PORT_WAITING);
    EXPECT_EQ(status(2, there).peer, 1);
    EXPECT_EQ(status(2, there).to_port, 0);
    uint32_t here = bind(1, 2, there, 0);
    EXPECT_EQ(status(2, there).state, STILE_PORT_PEER);
    EXPECT_EQ(status(2, there).to_port, here);
    EXPECT_EQ(status(2, there).target, 1);
    EXPECT_EQ(status(1, here).state, STILE_PORT_PEER);
    EXPECT_EQ(status(1, here).peer, 2);
    EXPECT_EQ(status(1, here).to_port, there);
    EXPECT_EQ(status(1, bind_ipi(1, 1)).state, STILE_PORT_IPI);
    EXPECT_EQ(status(1, bind_virq(1, STILE_VIRQ_PEER, 1)).state, STILE_PORT_VIRQ);
}

KTF_TEST(events, nobody_binds_what_is_not_for_him)
{
    uint32_t for_3 = alloc(2, 3, 0);
    uint32_t bound = alloc(2, 1, 0);
    uint32_t ipi = bind_ipi(2, 0);
    uint32_t virq = bind_virq(2, STILE_VIRQ_SHARE, 0);
    uint32_t ports[] = {for_3, ipi, virq, bound, bound + 10, 0, FIRST - 1, LAST + 1, UINT32_MAX};
    uint32_t port = 1234;

    (void)bind(1, 2, bound, 0);
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        EXPECT_EQ(events_bind(vm_slot(1), 2, ports[i], 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(events_bind(vm_slot(1), 0, for_3, 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(events_bind(vm_slot(1), NR_VMS + 1, FIRST, 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(events_bind(vm_slot(1), CONFIG_NR_VMS + 1, FIRST, 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(events_bind(vm_slot(1), UINT32_MAX, FIRST, 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(port, 1234);
    EXPECT_EQ(status(2, for_3).state, STILE_PORT_WAITING);
}

KTF_TEST(events, a_channel_within_a_vm)
{
    uint32_t one = alloc(1, 1, 0);
    uint32_t other = bind(1, 1, one, 1);

    EXPECT_EQ(send(1, one), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 1, other));
    EXPECT_EQ(send(1, other), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 0, one));
    EXPECT_EQ(events_close(vm_slot(1), one), STILE_SUCCESS);
    EXPECT_EQ(send(1, other), STILE_NOT_BOUND);
    EXPECT_EQ(status(1, other).state, STILE_PORT_WAITING);
}

KTF_TEST(events, what_waits_leads_nowhere)
{
    uint32_t port = alloc(1, 2, 0);

    EXPECT_EQ(send(1, port), STILE_NOT_BOUND);
    EXPECT_EQ(send(1, bind_virq(1, STILE_VIRQ_PEER, 0)), STILE_NOT_BOUND);
    EXPECT_EQ(nr_raised, 0);
}

KTF_TEST(events, an_ipi_reaches_its_vcpu)
{
    uint32_t port = bind_ipi(1, 1);

    EXPECT_EQ(send(1, port), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 1, port));
    EXPECT_EQ(send(2, port), STILE_NOT_FOUND);
}

KTF_TEST(events, a_vm_has_so_many_ports)
{
    uint32_t port = 0;
    uint32_t waiting = alloc(2, 1, 0);

    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++)
        EXPECT_EQ(bind_ipi(1, i % NR_VCPUS), FIRST + i);
    EXPECT_EQ(events_bind_ipi(vm_slot(1), 0, &port), STILE_LIMIT);
    EXPECT_EQ(events_alloc(vm_slot(1), 2, 0, &port), STILE_LIMIT);
    EXPECT_EQ(events_bind_virq(vm_slot(1), STILE_VIRQ_PEER, 0, &port), STILE_LIMIT);
    EXPECT_EQ(vms[0].events.virq_port[STILE_VIRQ_PEER], 0);
    EXPECT_EQ(events_bind(vm_slot(1), 2, waiting, 0, &port), STILE_LIMIT);
    EXPECT_EQ(status(2, waiting).state, STILE_PORT_WAITING);
    EXPECT_EQ(send(1, LAST), STILE_SUCCESS);
    EXPECT_EQ(events_close(vm_slot(1), 200), STILE_SUCCESS);
    EXPECT_EQ(bind(1, 2, waiting, 0), 200);
}

/* --- closing ------------------------------------------------------------------------------- */

KTF_TEST(events, closing_clears_the_bit_and_frees_the_number)
{
    uint32_t port = bind_ipi(1, 1);

    (void)send(1, port);
    EXPECT_EQ(events_close(vm_slot(1), port), STILE_SUCCESS);
    EXPECT_FALSE(is_pending(1, 1, port));
    expect_free(1, port);
    EXPECT_EQ(alloc(1, 2, 0), port);
}

KTF_TEST(events, a_closed_end_leaves_the_other_waiting)
{
    uint32_t there = alloc(2, 1, 1);
    uint32_t here = bind(1, 2, there, 0);

    (void)send(1, here);
    EXPECT_EQ(events_close(vm_slot(1), here), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(2, 1, there)); /* what was sent is there */
    EXPECT_FALSE(is_pending(1, 0, here));
    EXPECT_EQ(send(2, there), STILE_NOT_BOUND);
    EXPECT_EQ(status(2, there).state, STILE_PORT_WAITING);
    EXPECT_EQ(status(2, there).peer, 1);
    here = bind(1, 2, there, 1);
    EXPECT_EQ(send(2, there), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 1, here));
    /* The end that was bound waits for the one that was allocated, too. */
    EXPECT_EQ(events_close(vm_slot(2), there), STILE_SUCCESS);
    EXPECT_EQ(send(1, here), STILE_NOT_BOUND);
    there = bind(2, 1, here, 0);
    EXPECT_EQ(send(1, here), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(2, 0, there));
}

KTF_TEST(events, the_other_end_is_told_when_one_comes_and_goes)
{
    uint32_t there = alloc(2, 1, 1);

    for (uint32_t round = 0; round < 3; round++) {
        EXPECT_FALSE(is_pending(2, 1, there));
        uint32_t here = bind(1, 2, there, 0);
        EXPECT_TRUE(take(2, 1, there));
        EXPECT_FALSE(is_pending(1, 0, here));
        EXPECT_EQ(events_close(vm_slot(1), here), STILE_SUCCESS);
        EXPECT_TRUE(take(2, 1, there));
    }
    uint32_t here = bind(1, 2, there, 0);
    events_vm_gone(vm_slot(2));
    EXPECT_TRUE(take(1, 0, here));
    EXPECT_EQ(status(1, here).state, STILE_PORT_WAITING);
    EXPECT_EQ(events_close(vm_slot(1), here), STILE_SUCCESS); /* nobody is left to be told */
    EXPECT_EQ(nr_raised, 8);
}

KTF_TEST(events, a_virq_is_free_again_when_its_port_is_closed)
{
    uint32_t port = bind_virq(1, STILE_VIRQ_SHARE, 0);

    EXPECT_EQ(events_close(vm_slot(1), port), STILE_SUCCESS);
    events_virq(vm_slot(1), STILE_VIRQ_SHARE);
    EXPECT_EQ(nr_raised, 0);
    EXPECT_EQ(bind_virq(1, STILE_VIRQ_SHARE, 1), port);
}

/* --- virqs --------------------------------------------------------------------------------- */

KTF_TEST(events, a_virq_sets_the_port_that_is_bound_to_it)
{
    uint32_t share = bind_virq(1, STILE_VIRQ_SHARE, 1);
    uint32_t other = bind_virq(2, STILE_VIRQ_SHARE, 0);
    uint32_t peer = bind_virq(1, STILE_VIRQ_PEER, 0);

    events_virq(vm_slot(1), STILE_VIRQ_SHARE);
    EXPECT_TRUE(is_pending(1, 1, share));
    EXPECT_FALSE(is_pending(2, 0, other));
    EXPECT_FALSE(is_pending(1, 0, peer));
    events_virq(vm_slot(3), STILE_VIRQ_SHARE);
    EXPECT_EQ(nr_raised, 1);
}

KTF_TEST(events, every_vm_hears_of_peers)
{
    uint32_t ports[] = {bind_virq(1, STILE_VIRQ_PEER, 1), bind_virq(3, STILE_VIRQ_PEER, 0)};

    events_vms_changed();
    EXPECT_TRUE(is_pending(1, 1, ports[0]));
    EXPECT_TRUE(is_pending(3, 0, ports[1]));
    EXPECT_EQ(nr_raised, 2);
}

KTF_TEST(events, a_virq_has_one_port_and_a_timer_one_for_each_vcpu)
{
    uint32_t port = 1234;

    (void)bind_virq(1, STILE_VIRQ_PEER, 0);
    EXPECT_EQ(events_bind_virq(vm_slot(1), STILE_VIRQ_PEER, 1, &port), STILE_BUSY);
    (void)bind_virq(1, STILE_VIRQ_TIMER, 0);
    EXPECT_EQ(events_bind_virq(vm_slot(1), STILE_VIRQ_TIMER, 0, &port), STILE_BUSY);
    (void)bind_virq(1, STILE_VIRQ_TIMER, 1);
    EXPECT_EQ(port, 1234);
}

KTF_TEST(events, a_timer_fires_once_it_is_armed)
{
    struct vcpu *vcpu = &vcpus[0][1];

    EXPECT_FALSE(events_arm_timer(vcpu));
    uint32_t port = bind_virq(1, STILE_VIRQ_TIMER, 1);
    EXPECT_FALSE(events_timer(vcpu));
    EXPECT_FALSE(events_arm_timer(&vcpus[0][0]));
    EXPECT_TRUE(events_arm_timer(vcpu));
    EXPECT_TRUE(events_timer(vcpu));
    EXPECT_TRUE(is_pending(1, 1, port));
}

KTF_TEST(events, a_timer_of_a_port_that_was_closed_does_not_fire_at_the_next)
{
    struct vcpu *vcpu = &vcpus[0][1];
    uint32_t port = bind_virq(1, STILE_VIRQ_TIMER, 1);

    EXPECT_TRUE(events_arm_timer(vcpu));
    EXPECT_EQ(events_close(vm_slot(1), port), STILE_SUCCESS);
    EXPECT_FALSE(events_timer(vcpu));
    EXPECT_EQ(bind_virq(1, STILE_VIRQ_TIMER, 1), port);
    EXPECT_FALSE(events_timer(vcpu));
    EXPECT_EQ(nr_raised, 0);
}

/* --- moving -------------------------------------------------------------------------------- */

KTF_TEST(events, a_port_moves_with_its_bit)
{
    uint32_t there = alloc(2, 1, 0);
    uint32_t here = bind(1, 2, there, 0);

    (void)send(1, here);
    EXPECT_EQ(events_move(vm_slot(2), there, 1), STILE_SUCCESS);
    EXPECT_FALSE(is_pending(2, 0, there));
    EXPECT_TRUE(is_pending(2, 1, there));
    EXPECT_EQ(status(2, there).target, 1);
    mailboxes[1][1].words[there / 64].pending = 0;
    EXPECT_EQ(events_move(vm_slot(2), there, 0), STILE_SUCCESS);
    EXPECT_FALSE(is_pending(2, 0, there));
    EXPECT_EQ(send(1, here), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(2, 0, there));
}

KTF_TEST(events, moving_to_where_it_is_changes_nothing)
{
    uint32_t port = bind_ipi(1, 1);

    (void)send(1, port);
    EXPECT_EQ(events_move(vm_slot(1), port, 1), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 1, port));
    EXPECT_EQ(nr_raised, 1);
}

KTF_TEST(events, every_kind_of_port_leads_to_where_it_was_moved)
{
    uint32_t ipi = bind_ipi(1, 0), virq = bind_virq(1, STILE_VIRQ_PEER, 0);
    uint32_t waiting = alloc(1, 1, 0), end = bind(1, 1, waiting, 0);
    uint32_t ports[] = {ipi, virq, waiting, end};

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        EXPECT_EQ(events_move(vm_slot(1), ports[i], 1), STILE_SUCCESS);
    (void)send(1, ipi);
    events_vms_changed();
    (void)send(1, waiting);
    (void)send(1, end);
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        EXPECT_TRUE(is_pending(1, 1, ports[i]));
}

KTF_TEST(events, what_waits_can_be_moved_before_it_is_bound)
{
    uint32_t there = alloc(2, 1, 0);

    EXPECT_EQ(events_move(vm_slot(2), there, 1), STILE_SUCCESS);
    EXPECT_EQ(send(1, bind(1, 2, there, 0)), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(2, 1, there));
}

KTF_TEST(events, a_timer_stays_its_vcpus)
{
    EXPECT_EQ(events_move(vm_slot(1), bind_virq(1, STILE_VIRQ_TIMER, 0), 1), STILE_DENIED);
}

/* --- the end of a VM ----------------------------------------------------------------------- */

/* What two VMs do to talk, step by step; returns where it stopped. */
static void talk(uint32_t nr_steps)
{
    uint32_t there = 0, here = 0;

    for (uint32_t step = 0; step < nr_steps; step++)
        switch (step) {
        case 0:
            there = alloc(2, 1, 1);
            break;
        case 1:
            here = bind(1, 2, there, 0);
            break;
        case 2:
            (void)send(1, here);
            break;
        case 3:
            (void)send(2, there);
            break;
        case 4:
            (void)events_move(vm_slot(2), there, 0);
            break;
        case 5:
            (void)events_close(vm_slot(1), here);
            break;
        case 6:
            (void)bind(1, 2, there, 1);
            break;
        default:
            (void)events_close(vm_slot(2), there);
            break;
        }
}

/* The VM's port that has a peer; 0 if none has. */
static uint32_t find_bound(uint32_t vm)
{
    struct event_port found;

    for (uint32_t port = FIRST; port <= LAST; port++)
        if (events_status(vm_slot(vm), port, &found) == STILE_SUCCESS &&
            found.state == STILE_PORT_PEER)
            return port;
    return 0;
}

KTF_TEST(events, either_end_may_die_at_each_step)
{
    for (uint32_t dead = 1; dead <= 2; dead++)
        for (uint32_t nr_steps = 0; nr_steps <= 8; nr_steps++) {
            setup();
            (void)bind_virq(3 - dead, STILE_VIRQ_PEER, 0);
            talk(nr_steps);
            memset(mailboxes[3 - dead - 1], 0, sizeof(mailboxes[0]));
            uint32_t bound = find_bound(3 - dead);
            events_vm_gone(vm_slot(dead));
            if (bound != 0)
                EXPECT_TRUE(is_pending(3 - dead, status(3 - dead, bound).target, bound));
            for (uint32_t port = 0; port < STILE_NR_PORTS; port++) {
                expect_free(dead, port);
                struct event_port left;
                if (events_status(vm_slot(3 - dead), port, &left) == STILE_SUCCESS)
                    EXPECT_NULL(left.to);
            }
            expect_sense();
            talk(2); /* started anew, the same can be done again */
            expect_sense();
        }
}

KTF_TEST(events, who_has_the_number_next_may_bind)
{
    uint32_t here = alloc(1, 2, 0);

    (void)bind(2, 1, here, 0);
    events_vm_gone(vm_slot(2));
    EXPECT_EQ(send(1, here), STILE_NOT_BOUND);
    EXPECT_EQ(send(2, bind(2, 1, here, 1)), STILE_SUCCESS);
    EXPECT_TRUE(is_pending(1, 0, here));
}

KTF_TEST(events, a_vm_dies_with_all_its_ports)
{
    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++) {
        uint32_t port = alloc(1, 1 + i % NR_VMS, i % NR_VCPUS);
        if (i % NR_VMS != 0)
            (void)bind(1 + i % NR_VMS, 1, port, 0);
    }
    events_vm_gone(vm_slot(1));
    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++)
        expect_free(1, FIRST + i);
}

KTF_TEST(events, ports_are_closed_some_at_a_time)
{
    uint32_t nr_steps = 1;

    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++)
        (void)alloc(1, 2, i % NR_VCPUS);
    while (events_close_some(vm_slot(1)))
        nr_steps++;
    EXPECT_GE(nr_steps, EVENTS_NR_PORTS / CLOSE_SOME);
    for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++)
        expect_free(1, FIRST + i);
    EXPECT_FALSE(events_close_some(vm_slot(1)));
}

KTF_TEST(events, a_vm_in_anothers_place_is_another)
{
    uint32_t for_2 = alloc(1, 2, 0), port;

    events_vm_gone(vm_slot(2));
    vms[1].number = 0x202;
    EXPECT_EQ(events_bind(vm_slot(2), 1, for_2, 0, &port), STILE_NOT_FOUND);
    EXPECT_EQ(events_alloc(vm_slot(1), 2, 0, &port), STILE_NOT_FOUND);
    for_2 = alloc(1, 0x202, 0);
    EXPECT_EQ(events_bind(vm_slot(2), 1, for_2, 0, &port), STILE_SUCCESS);
}

/* --- all at once --------------------------------------------------------------------------- */

#define NR_ROUNDS 10000

/* Opens a device's port for a VM, or closes it: as who connects devices, one at a time. */
static void do_device(struct vm *vm, uint32_t device, uint32_t peer)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint32_t *port = &vm->virtio.devices[device].port;

    (void)pthread_mutex_lock(&lock);
    if (*port == 0) {
        (void)events_open_device(vm, device, peer, port);
    } else {
        events_close_device(vm, *port);
        *port = 0;
        is_bound[vm->id - 1][device] = false;
    }
    (void)pthread_mutex_unlock(&lock);
}

/* Any call with any arguments that its handler lets through, for one of two VMs. */
static void do_anything(unsigned *seed)
{
    struct vm *vm = vm_slot(1 + (uint32_t)rand_r(seed) % 2);
    uint32_t peer = 1 + (uint32_t)rand_r(seed) % 2, target = (uint32_t)rand_r(seed) % NR_VCPUS;
    uint32_t port = FIRST + (uint32_t)rand_r(seed) % 6;
    struct event_port found;

    switch (rand_r(seed) % 16) {
    case 0:
        (void)events_alloc(vm, peer, target, &port);
        break;
    case 1:
    case 2:
        (void)events_bind(vm, peer, port, target, &port);
        break;
    case 3:
        (void)events_bind_virq(vm, (uint32_t)rand_r(seed) % STILE_NR_VIRQS, target, &port);
        break;
    case 4:
        (void)events_bind_ipi(vm, target, &port);
        break;
    case 5:
    case 6:
    case 7:
        (void)events_close(vm, port);
        break;
    case 8:
        (void)events_status(vm, port, &found);
        break;
    case 9:
    case 10:
        (void)events_move(vm, port, target);
        break;
    case 11:
        events_vms_changed();
        break;
    case 13:
        do_device(vm, (uint32_t)rand_r(seed) % VM_NR_VIRTIO, 1 + (uint32_t)rand_r(seed) % NR_VMS);
        break;
    case 12:
        (void)events_arm_timer(vm->vcpus[target]);
        (void)events_timer(vm->vcpus[target]);
        break;
    default:
        (void)events_send(vm, port);
        break;
    }
}

static void *do_much(void *argument)
{
    unsigned seed = *(const unsigned *)argument;

    for (uint32_t i = 0; i < NR_ROUNDS; i++)
        do_anything(&seed);
    return NULL;
}

static void end_vm(uint32_t id)
{
    events_vm_gone(vm_slot(id));
    memset(is_bound[id - 1], 0, sizeof(is_bound[0]));
    for (uint32_t i = 0; i < VM_NR_VIRTIO; i++)
        vm_slot(id)->virtio.devices[i].port = 0;
}

/* Its guest may look and send, and no more; what is sent to it is the device's. */
KTF_TEST(events, the_port_of_a_device_is_not_the_guests)
{
    struct event_port found;
    uint32_t port, remote;

    ASSERT_EQ(events_open_device(vm_slot(1), 2, 2, &port), STILE_SUCCESS);
    vm_slot(1)->virtio.devices[2].port = port;
    EXPECT_EQ(events_send(vm_slot(1), port), STILE_NOT_BOUND);
    EXPECT_EQ(events_close(vm_slot(1), port), STILE_NOT_FOUND);
    EXPECT_EQ(events_move(vm_slot(1), port, 1), STILE_NOT_FOUND);
    EXPECT_EQ(events_bind(vm_slot(3), 1, port, 0, &remote), STILE_NOT_FOUND);
    ASSERT_EQ(events_bind(vm_slot(2), 1, port, 1, &remote), STILE_SUCCESS);
    EXPECT_TRUE(is_bound[0][2]);
    EXPECT_FALSE(is_pending(1, 0, port));
    EXPECT_EQ(events_send(vm_slot(1), port), STILE_SUCCESS);
    EXPECT_TRUE(take(2, 1, remote));
    EXPECT_EQ(events_send(vm_slot(2), remote), STILE_SUCCESS);
    EXPECT_EQ(nr_signals[0][2], 1);
    EXPECT_EQ(events_status(vm_slot(1), port, &found), STILE_SUCCESS);
    EXPECT_EQ(found.state, STILE_PORT_PEER);
    EXPECT_EQ(events_close(vm_slot(2), remote), STILE_SUCCESS);
    EXPECT_FALSE(is_bound[0][2]);
    EXPECT_FALSE(events_close_some(vm_slot(1))); /* as core_reset */
    EXPECT_EQ(events_status(vm_slot(1), port, &found), STILE_SUCCESS);
    ASSERT_EQ(events_bind(vm_slot(2), 1, port, 1, &remote), STILE_SUCCESS);
    end_vm(1);
    EXPECT_TRUE(take(2, 1, remote));
    EXPECT_EQ(events_send(vm_slot(2), remote), STILE_NOT_BOUND);
}

KTF_TEST(events, any_calls_in_any_order)
{
    unsigned seed = 1;

    for (uint32_t i = 0; i < NR_ROUNDS; i++) {
        do_anything(&seed);
        if (i % 16 == 0)
            expect_sense();
        if (i % 1024 == 0)
            end_vm(1 + i / 1024 % 2);
    }
}

KTF_TEST(events, calls_of_four_cpus_at_once)
{
    static const unsigned seeds[] = {11, 12, 13, 14};
    pthread_t threads[4];

    many_cpus = true;
    for (size_t i = 0; i < 4; i++)
        ASSERT_EQ(pthread_create(&threads[i], NULL, do_much, (void *)&seeds[i]), 0);
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    EXPECT_GT(nr_raised, 0);
}
