/* SPDX-License-Identifier: MIT */
/*
 * What each command prints. A row is a line at most: between rows the guests go on, and a VM may
 * end.
 */
#include "monitor/monitor_commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "console/console.h"
#include "dev/pcpu.h"
#include "lib/printk.h"
#include "life/vm_life.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "vm/counters.h"
#include "vm/trace.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/advisor.h"
#include "watch/flight.h"
#include "watch/names.h"
#include "watch/remains.h"

/* Whether a command is about a VM. Where naming one is optional, it is about all otherwise. */
enum wants { WANTS_NONE, WANTS_ALL, WANTS_VM, MAY_HAVE_VM };

struct monitor_command {
    const char *name;
    enum wants wants;
    const char *help;
    /* Prints one row, or nothing; whether there is another. @vm is held, NULL with WANTS_NONE. */
    bool (*row)(struct vm *vm, uint32_t row);
};

#define PAGE_KIB (PAGE_SIZE >> 10)

/* --- tables -------------------------------------------------------------------------------- */

static uint64_t sum_of(const struct vm *vm, enum stile_counter counter)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sum += counters_read(vm->vcpus[i], counter);
    return sum;
}

static const char *state_of_vm(const struct vm *vm)
{
    if (vm->start != VM_STARTED)
        return "made, and not started";
    return vm->paused ? "paused" : "running";
}

static bool show_vm(struct vm *vm, uint32_t row)
{
    struct page_budget budget = page_budget(vm->id);

    (void)row;
    printk("  %u %s: %s, %u vCPUs, weight %u, %zu of %zu KiB of EL2's memory, %lu exits, %lu calls",
           vm->number, vm->config.name, state_of_vm(vm), vm->config.nr_vcpus, vm->config.weight,
           budget.nr_used * PAGE_KIB, budget.nr_pages * PAGE_KIB, sum_of(vm, STILE_COUNTER_EXITS),
           sum_of(vm, STILE_COUNTER_HYPERCALLS));
    return false;
}

static const char *state_of(const struct vcpu *vcpu)
{
    static const char *const names[] = {
        [VCPU_OFF] = "off",
        [VCPU_STARTING] = "starting",
        [VCPU_READY] = "waits for its CPU",
        [VCPU_BLOCKED] = "blocked",
        [VCPU_STOPPED] = "stopped",
    };

    return vcpu->loaded ? "runs" : names[vcpu->state];
}

static bool show_vcpu(struct vm *vm, uint32_t row)
{
    const struct vcpu *vcpu = vm->vcpus[row];

    printk("  %s/%u: %s%s, cpu %u, %lu switches, %lu ms stolen, %lu exits", vm->config.name, row,
           vcpu->paused & ~VCPU_PAUSED_PLACE ? "paused, " : "", state_of(vcpu), vcpu->pcpu->index,
           vcpu->page->nr_switches, vcpu->page->stolen_ticks * 1000 / vm->page->ticks_per_sec,
           counters_read(vcpu, STILE_COUNTER_EXITS));
    return row + 1 < vm->config.nr_vcpus;
}

#define COLUMNS_BYTES (CONFIG_NR_VCPUS * 21 + 1)

/* A line of counts, a column for each vCPU; nothing if all are 0. @at is in struct vcpu_stats. */
static void show_counts(const struct vm *vm, const char *name, size_t at)
{
    char columns[COLUMNS_BYTES];
    size_t length = 0;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        const char *stats = (const char *)&vm->vcpus[i]->stats;
        uint64_t count = *(const uint64_t *)(const void *)(stats + at);
        int added = snprintf(columns + length, sizeof(columns) - length, " %10lu", count);
        length += (size_t)added;
        sum += count;
    }
    if (sum > 0)
        printk("  %-26s%s", name, columns);
}

static bool show_exits(struct vm *vm, uint32_t row)
{
    if (row == 0) {
        printk("%s: exits other than calls, by vCPU", vm->config.name);
        return true;
    }
    show_counts(vm, stats_exit_name(row - 1), offsetof(struct vcpu_stats, exits[row - 1]));
    return row < STATS_NR_EXITS;
}

static bool show_calls(struct vm *vm, uint32_t row)
{
    if (row == 0) {
        printk("%s: calls, by vCPU", vm->config.name);
        return true;
    }
    if (row == 1) {
        show_counts(vm, "standard services", offsetof(struct vcpu_stats, standard_calls));
        return true;
    }
    const char *name = names_call(STILE_FID(row - 2));
    show_counts(vm, name ? name : "no such call", offsetof(struct vcpu_stats, calls[row - 2]));
    return row - 1 < STATS_CALL_SLOTS;
}

static bool show_flight(struct vm *vm, uint32_t row)
{
    uint32_t rows = TRACE_ENTRIES + 1; /* of one vCPU */

    flight_print_row(vm->vcpus[row / rows], row % rows);
    return row + 1 < vm->config.nr_vcpus * rows;
}

/* Of VMs that have ended. They are not held: only what outlives them is looked at. */
static bool show_crashes(struct vm *vm, uint32_t row)
{
    const uint32_t rows = REMAINS_ROWS;

    (void)vm;
    vm = vm_slot(row / rows + 1);
    if (vm->number != 0)
        remains_print_row(vm, row % rows);
    return row + 1 < CONFIG_NR_VMS * rows;
}

static bool show_advice(struct vm *vm, uint32_t row)
{
    return advisor_print_row(vm, row);
}

/* --- what changes something ---------------------------------------------------------------- */

static bool pause_vm(struct vm *vm, uint32_t row)
{
    (void)row;
    vm_pause(vm);
    printk("%s: paused", vm->config.name);
    return false;
}

static bool resume_vm(struct vm *vm, uint32_t row)
{
    (void)row;
    vm_resume(vm);
    printk("%s: resumed", vm->config.name);
    return false;
}

static bool destroy_vm(struct vm *vm, uint32_t row)
{
    (void)row;
    vm_destroy(vm);
    return false;
}

static bool focus_vm(struct vm *vm, uint32_t row)
{
    (void)row;
    if (!console_focus(vm))
        printk("%s is leaving the console", vm->config.name);
    return false;
}

/* --- the list ------------------------------------------------------------------------------ */

static bool show_help(struct vm *vm, uint32_t row);

static const struct monitor_command commands[] = {
    {"?", WANTS_NONE, "this list; Ctrl-T moves the input on, Ctrl-C stops a table", show_help},
    {"vms", WANTS_ALL, "the VMs", show_vm},
    {"vcpus", MAY_HAVE_VM, "vCPUs, where they are and what they wait for", show_vcpu},
    {"exits", MAY_HAVE_VM, "exits by kind", show_exits},
    {"calls", MAY_HAVE_VM, "hypercalls by name", show_calls},
    {"advisor", MAY_HAVE_VM, "what traps cost, and what would replace them", show_advice},
    {"flight", WANTS_VM, "the last exits of each vCPU", show_flight},
    {"crashes", WANTS_NONE, "of VMs that crashed: why, registers, the last exits", show_crashes},
    {"pause", WANTS_VM, "keep a VM from running", pause_vm},
    {"resume", WANTS_VM, "let it run again", resume_vm},
    {"destroy", WANTS_VM, "end a VM, whatever it does", destroy_vm},
    {"focus", WANTS_VM, "input goes to this VM", focus_vm},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool show_help(struct vm *vm, uint32_t row)
{
    static const char *const arguments[] = {
        [WANTS_NONE] = "", [WANTS_ALL] = "", [WANTS_VM] = "VM", [MAY_HAVE_VM] = "[VM]"};

    (void)vm;
    printk("  %-8s%-5s %s", commands[row].name, arguments[commands[row].wants], commands[row].help);
    return row + 1 < NR_COMMANDS;
}

/* --- understanding a line ------------------------------------------------------------------ */

/* Cuts the next word off; it is empty if there is none. */
static char *cut_word(char **rest)
{
    char *word = *rest;

    while (*word == ' ')
        word++;
    *rest = word;
    while (**rest != ' ' && **rest != '\0')
        (*rest)++;
    if (**rest == ' ')
        *(*rest)++ = '\0';
    return word;
}

static const struct monitor_command *find_command(const char *name)
{
    for (size_t i = 0; i < NR_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Whether a VM is the one called so, by its name or its number. */
static bool is_called(const struct vm *vm, const char *name, bool by_number)
{
    char number[12];

    (void)snprintf(number, sizeof(number), "%u", vm->number);
    return strcmp(by_number ? number : vm->config.name, name) == 0;
}

/* A name is looked for first, for a VM's name may be a number. CONFIG_NR_VMS if there is none. */
static uint32_t find_vm(const char *name)
{
    for (uint32_t i = 0; i < 2 * CONFIG_NR_VMS; i++) {
        struct vm *vm = vm_get(i % CONFIG_NR_VMS);
        bool found = vm && is_called(vm, name, i >= CONFIG_NR_VMS);
        if (vm)
            sched_release(vm);
        if (found)
            return i % CONFIG_NR_VMS;
    }
    return CONFIG_NR_VMS;
}

/* What is wrong with the second word, for which @job gets its VM; NULL if nothing. */
static const char *understand_vm(struct monitor_job *job, enum wants wants, const char *name)
{
    bool named = *name != '\0';

    if (named && (wants == WANTS_NONE || wants == WANTS_ALL))
        return "takes no VM";
    if (!named && wants == WANTS_VM)
        return "needs a VM: a name or a number of vms";
    job->all_vms = !named && wants != WANTS_NONE;
    job->vm = named ? find_vm(name) : 0;
    return job->vm == CONFIG_NR_VMS ? "there is no such VM: see vms" : NULL;
}

void monitor_job_start(struct monitor_job *job, char *line)
{
    const char *name = cut_word(&line);
    const char *vm = cut_word(&line);
    const struct monitor_command *command = find_command(name);
    const char *fault = NULL;

    *job = (struct monitor_job){0};
    if (*name == '\0')
        return;
    if (!command)
        fault = "no such command: try ?";
    else if (*cut_word(&line) != '\0')
        fault = "too many words: try ?";
    else
        fault = understand_vm(job, command->wants, vm);
    if (fault)
        printk("%s: %s", name, fault);
    else
        job->command = command;
}

/* --- carrying it out ----------------------------------------------------------------------- */

/* One row of the VM the job has got to. Whether it has another. */
static bool step_vm(const struct monitor_job *job)
{
    struct vm *vm = vm_get(job->vm);

    if (!vm) {
        if (!job->all_vms)
            printk("the VM has ended");
        return false;
    }
    bool more = job->command->row(vm, job->row);
    sched_release(vm);
    return more;
}

void monitor_job_step(struct monitor_job *job)
{
    bool more =
        job->command->wants == WANTS_NONE ? job->command->row(NULL, job->row) : step_vm(job);

    if (more) {
        job->row++;
    } else if (job->all_vms && job->vm + 1 < CONFIG_NR_VMS) {
        job->vm++;
        job->row = 0;
    } else {
        job->command = NULL;
    }
}
