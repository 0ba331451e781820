/* SPDX-License-Identifier: MIT */
/*
 * Group vm: making VMs at run time. Who may is decided in vm/permit.c, what by life/vm_make.c.
 */
#include "hypercall/hypercall.h"
#include "life/vm_build.h"
#include "life/vm_make.h"
#include "sched/sched.h"
#include "vm/vm.h"

struct hcall_result hcall_vm_create(struct vcpu *vcpu, stile_ipa_t image, stile_nr_bytes_t length)
{
    uint64_t tree_bytes = length.bytes - sizeof(struct stile_vm_image);
    uint32_t number = 0;

    if (tree_bytes - 1 >= STILE_VM_IMAGE_MAX - sizeof(struct stile_vm_image) ||
        image.ipa + (length.bytes - 1) < image.ipa)
        return hcall_bad_argument(2);
    enum stile_error error = vm_make(vcpu->vm, image, length.bytes, &number);
    return error == STILE_INVALID_ARGUMENT ? hcall_bad_argument(1) : hcall_value_or(error, number);
}

struct hcall_result hcall_vm_start(struct vcpu *vcpu, stile_vm_id_t vm)
{
    struct vm *held = vm_get_steered(vcpu->vm, vm.number);
    bool waited;

    if (!held)
        return hcall_error(STILE_NOT_FOUND);
    waited = vm_build_start(held);
    sched_release(held);
    return waited ? hcall_ok() : hcall_error(STILE_NOT_FOUND);
}
