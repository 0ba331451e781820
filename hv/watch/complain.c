/* SPDX-License-Identifier: MIT */
/*
 * Complaints, a few a second for each VM.
 */
#include "watch/complain.h"

#include "arch/timer.h"
#include "lib/printk.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/names.h"

#define MOST_A_SECOND 4

#define ISS_IS_READ UINT64_C(1)

void complain_register(struct vcpu *vcpu, uint64_t esr)
{
    struct vm *vm = vcpu->vm;
    char name[NAMES_REGISTER_BYTES];

    if (!ratelimit_allows(&vm->complaints, timer_now(), timer_frequency(), MOST_A_SECOND))
        return;
    names_register(esr, name);
    log_warn("%s: vcpu %u: undefined: %s of %s, pc %016lx", vm->config.name, vcpu->index,
             esr & ISS_IS_READ ? "read" : "write", name, read_sysreg(elr_el2));
}
