/* SPDX-License-Identifier: MIT */
/*
 * The physical CPUs: bringing them up.
 */
#include "boot/cpus.h"

#include "arch/timer.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "dev/predictor.h"
#include "dev/psci.h"
#include "exits/irq.h"
#include "lib/check.h"
#include "life/vcpu_life.h"
#include "sched/sched.h"
#include "vm/trap_control.h"

/* How long a CPU that the firmware has started may take to come up. */
#define START_SECONDS 10u

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
    pcpus[0].claimed = true;
}

void cpus_init_self(void)
{
    gic_init_pcpu();
    irq_init_pcpu();
    trap_control_init_pcpu();
    predictor_init_pcpu();
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

/* Waits until the CPU is online. Returns false, and has it stay away, if it does not come. */
static bool has_come(struct pcpu *pcpu)
{
    uint64_t deadline = timer_now() + timer_frequency() * START_SECONDS;

    while (!__atomic_load_n(&pcpu->online, __ATOMIC_ACQUIRE)) {
        cpu_pause();
        if (timer_now() > deadline && !__atomic_exchange_n(&pcpu->claimed, true, __ATOMIC_ACQ_REL))
            return false;
    }
    return true;
}

/* Starts a CPU of the tree. Returns false, having said why, if it is to be left out. */
static bool start_cpu(struct pcpu *pcpu)
{
    int32_t status = STILE_PSCI_NOT_SUPPORTED;

    if (!gic_has_pcpu(pcpu->index)) {
        log_warn("cpu %u (%lx): left out: the GIC has no redistributor for it", pcpu->index,
                 pcpu->mpidr);
        return false;
    }
    if (machine.has_psci)
        status = psci_cpu_on(pcpu->mpidr, image_pa(boot_secondary), (uint64_t)(uintptr_t)pcpu);
    if (status != 0) {
        log_warn("cpu %u (%lx): left out: the firmware does not start it (%d)", pcpu->index,
                 pcpu->mpidr, status);
        return false;
    }
    if (has_come(pcpu))
        return true;
    log_warn("cpu %u (%lx): left out: it did not come up within %u s", pcpu->index, pcpu->mpidr,
             START_SECONDS);
    return false;
}

void cpus_start_others(void)
{
    uint32_t nr_online = 1;

    for (uint32_t i = 1; i < nr_pcpus && i < CONFIG_NR_PCPUS; i++)
        nr_online += start_cpu(&pcpus[i]);
    if (nr_online < nr_pcpus)
        log_info("%u of %u CPUs are used", nr_online, nr_pcpus);
}

void start_secondary(void)
{
    struct pcpu *pcpu = pcpu_self();

    while (__atomic_exchange_n(&pcpu->claimed, true, __ATOMIC_ACQ_REL))
        cpu_wait_for_event(); /* too late */
    cpus_init_self();
    __atomic_store_n(&pcpu->online, true, __ATOMIC_RELEASE);
    vcpu_enter(sched_enter());
}
