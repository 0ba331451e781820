/* SPDX-License-Identifier: MIT */
/*
 * Names of exceptions, and faults that are led back to the thread that expects them.
 */
#include "threads/exception.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "machine/smp.h"
#include "threads/sched.h"

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

/* What exception_land() notes for exception_try(), on the stack of the thread that tries. */
struct landing {
    struct context context; /* first: thread->landing points to it */
    struct fault fault;
};

bool exception_try(void (*function)(void *argument), void *argument, struct fault *fault)
{
    struct landing landing;
    struct thread *thread = sched_current();

    thread->landing = &landing.context;
    bool faulted = context_try(&landing.context, function, argument);
    thread->landing = NULL;
    if (faulted)
        *fault = landing.fault;
    return faulted;
}

bool exception_land(struct exception_frame *frame)
{
    const struct thread *thread = smp_cpu()->current;

    if (!thread || !thread->landing)
        return false;
    struct landing *landing = (struct landing *)thread->landing;
    landing->fault = (struct fault){read_sysreg(esr_el1), frame->elr, read_sysreg(far_el1)};
    frame->x[0] = (uint64_t)&landing->context;
    frame->elr = (uint64_t)context_land;
    return true;
}
