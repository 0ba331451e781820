/* SPDX-License-Identifier: MIT */
/*
 * The physical CPUs: bringing them up.
 */
#include "boot/cpus.h"

#include "arch/timer.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "dev/psci.h"
#include "exits/irq.h"
#include "lib/check.h"
#include "life/vcpu_life.h"
#include "sched/sched.h"
#include "vm/trap_control.h"

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;

void cpus_init_boot(void)
{
    nr_pcpus = machine.nr_cpus;
    for (uint32_t i = 0; i < nr_pcpus; i++) {
        pcpus[i].index = i;
        pcpus[i].mpidr = machine.cpu_mpidr[i];
        sched_init_pcpu(&pcpus[i]);
    }
    pcpus[0].online = true;
}

void cpus_init_self(void)
{
    gic_init_pcpu();
    irq_init_pcpu();
    trap_control_init_pcpu();
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

void cpus_start_others(void)
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

    cpus_init_self();
    __atomic_store_n(&pcpu->online, true, __ATOMIC_RELEASE);
    cpu_send_event();
    vcpu_enter(sched_enter());
}
