/* SPDX-License-Identifier: MIT */
/*
 * Bad neighbours: everything a guest can do for ever to keep a hypervisor from its other guests.
 * Most never end; share.c measures what is left for somebody else.
 */
#include <stddef.h>
#include <string.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "lib/panic.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"
#include "stile/hvc.h"
#include "stile/hypercall.h"
#include "stile/multicall.h"
#include "test/test.h"
#include "threads/exception.h"
#include "threads/thread.h"

#define SGI_STORM 8
#define NO_CALL   0xFFF

/* A name that no VM has, and how often it is asked for between two lines. */
#define NO_NAME         0x6161
#define FINDS_PER_ROUND 5000

/* Each pattern several times, and between two of them the UART has caught up in part. */
#define TEXT_ROUNDS 90
#define TEXT_CALLS  5

/* More exits than the hypervisor keeps. */
#define CRASH_CALLS 64

#define TIMER_ENABLE  1
#define TIMER_NOW     0
#define WAKE_AFTER_US 50
#define WAKE_BUSY_US  500

/* Nothing of the kernel's machine is here, virtual or real. */
#define NO_MEMORY UINT64_C(0x20000000)

static void ignore(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
}

static void loop(void)
{
    (void)irq_save();
    for (;;)
        __asm__ volatile("");
}

static void call(void)
{
    for (uint64_t i = 0;; i++)
        (void)stile_hvc(STILE_FID(NO_CALL), i, i, i, i, i, i);
}

/* To itself and to all others: each is taken and handled. */
static void send_sgis(void)
{
    irq_register(SGI_STORM, ignore, NULL);
    for (;;)
        for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++)
            gic->send_sgi(cpu, SGI_STORM);
}

/* To all others, 32 by one call, each of them taken and handled. By every CPU: see storm(). */
static void send_storm(void *argument)
{
    uint64_t mailbox = stile_core_info(STILE_INFO_MAILBOX).value[0];
    struct stile_multicall multicall;
    uint32_t next = 0;

    (void)argument;
    stile_multicall_begin(&multicall, kernel_map_shared(mailbox, PAGE_SIZE));
    while (stile_multicall_irq_ipi(&multicall, stile_vcpu_id(next), stile_intid(SGI_STORM)))
        next = (next + 1) % machine.nr_cpus;
    for (;;)
        (void)stile_multicall_run(&multicall, 0, NULL);
}

/* As many as there are CPUs, so that each gets one. */
static void storm(void)
{
    irq_register(SGI_STORM, ignore, NULL);
    for (uint32_t i = 1; i < machine.nr_cpus; i++)
        (void)thread_create("storm", send_storm, NULL, NULL);
    send_storm(NULL);
}

/* The handler does not quieten the timer, so the interrupt is pending again as soon as it ends. */
static void timer(void)
{
    irq_register(machine.timer_intid, ignore, NULL);
    write_sysreg(cntv_cval_el0, TIMER_NOW);
    write_sysreg(cntv_ctl_el0, TIMER_ENABLE);
    for (;;)
        __asm__ volatile("");
}

static void quieten(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    write_sysreg(cntv_ctl_el0, 0);
}

/* Sleeps and wakes all the time: who sleeps is often preferred when it wakes. */
static void wake(void)
{
    irq_register(machine.timer_intid, quieten, NULL);
    for (;;) {
        uint64_t now = cpu_ticks();

        while (cpu_ticks() < now + time_us_to_ticks(WAKE_BUSY_US))
            ;
        write_sysreg(cntv_cval_el0, cpu_ticks() + time_us_to_ticks(WAKE_AFTER_US));
        write_sysreg(cntv_ctl_el0, TIMER_ENABLE);
        __asm__ volatile("isb\n\twfi");
    }
}

static void touch(void *address)
{
    (void)io_read32((uintptr_t)address);
}

static void fault(void)
{
    struct fault seen;
    uint64_t address = kernel_map_device(NO_MEMORY, 4096);

    for (;;)
        (void)exception_try(touch, (void *)address, &seen);
}

/* An implementation-defined register that no guest has (Arm ARM D13.3.1). */
static void read_nothing(void *argument)
{
    (void)argument;
    (void)read_sysreg(s3_7_c15_c15_7);
}

static void undefined(void)
{
    struct fault seen;

    for (;;)
        (void)exception_try(read_nothing, NULL, &seen);
}

static void print(void)
{
    for (;;)
        printk("nobody wants to read this, again and again\n");
}

/* What is dear to write: text that ends lines, begins them anew, or is never whole. Then off. */
static void text(void)
{
    static const char *const patterns[] = {"\n",    "\r",      "\rx", "x\r",      "x\n",
                                           "\033[", "\033[6n", "x",   "\n\n\n\nx"};
    static char page[STILE_CONSOLE_BUFFER_MAX] __attribute__((aligned(PAGE_SIZE)));

    for (unsigned round = 0; round < TEXT_ROUNDS; round++) {
        const char *pattern = patterns[round % (sizeof(patterns) / sizeof(patterns[0]))];
        size_t length = strlen(pattern);

        for (size_t i = 0; i < sizeof(page); i++)
            page[i] = pattern[i % length];
        for (unsigned i = 0; i < TEXT_CALLS; i++)
            (void)stile_console_write_buffer(stile_ipa(virt_to_phys(page)),
                                             stile_nr_bytes(sizeof(page)));
    }
    sensitive->power_off(0);
}

/* Every VM is looked at, by the name it might have. */
static void find(void)
{
    for (unsigned round = 1;; round++) {
        for (int i = 0; i < FINDS_PER_ROUND; i++)
            (void)stile_directory_find_vm(NO_NAME, 0, 0, 0);
        printk("find: round %u\n", round);
    }
}

static void off(void)
{
    sensitive->power_off(0);
}

/* All that is kept of its exits is long to show. */
static void crash(void)
{
    for (unsigned i = 0; i < CRASH_CALLS; i++)
        (void)stile_memory_share(stile_ipa(UINT64_MAX), stile_nr_pages(UINT64_MAX),
                                 stile_vm_id(UINT32_MAX), UINT32_MAX);
    panic("nobody wants to know this");
}

static void reset(void)
{
    sensitive->power_reset();
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"loop", loop},   {"call", call},   {"sgi", send_sgis}, {"storm", storm},
    {"timer", timer}, {"wake", wake},   {"fault", fault},   {"undefined", undefined},
    {"print", print}, {"reset", reset}, {"pool", hog_run},  {"find", find},
    {"off", off},     {"text", text},   {"crash", crash},
};

void hostile_run(const char *how)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strncmp(ways[i].name, how, strlen(ways[i].name)) == 0)
            ways[i].run();
    printk("hostile: no such way: %s\n", how);
}
