/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM: created from its folder, run, paused, ended. What follows its end is
 * life/vm_end.c's.
 */
#include "life/vm_life.h"

#include <string.h>

#include "arch/id.h"
#include "arch/pmu.h"
#include "config/vm_tree.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/printk.h"
#include "life/vcpu_life.h"
#include "life/vm_backends.h"
#include "life/vm_build.h"
#include "life/vm_devices.h"
#include "life/vm_end.h"
#include "memory/budget.h"
#include "memory/vm_pages.h"
#include "memory/vmem.h"
#include "sched/sched.h"
#include "virt/vid.h"
#include "virt/virtio_mmio.h"
#include "vm/refusal.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "vm/vsve.h"
#include "watch/remains.h"

static const char *alloc_vcpus(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        vm->vcpus[i] = vcpu_create(vm, i);
        if (!vm->vcpus[i])
            return "the hypervisor's own memory is used up";
    }
    return NULL;
}

/* A place that no VM has; 0 if there is none. */
static uint32_t find_free(void)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->state == VM_OFF)
            return id;
    return 0;
}

/*
 * Of what an earlier VM of the slot has left, its remains and its locks stay: others may be looking
 * at the ones, and waiting for the others. What vm_build_some() sets is left to that.
 */
static void clear(struct vm *vm, uint32_t id, const struct vm_files *from)
{
    vm->id = id;
    vm_give_number(vm);
    vm->image = *from;
    vm->config = (struct vm_config){0};
    memcpy(vm->config.name, from->name, sizeof(vm->config.name));
    vm->status = 0;
    vm->end = VM_END_REBOOT; /* what is made anew, and what is made, run alike */
    vm->step = vm_end_step;
    vm->complaints = (struct ratelimit){0};
    vm->reports = (struct ratelimit){0};
}

/* Makes all of it but lets nothing run; NULL or what is wrong with it. */
static const char *build(struct vm *vm)
{
    const char *fault = alloc_vcpus(vm);

    if (fault)
        return fault;
    vm_build_begin(vm);
    while (vm_build_some(vm) < VM_BUILD_READY)
        ;
    fault = vm_build_fault(vm);
    while (fault && vmem_destroy(vm))
        ;
    return fault;
}

/* From the folder to a VM that is ready; NULL or what is wrong with it. */
static const char *create(struct vm *vm, uint32_t id, const struct vm_files *from)
{
    clear(vm, id, from);

    const char *fault = vm_tree_parse(from->dtb.data, from->dtb.bytes, &vm->config);
    if (fault)
        return fault;
    fault = vm_devices_check(vm);
    if (fault)
        return fault;
    if (!vm_config_has_gic(&vm->config))
        vm->config.gic_version = machine.gic_version;
    if (!sched_place(vm->config.affinity))
        return refusal("vm.dtb: stile,affinity %lx names no CPU of this machine, which has %u",
                       vm->config.affinity, nr_pcpus);
    vm->sve_bytes = vsve_bytes(&vm->config);
    vid_show(vm);
    vm->mdcr = trap_control_mdcr(vm->config.pmu_el2);
    vm->has_pmu = vm->config.pmu && !vm->config.pmu_el2 &&
                  id_field(vid_read(vm, ID_AA64DFR0), DFR0_PMUVER_SHIFT) != 0;
    fault = budget_reserve(vm);
    if (fault)
        return fault;
    fault = remains_init(vm) && vm_pages_alloc(vm) && vm_devices_alloc(vm) && virtio_alloc(vm)
                ? build(vm)
                : "the hypervisor's own memory is used up";
    if (fault)
        vm_end_free(vm);
    return fault;
}

struct vm *vm_create(const struct vm_files *from)
{
    static const char *const modes[] = {
        [VM_MODE_ASSISTED] = "assisted",
        [VM_MODE_TRAP] = "trap",
        [VM_MODE_PARAVIRTUAL] = "paravirtual",
    };
    uint32_t id = find_free();
    struct vm *vm = vm_slot(id);
    const char *fault;

    if (!vm) {
        log_error("%s: refused: there are %u VMs already", from->name, CONFIG_NR_VMS);
        return NULL;
    }
    fault = create(vm, id, from);
    if (fault) {
        vm->number = 0; /* there has never been one */
        log_error("%s: refused: %s", from->name, fault);
        return NULL;
    }
    vm->state = VM_UNREADY;
    vm_end_expect();
    log_info("%s: vm %u, %u vCPUs, %lu MiB, %s", vm->config.name, vm->number, vm->config.nr_vcpus,
             vm_config_pages(&vm->config) >> (20 - PAGE_SHIFT), modes[vm->config.mode]);
    vm_devices_say(vm);
    vm_backends_say(vm);
    return vm;
}

void vm_start(struct vm *vm)
{
    (void)vm_build_run(vm); /* nobody has ended it: it did not run */
}

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

bool vm_destroy_rebooting(struct vm *vm)
{
    spin_lock(&vm->lock);
    bool reboots = (vm->state == VM_ENDING || vm->state == VM_UNREADY) && vm->end == VM_END_REBOOT;
    if (reboots)
        vm->end = VM_END_DESTROYED;
    spin_unlock(&vm->lock);
    return reboots;
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
