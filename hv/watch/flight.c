/* SPDX-License-Identifier: MIT */
/*
 * Showing the flight recorder: exits with names and arguments.
 */
#include "watch/flight.h"

#include <stdarg.h>
#include <stdio.h>

#include "arch/esr.h"
#include "arch/timer.h"
#include "lib/printk.h"
#include "vm/el2_time.h"
#include "vm/trace.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/names.h"

/* What a function id and an INTID have at most; of an ESR, the class and the 25 bits known. */
#define WHAT_VALUE UINT64_C(0xFFFFFFFF)

/* Data aborts (Arm ARM D13.2.37) */
#define DABT_ISV        (UINT64_C(1) << 24)
#define DABT_BYTES(e)   (1u << ((e) >> 22 & 3))
#define DABT_RT(e)      ((uint32_t)((e) >> 16 & 31))
#define SYSREG_RT(e)    ((uint32_t)((e) >> 5 & 31))
#define SYSREG_OP0(e)   ((uint32_t)((e) >> 20 & 3))
#define SYSREG_IS_READ  UINT64_C(1)
#define OP0_INSTRUCTION 1u
#define IMMEDIATE_MASK  UINT64_C(0xFFFF)

#define LINE_BYTES 160

#define NS_PER_SEC UINT64_C(1000000000)

/* A line in the making; what does not fit is left out. */
struct line {
    char text[LINE_BYTES];
    size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->length;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    line->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* --- calls --------------------------------------------------------------------------------- */

/* A call and its arguments, of which the first @nr_kept are known. */
static void add_call(struct line *line, uint64_t fid, const uint64_t arguments[], uint32_t nr_kept)
{
    const char *name = names_call(fid);
    const char *argument;

    if (!name) {
        add(line, "%08lx(", fid);
        for (uint32_t i = 0; i < nr_kept; i++)
            add(line, "%s0x%lx", i > 0 ? ", " : "", arguments[i]);
        add(line, ")");
        return;
    }
    add(line, "%s(", name);
    for (uint32_t i = 0; (argument = names_argument(fid, i)) != NULL; i++) {
        add(line, "%s%s", i > 0 ? ", " : "", argument);
        if (i < nr_kept)
            add(line, " 0x%lx", arguments[i]);
    }
    add(line, ")");
}

/* --- traps --------------------------------------------------------------------------------- */

/* x0 to x30; 31 is XZR in what traps. */
static void add_rt(struct line *line, uint32_t rt)
{
    if (rt == 31)
        add(line, "xzr");
    else
        add(line, "x%u", rt);
}

static void add_place(struct line *line, const struct vm_config *config, uint64_t ipa)
{
    const struct {
        const char *name;
        struct ipa_range range;
    } places[] = {
        {"PL011", config->uart},
        {"GICD", config->gicd},
        {"GICC", config->gicc},
        {"GICR", config->gicr[0]},
        {"GICR", config->gicr[1]},
        {"PL031", config->rtc},
        {"virtio", config->slots[0]},
        {"flash", config->flash[0]},
        {"shared pages", {ipa_make(VM_SHARED_IPA), VM_SHARED_BYTES}},
    };

    add(line, "ipa 0x%lx", ipa);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint64_t offset = ipa - places[i].range.base.ipa;
        if (offset < places[i].range.bytes)
            add(line, " (%s + 0x%lx)", places[i].name, offset);
    }
}

static void add_data_abort(struct line *line, const struct vm_config *config, uint64_t esr,
                           const struct trace_entry *entry)
{
    const char *way = esr & ABORT_WNR ? "write" : "read";

    if (esr & DABT_ISV) {
        add(line, "%s of %u bytes, ", way, DABT_BYTES(esr));
        add_rt(line, DABT_RT(esr));
        add(line, ", at ");
    } else {
        add(line, "%s at ", way);
    }
    add_place(line, config, entry->detail[1]);
}

static void add_register(struct line *line, uint64_t esr)
{
    char name[NAMES_REGISTER_BYTES];

    names_register(esr, name);
    if (SYSREG_OP0(esr) != OP0_INSTRUCTION)
        add(line, "%s ", esr & SYSREG_IS_READ ? "MRS" : "MSR");
    add(line, "%s, ", name);
    add_rt(line, SYSREG_RT(esr));
}

static void add_trap(struct line *line, const struct vm_config *config, uint64_t esr,
                     const struct trace_entry *entry)
{
    switch (esr_class(esr)) {
    case EC_SYS64:
        add_register(line, esr);
        break;
    case EC_DABT_LOWER:
        add_data_abort(line, config, esr, entry);
        break;
    case EC_IABT_LOWER:
        add(line, "fetch at ");
        add_place(line, config, entry->detail[1]);
        break;
    case EC_WFX:
        add(line, "%s", names_class(esr));
        break;
    case EC_HVC64:
    case EC_SMC64:
        add(line, "%s ", names_class(esr));
        if (esr & IMMEDIATE_MASK)
            add(line, "#%lu", esr & IMMEDIATE_MASK);
        else /* of an SMC: HVC #0 is no trap */
            add_call(line, entry->detail[1], &entry->detail[2], TRACE_DETAILS - 2);
        break;
    default:
        add(line, "%s, esr %08lx", names_class(esr), esr);
        break;
    }
    add(line, ", pc %016lx", entry->detail[0]);
}

/* How many exits after it the entry of an abort stands for. */
static uint64_t nr_more(const struct trace_entry *entry)
{
    uint32_t class = esr_class(entry->what & WHAT_VALUE);
    bool is_abort = (entry->what & TRACE_KIND_MASK) == TRACE_TRAP &&
                    (class == EC_DABT_LOWER || class == EC_IABT_LOWER);

    return is_abort ? entry->detail[2] : 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

static void add_entry(struct line *line, const struct vm *vm, const struct trace_entry *entry)
{
    uint64_t value = entry->what & WHAT_VALUE;

    switch (entry->what & TRACE_KIND_MASK) {
    case TRACE_HYPERCALL:
        add(line, "HVC ");
        add_call(line, value, entry->detail, TRACE_DETAILS);
        break;
    case TRACE_TRAP:
        add_trap(line, &vm->config, value, entry);
        if (nr_more(entry) > 0)
            add(line, ", and %lu more of this page", nr_more(entry));
        break;
    default:
        add(line, "interrupt %lu %s", value, names_intid((uint32_t)value));
        break;
    }
}

static void print_entry(const struct vm *vm, struct trace_entry entry)
{
    struct line line = {.length = 0};

    add_entry(&line, vm, &entry);
    printk_guest("  %s", line.text);
}

void flight_print_longest(void)
{
    struct line line = {.length = 0};
    struct el2_time longest;

    if (!IS_ENABLED(CONFIG_EL2_TIME) || !el2_time_longest(&longest))
        return;
    add_entry(&line, longest.vm, &longest.exit);
    printk("longest at EL2 with interrupts masked: %lu ns: %s, vcpu %u: %s",
           longest.ticks * NS_PER_SEC / timer_frequency(), longest.vm->config.name, longest.vcpu_id,
           line.text);
}

/* Row 0 is the heading; nothing past the last entry. */
void flight_print_kept(const struct vm *vm, uint32_t vcpu_id, const struct trace *trace,
                       uint32_t row)
{
    uint64_t kept = trace_nr_kept(trace);

    if (row == 0)
        printk_guest("%s: vcpu %u: the last %lu of %lu entries, oldest first", vm->config.name,
                     vcpu_id, kept, trace->next);
    else if (row <= kept)
        print_entry(vm, trace_kept(trace, (uint32_t)kept - row));
}

void flight_print_row(const struct vcpu *vcpu, uint32_t row)
{
    static struct trace copy;

    if (row == 0)
        copy = vcpu->trace;
    flight_print_kept(vcpu->vm, vcpu->index, &copy, row);
}
