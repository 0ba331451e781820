/* SPDX-License-Identifier: MIT */
/*
 * What a privileged VM of the fake may do to the others.
 */
#include <string.h>

#include "console.h"
#include "handler.h"
#include "make.h"
#include "space.h"
#include "vm.h"

#define NS_PER_SEC   UINT64_C(1000000000)
#define YEAR_2500_NS (UINT64_C(16725225600) * NS_PER_SEC)

#define TRACE_KIND_SHIFT 60

#define WEIGHT_MAX 10000

/* The physical CPUs that the fake's machine seems to have, a bit for each. */
#define CPUS 3

/* A running VM's vCPU, or NULL. */
static struct fake_vcpu *vcpu_of(const struct fake_vm *vm, stile_vcpu_id_t target)
{
    return target.index < vm->config.nr_vcpus ? &fake_numbered_vm(vm->number)->vcpus[target.index]
                                              : NULL;
}

/* The VM of a number, ended or not, if the caller may steer it; or NULL. */
static struct fake_vm *seen(const struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    struct fake_vm *found = fake_numbered_vm(vm.number);

    return found && fake_may_steer(vcpu->vm, found) ? found : NULL;
}

/* One of these that has not ended; or NULL. */
static struct fake_vm *steered(const struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    return seen(vcpu, vm) ? fake_running_vm(vm.number) : NULL;
}

struct stile_result fake_control_next_vm(struct fake_vcpu *vcpu, stile_vm_id_t after)
{
    for (uint32_t i = after.number == 0 ? 0 : fake_place(after.number) + 1; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].number != 0 && fake_may_steer(vcpu->vm, &fake.vms[i]))
            return fake_value(fake.vms[i].number, 0, 0);
    return fake_error(STILE_NOT_FOUND);
}

/* Whether there is room for a struct, or some of it, in one page. */
static bool is_room(stile_ipa_t buffer, stile_nr_bytes_t length)
{
    return length.bytes - 1 < STILE_PAGE_SIZE - buffer.ipa % STILE_PAGE_SIZE;
}

static bool may_write(struct fake_vm *vm, stile_ipa_t buffer)
{
    char byte;

    return fake_space_read(vm, &byte, buffer, 1) == 1 &&
           fake_space_write(vm, buffer, &byte, 1) == 1;
}

/* Writes a struct, or as much of it as there is room for: is_room(). */
static struct stile_result give(struct fake_vm *to, stile_ipa_t buffer, stile_nr_bytes_t length,
                                const void *given, size_t bytes)
{
    size_t most = length.bytes < bytes ? length.bytes : bytes;

    if (!may_write(to, buffer))
        return fake_error(STILE_NOT_MAPPED);
    (void)fake_space_write(to, buffer, given, most);
    return fake_value(most, 0, 0);
}

struct stile_result fake_control_vm_info(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                         stile_ipa_t buffer, stile_nr_bytes_t length)
{
    const struct fake_vm *found = seen(vcpu, vm);

    if (!is_room(buffer, length))
        return fake_bad(3);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    struct stile_vm_info info = {
        .vm_id = found->number,
        .state = found->waits ? STILE_VM_MADE : found->state,
        .nr_vcpus = found->config.nr_vcpus,
        .status = found->status,
        .nr_pages = found->state == STILE_VM_ENDED ? 0 : found->nr_pages,
    };
    if (found->waits)
        fake_make_places(found, &info);
    memcpy(info.name, found->name, sizeof(info.name));
    return give(vcpu->vm, buffer, length, &info, sizeof(info));
}

struct stile_result fake_control_pause(struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (found == vcpu->vm)
        return fake_bad(1);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    found->state = STILE_VM_PAUSED;
    return fake_ok();
}

struct stile_result fake_control_resume(struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    found->state = STILE_VM_RUNNING;
    for (uint32_t i = 0; i < found->config.nr_vcpus; i++)
        fake_wake(&found->vcpus[i]);
    return fake_ok();
}

struct stile_result fake_control_destroy(struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (found == vcpu->vm)
        return fake_bad(1);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    fake_vm_end(found, STILE_FAKE_DESTROYED);
    return fake_ok();
}

/* The arguments are one register further on than those of irq_inject. */
struct stile_result fake_control_inject(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                        stile_vcpu_id_t target, stile_intid_t intid)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    struct stile_result result = fake_irq_inject(&found->vcpus[0], target, intid);
    return result.status == STILE_INVALID_ARGUMENT ? fake_bad(result.value[0] + 1) : result;
}

struct stile_result fake_control_console_read(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                              stile_u64_t from, stile_ipa_t buffer,
                                              stile_nr_bytes_t limit)
{
    uint64_t room = STILE_PAGE_SIZE - buffer.ipa % STILE_PAGE_SIZE;
    size_t count = 0;

    if (limit.bytes - 1 >= STILE_CONSOLE_BUFFER_MAX || buffer.ipa + (limit.bytes - 1) < buffer.ipa)
        return fake_bad(4);
    struct fake_vm *found = seen(vcpu, vm);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    if (!may_write(vcpu->vm, buffer))
        return fake_error(STILE_NOT_MAPPED);
    if (found->state != STILE_VM_ENDED)
        fake_console_drain(found);
    uint64_t end = found->console_written;
    if (from > end)
        from = end;
    if (end > STILE_CONSOLE_KEPT_BYTES && from < end - STILE_CONSOLE_KEPT_BYTES)
        from = end - STILE_CONSOLE_KEPT_BYTES;
    if (from > end)
        from = end;
    for (; count < limit.bytes && count < room && from + count < end; count++)
        (void)fake_space_write(vcpu->vm, stile_ipa(buffer.ipa + count),
                               &found->console[(from + count) % FAKE_CONSOLE_BYTES], 1);
    return fake_values(vcpu, count, from, 0);
}

/* Copies what both pages have, from one VM to another. */
static struct stile_result copy(struct fake_vm *to, stile_ipa_t at, struct fake_vm *from,
                                stile_ipa_t source, uint64_t limit)
{
    uint64_t room = STILE_PAGE_SIZE - at.ipa % STILE_PAGE_SIZE;
    uint64_t there = STILE_PAGE_SIZE - source.ipa % STILE_PAGE_SIZE;
    uint8_t bytes[STILE_CONTROL_COPY_MAX];
    size_t most = limit;

    most = most < room ? most : room;
    most = most < there ? most : there;
    most = fake_space_read(from, bytes, source, most);
    return fake_value(fake_space_write(to, at, bytes, most), 0, 0);
}

static bool is_bad_limit(stile_ipa_t a, stile_ipa_t b, uint64_t limit)
{
    return limit - 1 >= STILE_CONTROL_COPY_MAX || a.ipa + (limit - 1) < a.ipa ||
           b.ipa + (limit - 1) < b.ipa;
}

struct stile_result fake_control_memory_read(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                             stile_ipa_t from, stile_ipa_t buffer,
                                             stile_nr_bytes_t limit)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (found == vcpu->vm)
        return fake_bad(1);
    if (is_bad_limit(from, buffer, limit.bytes))
        return fake_bad(4);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    if (!may_write(vcpu->vm, buffer))
        return fake_error(STILE_NOT_MAPPED);
    return copy(vcpu->vm, buffer, found, from, limit.bytes);
}

struct stile_result fake_control_memory_write(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                              stile_ipa_t to, stile_ipa_t buffer,
                                              stile_nr_bytes_t limit)
{
    struct fake_vm *found = steered(vcpu, vm);
    uint8_t byte;

    if (found == vcpu->vm)
        return fake_bad(1);
    if (is_bad_limit(to, buffer, limit.bytes))
        return fake_bad(4);
    if (!found)
        return fake_error(STILE_NOT_FOUND);
    if (fake_space_read(vcpu->vm, &byte, buffer, 1) == 0)
        return fake_error(STILE_NOT_MAPPED);
    return copy(found, to, vcpu->vm, buffer, limit.bytes);
}

struct stile_result fake_control_counter(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                         stile_vcpu_id_t target, stile_u32_t counter)
{
    const struct fake_vm *found = steered(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    struct fake_vcpu *of = vcpu_of(found, target);
    if (!of)
        return fake_bad(2);
    return counter < STILE_NR_COUNTERS ? fake_vcpu_counter(of, counter) : fake_bad(3);
}

/* Of a VM that has ended, a crash is what leaves its trace. */
static bool has_trace(const struct fake_vm *vm)
{
    return vm->state != STILE_VM_ENDED || vm->end == STILE_FAKE_CRASHED;
}

struct stile_result fake_control_trace(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                       stile_vcpu_id_t target, stile_u32_t age)
{
    const struct fake_vm *found = seen(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    const struct fake_vcpu *of = vcpu_of(found, target);
    if (!of)
        return fake_bad(2);
    if (age >= STILE_TRACE_ENTRIES)
        return fake_bad(3);
    if (!has_trace(found) || age >= of->nr_calls)
        return fake_error(STILE_NOT_FOUND);
    const struct fake_trace *call = &of->trace[(of->nr_calls - 1 - age) % STILE_TRACE_ENTRIES];
    return fake_values(vcpu, (uint64_t)STILE_TRACE_HYPERCALL << TRACE_KIND_SHIFT | call->fid,
                       call->x1, call->x2);
}

struct stile_result fake_control_set_wall_clock(struct fake_vcpu *vcpu, stile_u64_t wall_ns)
{
    uint64_t tick_ns = NS_PER_SEC / STILE_FAKE_TICKS_PER_SEC;

    (void)vcpu;
    if (wall_ns > YEAR_2500_NS)
        return fake_bad(1);
    fake.wall_ns = wall_ns - fake.ticks * tick_ns;
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++) {
        if (fake.vms[i].state == STILE_VM_ENDED)
            continue;
        const struct stile_clock *clock = &fake.vms[i].page->clock;
        fake_vm_set_wall(&fake.vms[i], fake.wall_ns + clock->base_ticks * tick_ns - clock->base_ns);
    }
    return fake_ok();
}

/* The message only: a host has not the registers of an arm64 vCPU. */
struct stile_result fake_control_crash_info(struct fake_vcpu *vcpu, stile_vm_id_t vm,
                                            stile_ipa_t buffer, stile_nr_bytes_t length)
{
    const struct fake_vm *found = seen(vcpu, vm);
    struct stile_crash_info crash = {.vcpu_id = 0};

    if (!is_room(buffer, length))
        return fake_bad(3);
    if (!found || found->state != STILE_VM_ENDED || found->end != STILE_FAKE_CRASHED)
        return fake_error(STILE_NOT_FOUND);
    crash.length = (uint32_t)strlen(found->message);
    memcpy(crash.message, found->message, crash.length);
    return give(vcpu->vm, buffer, length, &crash, sizeof(crash));
}

struct stile_result fake_control_get(struct fake_vcpu *vcpu, stile_vm_id_t vm, stile_u32_t setting)
{
    const struct fake_vm *found = steered(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    switch (setting) {
    case STILE_SETTING_WEIGHT:
        return fake_value(found->weight, 0, 0);
    case STILE_SETTING_AFFINITY:
        return fake_value(found->affinity & CPUS, 0, 0);
    default:
        return fake_bad(2);
    }
}

/* One with a quota gives away nothing that it has not. */
static uint32_t most_weight(const struct fake_vm *by)
{
    return by->config.privileged ? WEIGHT_MAX : by->weight;
}

static bool may_set_affinity(const struct fake_vm *by, uint64_t affinity)
{
    return (affinity & CPUS) != 0 &&
           (by->config.privileged || (affinity & CPUS & ~by->affinity) == 0);
}

struct stile_result fake_control_set(struct fake_vcpu *vcpu, stile_vm_id_t vm, stile_u32_t setting,
                                     stile_u64_t value)
{
    struct fake_vm *found = steered(vcpu, vm);

    if (!found)
        return fake_error(STILE_NOT_FOUND);
    switch (setting) {
    case STILE_SETTING_WEIGHT:
        if (value - 1 >= most_weight(vcpu->vm))
            return fake_bad(3);
        found->weight = (uint32_t)value;
        return fake_ok();
    case STILE_SETTING_AFFINITY:
        if (!may_set_affinity(vcpu->vm, value))
            return fake_bad(3);
        found->affinity = value;
        return fake_ok();
    default:
        return fake_bad(2);
    }
}
