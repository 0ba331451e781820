/* SPDX-License-Identifier: MIT */
/*
 * Reading and filling a guest's console ring. The indexes that count are the hypervisor's own; of
 * the guest's, each is read once, and clamped.
 */
#include "virt/vring.h"

#include <string.h>

#include "arch/timer.h"
#include "console/console_write.h"
#include "dev/pcpu.h"
#include "sched/sched.h"
#include "virt/vconsole.h"
#include "vm/irq_controller.h"
#include "vm/vm.h"

/* Output is copied through EL2's stack in pieces of this size. */
#define PIECE_BYTES 256

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- output -------------------------------------------------------------------------------- */

/* Writes some of @waiting characters, as they lie in one piece; how many were taken. */
static uint32_t write_piece(struct vm *vm, struct console_turn *turn, uint32_t waiting, bool *cut)
{
    uint32_t at = vm->console.ring.out_consumed % STILE_CONSOLE_RING_OUT;
    uint32_t length = least(least(waiting, PIECE_BYTES), STILE_CONSOLE_RING_OUT - at);
    char piece[PIECE_BYTES];

    memcpy(piece, vm->ring->out + at, length); /* the guest may be changing it */
    uint32_t taken = (uint32_t)console_write(vm, turn, piece, length);
    *cut = taken < length;
    return taken;
}

/* Writes what there is by now, as far as the console takes it. Whether there was any. */
static bool drain(struct vm *vm, struct console_turn *turn)
{
    struct vring *ring = &vm->console.ring;
    uint32_t produced = __atomic_load_n(&vm->ring->out_produced, __ATOMIC_ACQUIRE);
    uint32_t waiting = least(produced - ring->out_consumed, STILE_CONSOLE_RING_OUT);
    bool found = waiting > 0;

    ring->out_consumed = produced - waiting;
    for (bool cut = false; waiting > 0 && !cut;) {
        uint32_t taken = write_piece(vm, turn, waiting, &cut);
        ring->out_consumed += taken;
        waiting -= taken;
    }
    __atomic_store_n(&vm->ring->out_consumed, ring->out_consumed, __ATOMIC_RELEASE);
    return found;
}

static void set_sleeps(struct vm *vm, uint32_t sleeps)
{
    __atomic_store_n(&vm->ring->out_sleeps, sleeps, __ATOMIC_RELAXED);
}

/* Not later than it was to already: a guest cannot put off another's turn. */
void vring_look_later(void)
{
    if (!timer_look_armed())
        timer_arm_look(timer_now() + timer_frequency() * VRING_LOOK_US / 1000000);
}

/* This CPU looks at the VM's ring soon, unless one does already. The reader is awake. */
static void look_again(struct vm *vm)
{
    struct vring *ring = &vm->console.ring;

    set_sleeps(vm, 0);
    if (ring->looks_from == 0) {
        ring->looks_from = pcpu_self()->index + 1;
        vring_look_later();
    }
}

/*
 * Nothing was found: sleeps, unless the guest has written since. It writes its index, then looks
 * whether the reader sleeps; here it is the other way round, so one of the two sees the other.
 */
static void try_to_sleep(struct vm *vm)
{
    struct vring *ring = &vm->console.ring;

    set_sleeps(vm, 1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&vm->ring->out_produced, __ATOMIC_RELAXED) == ring->out_consumed)
        ring->looks_from = 0;
    else
        set_sleeps(vm, 0);
}

bool vring_notify(struct vm *vm)
{
    spin_lock(&vm->console.lock);
    bool used = vm->console.ring.used;
    if (used) {
        look_again(vm);
        (void)drain(vm, &CONSOLE_TURN);
    }
    spin_unlock(&vm->console.lock);
    return used;
}

bool vring_flush(struct vm *vm, struct console_turn *turn)
{
    bool all = true;

    spin_lock(&vm->console.lock);
    if (vm->console.ring.used) {
        (void)drain(vm, turn);
        all = !vring_has_output(&vm->console.ring, vm->ring);
    }
    spin_unlock(&vm->console.lock);
    return all;
}

/* One VM's ring, if this CPU is to look at it. Whether it is to once more. */
static bool look_at(struct vm *vm, struct console_turn *turn)
{
    struct vring *ring = &vm->console.ring;
    bool tell = false;

    spin_lock(&vm->console.lock);
    bool again = ring->looks_from == pcpu_self()->index + 1;
    if (again && ring_used(&vm->console.input) > 0) {
        (void)drain(vm, turn);
        tell = vring_feed(vm);
    } else if (again && !drain(vm, turn)) {
        try_to_sleep(vm);
        again = ring->looks_from != 0;
    }
    spin_unlock(&vm->console.lock);
    if (tell)
        vm->controller->inject(vm, 0, VCONSOLE_INTID);
    return again;
}

void vring_look(struct console_turn *turn)
{
    static uint32_t nr_looks;
    uint32_t first = __atomic_fetch_add(&nr_looks, 1, __ATOMIC_RELAXED); /* another each time */
    bool again = false;

    timer_disarm_look();
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        struct vm *vm = vm_get((first + i) % CONFIG_NR_VMS);
        if (vm) {
            again |= look_at(vm, turn);
            sched_release(vm);
        }
    }
    if (again)
        vring_look_later();
}

/* --- input --------------------------------------------------------------------------------- */

/* Copies characters to where there is room for them. */
static void put(struct vm *vm, const char *text, uint32_t count)
{
    struct vring *ring = &vm->console.ring;

    for (uint32_t i = 0; i < count; i++)
        vm->ring->in[(ring->in_produced + i) % STILE_CONSOLE_RING_IN] = (uint8_t)text[i];
    ring->in_produced += count;
}

/* How many characters the guest says it has room for. */
static uint32_t input_room(const struct vm *vm)
{
    uint32_t consumed = __atomic_load_n(&vm->ring->in_consumed, __ATOMIC_ACQUIRE);
    uint32_t used = vm->console.ring.in_produced - consumed;

    return STILE_CONSOLE_RING_IN - least(used, STILE_CONSOLE_RING_IN);
}

bool vring_feed(struct vm *vm)
{
    uint32_t room = input_room(vm), before = vm->console.ring.in_produced;
    size_t piece;

    do {
        const char *oldest = ring_oldest(&vm->console.input, &piece);
        piece = least((uint32_t)piece, room);
        put(vm, oldest, (uint32_t)piece);
        ring_drop(&vm->console.input, piece);
        room -= (uint32_t)piece;
    } while (piece > 0);
    if (ring_used(&vm->console.input) > 0)
        look_again(vm);
    __atomic_store_n(&vm->ring->in_produced, vm->console.ring.in_produced, __ATOMIC_RELEASE);
    /* The guest, before it stops reading, moves its index and then looks at ours. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return vm->console.ring.in_produced != before &&
           __atomic_load_n(&vm->ring->in_consumed, __ATOMIC_RELAXED) == before;
}

void vring_lose(struct vm *vm, uint32_t count)
{
    vm->console.ring.in_lost += count;
    __atomic_store_n(&vm->ring->in_lost, vm->console.ring.in_lost, __ATOMIC_RELAXED);
}

/* --- using it ------------------------------------------------------------------------------ */

/* Both sides' indexes. What the buffers hold does not matter. */
static void reset(struct vm *vm, bool used)
{
    vm->console.ring = (struct vring){.used = used};
    memset(vm->ring, 0, offsetof(struct stile_console_ring, reserved));
    set_sleeps(vm, 1);
}

void vring_use(struct vm *vm, bool enable)
{
    (void)vring_flush(vm, &CONSOLE_TURN);
    spin_lock(&vm->console.lock);
    reset(vm, enable);
    bool has_input = enable && vring_feed(vm);
    spin_unlock(&vm->console.lock);
    if (has_input)
        vm->controller->inject(vm, 0, VCONSOLE_INTID);
}
