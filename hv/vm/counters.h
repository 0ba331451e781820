/* SPDX-License-Identifier: MIT */
/*
 * What was counted of a vCPU, added up as the ABI groups it.
 */
#ifndef VM_COUNTERS_H
#define VM_COUNTERS_H

#include <stdint.h>

#include "stile/abi.h"

struct vcpu;

/**
 * counters_read() - what vcpu_counter reads
 * @vcpu:    may be running elsewhere: then some of its last exits are counted, and others not
 * @counter: below STILE_NR_COUNTERS
 *
 * Adds up no table of calls, nor all kinds of exits, which would take longer than the call that
 * asks: the flight recorder numbers its entries, and what has none is counted.
 */
uint64_t counters_read(const struct vcpu *vcpu, enum stile_counter counter);

#endif
