/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations of a guest that knows it is one: each asks the hypervisor by one call
 * of libhypercall. Compare with native.c.
 */
#include "sensitive/paravirtual.h"

#include <string.h>

#include "lib/panic.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "sensitive/native.h"
#include "sensitive/ring.h"
#include "stile/hypercall.h"

/*
 * Without a ring, short texts travel in registers, 32 characters a call; long ones by address. The
 * hypervisor wants a physical address, and the caller's text may be on a stack, whose pages are
 * scattered: it goes through a buffer of the image. The caller holds the console's lock.
 */
static void console_write(const char *text, size_t length)
{
    static char buffer[256] __attribute__((aligned(256))); /* in one page */

    if (ring_write(text, length))
        return;
    while (length > 0) {
        size_t count = length < sizeof(buffer) ? length : sizeof(buffer);
        if (count <= STILE_CONSOLE_WRITE_MAX) {
            (void)stile_console_puts(text, count);
        } else {
            memcpy(buffer, text, count);
            (void)stile_console_write_at(stile_ipa(virt_to_phys(buffer)), count);
        }
        text += count;
        length -= count;
    }
}

static size_t console_read(char *text, size_t limit)
{
    size_t count;

    if (ring_read(text, limit, &count))
        return count;

    struct stile_result result = stile_console_read(stile_nr_bytes(limit));
    count = result.status == STILE_SUCCESS ? (size_t)result.value[0] : 0;

    memcpy(text, &result.value[1], count);
    return count;
}

static uint32_t console_listen(void)
{
    struct stile_result result = stile_core_info(STILE_INFO_CONSOLE_INTID);

    return result.status == STILE_SUCCESS ? (uint32_t)result.value[0] : 0;
}

/* vCPUs are counted as in the device tree, and so are this kernel's CPUs. */
static void send_ipi(uint32_t cpu, uint32_t sgi)
{
    (void)stile_irq_ipi(stile_vcpu_id(cpu), stile_intid(sgi));
}

static void send_ipi_set(uint64_t cpus, uint32_t sgi)
{
    (void)stile_irq_ipi_set(stile_vcpu_set(cpus), stile_intid(sgi));
}

static void idle(void)
{
    (void)stile_vcpu_block();
}

static void yield(void)
{
    (void)stile_vcpu_yield();
}

/* PSCI does as well, where a kernel has it already: Stile answers that, too. */
static int64_t cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
    uint32_t number = 0;

    /* vCPUs are numbered in the order of their affinities, and so are this machine's CPUs. */
    while (number < machine.nr_cpus && machine.mpidr[number] != mpidr)
        number++;
    return stile_vcpu_on(stile_vcpu_id(number), stile_ipa(entry), context).status;
}

static uint64_t memory_give(uint64_t pa, uint64_t nr_pages)
{
    uint64_t done = 0;

    (void)stile_memory_unmap_all(stile_ipa(pa), stile_nr_pages(nr_pages), &done);
    return done;
}

static uint64_t memory_take(uint64_t pa, uint64_t nr_pages)
{
    uint64_t done = 0;

    (void)stile_memory_map_all(stile_ipa(pa), stile_nr_pages(nr_pages), &done);
    return done;
}

__attribute__((noreturn)) static void power_off(uint32_t status)
{
    (void)stile_power_off(status);
    panic_stop_cpu();
}

__attribute__((noreturn)) static void power_reset(void)
{
    (void)stile_power_reboot();
    panic_stop_cpu();
}

/* The hypervisor logs the message with the registers and the last exits. */
__attribute__((noreturn)) static void crash(const char *message)
{
    static char buffer[STILE_CRASH_MESSAGE_MAX] __attribute__((aligned(256)));
    size_t length = strnlen(message, sizeof(buffer));

    memcpy(buffer, message, length);
    (void)stile_power_crash(stile_ipa(length ? virt_to_phys(buffer) : 0), stile_nr_bytes(length));
    panic_stop_cpu();
}

const struct sensitive_ops sensitive_paravirtual = {
    .name = "paravirtual",
    .console_write = console_write,
    .console_read = console_read,
    .console_listen = console_listen,
    /* No time_oneshot: the CPU's own timer does not trap, and costs a third less (`bench`). */
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
