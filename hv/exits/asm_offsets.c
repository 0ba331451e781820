/* SPDX-License-Identifier: MIT */
/*
 * Offsets that assembly needs, taken from the C structures. Compiled to assembly only; the build
 * picks the ->NAME value pairs out of it.
 */
#include <stddef.h>

#include "dev/pcpu.h"
#include "vm/vcpu.h"

#define VALUE(name, value)         __asm__ volatile("\n.ascii \"->" #name " %c0\"" : : "i"(value))
#define OFFSET(name, type, member) VALUE(name, offsetof(type, member))

void asm_offsets(void);

void asm_offsets(void)
{
    OFFSET(VCPU_EL2_STACK, struct vcpu, el2_stack);
    OFFSET(VCPU_WORK, struct vcpu, work);
    OFFSET(VCPU_STANDARD_CALLS, struct vcpu, stats.standard_calls);
    OFFSET(VCPU_UNSEEN, struct vcpu, trace.nr_unseen);
    OFFSET(VCPU_IDS, struct vcpu, ids);
    OFFSET(VCPU_ID_EXITS, struct vcpu, stats.exits[EXIT_ID_REGISTER]);
    OFFSET(VCPU_X2, struct vcpu, regs.x[2]);
    OFFSET(VCPU_CALLS, struct vcpu, calls);
    OFFSET(VCPU_MORE_STATUS, struct vcpu, more_status);
    OFFSET(VCPU_STATS_CALLS, struct vcpu, stats.calls);
    VALUE(STATS_CALL_SLOTS, STATS_CALL_SLOTS);
    VALUE(ENTRY_BYTES, sizeof(struct stile_call_entry));
    OFFSET(ENTRY_X2, struct stile_call_entry, x[1]);
    OFFSET(ENTRY_X4, struct stile_call_entry, x[3]);
    OFFSET(ENTRY_X6, struct stile_call_entry, x[5]);
    OFFSET(ENTRY_STATUS, struct stile_call_entry, status);
    OFFSET(ENTRY_VALUE1, struct stile_call_entry, value[1]);
    OFFSET(PCPU_STACK_TOP, struct pcpu, stack_top);
    OFFSET(PCPU_PANIC_STACK_TOP, struct pcpu, panic_stack_top);
    _Static_assert(offsetof(struct vcpu, regs) == 0, "SP_EL2 points at the registers");
    _Static_assert(offsetof(struct vcpu_regs, x) == 0, "x0 is first");
    _Static_assert(offsetof(struct stile_call_entry, nr) == 0, "loaded with x1");
}
