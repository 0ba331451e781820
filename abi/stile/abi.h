/* SPDX-License-Identifier: MIT */
/*
 * The contract in one include: call numbers, and the values that calls take and return.
 */
#ifndef STILE_ABI_H
#define STILE_ABI_H

#include "stile/errors.h"
#include "stile/shared.h"
#include "stile/smccc.h"
#include "stile/types.h"
#include "stile/version.h"

/* Call numbers: STILE_NR_core_version and so on. */
enum stile_nr {
#define STILE_CALL(nr, since, group, name, args) STILE_NR_##group##_##name = (nr),
#include "stile/calls.h"
};

/* The table has room for this many numbers, 16 to a group. */
#define STILE_NR_GROUPS       7
#define STILE_CALLS_PER_GROUP 16
#define STILE_NR_CALLS_MAX    (STILE_NR_GROUPS * STILE_CALLS_PER_GROUP)

/* Every number fits the table, and every call is reachable by some minor version. */
#define STILE_CALL(nr, since, group, name, args)                                                   \
    STILE_STATIC_ASSERT((nr) >= 0 && (nr) < STILE_NR_CALLS_MAX, #group "_" #name);                 \
    STILE_STATIC_ASSERT((since) <= STILE_VERSION_MINOR, #group "_" #name);
#include "stile/calls.h"

/** What core_info tells. */
enum stile_info {
    STILE_INFO_VM_ID = 0,         /**< the VM's number on this machine, from 1 */
    STILE_INFO_NR_VCPUS = 1,      /**< how many vCPUs the VM has */
    STILE_INFO_VCPU_ID = 2,       /**< which one is calling */
    STILE_INFO_TICKS_PER_SEC = 3, /**< CNTFRQ_EL0 */
    STILE_INFO_VM_PAGE = 4,       /**< IPA of struct stile_vm_page, read-only */
    STILE_INFO_VCPU_PAGE = 5,     /**< IPA of the caller's struct stile_vcpu_page, read-only */
    STILE_INFO_CONSOLE_INTID = 6, /**< the SPI that tells of console input */
    STILE_INFO_TIMER_INTID = 7,   /**< the PPI of the virtual timer */
};

/** What vcpu_counter reads; all start at 0 when the vCPU does. */
enum stile_counter {
    STILE_COUNTER_EXITS = 0,       /**< entries to the hypervisor, of any cause */
    STILE_COUNTER_HYPERCALLS = 1,  /**< HVC #0, standard services included */
    STILE_COUNTER_INTERRUPTS = 2,  /**< physical interrupts */
    STILE_COUNTER_SYSREG = 3,      /**< trapped MSR, MRS and system instructions */
    STILE_COUNTER_DATA_ABORTS = 4, /**< stage-2 data aborts: emulated devices, faults */
    STILE_COUNTER_WAITS = 5,       /**< trapped WFI and WFE */
    STILE_COUNTER_OTHER = 6,       /**< every other exception */
    STILE_NR_COUNTERS = 7,
};

/** time_oneshot: no deadline. */
#define STILE_TIME_NEVER UINT64_MAX

/** A page of memory_map and memory_unmap, in bytes. */
#define STILE_PAGE_SIZE 4096

/** Limits of the console calls, in bytes. */
#define STILE_CONSOLE_WRITE_MAX  32
#define STILE_CONSOLE_READ_MAX   8
#define STILE_CONSOLE_BUFFER_MAX 4096

/** The most pages one memory call takes. */
#define STILE_MEMORY_MAX_PAGES 512

/** The longest message of power_crash, in bytes. */
#define STILE_CRASH_MESSAGE_MAX 256

#endif
