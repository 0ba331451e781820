/* SPDX-License-Identifier: MIT */
/*
 * A CPU that is off for a while: taken off by a call of its own, and started again by the test.
 */
#ifndef GUEST_SLEEPER_H
#define GUEST_SLEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware.h"
#include "threads/thread.h"

/** A thread that takes the CPU it runs on off, and ends when that is on again. */
struct sleeper {
    struct power_context context; /* its physical address is what the CPU is started with */
    const struct conduit *conduit;
    uint64_t function;
    uint32_t cpu; /* which it is */
    bool goes_off;
    int64_t result; /* POWER_RESUMED, or what the call returned */
};

/**
 * sleeper_start() - start the thread, and wait until it is about to call
 * @function: the call that takes a CPU off
 *
 * The CPU is to be started at power_resume. Returns the thread, to be joined.
 */
struct thread *sleeper_start(struct sleeper *sleeper, const struct conduit *conduit,
                             uint64_t function);

#endif
