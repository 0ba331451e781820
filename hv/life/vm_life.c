/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM that runs: paused, resumed, ended. What precedes it is life/vm_make.c's, what
 * follows its end life/vm_end.c's.
 */
#include "life/vm_life.h"

#include "sched/sched.h"
#include "vm/vm.h"
#include "watch/remains.h"

/*
 * Whoever calls this holds the VM. So nobody takes it down before sched_remove() has been called
 * for all vCPUs, and from then on nobody takes a new hold.
 */
static void end_held(struct vm *vm, enum vm_end end, uint32_t status)
{
    spin_lock(&vm->lock);
    bool first = vm->state == VM_RUNNING;
    if (first) {
        vm->state = VM_ENDING;
        vm->end = end;
        vm->status = status;
    }
    spin_unlock(&vm->lock);
    if (!first)
        return;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sched_remove(vm->vcpus[i]);
}

void vm_stop(struct vcpu *vcpu, enum vm_end end)
{
    end_held(vcpu->vm, end, 0);
}

void vm_power_off(struct vcpu *vcpu, uint32_t status)
{
    end_held(vcpu->vm, VM_END_OFF, status);
}

void vm_destroy(struct vm *vm)
{
    end_held(vm, VM_END_DESTROYED, 0);
}

bool vm_destroy_rebooting(struct vm *vm, uint32_t number)
{
    spin_lock(&vm->lock);
    bool reboots = vm->number == number && (vm->state == VM_ENDING || vm->state == VM_UNREADY) &&
                   vm->end == VM_END_REBOOT;
    if (reboots)
        vm->end = VM_END_DESTROYED;
    spin_unlock(&vm->lock);
    return reboots;
}

void vm_destroy_waiting(uint32_t maker)
{
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        struct vm *vm = vm_get(i);

        if (vm && vm->maker == maker && vm->start != VM_STARTED)
            vm_destroy(vm);
        if (vm)
            sched_release(vm);
    }
}

static void set_paused(struct vm *vm, bool paused)
{
    spin_lock(&vm->lock);
    if (vm->state == VM_RUNNING) { /* else it is ended by now */
        vm->paused = paused;
        for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
            sched_set_paused(vm->vcpus[i], VCPU_PAUSED_BY_VM, paused);
    }
    spin_unlock(&vm->lock);
}

void vm_pause(struct vm *vm)
{
    set_paused(vm, true);
}

void vm_resume(struct vm *vm)
{
    set_paused(vm, false);
}

/* The lock: of two who change it at once one is the last, for all vCPUs. */
void vm_set_weight(struct vm *vm, uint32_t weight)
{
    spin_lock(&vm->lock);
    vm->config.weight = weight;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sched_set_weight(vm->vcpus[i], weight);
    spin_unlock(&vm->lock);
}

void vm_set_affinity(struct vm *vm, uint64_t affinity)
{
    spin_lock(&vm->lock);
    vm->config.affinity = affinity;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sched_set_affinity(vm->vcpus[i], affinity);
    spin_unlock(&vm->lock);
}

void vm_crash(struct vcpu *vcpu, const char *why)
{
    remains_note(vcpu, why);
    vm_stop(vcpu, VM_END_CRASH);
}
