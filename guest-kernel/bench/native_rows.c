/* SPDX-License-Identifier: MIT */
/*
 * The operations as any kernel does them. In a VM most of them trap.
 */
#include "bench/native_rows.h"

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gicd.h"
#include "dev/gicv2.h"
#include "dev/gicv3.h"
#include "dev/pl011.h"
#include "machine/smp.h"
#include "measure/interrupt.h"
#include "measure/pair.h"

/* GICD_SGIR: the CPUs to send to, a bit for each (IHI 0048, 4.3.15). */
#define SGIR_TARGETS_SHIFT 16

static uint64_t gicd;
static uint64_t gicc;
static uint64_t uart;
static uint64_t sgi_word; /* ICC_SGI1R_EL1 for SGI_BENCH to this CPU */

/* Rows of two CPUs: what to write, to ICC_SGI1R_EL1 or GICD_SGIR, to reach each. */
static uint64_t pair_word[2];

void native_rows_init(void)
{
    gicd = gic_distributor();
    uart = pl011_data_register();
    gicc = gic->version == 2 ? gicv2_cpu_interface() : 0;
    sgi_word = gic->version == 3 ? gicv3_sgi_word(smp_cpu()->index, SGI_BENCH) : 0;
    for (uint32_t cpu = 0; cpu < 2; cpu++)
        pair_word[cpu] = gic->version == 3 ? gicv3_sgi_word(cpu, SGI_BENCH)
                                           : UINT64_C(1) << (SGIR_TARGETS_SHIFT + cpu) | SGI_BENCH;
}

/* The other CPU sees all stores before this CPU sleeps. */
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

static int64_t id_register(uint32_t count)
{
    while (count-- > 0)
        (void)read_sysreg(id_aa64pfr0_el1);
    return 0;
}

static int64_t gicd_read(uint32_t count)
{
    uint64_t typer = gicd + GICD_TYPER;

    while (count-- > 0)
        (void)io_read32(typer);
    return 0;
}

static int64_t uart_char(uint32_t count)
{
    uint64_t data = uart;

    while (count-- > 0)
        io_write32(data, '.');
    return 0;
}

static int64_t ipi_self(uint32_t count)
{
    uint64_t interface = gicc;
    uint64_t sgir = gicd + GICD_SGIR;
    uint64_t word = sgi_word;

    if (gic->version == 2) {
        while (count-- > 0) {
            io_write32(sgir, GICD_SGIR_SELF | SGI_BENCH);
            interrupt_take(interface);
        }
    } else {
        while (count-- > 0) {
            write_icc(ICC_SGI1R_EL1, word);
            interrupt_take(interface);
        }
    }
    return 0;
}

static int64_t timer_now(uint32_t count)
{
    uint64_t interface = gicc;

    while (count-- > 0) {
        write_sysreg(cntv_cval_el0, 0);
        write_sysreg(cntv_ctl_el0, 1);
        interrupt_take(interface);
    }
    return 0;
}

static int64_t wfi_late(uint32_t count)
{
    uint64_t interface = gicc;
    uint64_t late = 0;

    while (count-- > 0) {
        uint64_t deadline = cpu_ticks() + BENCH_AHEAD_TICKS;
        write_sysreg(cntv_cval_el0, deadline);
        write_sysreg(cntv_ctl_el0, 1);
        isb();
        wait_for_interrupt();
        late += read_sysreg(cntvct_el0) - deadline;
        interrupt_take(interface);
    }
    return (int64_t)late;
}

/* --- two CPUs --- */

static inline void send(uint64_t word)
{
    if (gic->version == 2)
        io_write32(gicd + GICD_SGIR, (uint32_t)word);
    else
        write_icc(ICC_SGI1R_EL1, word);
}

static inline void await(uint64_t interface)
{
    do
        wait_for_interrupt();
    while (!interrupt_came(interface));
}

static int64_t ping(uint32_t count)
{
    uint64_t interface = gicc;
    uint64_t word = pair_word[pair_other_cpu()];

    while (count-- > 0) {
        send(word);
        await(interface);
    }
    return 0;
}

static void pong(void)
{
    uint64_t interface = gicc;
    uint64_t word = pair_word[pair_other_cpu()];

    for (await(interface); !pair_stops(); await(interface))
        send(word);
}

const struct bench_pair_row native_pair = {
    {"ping_pong", "trap", BENCH_SGI, ping, 0},
    pong,
};

const struct bench_row native_rows[] = {
    {"id_register", NULL, BENCH_PLAIN, id_register, 0},
    {"gicd_read", NULL, BENCH_PLAIN, gicd_read, 0},
    {"uart_char", NULL, BENCH_UART, uart_char, 0},
    {"ipi_self", NULL, BENCH_SGI, ipi_self, 0},
    {"timer_now", "hardware", BENCH_TIMER, timer_now, 0},
    {"wfi_late", "trap", BENCH_LATE, wfi_late, 0},
};
const size_t nr_native_rows = sizeof(native_rows) / sizeof(native_rows[0]);
