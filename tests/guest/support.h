/* SPDX-License-Identifier: MIT */
/*
 * What several suites need: raw hypercalls, faults on purpose, waiting with a limit.
 */
#ifndef GUEST_SUPPORT_H
#define GUEST_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ktf.h"
#include "sensitive/sensitive.h"
#include "stile/hypercall.h"
#include "threads/exception.h"

/** The first INTID that no controller of the hypervisor's has. */
#define SUPPORT_END_INTID 96

/** x0 to x30, as raw_hvc() loads them and stores them again. */
struct raw_registers {
    uint64_t x[31];
};

/** raw_hvc() - HVC #0 with all general registers from @registers, and back */
void raw_hvc(struct raw_registers *registers);

/** raw_mrs[n]() - MRS Xn, ID_AA64MMFR0_EL1, from n = 31 MRS XZR, with all general registers from
 * @registers, and back */
extern void (*const raw_mrs[32])(struct raw_registers *registers);

/** support_call() - HVC #0 with a function id as it is, and six words */
struct stile_result support_call(uint64_t x0, const uint64_t words[6]);

/** support_need_hypervisor() - suite_setup of suites that call the hypervisor; skips without one */
void support_need_hypervisor(void);

/** support_mailbox() - the mailbox of the vCPU this runs on; with interrupts masked */
struct stile_mailbox *support_mailbox(void);

/**
 * support_touch() - read or write 4 bytes at a physical address
 * @fault: what happened, if something did
 *
 * Returns whether the access raised an exception.
 */
bool support_touch(uint64_t pa, bool write, struct fault *fault);

/** support_is_external_abort() - whether a fault is one of a data access */
bool support_is_external_abort(const struct fault *fault);

/** support_beyond_memory() - a page-aligned physical address with no memory and no device */
uint64_t support_beyond_memory(void);

/**
 * Waits until @condition, at most @ms milliseconds; whether it came true. Sleeps meanwhile: a CPU
 * that never halts may keep the others from running, on an emulator or as a virtual one.
 */
#define support_wait(condition, ms)                                                                \
    __extension__({                                                                                \
        uint64_t end_ = cpu_ticks() + time_ms_to_ticks(ms);                                        \
        while (!(condition) && cpu_ticks() < end_)                                                 \
            thread_sleep_until(cpu_ticks() + time_us_to_ticks(100));                               \
        (bool)(condition);                                                                         \
    })

#endif
