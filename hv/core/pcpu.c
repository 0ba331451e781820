/* SPDX-License-Identifier: MIT */
/*
 * The physical CPUs: bringing them up.
 */
#include "core/pcpu.h"

#include "arch/psci.h"
#include "arch/timer.h"
#include "arch/traps.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/sched.h"
#include "core/start.h"
#include "core/vcpu.h"
#include "dev/gic.h"
#include "lib/check.h"

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;

void pcpu_init_boot(void)
{
    nr_pcpus = machine.nr_cpus;
    for (uint32_t i = 0; i < nr_pcpus; i++) {
        pcpus[i].index = i;
        pcpus[i].mpidr = machine.cpu_mpidr[i];
        sched_init_pcpu(&pcpus[i]);
    }
    pcpus[0].online = true;
}

void pcpu_init_self(void)
{
    gic_init_pcpu();
    irq_init_pcpu();
    trap_init_pcpu();
    timer_init_pcpu();
}

/* In boot.S: where another CPU starts. */
extern char boot_secondary[];
extern char __image_start[];

/* The MMU-off view of an address in the image. */
static pa_t image_pa(const char *address)
{
    return pa_add(machine.image.base, (uint64_t)(address - __image_start));
}

void pcpu_start_others(void)
{
    for (uint32_t i = 1; i < nr_pcpus && i < CONFIG_NR_PCPUS; i++) {
        struct pcpu *pcpu = &pcpus[i];
        int32_t status = machine.has_psci ? psci_cpu_on(pcpu->mpidr, image_pa(boot_secondary),
                                                        (uint64_t)(uintptr_t)pcpu)
                                          : PSCI_NOT_SUPPORTED;
        if (status != 0) {
            log_warn("cpu %u: the firmware does not start it (%d)", i, status);
            continue;
        }
        while (!__atomic_load_n(&pcpu->online, __ATOMIC_ACQUIRE))
            cpu_wait_for_event();
    }
}

void start_secondary(void)
{
    struct pcpu *pcpu = pcpu_self();

    pcpu_init_self();
    __atomic_store_n(&pcpu->online, true, __ATOMIC_RELEASE);
    cpu_send_event();
    vcpu_enter(sched_enter());
}
