/* SPDX-License-Identifier: MIT */
/*
 * Exceptions other than interrupts: a process's system calls and faults, the kernel's own faults.
 */
#include <stdio.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "core/exception.h"
#include "core/panic.h"
#include "core/process.h"
#include "core/smp.h"
#include "core/syscall.h"
#include "core/thread.h"

/* Called by vectors.S. */
void exception_el1_sync(struct exception_frame *frame);
void exception_el0_sync(struct exception_frame *frame);
_Noreturn void exception_unexpected(struct exception_frame *frame);
_Noreturn void exception_stack_overflow(struct exception_frame *frame, uint64_t sp);

const char *exception_name(uint64_t esr)
{
    switch (esr_class(esr)) {
    case EC_UNKNOWN:
        return "undefined instruction";
    case EC_INSTRUCTION_USER:
    case EC_INSTRUCTION:
        return "instruction abort";
    case EC_DATA_USER:
    case EC_DATA:
        return (esr & ISS_FSC) == FSC_SYNCHRONOUS_ABORT ? "external abort" : "data abort";
    default:
        return "unexpected exception";
    }
}

/* What the handler notes for exception_try(); the thread is its only user at a time. */
struct landing {
    struct context context; /* first: thread->landing points to it */
    struct fault fault;
};

bool exception_try(void (*function)(void *argument), void *argument, struct fault *fault)
{
    struct landing landing;
    struct thread *thread = thread_current();

    thread->landing = &landing.context;
    bool faulted = context_try(&landing.context, function, argument);
    thread->landing = NULL;
    if (faulted)
        *fault = landing.fault;
    return faulted;
}

static void land(struct exception_frame *frame, struct landing *landing)
{
    landing->fault = (struct fault){read_sysreg(esr_el1), frame->elr, read_sysreg(far_el1)};
    frame->x[0] = (uint64_t)&landing->context;
    frame->elr = (uint64_t)context_land;
}

void exception_el1_sync(struct exception_frame *frame)
{
    const struct thread *thread = smp_cpu()->current;

    if (!thread || !thread->landing)
        panic_exception(exception_name(read_sysreg(esr_el1)), frame);
    land(frame, (struct landing *)thread->landing);
}

void exception_el0_sync(struct exception_frame *frame)
{
    uint64_t esr = read_sysreg(esr_el1);
    uint64_t far = read_sysreg(far_el1);

    irq_enable();
    if (esr_class(esr) == EC_SVC64)
        syscall_handle(frame);
    else
        process_fault(esr, frame->elr, far);
    (void)irq_save(); /* until ERET: the frame goes back into registers */
}

void exception_unexpected(struct exception_frame *frame)
{
    panic_exception("an exception that cannot be", frame);
}

void exception_stack_overflow(struct exception_frame *frame, uint64_t sp)
{
    char what[48];

    (void)snprintf(what, sizeof(what), "stack overflow, sp %016lx,", sp);
    panic_exception(what, frame);
}
