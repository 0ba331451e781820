/* SPDX-License-Identifier: MIT */
/*
 * Group irq: interrupts of one's own VM, whatever its controller is.
 */
#include "arch/clamp.h"
#include "hypercall/hypercall.h"
#include "lib/cold.h"
#include "vgic/vgic.h"
#include "vm/irq_controller.h"
#include "vm/vm.h"

/* How many sets of vCPUs there are: a set is below. */
#define VCPU_SETS (UINT64_C(1) << CONFIG_NR_VCPUS)

static uint32_t clamp_intid(stile_intid_t intid)
{
    return (uint32_t)clamp(intid.intid, VGIC_NR_INTIDS);
}

struct hcall_result hcall_irq_inject(struct vcpu *vcpu, stile_vcpu_id_t target, stile_intid_t intid)
{
    struct vm *vm = vcpu->vm;

    if (!vgic_target_valid(vm, target.index, intid.intid))
        return hcall_bad_argument(1);
    if (!vgic_intid_valid(intid.intid))
        return hcall_bad_argument(2);
    vm->controller->inject(vm, target.index, clamp_intid(intid));
    return hcall_ok();
}

struct hcall_result hcall_irq_ipi(struct vcpu *vcpu, stile_vcpu_id_t target, stile_intid_t sgi)
{
    struct vm *vm = vcpu->vm;

    if (target.index >= vm->config.nr_vcpus)
        return hcall_bad_argument(1);
    if (sgi.intid >= GIC_NR_SGIS)
        return hcall_bad_argument(2);
    vm->controller->send_sgi(vcpu, vm_vcpu(vm, target.index),
                             (uint32_t)clamp(sgi.intid, GIC_NR_SGIS));
    return hcall_ok();
}

struct hcall_result hcall_irq_ipi_set(struct vcpu *vcpu, stile_vcpu_set_t targets,
                                      stile_intid_t sgi)
{
    struct vm *vm = vcpu->vm;

    if (targets.bits - 1 >= (UINT64_C(1) << vm->config.nr_vcpus) - 1)
        return hcall_bad_argument(1);
    if (sgi.intid >= GIC_NR_SGIS)
        return hcall_bad_argument(2);
    vm->controller->send_sgi_set(vcpu, clamp(targets.bits, VCPU_SETS),
                                 (uint32_t)clamp(sgi.intid, GIC_NR_SGIS));
    return hcall_ok();
}

/* The number of the argument that names no interrupt of the VM, or 0. */
static COLD uint64_t bad_name(const struct vm *vm, stile_vcpu_id_t target, stile_intid_t intid)
{
    if (!vgic_target_valid(vm, target.index, intid.intid))
        return 1;
    return intid.intid < VGIC_NR_INTIDS ? 0 : 2;
}

static COLD struct hcall_result set_enabled(struct vcpu *vcpu, stile_vcpu_id_t target,
                                            stile_intid_t intid, bool enabled)
{
    struct vm *vm = vcpu->vm;
    uint64_t bad = bad_name(vm, target, intid);

    if (bad)
        return hcall_bad_argument(bad);
    vm->controller->set_enabled(vcpu, vm_vcpu(vm, target.index), clamp_intid(intid), enabled);
    return hcall_ok();
}

COLD struct hcall_result hcall_irq_mask(struct vcpu *vcpu, stile_vcpu_id_t target,
                                        stile_intid_t intid)
{
    return set_enabled(vcpu, target, intid, false);
}

COLD struct hcall_result hcall_irq_unmask(struct vcpu *vcpu, stile_vcpu_id_t target,
                                          stile_intid_t intid)
{
    return set_enabled(vcpu, target, intid, true);
}

COLD struct hcall_result hcall_irq_set_priority(struct vcpu *vcpu, stile_vcpu_id_t target,
                                                stile_intid_t intid, stile_u32_t priority)
{
    struct vm *vm = vcpu->vm;
    uint64_t bad = bad_name(vm, target, intid);

    if (bad)
        return hcall_bad_argument(bad);
    if (priority > UINT8_MAX)
        return hcall_bad_argument(3);
    vm->controller->set_priority(vcpu, vm_vcpu(vm, target.index), clamp_intid(intid), priority);
    return hcall_ok();
}

COLD struct hcall_result hcall_irq_query(struct vcpu *vcpu, stile_vcpu_id_t target,
                                         stile_intid_t intid)
{
    struct vm *vm = vcpu->vm;
    uint64_t bad = bad_name(vm, target, intid);

    if (bad)
        return hcall_bad_argument(bad);
    struct controller_status status =
        vm->controller->query(vcpu, vm_vcpu(vm, target.index), clamp_intid(intid));
    return hcall_values(vcpu, status.flags, status.priority, 0);
}
