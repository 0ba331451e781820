/* SPDX-License-Identifier: MIT */
/*
 * The order in which the kernel comes to life, from the first C function, which boot.S calls, to
 * the shell.
 */
#include "arch/cpu.h"
#include "bench/bench.h"
#include "dev/gic.h"
#include "dev/gic_find.h"
#include "entry/secondary.h"
#include "lib/panic.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/mailbox.h"
#include "sensitive/native.h"
#include "sensitive/sensitive.h"
#include "shell/console.h"
#include "shell/shell.h"
#include "test/test.h"
#include "threads/sched.h"
#include "threads/thread.h"

_Noreturn void start_kernel(const void *dtb, uint64_t image_pa, uint64_t first_ticks,
                            uint32_t boot_el);

static uint64_t total_mib(void)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < machine.nr_memory; i++)
        bytes += machine.memory[i].bytes;
    return bytes >> 20;
}

/* The first thread: everything that wants threads or interrupts, then what the user asked for. */
static void start_main(void *argument)
{
    (void)argument;
    secondary_start_all();
    console_init();
    printk("guest: mode=%s gic=%u cpus=%u memory=%luM el=%u power_on=%lu\n", sensitive->name,
           gic->version, smp_nr_online(), total_mib(), machine.boot_el, time_first_ticks() * 16);
    if (machine_option("bench")) {
        bench_run();
        sensitive->power_off(0);
    }
    if (machine_option("test"))
        sensitive->power_off(test_run());
    shell_run();
}

static void reserve_dtb(const void *dtb)
{
    const uint32_t *header = dtb;

    machine_reserve((uint64_t)dtb, __builtin_bswap32(header[1]));
}

/* NULL, or what is missing. */
static const char *find_controller(void)
{
    if (!gic_find(mailbox_controller()))
        return "no GICv2 or GICv3 in the device tree, and no hypervisor to do without";
    if (machine.timer_intid == 0)
        return "no timer in the device tree";
    return NULL;
}

void start_kernel(const void *dtb, uint64_t image_pa, uint64_t first_ticks, uint32_t boot_el)
{
    sensitive = &sensitive_native; /* until sensitive_init() finds a hypervisor */
    smp_init_cpu(0);
    page_set_image(image_pa);
    reserve_dtb(dtb);
    const char *missing = machine_parse(dtb);
    machine.boot_el = boot_el;
    page_init();
    kernel_map_init();
    sensitive_init();
    if (!missing)
        missing = find_controller();
    if (missing)
        panic("%s", missing);
    time_init(first_ticks);
    gic_init();
    sched_init_cpu();
    thread_init(start_main);
}
