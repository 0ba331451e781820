/* SPDX-License-Identifier: MIT */
/*
 * The shell's commands, in one table.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "dev/irq.h"
#include "lib/panic.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/sensitive_ops.h"
#include "machine/smp.h"
#include "mm/page.h"
#include "process/process.h"
#include "sensitive/balloon.h"
#include "sensitive/psci.h"
#include "sensitive/sensitive.h"
#include "shell/io.h"
#include "shell/shell.h"
#include "test/test.h"
#include "threads/thread.h"

static void show_help(const char *argument);

static const char *state_name(enum thread_state state)
{
    switch (state) {
    case THREAD_READY:
        return "ready";
    case THREAD_RUNNING:
        return "running";
    case THREAD_WAITING:
        return "waiting";
    case THREAD_DEAD:
        return "dead";
    case THREAD_FREE:
        break;
    }
    return "free";
}

static void show_threads(const char *argument)
{
    (void)argument;
    printk("   id     pid  state      time/us  switches  name\n");
    for (uint32_t i = 0; i < NR_THREADS; i++) {
        const struct thread *thread = thread_at(i);
        const struct process *process = process_of(thread);
        if (thread->state != THREAD_FREE)
            printk("%5u  %6u  %-8s %9lu  %8lu  %s\n", thread->id, process ? process_id(process) : 0,
                   state_name(thread->state), time_ticks_to_us(thread_run_ticks(thread)),
                   thread->nr_switches, thread->name);
    }
}

static void show_uptime(const char *argument)
{
    (void)argument;
    uint64_t us = time_uptime_us();

    printk("up %lu.%06lu s, %u CPUs\n", us / 1000000, us % 1000000, smp_nr_online());
}

static void show_statistics(const char *argument)
{
    const char *name;

    (void)argument;
    printk("%-20s %lu\n", "free pages", page_nr_free());
    printk("%-20s %lu\n", "pages given away", balloon_pages());
    for (uint32_t i = 0; i < NR_IRQS; i++) {
        if (irq_count(i) != 0)
            printk("interrupt %-10u %lu\n", i, irq_count(i));
    }
    for (uint32_t i = 0; (name = sensitive_counter_name(i)) != NULL; i++) {
        uint64_t value;
        if (sensitive_counter(i, &value))
            printk("vcpu %-15s %lu\n", name, value);
    }
}

static void run_bench(const char *argument)
{
    (void)argument;
    bench_run();
}

static void run_tests(const char *argument)
{
    (void)argument;
    test_run();
}

static void run_program(const char *argument)
{
    const struct program *program = process_find_program(argument);
    if (!program) {
        printk("no program \"%s\"; there are:", argument);
        for (uint32_t i = 0; (program = process_program_at(i)) != NULL; i++)
            printk(" %s", program->name);
        printk("\n");
        return;
    }

    struct process *process = process_start(program);
    if (!process) {
        printk("no memory for a process\n");
        return;
    }
    int64_t code = process_wait(process);
    if (code != 0)
        printk("%s: exit code %d\n", program->name, (int)code);
}

static void set_balloon(const char *argument)
{
    uint64_t wanted = strtoul(argument, NULL, 0);

    printk("%lu pages given away\n", balloon_set(wanted));
}

static void do_panic(const char *argument)
{
    (void)argument;
    panic("asked for at the shell");
}

static void do_poweroff(const char *argument)
{
    sensitive->power_off((uint32_t)strtoul(argument, NULL, 10));
}

static void do_reboot(const char *argument)
{
    (void)argument;
    sensitive->power_reset();
}

static void call_psci(const char *argument)
{
    char *next;
    uint32_t function = (uint32_t)strtoul(argument, &next, 0);

    printk("psci: %ld\n", psci_call(function, strtoul(next, NULL, 0), 0, 0));
}

static const struct {
    const char *name;
    void (*run)(const char *argument);
    const char *help;
} commands[] = {
    {"help", show_help, "this list"},
    {"ps", show_threads, "the threads"},
    {"uptime", show_uptime, "time since the kernel started"},
    {"stat", show_statistics, "memory, interrupts, the hypervisor's counters"},
    {"run", run_program, "PROGRAM: start a process and wait for its end"},
    {"balloon", set_balloon, "PAGES: have so many pages given to the hypervisor"},
    {"disk", io_disk,
     "VM [NUMBER [SECTOR [TEXT]]]: a disk that another VM serves: its size, a text on it"},
    {"net", io_net, "VM NUMBER OWN OTHER: a network that another VM serves: who has an address"},
    {"psci", call_psci, "FUNCTION X1: call the firmware, by number"},
    {"bench", run_bench, "measure the sensitive operations"},
    {"test", run_tests, "run the tests"},
    {"panic", do_panic, "end as after a fatal error"},
    {"poweroff", do_poweroff, "end"},
    {"reboot", do_reboot, "start anew"},
};

static void show_help(const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        printk("%-9s %s\n", commands[i].name, commands[i].help);
}

void shell_execute(char *line)
{
    char *argument = strchr(line, ' ');

    if (line[0] == '\0')
        return;
    if (argument)
        *argument++ = '\0';
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(argument ? argument : "");
            return;
        }
    }
    printk("no command \"%s\"; try help\n", line);
}
