/* SPDX-License-Identifier: MIT */
/*
 * Records that are calls: see calls.c.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include "record.h"

/** calls_begin() - a new input: forgets what calls have returned */
void calls_begin(void);

/** calls_make() - the vCPU, which runs on fake.cpu, makes the record's call */
void calls_make(const struct record *record, const struct vcpu *vcpu);

/** calls_disturb() - something else happens while a call is made: what it leaves is not its own */
void calls_disturb(void);

/** calls_report() - print how many calls were made, and which of the table not */
void calls_report(void);

#endif
