/* SPDX-License-Identifier: MIT */
/*
 * Complaints, a few a second for each VM; reports of reboots, a few in ten.
 */
#include "watch/complain.h"

#include "arch/timer.h"
#include "lib/printk.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/names.h"

#define MOST_A_SECOND  4
#define REPORT_SECONDS 10
#define MOST_REPORTS   8
#define ISS_IS_READ    UINT64_C(1)

/* Says what was left out before, if something was. */
static void say_left_out(struct vm *vm)
{
    uint32_t lines = ratelimit_take_left_out(&vm->complaints);
    uint32_t reports = ratelimit_take_left_out(&vm->reports);

    if (lines > 0)
        printk_guest("%s: %u complaints were left out", vm->config.name, lines);
    if (reports > 0)
        printk_guest("%s: %u starts and ends were left out", vm->config.name, reports);
}

/* Who is told less because of what a VM does: of one that another VM makes again and again, that.
 */
static struct vm *cause_of(struct vm *vm)
{
    struct vm *maker = vm_maker(vm) != 0 ? vm_numbered(vm_maker(vm)) : NULL;

    return maker ? maker : vm;
}

static bool may_complain(struct vm *vm)
{
    struct vm *cause = cause_of(vm);
    bool may = ratelimit_allows(&cause->complaints, timer_now(), timer_frequency(), MOST_A_SECOND);

    if (may)
        say_left_out(cause);
    return may;
}

void complain_register(struct vcpu *vcpu, uint64_t esr)
{
    struct vm *vm = vcpu->vm;
    char name[NAMES_REGISTER_BYTES];

    if (CONFIG_LOG_LEVEL < LOG_LEVEL_WARN || !may_complain(vm))
        return;
    names_register(esr, name);
    printk_guest("%s: vcpu %u: undefined: %s of %s, pc %016lx", vm->config.name, vcpu->index,
                 esr & ISS_IS_READ ? "read" : "write", name, read_sysreg(elr_el2));
}

void complain_abort(struct vcpu *vcpu, enum complain_abort why, uint64_t ipa)
{
    static const char *const reasons[COMPLAIN_NR_ABORTS] = {
        [COMPLAIN_NOTHING_THERE] = "nothing is there",
        [COMPLAIN_NO_SYNDROME] = "a device, and ISV=0: a pair, write-back addressing or FP/SIMD",
        [COMPLAIN_UNALIGNED] = "a device, and unaligned",
        [COMPLAIN_PERMISSION] = "its memory does not permit it",
        [COMPLAIN_WALK] = "a walk of its own tables",
        [COMPLAIN_FETCH] = "a fetch from where nothing can be executed",
    };
    struct vm *vm = vcpu->vm;
    uint32_t bit = 1u << why;

    if (CONFIG_LOG_LEVEL < LOG_LEVEL_WARN || (vm->complained & bit) ||
        (__atomic_fetch_or(&vm->complained, bit, __ATOMIC_RELAXED) & bit) ||
        (vm_maker(vm) != 0 && !may_complain(vm)))
        return;
    printk_guest("%s: vcpu %u: external abort: %s: ipa 0x%lx, pc %016lx", vm->config.name,
                 vcpu->index, reasons[why], ipa, read_sysreg(elr_el2));
}

void complain_suspended(struct vm *vm)
{
    if (CONFIG_LOG_LEVEL >= LOG_LEVEL_INFO && may_complain(vm))
        printk_guest("%s: suspended, until it is resumed", vm->config.name);
}

bool complain_may_report(struct vm *vm)
{
    struct vm *cause = cause_of(vm);
    bool may = ratelimit_allows(&cause->reports, timer_now(), REPORT_SECONDS * timer_frequency(),
                                MOST_REPORTS);

    if (may)
        say_left_out(cause);
    return may;
}

void complain_finish(struct vm *vm)
{
    say_left_out(vm);
}
