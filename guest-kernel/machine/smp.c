/* SPDX-License-Identifier: MIT */
/*
 * The table of CPUs.
 */
#include "machine/smp.h"

#include "machine/sensitive_ops.h"

struct cpu cpus[NR_CPUS];

void smp_init_cpu(uint32_t index)
{
    struct cpu *cpu = &cpus[index];

    cpu->index = index;
    write_sysreg(tpidr_el1, (uint64_t)cpu);
}

void smp_set_online(struct cpu *cpu)
{
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    cpu_send_event();
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
