/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations on a machine of one's own: registers of devices and of the CPU, and
 * firmware calls. In a VM every one of them may trap. Compare with paravirtual.c.
 */
#include "sensitive/native.h"

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/pl011.h"
#include "lib/panic.h"
#include "sensitive/psci.h"
#include "stile/smccc.h"

/* CNTV_CTL_EL0: enabled, and the interrupt not masked. */
#define CNTV_CTL_ENABLE 1

/* One trap for each character, and one for each look at the flags. */
static void console_write(const char *text, size_t length)
{
    pl011_write(text, length);
}

static size_t console_read(char *text, size_t limit)
{
    return pl011_read(text, limit);
}

static uint32_t console_listen(void)
{
    return pl011_listen();
}

/* The virtual timer is the CPU's own, in a VM too: no trap but the interrupt itself. */
void native_timer_arm(uint64_t deadline)
{
    write_sysreg(cntv_cval_el0, deadline);
    write_sysreg(cntv_ctl_el0, CNTV_CTL_ENABLE);
    isb();
}

void native_timer_disarm(void)
{
    write_sysreg(cntv_ctl_el0, 0);
    isb();
}

/* GICD_SGIR or ICC_SGI1R_EL1; both trap. */
static void send_ipi(uint32_t cpu, uint32_t sgi)
{
    gic->send_sgi(cpu, sgi);
}

static void send_ipi_set(uint64_t cpus, uint32_t sgi)
{
    for (; cpus; cpus &= cpus - 1)
        gic->send_sgi((uint32_t)__builtin_ctzll(cpus), sgi);
}

static void idle(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

/* A hint that hardware is free to ignore, and does. */
static void yield(void)
{
    __asm__ volatile("yield" : : : "memory");
}

static int64_t cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
    return psci_call(STILE_PSCI_CPU_ON_64, mpidr, entry, context);
}

/* A machine's memory has nowhere to go. */
static uint64_t memory_give(uint64_t pa, uint64_t nr_pages)
{
    (void)pa;
    (void)nr_pages;
    return 0;
}

static uint64_t memory_take(uint64_t pa, uint64_t nr_pages)
{
    (void)pa;
    (void)nr_pages;
    return 0;
}

__attribute__((noreturn)) static void power_off(uint32_t status)
{
    (void)status;
    (void)psci_call(STILE_PSCI_SYSTEM_OFF, 0, 0, 0);
    panic_stop_cpu();
}

__attribute__((noreturn)) static void power_reset(void)
{
    (void)psci_call(STILE_PSCI_SYSTEM_RESET, 0, 0, 0);
    panic_stop_cpu();
}

/* No hypervisor to tell: the message is on the console already. */
__attribute__((noreturn)) static void crash(const char *message)
{
    (void)message;
    power_off(1);
}

const struct sensitive_ops sensitive_native = {
    .name = "native",
    .console_write = console_write,
    .console_read = console_read,
    .console_listen = console_listen,
    .timer_arm = native_timer_arm,
    .timer_disarm = native_timer_disarm,
    .send_ipi = send_ipi,
    .send_ipi_set = send_ipi_set,
    .idle = idle,
    .yield = yield,
    .cpu_on = cpu_on,
    .memory_give = memory_give,
    .memory_take = memory_take,
    .power_off = power_off,
    .power_reset = power_reset,
    .crash = crash,
};
