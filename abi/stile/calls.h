/* SPDX-License-Identifier: MIT */
/*
 * The call table. Everything about a call follows from its line here: its number, the typed stub
 * in libhypercall, the typed handler prototype and dispatch slot in the hypervisor, the checks on
 * its registers, its results by name, what it may answer, its feature bit, its name in traces, its
 * page in the reference.
 *
 *     STILE_CALL(number, since, group, name, arguments, results, errors)
 *
 * number     0 to STILE_NR_CALLS_MAX - 1. Bits 7:4 are the group's, so that a feature word holds
 *            a whole group. Never reused.
 * since      The minor version that introduced the call: it is answered once the guest has agreed
 *            on that or a later one. Before it has agreed on any, core_version and core_features
 *            are answered alone.
 * arguments  ARGS0() to ARGS6(kind, name, ...), in x1 to x6; kinds are in stile/types.h.
 * results    RETS0() to RETS3(kind, name, ...), in x1 to x3 when the call has succeeded.
 * errors     ERRS0() to ERRS7(NAME, ...), of stile/errors.h: all but those that every call has.
 *
 * Holds for every call: the function id is in w0 (STILE_FID(number)) and HVC's immediate is 0. SMC
 * #0 is answered alike, and costs more: it traps. x0 returns the status, x1 to x3 the results (0
 * where a call documents none), every other register is preserved. Argument registers a call does
 * not use, and the reserved bits of those it does, must be zero. Errors common to all calls:
 *
 *     NOT_SUPPORTED     no such call, newer than the version agreed on, or there is none yet
 *     INVALID_ARGUMENT  a register that must be zero is not, or an argument is out of its range;
 *                       x1 is the number (1 to 6) of the first such register
 *
 * PAGE_BYTES, IPA_BITS and other limits named so are what core_info tells of this machine.
 *
 * A call that fails has changed nothing. Memory that a call names is read and written through the
 * caches, as Normal write-back memory: who writes it while its MMU is off maintains the caches.
 *
 * To use the table, define STILE_CALL and include this file; it undefines STILE_CALL at its end.
 */

#include "stile/calls/core.h"
#include "stile/calls/console.h"
#include "stile/calls/vcpu.h"
#include "stile/calls/time.h"
#include "stile/calls/irq.h"
#include "stile/calls/memory.h"
#include "stile/calls/power.h"
#include "stile/calls/event.h"
#include "stile/calls/directory.h"
#include "stile/calls/control.h"
#include "stile/calls/vm.h"

#undef STILE_CALL
