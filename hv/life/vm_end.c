/* SPDX-License-Identifier: MIT */
/*
 * What is to be done with a VM that has ended. Each phase is done a part at a time, and says which
 * one is next. Who pays for it is sched/sched.c's to see.
 */
#include "life/vm_end.h"

#include "console/console.h"
#include "console/console_write.h"
#include "lib/check.h"
#include "lib/printk.h"
#include "life/vcpu_life.h"
#include "life/vm_build.h"
#include "life/vm_backends.h"
#include "life/vm_devices.h"
#include "life/vm_life.h"
#include "memory/budget.h"
#include "memory/share.h"
#include "memory/vm_pages.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "virt/events.h"
#include "virt/pvtime.h"
#include "virt/virtio_mmio.h"
#include "virt/vring.h"
#include "vm/directory.h"
#include "vm/vm.h"
#include "watch/advisor.h"
#include "watch/complain.h"
#include "watch/flight.h"
#include "watch/power.h"
#include "watch/remains.h"

/* So often a phase looks whether the UART takes more. One that has stopped is not waited for. */
#define POLLS_MOST 1000000

/* What can be told of a status: whoever started the machine learns eight bits. */
#define STATUS_MOST (POWER_STATUS_PANIC - 1)

enum phase {
    PHASE_OUTPUT, /* what the guest has written is sent */
    PHASE_CRASH,  /* the log says why it crashed, if it did */
    PHASE_SAY,    /* the log says how it ended */
    PHASE_ADVISE,
    PHASE_DETACH,
    PHASE_SHARES,
    PHASE_PORTS,
    PHASE_MEMORY,
    PHASE_BUILD,
    PHASE_RUN,
    PHASE_FREE,
};

/* By number - 1. All zero for a VM that has not ended. */
static struct end {
    enum phase phase;
    uint32_t row;      /* of what is shown of the crash, then of the advice */
    uint32_t nr_polls; /* without anything having been sent */
    const char *fault; /* why it cannot be made anew */
} ends[CONFIG_NR_VMS];

static uint32_t nr_expected; /* atomic */
static uint32_t outcome;     /* the sum of what VMs ended with, each at most STATUS_MOST; atomic */

void vm_end_expect(void)
{
    __atomic_fetch_add(&nr_expected, 1, __ATOMIC_RELEASE);
}

uint32_t vm_end_nr_expected(void)
{
    return __atomic_load_n(&nr_expected, __ATOMIC_ACQUIRE);
}

/* --- telling people ------------------------------------------------------------------------ */

/* Whether a phase that writes is to look again later. */
static bool wait_for_uart(struct end *end, bool ready)
{
    if (ready || end->nr_polls == POLLS_MOST) {
        end->nr_polls = 0;
        return false;
    }
    end->nr_polls++;
    return true;
}

static enum phase send_output(struct vm *vm, struct end *end)
{
    return wait_for_uart(end, vring_flush(vm, &CONSOLE_TURN)) ? PHASE_OUTPUT : PHASE_CRASH;
}

/* Whether the log is to tell of an end, which may be one of many. */
static bool may_tell(struct vm *vm)
{
    bool once = vm->end != VM_END_REBOOT && vm_maker(vm) == 0;

    vm->console.port.quiet = !once && !complain_may_report(vm);
    return !vm->console.port.quiet;
}

static enum phase show_crash(struct vm *vm, struct end *end)
{
    if (vm->end != VM_END_CRASH)
        return PHASE_SAY;
    if (wait_for_uart(end, console_hv_ready()))
        return PHASE_CRASH;
    if (end->row == 0) {
        remains_keep(vm); /* who sees the lines may look */
        if (!may_tell(vm))
            return PHASE_DETACH;
    }
    remains_report_row(vm, end->row++);
    if (end->row < REMAINS_ROWS)
        return PHASE_CRASH;
    end->row = 0;
    return PHASE_SAY;
}

static enum phase say(struct vm *vm, struct end *end)
{
    static const char *const texts[] = {
        [VM_END_OFF] = "powered off",
        [VM_END_REBOOT] = "rebooting",
        [VM_END_CRASH] = "crashed",
        [VM_END_DESTROYED] = "destroyed",
    };

    if (wait_for_uart(end, console_hv_ready()))
        return PHASE_SAY;
    /* One that starts anew again and again is quiet at last. */
    if (!may_tell(vm))
        return PHASE_DETACH;
    if (vm->end != VM_END_REBOOT)
        complain_finish(vm);
    if (vm->status != 0)
        printk_guest("%s: %s, status %u", vm->config.name, texts[vm->end], vm->status);
    else if (CONFIG_LOG_LEVEL >= LOG_LEVEL_INFO)
        printk_guest("%s: %s", vm->config.name, texts[vm->end]);
    return PHASE_ADVISE;
}

static enum phase advise(struct vm *vm, struct end *end)
{
    if (wait_for_uart(end, console_hv_ready()))
        return PHASE_ADVISE;
    return advisor_print_row(vm, end->row++) ? PHASE_ADVISE : PHASE_DETACH;
}

/* --- taking down --------------------------------------------------------------------------- */

/* Before anything is taken down, so that no input interrupts that. */
static enum phase detach(struct vm *vm, struct end *end)
{
    (void)end;
    console_detach(vm);
    vm_backends_leave(vm);
    return PHASE_SHARES;
}

static enum phase end_shares(struct vm *vm, struct end *end)
{
    (void)end;
    return share_vm_gone(vm) ? PHASE_SHARES : PHASE_PORTS;
}

static enum phase end_ports(struct vm *vm, struct end *end)
{
    (void)end;
    vm_devices_stop(vm);
    directory_vm_gone(vm->id);
    events_vm_gone(vm);
    vm_backends_gone(vm);
    events_vms_changed();
    return PHASE_MEMORY;
}

static bool is_to_reboot(struct vm *vm)
{
    spin_lock(&vm->lock);
    bool reboots = vm->end == VM_END_REBOOT;
    spin_unlock(&vm->lock);
    /* What another VM makes is its to make anew. */
    return reboots && (vm_maker(vm) == 0 || vm_exists(vm_maker(vm)));
}

static enum phase free_memory(struct vm *vm, struct end *end)
{
    if (vmem_destroy(vm))
        return PHASE_MEMORY;
    if (end->fault || !is_to_reboot(vm))
        return PHASE_FREE;
    vm_build_begin(vm);
    return PHASE_BUILD;
}

/* --- making anew --------------------------------------------------------------------------- */

static enum phase make_anew(struct vm *vm, struct end *end)
{
    if (!is_to_reboot(vm))
        return PHASE_MEMORY;
    switch (vm_build_some(vm)) {
    case VM_BUILD_READY:
        return PHASE_RUN;
    case VM_BUILD_FAILED:
        end->fault = vm_build_fault(vm);
        remains_refuse(vm, end->fault);
        if (vm_maker(vm) == 0 || complain_may_report(vm))
            printk_guest("%s: cannot be %s: %s", vm->config.name,
                         vm_maker(vm) != 0 ? "made" : "started anew", end->fault);
        return PHASE_MEMORY;
    default:
        return PHASE_BUILD;
    }
}

/* Once it runs it may end again, on another CPU, and begin with what is static here. */
static bool run(struct vm *vm, struct end *end)
{
    *end = (struct end){0};
    if (vm_build_run(vm))
        return true;
    end->phase = PHASE_MEMORY;
    return false;
}

/* --- the end ------------------------------------------------------------------------------- */

void vm_end_free(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (vm->vcpus[i])
            vcpu_destroy(vm->vcpus[i]);
        vm->vcpus[i] = NULL;
    }
    if (IS_ENABLED(CONFIG_CALLS_VM) && vm->image.given)
        page_free(vm->image.given, page_order(vm_files_given_bytes(&vm->image)));
    vm->image.given = NULL;
    vm_devices_free(vm);
    virtio_free(vm);
    vm_pages_free(vm);
    pvtime_free(vm);
    vmem_forget(vm);
    budget_release(vm);
}

/* What of a status can be told. */
static uint32_t telling(uint32_t status)
{
    return status < STATUS_MOST ? status : STATUS_MOST;
}

void vm_end_off(struct vm *vm)
{
    static uint32_t nr_ended; /* atomic */

    vm->state = VM_OFF;
    vm->ended = __atomic_add_fetch(&nr_ended, 1, __ATOMIC_RELAXED);
}

static void power_off_machine(void)
{
    uint32_t status = telling(__atomic_load_n(&outcome, __ATOMIC_RELAXED));

    CHECK(page_audit() == 0); /* what was a VM's is free again */
    flight_print_longest();
    printk("the last VM has ended: powering off, status %u", status);
    power_off(status);
    panic("the firmware cannot power the machine off");
}

static void free_all(struct vm *vm, struct end *end)
{
    /* What cannot be made is its maker's to know. */
    bool failed = (end->fault && vm_maker(vm) == 0) || vm->end == VM_END_CRASH;
    uint32_t number = vm->number;

    __atomic_fetch_add(&outcome, failed ? 1 : telling(vm->status), __ATOMIC_RELAXED);
    *end = (struct end){0};
    vm_end_free(vm);
    spin_lock(&vm->lock);
    vm_end_off(vm);
    spin_unlock(&vm->lock);
    if (IS_ENABLED(CONFIG_CALLS_VM))
        vm_destroy_waiting(number);
    events_vms_changed(); /* its memory is free */
    if (__atomic_sub_fetch(&nr_expected, 1, __ATOMIC_ACQ_REL) == 0)
        power_off_machine();
}

void vm_end_make(struct vm *vm)
{
    ends[vm->id - 1] = (struct end){.phase = PHASE_BUILD};
    vm_end_expect();
    vm_build_begin(vm);
    sched_begin_steps(vm);
}

bool vm_end_step(struct vm *vm)
{
    static enum phase (*const phases[])(struct vm * vm, struct end * end) = {
        [PHASE_OUTPUT] = send_output, [PHASE_CRASH] = show_crash,   [PHASE_SAY] = say,
        [PHASE_ADVISE] = advise,      [PHASE_DETACH] = detach,      [PHASE_SHARES] = end_shares,
        [PHASE_PORTS] = end_ports,    [PHASE_MEMORY] = free_memory, [PHASE_BUILD] = make_anew,
    };
    struct end *end = &ends[vm->id - 1];

    if (end->phase == PHASE_RUN)
        return !run(vm, end);
    if (end->phase == PHASE_FREE) {
        free_all(vm, end);
        return false;
    }
    end->phase = phases[end->phase](vm, end);
    return true;
}
