/* SPDX-License-Identifier: MIT */
/*
 * Group irq: making interrupts pending for vCPUs of one's own VM.
 */
#include "core/vm.h"
#include "hypercall/hypercall.h"

struct hcall_result hcall_irq_inject(struct vcpu *vcpu, stile_vcpu_id_t target, stile_intid_t intid)
{
    struct vm *vm = vcpu->vm;

    if (!vgic_target_valid(vm, target.index, intid.intid))
        return hcall_bad_argument(1);
    if (!vgic_intid_valid(intid.intid))
        return hcall_bad_argument(2);
    vgic_inject(vm, target.index, intid.intid);
    return hcall_ok();
}

struct hcall_result hcall_irq_ipi(struct vcpu *vcpu, stile_vcpu_id_t target, stile_intid_t sgi)
{
    struct vm *vm = vcpu->vm;

    if (target.index >= vm->config.nr_vcpus)
        return hcall_bad_argument(1);
    if (sgi.intid >= GIC_NR_SGIS)
        return hcall_bad_argument(2);
    vgic_send_sgi(vcpu, vm->vcpus[target.index], sgi.intid);
    return hcall_ok();
}
