/* SPDX-License-Identifier: MIT */
/*
 * Group power: the end of a VM, as its kernel wants it or not; and its sleep.
 */
#include "hypercall/hypercall.h"
#include "life/vm_life.h"
#include "memory/guest.h"
#include "vm/vm.h"
#include "watch/complain.h"

struct hcall_result hcall_power_off(struct vcpu *vcpu, stile_u32_t status)
{
    vm_power_off(vcpu, status);
    return hcall_ok();
}

struct hcall_result hcall_power_reboot(struct vcpu *vcpu)
{
    vm_stop(vcpu, VM_END_REBOOT);
    return hcall_ok();
}

/* A guest's text goes to the log: nothing but printable characters does. */
static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = ' ';
    text[length] = '\0';
}

struct hcall_result hcall_power_crash(struct vcpu *vcpu, stile_ipa_t message,
                                      stile_nr_bytes_t length)
{
    char text[STILE_CRASH_MESSAGE_MAX + 1] = "its kernel gave up";

    if (length.bytes > STILE_CRASH_MESSAGE_MAX || message.ipa + length.bytes < message.ipa)
        return hcall_bad_argument(2);
    if (length.bytes == 0 && message.ipa != 0)
        return hcall_bad_argument(1);
    if (length.bytes > 0) {
        size_t got = guest_read(vcpu->vm, text, message, length.bytes);
        if (got == 0)
            return hcall_error(STILE_NOT_MAPPED);
        make_printable(text, got);
    }
    vm_crash(vcpu, text);
    return hcall_ok();
}

struct hcall_result hcall_power_suspend(struct vcpu *vcpu)
{
    vm_pause(vcpu->vm);
    /* Afterwards: who resumes it when this is read must not come too early. */
    complain_suspended(vcpu->vm);
    return hcall_ok();
}
