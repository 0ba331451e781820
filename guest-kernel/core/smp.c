/* SPDX-License-Identifier: MIT */
/*
 * Secondary CPUs: from the firmware's CPU_ON to the idle thread.
 */
#include "arch/cpu.h"
#include "core/irq.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/thread.h"
#include "core/time.h"
#include "dev/gic.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"

struct cpu cpus[NR_CPUS];

/* What boot_secondary in boot.S loads, before it can see virtual addresses. */
static struct cpu_boot {
    uint64_t kernel_root;
    uint64_t stack_top;
    struct cpu *cpu;
} cpu_boot __attribute__((aligned(64)));

extern char boot_secondary[];

void smp_init_cpu(uint32_t index)
{
    struct cpu *cpu = &cpus[index];

    cpu->index = index;
    write_sysreg(tpidr_el1, (uint64_t)cpu);
}

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

static void set_online(struct cpu *cpu)
{
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    cpu_send_event();
}

/* The first C of a secondary CPU, on its emergency stack. */
_Noreturn void start_secondary(struct cpu *cpu);
void start_secondary(struct cpu *cpu)
{
    smp_init_cpu(cpu->index);
    kernel_map_leave_boot();
    gic->init_cpu(cpu->index);
    time_init_cpu();
    set_online(cpu);
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

void smp_start_others(void)
{
    irq_register(SGI_RESCHEDULE, handle_reschedule, NULL);
    irq_register(SGI_STOP, handle_stop, NULL);
    cpus[0].emergency_stack = make_emergency_stack();
    set_online(&cpus[0]);
    for (uint32_t i = 1; i < machine.nr_cpus; i++) {
        cpus[i].index = i;
        start(&cpus[i]);
    }
}

void smp_stop_others(void)
{
    const struct cpu *self = smp_cpu();
    uint64_t others = 0;

    for (uint32_t i = 0; i < NR_CPUS; i++) {
        if (cpus[i].online && &cpus[i] != self)
            others |= UINT64_C(1) << i;
    }
    if (others)
        sensitive->send_ipi_set(others, SGI_STOP);
}

uint32_t smp_nr_online(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < NR_CPUS; i++)
        count += cpus[i].online;
    return count;
}
