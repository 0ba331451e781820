/* SPDX-License-Identifier: MIT */
/*
 * Looking at VMs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/stile.h>

#include "commands.h"
#include "control.h"
#include "show.h"
#include "stile/hypercall.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* core_info's PAGE_BYTES is 4096 wherever there is a /dev/stile. */
#define MIB(pages) ((pages) >> 8)

static const char *state_name(const struct stile_vm_info *info)
{
    static const char *const names[] = {
        [STILE_VM_ENDED] = "ended",   [STILE_VM_RUNNING] = "running", [STILE_VM_PAUSED] = "paused",
        [STILE_VM_ENDING] = "ending", [STILE_VM_MADE] = "made",
    };

    return info->state < NR(names) ? names[info->state] : "?";
}

/* A setting; 0 of a VM that does not run. */
static uint64_t setting_of(uint32_t vm, uint64_t setting)
{
    struct control control = {.call = STILE_DEV_CONTROL_GET, .vm = vm, .args = {setting}};

    return control_try(&control) == 0 ? control.values[0] : 0;
}

static uint64_t exits_of(const struct stile_vm_info *info)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < info->nr_vcpus; i++)
        sum += control_counter(info->vm_id, i, STILE_COUNTER_EXITS);
    return sum;
}

void command_list(const struct options *options, char *words[])
{
    struct stile_vm_info info;
    uint32_t vm = control_next(0); /* tells it if that is not allowed */

    (void)words;
    show_begin(options->json ? SHOW_JSON_LIST : SHOW_TABLE);
    for (; vm != 0; vm = control_next(vm)) {
        if (!control_info(vm, &info)) /* another has its place by now */
            continue;
        const struct field fields[] = {
            {"number", 6, NULL, vm, false},
            {"state", 8, state_name(&info), 0, false},
            {"vcpus", 5, NULL, info.nr_vcpus, false},
            {"mib", 6, NULL, MIB(info.nr_pages), false},
            {"exits", 12, NULL, exits_of(&info), false},
            {"name", 0, info.name, 0, false},
        };
        show(fields, NR(fields));
    }
    show_end();
}

void command_info(const struct options *options, char *words[])
{
    const struct stile_vm_info info = control_find(words[0]);
    const struct field fields[] = {
        {"name", 0, info.name, 0, false},
        {"number", 0, NULL, info.vm_id, false},
        {"state", 0, state_name(&info), 0, false},
        {"status", 0, NULL, info.status, false},
        {"vcpus", 0, NULL, info.nr_vcpus, false},
        {"pages", 0, NULL, info.nr_pages, false},
        {"weight", 0, NULL, setting_of(info.vm_id, STILE_SETTING_WEIGHT), false},
        {"cpus", 0, NULL, setting_of(info.vm_id, STILE_SETTING_AFFINITY), true},
        {"exits", 0, NULL, exits_of(&info), false},
    };

    show_begin(options->json ? SHOW_JSON : SHOW_LINES);
    show(fields, NR(fields));
    show_end();
}

/* --- what they did --------------------------------------------------------------------------- */

static struct stile_vm_info find_running(const char *word)
{
    struct stile_vm_info info = control_find(word);

    if (info.state == STILE_VM_ENDED || info.state == STILE_VM_ENDING)
        die("%s has ended", word);
    return info;
}

void command_exits(const struct options *options, char *words[])
{
    static const char *const names[] = {
        [STILE_COUNTER_EXITS] = "exits",           [STILE_COUNTER_HYPERCALLS] = "calls",
        [STILE_COUNTER_INTERRUPTS] = "interrupts", [STILE_COUNTER_SYSREG] = "registers",
        [STILE_COUNTER_DATA_ABORTS] = "aborts",    [STILE_COUNTER_WAITS] = "waits",
        [STILE_COUNTER_OTHER] = "others",
    };
    const struct stile_vm_info info = find_running(words[0]);

    show_begin(options->json ? SHOW_JSON_LIST : SHOW_TABLE);
    for (uint32_t vcpu = 0; vcpu < info.nr_vcpus; vcpu++) {
        struct field fields[1 + NR(names)] = {{"vcpu", 4, NULL, vcpu, false}};

        for (uint32_t i = 0; i < NR(names); i++)
            fields[1 + i] =
                (struct field){names[i], 12, NULL, control_counter(info.vm_id, vcpu, i), false};
        show(fields, NR(fields));
    }
    show_end();
}

/* The exception class of ESR_EL2 (Arm ARM D17.2.37). */
static const char *class_name(uint32_t esr)
{
    switch (esr >> 26) {
    case 0x01:
        return "WFI or WFE";
    case 0x07:
        return "FP or SVE";
    case 0x17:
        return "SMC";
    case 0x18:
        return "register";
    case 0x20:
        return "instruction abort";
    case 0x24:
        return "data abort";
    default:
        return "trap";
    }
}

static void show_exit(uint32_t vcpu, uint32_t age, const uint64_t values[3])
{
    uint32_t what = (uint32_t)values[0], kind = (uint32_t)(values[0] >> 60);
    const char *name = "interrupt";

    if (kind == STILE_TRACE_HYPERCALL)
        name = what >= STILE_FID(0) && what - STILE_FID(0) < STILE_NR_CALLS_MAX
                   ? stile_call_name(what - STILE_FID(0))
                   : "call";
    else if (kind == STILE_TRACE_TRAP)
        name = class_name(what);
    const struct field fields[] = {
        {"vcpu", 4, NULL, vcpu, false},
        {"age", 3, NULL, age, false},
        {"what", 22, name ? name : "call", 0, false},
        {"id", 10, NULL, what, true},
        {"first", 18, NULL, values[1], true},
        {"second", 18, NULL, values[2], true},
    };
    show(fields, NR(fields));
}

/* The oldest first, each vCPU's by themselves. */
void command_trace(const struct options *options, char *words[])
{
    const struct stile_vm_info info = control_find(words[0]);

    show_begin(options->json ? SHOW_JSON_LIST : SHOW_TABLE);
    for (uint32_t vcpu = 0; vcpu < info.nr_vcpus; vcpu++)
        for (uint32_t age = STILE_TRACE_ENTRIES; age-- > 0;) {
            struct control control = {
                .call = STILE_DEV_CONTROL_TRACE, .vm = info.vm_id, .args = {vcpu, age}};

            if (control_try(&control) == 0)
                show_exit(vcpu, age, control.values);
        }
    show_end();
}

void command_crash(const struct options *options, char *words[])
{
    const struct stile_vm_info info = control_find(words[0]);
    struct stile_crash_info crash = {.length = 0};
    struct control control = {.call = STILE_DEV_CONTROL_CRASH_INFO,
                              .vm = info.vm_id,
                              .buffer = &crash,
                              .bytes = sizeof(crash)};
    char message[STILE_CRASH_MESSAGE_MAX + 1] = {0}, names[31][4];
    struct field fields[8 + NR(crash.x)] = {
        {"message", 0, message, 0, false},
        {"vcpu", 0, NULL, crash.vcpu_id, false},
    };
    size_t nr = 2;

    if (control_try(&control) != 0)
        die("%s has not crashed", words[0]);
    memcpy(message, crash.message,
           crash.length < sizeof(message) ? crash.length : sizeof(message) - 1);
    fields[1].number = crash.vcpu_id;
    fields[nr++] = (struct field){"pc", 0, NULL, crash.pc, true};
    fields[nr++] = (struct field){"pstate", 0, NULL, crash.pstate, true};
    fields[nr++] = (struct field){"sp_el1", 0, NULL, crash.sp_el1, true};
    fields[nr++] = (struct field){"esr_el1", 0, NULL, crash.esr_el1, true};
    fields[nr++] = (struct field){"far_el1", 0, NULL, crash.far_el1, true};
    fields[nr++] = (struct field){"elr_el1", 0, NULL, crash.elr_el1, true};
    for (size_t i = 0; i < NR(crash.x); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "x%zu", i);
        fields[nr++] = (struct field){names[i], 0, NULL, crash.x[i], true};
    }
    show_begin(options->json ? SHOW_JSON : SHOW_LINES);
    show(fields, nr);
    show_end();
}
