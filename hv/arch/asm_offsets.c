/* SPDX-License-Identifier: MIT */
/*
 * Offsets that assembly needs, taken from the C structures. Compiled to assembly only; the build
 * picks the ->NAME value pairs out of it.
 */
#include <stddef.h>

#include "core/pcpu.h"
#include "core/vcpu.h"

#define OFFSET(name, type, member)                                                                 \
    __asm__ volatile("\n.ascii \"->" #name " %c0\"" : : "i"(offsetof(type, member)))

void asm_offsets(void);

void asm_offsets(void)
{
    OFFSET(VCPU_EL2_STACK, struct vcpu, el2_stack);
    OFFSET(VCPU_WORK, struct vcpu, work);
    OFFSET(VCPU_STANDARD_CALLS, struct vcpu, stats.standard_calls);
    OFFSET(PCPU_STACK_TOP, struct pcpu, stack_top);
    OFFSET(PCPU_PANIC_STACK_TOP, struct pcpu, panic_stack_top);
    _Static_assert(offsetof(struct vcpu, regs) == 0, "SP_EL2 points at the registers");
    _Static_assert(offsetof(struct vcpu_regs, x) == 0, "x0 is first");
}
