/* SPDX-License-Identifier: MIT */
/*
 * boot/cpus.c: CPUs that come up, late or never, and those that nobody can start.
 */
#include <string.h>

#include "fakes/log.h"

#include "boot/cpus.c"

#include "ktf.h"

#define FREQUENCY 1000
#define NEVER     UINT64_MAX
#define IMAGE     UINT64_C(0x40200000)

struct machine machine;
char __image_start[16];

static uint64_t now;
static struct {
    bool has_redistributor;
    int32_t status;    /* what the firmware says */
    uint64_t comes_at; /* when it is online, once it was started */
    bool is_started;
} others[CONFIG_NR_PCPUS];

/* Time goes on when it is read, and CPUs come. */
uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "cntpct_el0") != 0)
        return FREQUENCY;
    now += FREQUENCY / 10;
    for (uint32_t i = 1; i < nr_pcpus; i++)
        if (others[i].is_started && now >= others[i].comes_at && !pcpus[i].claimed)
            pcpus[i].online = pcpus[i].claimed = true;
    return now;
}

int32_t psci_cpu_on(uint64_t mpidr, pa_t entry, uint64_t context)
{
    uint32_t index = (uint32_t)((struct pcpu *)context - pcpus);

    EXPECT_EQ(mpidr, machine.cpu_mpidr[index]);
    EXPECT_EQ(entry.pa, IMAGE + (uint64_t)(boot_secondary - __image_start));
    others[index].is_started = others[index].status == 0;
    return others[index].status;
}

bool gic_has_pcpu(uint32_t pcpu_index)
{
    return others[pcpu_index].has_redistributor;
}

/* --- what a CPU calls that has come --- */

char boot_secondary[16];

void sched_init_pcpu(struct pcpu *pcpu)
{
    (void)pcpu;
}

void gic_init_pcpu(void)
{
}

void irq_init_pcpu(void)
{
}

void predictor_init_pcpu(void)
{
}

void trap_control_init_pcpu(void)
{
}

struct vcpu *sched_enter(void)
{
    return NULL;
}

_Noreturn void vcpu_enter(struct vcpu *vcpu)
{
    panic("there is no %p to run", (void *)vcpu);
}

static void setup(void)
{
    machine = (struct machine){
        .nr_cpus = 3, .cpu_mpidr = {0, 0x100, 0x200}, .image = {{IMAGE}, 0x1000}, .has_psci = true};
    memset(pcpus, 0, sizeof(pcpus));
    for (uint32_t i = 0; i < 3; i++) {
        others[i].has_redistributor = true;
        others[i].is_started = false;
        others[i].status = 0;
        others[i].comes_at = 0;
    }
    now = 0;
    log_clear();
    cpus_init_boot();
}

KTF_SUITE(cpus, .setup = setup);

KTF_TEST(cpus, all_come)
{
    others[2].comes_at = FREQUENCY;
    cpus_start_others();
    EXPECT_TRUE(pcpus[0].online && pcpus[1].online && pcpus[2].online);
    EXPECT_STREQ(log_text, "");
}

KTF_TEST(cpus, what_the_firmware_refuses_is_left_out)
{
    others[1].status = -2;
    cpus_start_others();
    EXPECT_FALSE(pcpus[1].online);
    EXPECT_TRUE(pcpus[2].online);
    EXPECT_STREQ(log_text, "cpu 1 (100): left out: the firmware does not start it (-2)\n"
                           "2 of 3 CPUs are used\n");
}

KTF_TEST(cpus, without_firmware_the_first_is_alone)
{
    machine.has_psci = false;
    cpus_start_others();
    EXPECT_FALSE(pcpus[1].online || pcpus[2].online);
    EXPECT_FALSE(others[1].is_started);
    EXPECT_EQ(log_lines, 3);
}

KTF_TEST(cpus, without_a_redistributor_it_is_not_started)
{
    others[2].has_redistributor = false;
    cpus_start_others();
    EXPECT_TRUE(pcpus[1].online);
    EXPECT_FALSE(others[2].is_started);
    EXPECT_STREQ(log_text, "cpu 2 (200): left out: the GIC has no redistributor for it\n"
                           "2 of 3 CPUs are used\n");
}

KTF_TEST(cpus, what_comes_too_late_stays_away)
{
    others[1].comes_at = NEVER;
    cpus_start_others();
    EXPECT_FALSE(pcpus[1].online);
    EXPECT_TRUE(pcpus[1].claimed); /* start_secondary() would wait for ever */
    EXPECT_TRUE(pcpus[2].online);
    EXPECT_STREQ(log_text, "cpu 1 (100): left out: it did not come up within 10 s\n"
                           "2 of 3 CPUs are used\n");
}
