/* SPDX-License-Identifier: MIT */
/*
 * Where vectors.S comes: interrupts, a process's system calls and faults, the kernel's own faults.
 */
#include <stdio.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "dev/irq.h"
#include "lib/panic.h"
#include "process/process.h"
#include "process/syscall.h"
#include "threads/exception.h"
#include "threads/sched.h"

void trap_irq(struct exception_frame *frame);
void trap_el1_sync(struct exception_frame *frame);
void trap_el0_sync(struct exception_frame *frame);
_Noreturn void trap_unexpected(struct exception_frame *frame);
_Noreturn void trap_stack_overflow(struct exception_frame *frame, uint64_t sp);

void trap_irq(struct exception_frame *frame)
{
    (void)frame;
    irq_handle();
    sched_preempt();
}

void trap_el1_sync(struct exception_frame *frame)
{
    if (!exception_land(frame))
        panic_exception(exception_name(read_sysreg(esr_el1)), frame);
}

void trap_el0_sync(struct exception_frame *frame)
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

void trap_unexpected(struct exception_frame *frame)
{
    panic_exception("an exception that cannot be", frame);
}

void trap_stack_overflow(struct exception_frame *frame, uint64_t sp)
{
    char what[48];

    (void)snprintf(what, sizeof(what), "stack overflow, sp %016lx,", sp);
    panic_exception(what, frame);
}
