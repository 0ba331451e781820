/* SPDX-License-Identifier: MIT */
/*
 * How the fake's VMs end. Only the thread that makes the call leaves; others of the VM's do when
 * they make their next one.
 */
#include <stdio.h>

#include "handler.h"
#include "space.h"
#include "vm.h"

struct stile_result fake_power_off(struct fake_vcpu *vcpu, stile_u32_t status)
{
    vcpu->vm->status = status;
    fake_vm_end(vcpu->vm, STILE_FAKE_OFF);
    fake_leave(STILE_FAKE_OFF);
}

struct stile_result fake_power_reboot(struct fake_vcpu *vcpu)
{
    fake_vm_end(vcpu->vm, STILE_FAKE_REBOOTED);
    fake_leave(STILE_FAKE_REBOOTED);
}

static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = ' ';
    text[length] = '\0';
}

struct stile_result fake_power_crash(struct fake_vcpu *vcpu, stile_ipa_t message,
                                     stile_nr_bytes_t length)
{
    struct fake_vm *vm = vcpu->vm;

    if (length.bytes > STILE_CRASH_MESSAGE_MAX || message.ipa + length.bytes < message.ipa)
        return fake_bad(2);
    if (length.bytes == 0 && message.ipa != 0)
        return fake_bad(1);
    if (length.bytes > 0) {
        size_t count = fake_space_read(vm, vm->message, message, length.bytes);
        if (count == 0)
            return fake_error(STILE_NOT_MAPPED);
        make_printable(vm->message, count);
    } else {
        (void)snprintf(vm->message, sizeof(vm->message), "its kernel gave up");
    }
    fake_vm_end(vm, STILE_FAKE_CRASHED);
    fake_leave(STILE_FAKE_CRASHED);
}

/* With one thread nobody could resume it: it is resumed at once. */
struct stile_result fake_power_suspend(struct fake_vcpu *vcpu)
{
    if (fake.use_threads)
        vcpu->vm->state = STILE_VM_PAUSED;
    return fake_ok();
}
