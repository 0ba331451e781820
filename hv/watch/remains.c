/* SPDX-License-Identifier: MIT */
/*
 * Keeping what a crash left, and showing it.
 */
#include "watch/remains.h"

#include <string.h>

#include "console/console_write.h"
#include "lib/printk.h"
#include "mm/page.h"
#include "vm/trace.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/flight.h"

/* Its pages of the pool, as a power of two. */
#define REMAINS_ORDER 1
_Static_assert(sizeof(struct remains) <= PAGE_SIZE << REMAINS_ORDER, "it fits its pages");

/* General registers to a row. */
#define PER_ROW 4

bool remains_init(struct vm *vm)
{
    struct remains *remains = vm->remains;

    /* It outlives the VM and its budget. There is one for each place at most. */
    if (!remains)
        remains = page_alloc(PAGE_OWNER_HV, REMAINS_ORDER);
    if (!remains)
        return false;
    spin_lock(&vm->lock);
    remains->is_noted = false;
    remains->is_whole = false;
    vm->remains = remains;
    spin_unlock(&vm->lock);
    console_forget_kept(vm, remains->output);
    return true;
}

/* Nothing but why, of a vCPU. */
static void set_message(struct stile_crash_info *crash, uint32_t vcpu_id, const char *why)
{
    *crash = (struct stile_crash_info){.vcpu_id = vcpu_id};
    while (crash->length < STILE_CRASH_MESSAGE_MAX && why[crash->length] != '\0') {
        crash->message[crash->length] = why[crash->length];
        crash->length++;
    }
}

void remains_note(const struct vcpu *vcpu, const char *why)
{
    struct remains *remains = vcpu->vm->remains;

    spin_lock(&vcpu->vm->lock);
    if (!remains->is_noted) {
        remains->is_noted = true;
        set_message(&remains->crash, vcpu->index, why);
    }
    spin_unlock(&vcpu->vm->lock);
}

void remains_refuse(struct vm *vm, const char *why)
{
    struct remains *remains = vm->remains;

    if (!IS_ENABLED(CONFIG_CALLS_CONTROL))
        return; /* nobody can look */
    spin_lock(&vm->lock);
    set_message(&remains->crash, 0, why);
    remains->trace = (struct trace){0};
    remains->is_noted = true;
    remains->is_whole = true;
    spin_unlock(&vm->lock);
}

void remains_keep(struct vm *vm)
{
    struct remains *remains = vm->remains;
    struct stile_crash_info *crash = &remains->crash;

    spin_lock(&vm->lock);
    const struct vcpu *vcpu = vm->vcpus[crash->vcpu_id];
    memcpy(crash->x, vcpu->regs.x, sizeof(crash->x));
    crash->pc = vcpu->regs.elr;
    crash->pstate = vcpu->regs.spsr;
    crash->sp_el1 = vcpu->el1.sp_el1;
    crash->esr_el1 = vcpu->el1.esr_el1;
    crash->far_el1 = vcpu->el1.far_el1;
    crash->elr_el1 = vcpu->el1.elr_el1;
    remains->trace = vcpu->trace;
    remains->is_whole = true;
    spin_unlock(&vm->lock);
}

bool remains_read_crash(struct vm *vm, struct stile_crash_info *crash)
{
    spin_lock(&vm->lock);
    bool found = vm->remains && vm->remains->is_whole;
    if (found)
        *crash = vm->remains->crash;
    spin_unlock(&vm->lock);
    return found;
}

bool remains_read_trace(struct vm *vm, uint32_t vcpu_id, uint32_t age, struct trace_entry *entry)
{
    spin_lock(&vm->lock);
    const struct remains *remains = vm->remains;
    bool found = remains && remains->is_whole && remains->crash.vcpu_id == vcpu_id &&
                 trace_read(&remains->trace, age, entry);
    spin_unlock(&vm->lock);
    return found;
}

static void print_registers(const struct stile_crash_info *crash, uint32_t first)
{
    const uint64_t *x = &crash->x[first];

    printk_guest("  x%-2u %016lx %016lx %016lx %016lx", first, x[0], x[1], x[2], x[3]);
}

static void print_row(const struct vm *vm, const struct stile_crash_info *crash,
                      const struct trace *trace, uint32_t row)
{
    const uint32_t first_exit = REMAINS_ROWS - TRACE_ENTRIES - 1;

    if (row == 0)
        printk_guest("%s: crash: %.*s", vm->config.name, (int)crash->length, crash->message);
    else if (row == 1)
        printk_guest("%s: vcpu %u pc %016lx pstate %08lx", vm->config.name, crash->vcpu_id,
                     crash->pc, crash->pstate);
    else if (row == 2)
        printk_guest("  esr_el1 %08lx far_el1 %016lx elr_el1 %016lx sp_el1 %016lx", crash->esr_el1,
                     crash->far_el1, crash->elr_el1, crash->sp_el1);
    else if (row < first_exit - 1)
        print_registers(crash, (row - 3) * PER_ROW);
    else if (row == first_exit - 1)
        printk_guest("  x28 %016lx %016lx %016lx", crash->x[28], crash->x[29], crash->x[30]);
    else
        flight_print_kept(vm, crash->vcpu_id, trace, row - first_exit);
}

void remains_report_row(const struct vm *vm, uint32_t row)
{
    print_row(vm, &vm->remains->crash, &vm->remains->trace, row);
}

/* Only the hypervisor's console calls this: row 0 takes the copy that the others show. */
void remains_print_row(struct vm *vm, uint32_t row)
{
    static struct stile_crash_info crash;
    static struct trace trace;
    static bool found;

    if (row == 0) {
        found = remains_read_crash(vm, &crash);
        trace = vm->remains->trace;
    }
    if (found)
        print_row(vm, &crash, &trace, row);
}
