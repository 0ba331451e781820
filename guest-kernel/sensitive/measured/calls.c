/* SPDX-License-Identifier: MIT */
/*
 * The bench's loops of calls: each holds the inline stub and nothing else.
 */
#include "sensitive/measured/measured.h"

#include <string.h>

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/gicv2.h"
#include "machine/smp.h"
#include "measure/interrupt.h"
#include "measure/pair.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/ring.h"
#include "stile/clock.h"
#include "stile/hypercall.h"

/* A number of the table that no call has. */
#define NR_UNKNOWN (STILE_NR_CALLS_MAX - 1)

/* A port that is not allocated. */
#define MASKED_PORT (STILE_NR_PORTS - 1)

/* An item that core_info does not have. */
#define BAD_ITEM 0xFF

static int64_t null(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_core_null().status;
    return status;
}

static struct stile_mailbox *mailbox(void)
{
    static struct stile_mailbox *mapped;

    if (!mapped)
        mapped = kernel_map_shared(stile_core_info(STILE_INFO_MAILBOX).value[0], sizeof(*mapped));
    return mapped;
}

/* STILE_MULTICALL_MAX calls of one number by one call. */
static int64_t multicall(uint32_t count)
{
    struct stile_mailbox *box = mailbox();
    int64_t made = 0;

    memset(box->calls, 0, sizeof(box->calls));
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        box->calls[i].nr = STILE_NR_core_null;
    while (count-- > 0)
        made = (int64_t)stile_core_multicall(0, STILE_MULTICALL_MAX, 0).value[0];
    return made;
}

static int64_t unknown(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_hvc(STILE_FID(NR_UNKNOWN), 0, 0, 0, 0, 0, 0).status;
    return status;
}

static int64_t bad_argument(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_core_info(BAD_ITEM).status;
    return status;
}

static int64_t smccc_version(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_hvc(STILE_SMCCC_VERSION, 0, 0, 0, 0, 0, 0).status;
    return status;
}

static int64_t uart_char(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_console_write(stile_nr_bytes(1), '.', 0, 0, 0).status;
    return status;
}

static int64_t console_64(uint32_t count)
{
    static char line[64] __attribute__((aligned(64)));
    stile_ipa_t buffer = stile_ipa(virt_to_phys(line));
    int64_t status = 0;

    memset(line, '.', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\n';
    while (count-- > 0)
        status = stile_console_write_buffer(buffer, stile_nr_bytes(sizeof(line))).status;
    return status;
}

/* The notification at the end has the batch pay for all its lines: none is left to the next. */
static int64_t console_ring(uint32_t count)
{
    static char line[64];
    bool written = true;

    memset(line, '.', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\n';
    while (count-- > 0)
        written &= ring_write(line, sizeof(line));
    return written ? stile_console_notify().status : STILE_BUSY;
}

static int64_t clock_read(uint32_t count)
{
    static const struct stile_vm_page *page;
    uint64_t ns = 0;

    if (!page)
        page = kernel_map_shared(stile_core_info(STILE_INFO_VM_PAGE).value[0], sizeof(*page));
    while (count-- > 0) {
        ns = stile_clock_ns(&page->clock);
        __asm__ volatile("" : : "r"(ns)); /* or the clock would be read once only */
    }
    return ns != 0 ? STILE_SUCCESS : STILE_BUSY;
}

static uint64_t cpu_interface(void)
{
    return gic->version == 2 ? gicv2_cpu_interface() : 0;
}

static int64_t ipi_self(uint32_t count)
{
    uint64_t interface = cpu_interface();
    stile_vcpu_id_t self = stile_vcpu_id(smp_cpu()->index);
    int64_t status = 0;

    while (count-- > 0) {
        status = stile_irq_ipi(self, stile_intid(SGI_BENCH)).status;
        interrupt_take(interface);
    }
    return status;
}

static int64_t timer_now(uint32_t count)
{
    uint64_t interface = cpu_interface();
    int64_t status = 0;

    while (count-- > 0) {
        status = stile_time_oneshot(stile_ticks(0)).status;
        interrupt_take(interface);
    }
    return status;
}

static int64_t yield(uint32_t count)
{
    int64_t status = 0;

    while (count-- > 0)
        status = stile_vcpu_yield().status;
    return status;
}

static int64_t wfi_late(uint32_t count)
{
    uint64_t interface = cpu_interface();
    uint64_t late = 0;

    while (count-- > 0) {
        uint64_t deadline = cpu_ticks() + BENCH_AHEAD_TICKS;
        (void)stile_time_oneshot(stile_ticks(deadline));
        (void)stile_vcpu_block();
        late += read_sysreg(cntvct_el0) - deadline;
        interrupt_take(interface);
    }
    return (int64_t)late;
}

/* --- two CPUs --- */

static inline void await(uint64_t interface)
{
    do
        (void)stile_vcpu_block();
    while (!interrupt_came(interface));
}

static int64_t ping(uint32_t count)
{
    uint64_t interface = cpu_interface();
    stile_vcpu_id_t other = stile_vcpu_id(pair_other_cpu());
    int64_t status = 0;

    while (count-- > 0) {
        status = stile_irq_ipi(other, stile_intid(SGI_BENCH)).status;
        await(interface);
    }
    return status;
}

static void pong(void)
{
    uint64_t interface = cpu_interface();
    stile_vcpu_id_t other = stile_vcpu_id(pair_other_cpu());

    for (await(interface); !pair_stops(); await(interface))
        (void)stile_irq_ipi(other, stile_intid(SGI_BENCH));
}

const struct bench_pair_row measured_call_pair = {
    {"ping_pong", "call", BENCH_SGI, ping, STILE_SUCCESS},
    pong,
};

static int64_t world_switch(uint32_t count)
{
    int64_t status = 0;

    for (; count >= 2; count -= 2)
        status = stile_vcpu_yield().status;
    return status;
}

const struct bench_row measured_call_switch = {"world_switch", "call", BENCH_PLAIN, world_switch,
                                               STILE_SUCCESS};

const struct bench_row measured_call_rows[] = {
    {"null", "call", BENCH_PLAIN, null, STILE_SUCCESS},
    {"multicall_32", "call", BENCH_PLAIN, multicall, STILE_MULTICALL_MAX},
    {"unknown", "call", BENCH_PLAIN, unknown, STILE_NOT_SUPPORTED},
    {"bad_argument", "call", BENCH_PLAIN, bad_argument, STILE_INVALID_ARGUMENT},
    {"smccc_version", "call", BENCH_PLAIN, smccc_version, STILE_SMCCC_VERSION_1_2},
    {"uart_char", "call", BENCH_NOISY, uart_char, STILE_SUCCESS},
    {"console_64", "call", BENCH_NOISY, console_64, STILE_SUCCESS},
    {"console_ring", "page", BENCH_NOISY, console_ring, STILE_SUCCESS},
    {"clock_read", "page", BENCH_PLAIN, clock_read, STILE_SUCCESS},
    {"ipi_self", "call", BENCH_SGI, ipi_self, STILE_SUCCESS},
    {"timer_now", "call", BENCH_TIMER, timer_now, STILE_SUCCESS},
    {"yield", "call", BENCH_PLAIN, yield, STILE_SUCCESS},
    {"wfi_late", "call", BENCH_LATE, wfi_late, STILE_SUCCESS},
};
const size_t measured_nr_call_rows = sizeof(measured_call_rows) / sizeof(measured_call_rows[0]);

/* What masking costs a kernel whose interrupt controller is the mailbox. Nothing is pending. */
static int64_t mask_unmask(uint32_t count)
{
    uint64_t *pending = &mailbox()->words[MASKED_PORT / 64].pending;
    uint64_t *mask = &mailbox()->words[MASKED_PORT / 64].mask;
    uint64_t bit = UINT64_C(1) << (MASKED_PORT % 64);
    int64_t nr_pending = 0;

    while (count-- > 0) {
        (void)__atomic_fetch_or(mask, bit, __ATOMIC_RELAXED);
        (void)__atomic_fetch_and(mask, ~bit, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(pending, __ATOMIC_RELAXED) & bit)
            nr_pending++;
    }
    return nr_pending;
}

const struct bench_row measured_mask_row = {"mask_unmask", "page", BENCH_PLAIN, mask_unmask, 0};
