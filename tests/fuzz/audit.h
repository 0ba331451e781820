/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the hypervisor between two exits. What does not ends the program.
 */
#ifndef FUZZ_AUDIT_H
#define FUZZ_AUDIT_H

#include <stdint.h>

/** audit_memory() - every page is where it belongs, and within its VM's quota (audit_memory.c) */
void audit_memory(void);

/** audit_ports() - event ports make sense (audit_ports.c) */
void audit_ports(void);

/**
 * audit_makers() - what a VM waits for is there, and VMs that were made have no more than their
 * makers may give them (audit_makers.c)
 */
void audit_makers(void);

/** audit_quotas() - no VM has more than it may: the part of audit_memory() that costs little */
void audit_quotas(void);

/** audit_sum() - a sum over what a call that fails leaves as it was: memory, shares, ports */
uint64_t audit_sum(void);

/** audit_add() - adds @bytes at @start, a multiple of 8, to a sum */
uint64_t audit_add(uint64_t sum, const void *start, uint64_t bytes);

/** The same of the tables of each file. */
uint64_t audit_memory_sum(void);
uint64_t audit_ports_sum(void);

#endif
