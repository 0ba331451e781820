/* SPDX-License-Identifier: MIT */
/*
 * Faults of the hypervisor's own, on demand.
 */
#ifndef TESTS_HV_FAULTS_H
#define TESTS_HV_FAULTS_H

/** Causes the fault @name, "fault=write" and so on; returns if there is none of that name. */
void faults_cause(const char *name);

#endif
