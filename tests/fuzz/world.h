/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor at work on the fake machine: its VMs, their vCPUs on physical CPUs, and its end.
 * Between any two functions here, each physical CPU runs a guest or sleeps.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/abi.h"

struct vcpu;
struct vm;

#define WORLD_NR_VMS     3 /* how many there are at first, of the bundle */
#define WORLD_NR_VCPUS   2
#define WORLD_LITTLE_KIB 128 /* enough for a VM of this world to start */
#define WORLD_NR_PLACES  7   /* in which VMs make calls: those at first, and what others make */

/* The last VM's quota: stile,privileged. Of memory there is more than VMs donate to it: the fake
 * counts vCPUs alone. */
#define WORLD_QUOTA_MIB   16u
#define WORLD_QUOTA_VCPUS 3u
#define WORLD_QUOTA_KIB   768u

/* A VM's memory. */
#define WORLD_RAM       UINT64_C(0x40000000)
#define WORLD_RAM_BYTES UINT64_C(0x400000)

/* The first VM's name, in a register. */
#define WORLD_NAME UINT64_C(0x6D76) /* "vm" */

/* What calls are about: that, and some beyond it where there may be memory. */
#define WORLD_SCRATCH_BYTES UINT64_C(0x600000)

/**
 * world_begin() - the hypervisor boots, and all VMs start
 * @gic_version: the machine's, 2 or 3
 *
 * The hypervisor's data is as it was when the program started, whatever has run since.
 */
void world_begin(uint32_t gic_version);

/** world_end() - end all VMs. Does not return: goes to fake.off, as does the last VM's own end. */
_Noreturn void world_end(void);

/** world_ended() - the machine is off: check that the hypervisor has got back all it gave */
void world_ended(void);

/** world_start_vm() - start a VM anew that has ended, if one has */
void world_start_vm(void);

/** world_limit() - give a tree, of TREE_BYTES, the quota above; returns its length */
size_t world_limit(void *tree);

/**
 * world_bring() - have a vCPU run
 * @vm: which VM, from 0, below WORLD_NR_PLACES
 * @index: which vCPU of it, if it has so many
 *
 * Returns it, or another one that runs in its place, because it is off, paused or gone; or NULL if
 * none does. fake.cpu is where it runs.
 */
struct vcpu *world_bring(uint32_t vm, uint32_t index);

/** world_call() - the vCPU that runs on fake.cpu makes a call; it has not left the hypervisor yet
 */
struct stile_result world_call(uint64_t fid, const uint64_t words[6]);

/** world_exit() - it leaves: what is to be done before a guest runs again is done */
void world_exit(void);

/**
 * world_visit() - in the midst of what fake.cpu does, a guest on another CPU does something
 * @visit: what; nothing if no guest runs there
 */
void world_visit(void (*visit)(struct vcpu *vcpu));

/** world_interrupts() - all physical CPUs take the interrupts they have */
void world_interrupts(void);

/** world_hoard() - leave at most so many pages in the hypervisor's pool, but for what VMs have */
void world_hoard(uint64_t nr_left);

#endif
