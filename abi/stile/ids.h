/* SPDX-License-Identifier: MIT */
/*
 * Call numbers: STILE_NR_core_version and so on. In assembly they are symbols, as are the error
 * codes: for the assembler to calculate with, not for #if.
 */
#ifndef STILE_IDS_H
#define STILE_IDS_H

#include "stile/smccc.h"

#ifdef __ASSEMBLER__
#define STILE_CALL(nr, since, group, name, args, rets, errs) .equ STILE_NR_##group##_##name, nr;
#include "stile/calls.h"
#else
enum stile_nr {
#define STILE_CALL(nr, since, group, name, args, rets, errs) STILE_NR_##group##_##name = (nr),
#include "stile/calls.h"
};
#endif

#endif
