/* SPDX-License-Identifier: MIT */
/*
 * The life of a vCPU: made, started, loaded, put, stopped. Which one runs is decided in
 * sched/sched.c.
 */
#ifndef LIFE_VCPU_LIFE_H
#define LIFE_VCPU_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/abi.h"

struct vcpu;
struct vm;

enum vcpu_start_result {
    VCPU_STARTED,
    VCPU_ALREADY_ON,
    VCPU_ON_PENDING, /* another start of it is under way */
};

/**
 * vcpu_create() - allocate a vCPU of a VM and place it on a physical CPU
 * @vm: the VM, its configuration set
 * @index: which one
 *
 * The vCPU is off. Returns NULL if the pool is exhausted.
 */
struct vcpu *vcpu_create(struct vm *vm, uint32_t index);

/**
 * vcpu_reset() - have a vCPU of a VM that starts anew be as vcpu_create() made it, but for its
 * place
 *
 * No vCPU of the VM is loaded, and none will be before vcpu_start().
 */
void vcpu_reset(struct vcpu *vcpu);

/** vcpu_destroy() - free a vCPU that will never run again */
void vcpu_destroy(struct vcpu *vcpu);

/**
 * vcpu_start() - let a vCPU that is off run from its reset state (PSCI CPU_ON)
 * @vcpu: which one
 * @entry: IPA of its first instruction
 * @context: its x0
 *
 * Any physical CPU. Of several that start the same vCPU at once, one succeeds.
 */
enum vcpu_start_result vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t context);

/** Whether a vCPU is on, as PSCI AFFINITY_INFO tells it (DEN 0022, section 5.7). */
enum vcpu_power {
    VCPU_POWER_ON = 0,
    VCPU_POWER_OFF = 1,
    VCPU_POWER_ON_PENDING = 2,
};

/** vcpu_power() - whether a vCPU is on; off means that vcpu_start() can start it. Any context. */
enum vcpu_power vcpu_power(struct vcpu *vcpu);

/** vcpu_activity() - what a vCPU does; off means what it does to vcpu_power(). Any context. */
enum stile_vcpu_state vcpu_activity(struct vcpu *vcpu);

/**
 * vcpu_stop_self() - take the loaded vCPU off (PSCI CPU_OFF); it is not returned to
 *
 * Returns whether it was its VM's last one.
 */
bool vcpu_stop_self(struct vcpu *vcpu);

/**
 * vcpu_reset_self() - have the loaded vCPU lose its state (PSCI CPU_SUSPEND, power-down)
 * @entry: IPA of the instruction it is at then
 *
 * What is not in the CPU proper stays: its timers and its interrupts. x0 to x30 are the caller's.
 */
void vcpu_reset_self(struct vcpu *vcpu, uint64_t entry);

/**
 * vcpu_load() - move a vCPU's state into this physical CPU
 * @vcpu: the pCPU's current one, not loaded
 */
void vcpu_load(struct vcpu *vcpu);

/**
 * vcpu_put() - move a vCPU's state out of this physical CPU
 * @vcpu: the loaded one; x0 to x30 are in its regs already
 */
void vcpu_put(struct vcpu *vcpu);

/** vcpu_enter() - in entry.S: run the guest of a loaded vCPU; does not return */
_Noreturn void vcpu_enter(struct vcpu *vcpu);

#endif
