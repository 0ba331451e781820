/* SPDX-License-Identifier: MIT */
/*
 * Group control: looking at and steering other VMs. Who may is decided in vm/permit.c, and which of
 * them by vm_may_steer().
 */
#include "console/console_write.h"
#include "hypercall/hypercall.h"
#include "life/vm_life.h"
#include "memory/guest.h"
#include "sched/sched.h"
#include "vgic/vgic.h"
#include "vm/clock.h"
#include "vm/counters.h"
#include "vm/irq_controller.h"
#include "vm/trace.h"
#include "vm/vm.h"
#include "watch/remains.h"

/* Kept output is copied through EL2's stack in pieces of this size. */
#define PIECE_BYTES 256

/* 2500-01-01 00:00 UTC, in nanoseconds since 1970 */
#define WALL_NS_MAX (UINT64_C(16725225600) * 1000000000)

/* A VM of vm_numbered(), if the caller may steer it; or NULL. */
static struct vm *look(const struct vcpu *vcpu, stile_vm_id_t vm)
{
    struct vm *seen = vm_numbered(vm.number);

    return seen && vm_may_steer(vcpu->vm, seen) ? seen : NULL;
}

/*
 * Whether what was read of it was that VM's: another one may have got its place meanwhile, and has
 * got its number before it did anything.
 */
static bool was_of(const struct vm *seen, stile_vm_id_t vm)
{
    return __atomic_load_n(&seen->number, __ATOMIC_ACQUIRE) == vm.number;
}

/* One of these that runs, held; or NULL. */
static struct vm *hold(const struct vcpu *vcpu, stile_vm_id_t vm)
{
    return vm_get_steered(vcpu->vm, vm.number);
}

static struct hcall_result release(struct vm *vm, struct hcall_result result)
{
    sched_release(vm);
    return result;
}

struct hcall_result hcall_control_next_vm(struct vcpu *vcpu, stile_vm_id_t after)
{
    const struct vm *next = vm_after(after.number);

    while (next && !vm_may_steer(vcpu->vm, next))
        next = vm_after(next->number);
    return next ? hcall_value(next->number) : hcall_error(STILE_NOT_FOUND);
}

/* Whether there is room for a struct, or some of it, in one page. */
static bool is_room(stile_ipa_t buffer, stile_nr_bytes_t length)
{
    return length.bytes - 1 < PAGE_SIZE - (buffer.ipa & PAGE_MASK);
}

/* Writes a struct, or as much of it as there is room for: is_room(). */
static struct hcall_result give(struct vm *to, stile_ipa_t buffer, stile_nr_bytes_t length,
                                const void *given, size_t bytes)
{
    size_t most = length.bytes < bytes ? length.bytes : bytes;

    if (!guest_may_write(to, buffer) || guest_write(to, buffer, given, most) < most)
        return hcall_error(STILE_NOT_MAPPED);
    return hcall_value(most);
}

struct hcall_result hcall_control_vm_info(struct vcpu *vcpu, stile_vm_id_t vm, stile_ipa_t buffer,
                                          stile_nr_bytes_t length)
{
    struct vm *seen = look(vcpu, vm);
    struct stile_vm_info info;

    if (!is_room(buffer, length))
        return hcall_bad_argument(3);
    if (!seen)
        return hcall_error(STILE_NOT_FOUND);
    info = vm_describe(seen);
    if (info.vm_id != vm.number)
        return hcall_error(STILE_NOT_FOUND);
    return give(vcpu->vm, buffer, length, &info, sizeof(info));
}

static struct hcall_result do_to(struct vm *held, void (*act)(struct vm *vm))
{
    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    act(held);
    return release(held, hcall_ok());
}

struct hcall_result hcall_control_pause(struct vcpu *vcpu, stile_vm_id_t vm)
{
    return vm.number == vcpu->vm->number ? hcall_bad_argument(1) : do_to(hold(vcpu, vm), vm_pause);
}

struct hcall_result hcall_control_resume(struct vcpu *vcpu, stile_vm_id_t vm)
{
    return do_to(hold(vcpu, vm), vm_resume);
}

struct hcall_result hcall_control_destroy(struct vcpu *vcpu, stile_vm_id_t vm)
{
    struct vm *seen = look(vcpu, vm);

    if (vm.number == vcpu->vm->number)
        return hcall_bad_argument(1);
    /* One that starts anew over and over is hardly ever found running. */
    if (seen && vm_destroy_rebooting(seen, vm.number))
        return hcall_ok();
    return do_to(hold(vcpu, vm), vm_destroy);
}

struct hcall_result hcall_control_inject(struct vcpu *vcpu, stile_vm_id_t vm,
                                         stile_vcpu_id_t target, stile_intid_t intid)
{
    struct vm *held = hold(vcpu, vm);

    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    if (!vgic_target_valid(held, target.index, intid.intid))
        return release(held, hcall_bad_argument(2));
    if (!vgic_intid_valid(intid.intid))
        return release(held, hcall_bad_argument(3));
    held->controller->inject(held, target.index, intid.intid);
    return release(held, hcall_ok());
}

/* Copies up to @limit characters that follow one another; *@first is the first of them. */
static size_t copy_kept(struct vm *to, ipa_t buffer, size_t limit, struct vm *from,
                        stile_vm_id_t number, uint64_t *first)
{
    char piece[PIECE_BYTES];
    uint64_t next = *first;
    size_t done = 0;

    do {
        size_t wanted = limit - done < PIECE_BYTES ? limit - done : PIECE_BYTES;
        uint64_t at;
        size_t got = console_read_kept(from, next, piece, wanted, &at);

        if (done == 0)
            *first = next = at;
        if (got == 0 || at != next || !was_of(from, number) ||
            guest_write(to, ipa_add(buffer, done), piece, got) < got)
            break;
        done += got;
        next += got;
    } while (done < limit);
    return done;
}

struct hcall_result hcall_control_console_read(struct vcpu *vcpu, stile_vm_id_t vm,
                                               stile_u64_t from, stile_ipa_t buffer,
                                               stile_nr_bytes_t limit)
{
    uint64_t page_left = PAGE_SIZE - (buffer.ipa & PAGE_MASK);
    size_t most = limit.bytes < page_left ? limit.bytes : page_left;
    struct vm *seen = look(vcpu, vm);

    if (limit.bytes - 1 >= STILE_CONSOLE_BUFFER_MAX || buffer.ipa + (limit.bytes - 1) < buffer.ipa)
        return hcall_bad_argument(4);
    if (!seen)
        return hcall_error(STILE_NOT_FOUND);
    if (!guest_may_write(vcpu->vm, buffer))
        return hcall_error(STILE_NOT_MAPPED);
    size_t done = copy_kept(vcpu->vm, buffer, most, seen, vm, &from);
    return hcall_values(vcpu, done, from, 0);
}

/* How much of @limit both pages have, from these addresses on. */
static uint64_t in_pages(ipa_t a, ipa_t b, uint64_t limit)
{
    uint64_t left_a = PAGE_SIZE - (a.ipa & PAGE_MASK), left_b = PAGE_SIZE - (b.ipa & PAGE_MASK);
    uint64_t left = left_a < left_b ? left_a : left_b;

    return limit < left ? limit : left;
}

/* From one VM's memory to another's. Returns how much of it both have. */
static size_t copy_bytes(struct vm *to, ipa_t at, struct vm *from, ipa_t source, size_t bytes)
{
    char piece[PIECE_BYTES];
    size_t done = 0;

    while (done < bytes) {
        size_t wanted = bytes - done < PIECE_BYTES ? bytes - done : PIECE_BYTES;
        size_t got = guest_read(from, piece, ipa_add(source, done), wanted);

        got = guest_write(to, ipa_add(at, done), piece, got);
        done += got;
        if (got < wanted)
            break;
    }
    return done;
}

/* A copy between the caller's buffer and a VM's memory. */
struct copy {
    struct vm *vm; /* held */
    ipa_t at;
    ipa_t buffer;
    size_t bytes; /* in one page of either */
};

/*
 * Looks at what is asked for. That VM may use memory past the caches, so no line of it is to be in
 * them: neither is a store of its own to be missed, nor taken back.
 */
static struct hcall_result copy_begin(struct copy *copy, const struct vcpu *vcpu, stile_vm_id_t vm,
                                      stile_nr_bytes_t limit)
{
    if (vm.number == vcpu->vm->number)
        return hcall_bad_argument(1);
    if (limit.bytes - 1 >= STILE_CONTROL_COPY_MAX ||
        copy->at.ipa + (limit.bytes - 1) < copy->at.ipa ||
        copy->buffer.ipa + (limit.bytes - 1) < copy->buffer.ipa)
        return hcall_bad_argument(4);
    copy->vm = hold(vcpu, vm);
    if (!copy->vm)
        return hcall_error(STILE_NOT_FOUND);
    copy->bytes = in_pages(copy->at, copy->buffer, limit.bytes);
    (void)guest_clean(copy->vm, copy->at, copy->bytes, false);
    return hcall_ok();
}

/* @done bytes were copied. */
static struct hcall_result copy_end(const struct copy *copy, size_t done, bool code)
{
    (void)guest_clean(copy->vm, copy->at, copy->bytes, code);
    return release(copy->vm, hcall_value(done));
}

struct hcall_result hcall_control_memory_read(struct vcpu *vcpu, stile_vm_id_t vm, stile_ipa_t from,
                                              stile_ipa_t buffer, stile_nr_bytes_t limit)
{
    struct copy it = {.at = from, .buffer = buffer};
    struct hcall_result result = copy_begin(&it, vcpu, vm, limit);

    if (!it.vm)
        return result;
    if (!guest_may_write(vcpu->vm, buffer))
        return release(it.vm, hcall_error(STILE_NOT_MAPPED));
    return copy_end(&it, copy_bytes(vcpu->vm, buffer, it.vm, from, it.bytes), false);
}

struct hcall_result hcall_control_memory_write(struct vcpu *vcpu, stile_vm_id_t vm, stile_ipa_t to,
                                               stile_ipa_t buffer, stile_nr_bytes_t limit)
{
    struct copy it = {.at = to, .buffer = buffer};
    struct hcall_result result = copy_begin(&it, vcpu, vm, limit);
    char byte;

    if (!it.vm)
        return result;
    if (guest_read(vcpu->vm, &byte, buffer, 1) == 0)
        return release(it.vm, hcall_error(STILE_NOT_MAPPED));
    return copy_end(&it, copy_bytes(it.vm, to, vcpu->vm, buffer, it.bytes), true);
}

struct hcall_result hcall_control_counter(struct vcpu *vcpu, stile_vm_id_t vm,
                                          stile_vcpu_id_t target, stile_u32_t counter)
{
    struct vm *held = hold(vcpu, vm);

    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    if (target.index >= held->config.nr_vcpus)
        return release(held, hcall_bad_argument(2));
    if (counter >= STILE_NR_COUNTERS)
        return release(held, hcall_bad_argument(3));
    const struct vcpu *asked = vm_vcpu(held, target.index);
    return release(held, hcall_value(counters_read(asked, counter)));
}

struct hcall_result hcall_control_trace(struct vcpu *vcpu, stile_vm_id_t vm, stile_vcpu_id_t target,
                                        stile_u32_t age)
{
    struct vm *seen = look(vcpu, vm);
    struct trace_entry entry;
    bool found;

    if (!seen)
        return hcall_error(STILE_NOT_FOUND);
    if (target.index >= seen->config.nr_vcpus)
        return hcall_bad_argument(2);
    if (age >= STILE_TRACE_ENTRIES)
        return hcall_bad_argument(3);

    struct vm *held = hold(vcpu, vm);
    if (held) {
        found = trace_read(&vm_vcpu(held, target.index)->trace, age, &entry);
        sched_release(held);
    } else {
        found = remains_read_trace(seen, target.index, age, &entry);
    }
    if (!found || !was_of(seen, vm))
        return hcall_error(STILE_NOT_FOUND);
    return hcall_values(vcpu, entry.what, entry.detail[0], entry.detail[1]);
}

struct hcall_result hcall_control_set_wall_clock(struct vcpu *vcpu, stile_u64_t wall_ns)
{
    (void)vcpu;
    if (wall_ns > WALL_NS_MAX)
        return hcall_bad_argument(1);
    clock_set(wall_ns);
    return hcall_ok();
}

struct hcall_result hcall_control_crash_info(struct vcpu *vcpu, stile_vm_id_t vm,
                                             stile_ipa_t buffer, stile_nr_bytes_t length)
{
    struct vm *seen = look(vcpu, vm);
    struct stile_crash_info crash;

    if (!is_room(buffer, length))
        return hcall_bad_argument(3);
    if (!seen || !remains_read_crash(seen, &crash) || !was_of(seen, vm))
        return hcall_error(STILE_NOT_FOUND);
    return give(vcpu->vm, buffer, length, &crash, sizeof(crash));
}

struct hcall_result hcall_control_get(struct vcpu *vcpu, stile_vm_id_t vm, stile_u32_t setting)
{
    struct vm *held = hold(vcpu, vm);

    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    switch (setting) {
    case STILE_SETTING_WEIGHT:
        return release(held, hcall_value(held->config.weight));
    case STILE_SETTING_AFFINITY:
        return release(held, hcall_value(held->config.affinity & sched_online()));
    default:
        return release(held, hcall_bad_argument(2));
    }
}

/* One with a quota gives away nothing that it has not. */
static uint32_t most_weight(const struct vm *by)
{
    return by->config.privileged ? VM_WEIGHT_MAX : by->config.weight;
}

static bool may_set_affinity(const struct vm *by, uint64_t affinity)
{
    return (affinity & sched_online()) != 0 &&
           (by->config.privileged || (affinity & sched_online() & ~by->config.affinity) == 0);
}

struct hcall_result hcall_control_set(struct vcpu *vcpu, stile_vm_id_t vm, stile_u32_t setting,
                                      stile_u64_t value)
{
    struct vm *held = hold(vcpu, vm);

    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    switch (setting) {
    case STILE_SETTING_WEIGHT:
        if (value - 1 >= most_weight(vcpu->vm))
            return release(held, hcall_bad_argument(3));
        vm_set_weight(held, (uint32_t)value);
        break;
    case STILE_SETTING_AFFINITY:
        if (!may_set_affinity(vcpu->vm, value))
            return release(held, hcall_bad_argument(3));
        vm_set_affinity(held, value);
        break;
    default:
        return release(held, hcall_bad_argument(2));
    }
    return release(held, hcall_ok());
}
