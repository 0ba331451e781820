/* SPDX-License-Identifier: MIT */
/*
 * PSCI 1.1 as a guest's firmware would answer it (DEN 0022, section 5). Powering vCPUs and VMs is
 * done in core/.
 */
#include "hypercall/vpsci.h"

#include "life/vcpu_life.h"
#include "life/vm_life.h"
#include "sched/sleep.h"
#include "stile/smccc.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define PSCI_SUCCESS 0

/* The result of MIGRATE_INFO_TYPE (DEN 0022, section 5.9). */
#define MIGRATE_NOT_NEEDED 2 /* there is no Trusted OS, or it is on every CPU */

/* power_state of CPU_SUSPEND (DEN 0022, section 5.4.2): no other bit may be set. */
#define POWER_STATE_DOWN (1u << 16)

/* reset_type of SYSTEM_RESET2 (DEN 0022, section 5.13). */
#define RESET_WARM 0u

/* The vCPU with these affinity fields, or NULL. No other bit may be set (section 5.1.4). */
static struct vcpu *find_target(const struct vm *vm, uint64_t target)
{
    uint32_t index = vm_config_vcpu(&vm->config, target);

    return index < vm->config.nr_vcpus ? vm_vcpu(vm, index) : NULL;
}

/* Section 5.6. */
static int64_t cpu_on(const struct vm *vm, uint64_t target, uint64_t entry, uint64_t context)
{
    struct vcpu *vcpu = find_target(vm, target);

    if (!vcpu)
        return STILE_PSCI_INVALID_PARAMETERS;
    if (!vm_config_is_entry(&vm->config, entry))
        return STILE_PSCI_INVALID_ADDRESS;
    switch (vcpu_start(vcpu, entry, context)) {
    case VCPU_STARTED:
        return PSCI_SUCCESS;
    case VCPU_ON_PENDING:
        return STILE_PSCI_ON_PENDING;
    default:
        return STILE_PSCI_ALREADY_ON;
    }
}

void vpsci_cpu_off(struct vcpu *vcpu)
{
    if (vcpu_stop_self(vcpu))
        vm_stop(vcpu, VM_END_OFF);
}

/*
 * Section 5.4. A power-down loses the state here and now, and then waits as standby does. What the
 * call returns becomes x0 in either case: the context, at the entry point, or success.
 */
static int64_t cpu_suspend(struct vcpu *vcpu, uint32_t state, uint64_t entry, uint64_t context)
{
    if (state & ~POWER_STATE_DOWN)
        return STILE_PSCI_INVALID_PARAMETERS;
    if (state == 0) {
        sleep_block(vcpu);
        return PSCI_SUCCESS;
    }
    if (!vm_config_is_entry(&vcpu->vm->config, entry))
        return STILE_PSCI_INVALID_ADDRESS;
    vcpu_reset_self(vcpu, entry);
    sleep_block(vcpu);
    return (int64_t)context;
}

/* Section 5.7. Since PSCI 1.0 only level 0 must be known. */
static int64_t affinity_info(const struct vm *vm, uint64_t target, uint32_t level)
{
    struct vcpu *vcpu = find_target(vm, target);

    if (!vcpu || level != 0)
        return STILE_PSCI_INVALID_PARAMETERS;
    return vcpu_power(vcpu);
}

/* Section 5.13. A VM starts anew from its bundle; no type of reset of a vendor's is known. */
static int64_t system_reset2(struct vcpu *vcpu, uint32_t type)
{
    if (type != RESET_WARM)
        return STILE_PSCI_INVALID_PARAMETERS;
    vm_stop(vcpu, VM_END_REBOOT);
    return PSCI_SUCCESS;
}

bool vpsci_has(uint32_t function)
{
    switch (function) {
    case STILE_SMCCC_VERSION: /* how a guest learns that SMCCC is 1.1 or newer: DEN 0028,
                                 section 2.10 */
    case STILE_PSCI_VERSION:
    case STILE_PSCI_FEATURES:
    case STILE_PSCI_CPU_SUSPEND_32: /* feature flags 0: the original format, no OS-initiated mode */
    case STILE_PSCI_CPU_SUSPEND_64:
    case STILE_PSCI_CPU_ON_32:
    case STILE_PSCI_CPU_ON_64:
    case STILE_PSCI_CPU_OFF:
    case STILE_PSCI_AFFINITY_INFO_32:
    case STILE_PSCI_AFFINITY_INFO_64:
    case STILE_PSCI_MIGRATE_INFO_TYPE:
    case STILE_PSCI_SYSTEM_OFF:
    case STILE_PSCI_SYSTEM_RESET:
    case STILE_PSCI_SYSTEM_RESET2_32:
    case STILE_PSCI_SYSTEM_RESET2_64:
        return true;
    default:
        return false;
    }
}

int64_t vpsci_call(struct vcpu *vcpu, uint32_t function, struct vpsci_args args)
{
    uint32_t w1 = (uint32_t)args.x1, w2 = (uint32_t)args.x2, w3 = (uint32_t)args.x3;

    switch (function) {
    case STILE_PSCI_VERSION:
        return STILE_PSCI_VERSION_1_1;
    case STILE_PSCI_FEATURES:
        return vpsci_has(w1) ? PSCI_SUCCESS : STILE_PSCI_NOT_SUPPORTED;
    case STILE_PSCI_CPU_SUSPEND_32:
        return cpu_suspend(vcpu, w1, w2, w3);
    case STILE_PSCI_CPU_SUSPEND_64:
        return cpu_suspend(vcpu, w1, args.x2, args.x3);
    case STILE_PSCI_CPU_OFF:
        vpsci_cpu_off(vcpu);
        return PSCI_SUCCESS;
    case STILE_PSCI_CPU_ON_32:
        return cpu_on(vcpu->vm, w1, w2, w3);
    case STILE_PSCI_CPU_ON_64:
        return cpu_on(vcpu->vm, args.x1, args.x2, args.x3);
    case STILE_PSCI_AFFINITY_INFO_32:
        return affinity_info(vcpu->vm, w1, w2);
    case STILE_PSCI_AFFINITY_INFO_64:
        return affinity_info(vcpu->vm, args.x1, w2);
    case STILE_PSCI_MIGRATE_INFO_TYPE:
        return MIGRATE_NOT_NEEDED;
    case STILE_PSCI_SYSTEM_OFF:
        vm_stop(vcpu, VM_END_OFF);
        return PSCI_SUCCESS;
    case STILE_PSCI_SYSTEM_RESET:
        vm_stop(vcpu, VM_END_REBOOT);
        return PSCI_SUCCESS;
    case STILE_PSCI_SYSTEM_RESET2_32:
    case STILE_PSCI_SYSTEM_RESET2_64:
        return system_reset2(vcpu, w1);
    default:
        return STILE_PSCI_NOT_SUPPORTED;
    }
}
