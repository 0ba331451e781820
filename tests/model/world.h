/* SPDX-License-Identifier: MIT */
/*
 * The real virtual GIC in a made-up machine: a VM of three vCPUs, each loaded on one of three
 * physical CPUs or on none, whose interrupts take effect when their CPU has its turn.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <setjmp.h>

#include "interface.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define WORLD_NR_VCPUS 3
#define WORLD_NR_PCPUS 3

/** What differs from one machine to another. */
struct world_setup {
    uint32_t version;
    uint32_t nr_lrs;
    bool both_is_pending; /* see struct interface */
    bool forgets_levels;  /* see struct gic_limits */
};

extern struct vm world_vm;

/** Where world_fail() goes, and with what. */
extern jmp_buf world_failed;
extern const char *world_failure;

/** world_fail() - the hypervisor did what it must not; @why is constant */
_Noreturn void world_fail(const char *why);

/** world_start() - after power-on, nothing loaded */
void world_start(const struct world_setup *setup);

static inline struct vcpu *world_vcpu(uint32_t cpu)
{
    return world_vm.vcpus[cpu];
}

/** world_load() - load a vCPU that is not loaded, where nobody is; world_put() - the reverse */
void world_load(uint32_t cpu, uint32_t pcpu);
void world_put(uint32_t cpu);

/** world_place() - where a vCPU is loaded, or WORLD_NR_PCPUS */
uint32_t world_place(uint32_t cpu);
bool world_is_free(uint32_t pcpu);

/** world_visit() - a loaded vCPU is the one whose physical CPU runs; returns its interface */
struct interface *world_visit(uint32_t cpu);

/** world_enter() - what EL2 does before the guest goes on, until nothing is left to do */
void world_enter(uint32_t cpu);

/** world_settle() - the same for all vCPUs that are loaded */
void world_settle(void);

/** world_pass_time() - as long as EL2 may take to look at something: all its timers fire */
void world_pass_time(void);

/** world_read() - a vCPU reads an emulated register; @frame is as model_read()'s */
uint64_t world_read(uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes);
void world_write(uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes, uint64_t value);

#endif
