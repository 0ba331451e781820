/* SPDX-License-Identifier: MIT */
/*
 * Register files as assembly stores them, with the offsets it uses.
 */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#define FRAME_ELR   248
#define FRAME_BYTES 272

#define TRY_SP 96

#define CPU_EMERGENCY_STACK 0

#ifndef __ASSEMBLY__

#include <stddef.h>
#include <stdint.h>

/** What an exception interrupted; lives on the stack while it is handled. */
struct exception_frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
    uint64_t sp_el0;
};

_Static_assert(sizeof(struct exception_frame) == FRAME_BYTES, "and SP stays 16-byte aligned");
_Static_assert(offsetof(struct exception_frame, elr) == FRAME_ELR, "vectors.S");

/** What a function must preserve (AAPCS64): x19 to x30 and SP. */
struct context {
    uint64_t x19_x30[12];
    uint64_t sp;
};

_Static_assert(offsetof(struct context, sp) == TRY_SP, "switch.S");

/** context_switch() - save the caller's registers in @from and go on with those of @to */
void context_switch(struct context *from, const struct context *to);

/** context_thread_start - where a new thread's context goes on: it calls x19 with x20 and x21 */
void context_thread_start(void);

/**
 * context_try() - call @function, remembering in @context how to return from here
 *
 * Returns false if the function returned, true if context_land() brought the CPU back.
 */
_Bool context_try(struct context *context, void (*function)(void *argument), void *argument);

/** context_land - ERET here, with x0 = the context of a context_try(), to make that return true */
void context_land(void);

/** context_enter_user() - leave for EL0; the kernel's stack restarts at @kernel_sp */
_Noreturn void context_enter_user(uint64_t entry, uint64_t user_sp, uint64_t kernel_sp);

#endif
#endif
