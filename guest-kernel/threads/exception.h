/* SPDX-License-Identifier: MIT */
/*
 * Synchronous exceptions: what they are, and how a thread survives one on purpose. Where the CPU
 * takes them is entry/trap.c.
 */
#ifndef THREADS_EXCEPTION_H
#define THREADS_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/context.h"

/* ESR_ELx.EC (Arm ARM D13.2.37) of the exceptions that the kernel tells apart. */
#define EC_UNKNOWN          0x00
#define EC_SVC64            0x15
#define EC_INSTRUCTION_USER 0x20
#define EC_INSTRUCTION      0x21
#define EC_DATA_USER        0x24
#define EC_DATA             0x25

/* ISS of an abort: what kind of fault. */
#define ISS_FSC               0x3F
#define FSC_TRANSLATION       0x04 /* bits 1:0 are the level */
#define FSC_PERMISSION        0x0C /* bits 1:0 are the level */
#define FSC_SYNCHRONOUS_ABORT 0x10
#define FSC_LEVEL             0x03

static inline uint32_t esr_class(uint64_t esr)
{
    return (uint32_t)(esr >> 26) & 0x3F;
}

/** What exception_try() saw. */
struct fault {
    uint64_t esr;
    uint64_t elr;
    uint64_t far;
};

/**
 * exception_try() - call a function that may raise an exception at EL1
 *
 * Returns true if it did; then the function was left where the exception happened, and @fault says
 * which one. Threads only.
 */
bool exception_try(void (*function)(void *argument), void *argument, struct fault *fault);

/**
 * exception_land() - lead a fault at EL1 back to exception_try(), by the frame of the exception
 *
 * Returns false if the thread is in no exception_try(), or there is no thread yet.
 */
bool exception_land(struct exception_frame *frame);

/** exception_name() - what an exception of syndrome @esr is called */
const char *exception_name(uint64_t esr);

#endif
