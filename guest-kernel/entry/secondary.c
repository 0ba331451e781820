/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs: from the firmware's CPU_ON to the idle thread.
 */
#include "entry/secondary.h"

#include "arch/cpu.h"
#include "dev/irq.h"
#include "lib/panic.h"
#include "lib/printk.h"
#include "machine/sensitive_ops.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "threads/sched.h"
#include "threads/thread.h"

/* What boot_secondary in boot.S loads, before it can see virtual addresses. */
static struct cpu_boot {
    uint64_t kernel_root;
    uint64_t stack_top;
    struct cpu *cpu;
} cpu_boot __attribute__((aligned(64)));

extern char boot_secondary[];

static uint64_t make_emergency_stack(void)
{
    uint64_t pa = page_alloc();

    return pa ? (uint64_t)phys_to_virt(pa) + PAGE_SIZE : 0;
}

static void handle_reschedule(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    smp_cpu()->reschedule = true;
}

static void handle_stop(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    panic_stop_cpu();
}

/* The first C of a secondary CPU, on its emergency stack. */
_Noreturn void secondary_begin(struct cpu *cpu);
void secondary_begin(struct cpu *cpu)
{
    smp_init_cpu(cpu->index);
    kernel_map_leave_boot();
    gic->init_cpu(cpu->index);
    sched_init_cpu();
    smp_set_online(cpu);
    sched_start();
}

static void start(struct cpu *cpu)
{
    cpu->emergency_stack = make_emergency_stack();
    cpu->idle = thread_create_idle();
    cpu_boot.kernel_root = kernel_map_root();
    cpu_boot.stack_top = cpu->emergency_stack;
    cpu_boot.cpu = cpu;
    cpu_clean_to_memory(&cpu_boot, sizeof(cpu_boot));

    int64_t error = sensitive->cpu_on(machine.mpidr[cpu->index], virt_to_phys(boot_secondary),
                                      virt_to_phys(&cpu_boot));
    if (error != 0) {
        printk("guest: cpu %u does not start: error %d\n", cpu->index, (int)error);
        return;
    }
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
        cpu_wait_for_event();
}

void secondary_start_all(void)
{
    irq_register(SGI_RESCHEDULE, handle_reschedule, NULL);
    irq_register(SGI_STOP, handle_stop, NULL);
    cpus[0].emergency_stack = make_emergency_stack();
    smp_set_online(&cpus[0]);
    for (uint32_t i = 1; i < machine.nr_cpus; i++) {
        cpus[i].index = i;
        start(&cpus[i]);
    }
}
