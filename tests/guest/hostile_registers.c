/* SPDX-License-Identifier: MIT */
/*
 * Every register of every device a hypervisor emulates, and what is between them: read and written
 * at every offset, by every width, with patterns. Nothing but what the device is for may come of
 * it: no exception, and afterwards interrupts and the console work.
 *
 * Bare hardware is left alone: there are registers there that hand memory to devices.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "dev/irq.h"
#include "dev/pl011.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/thread.h"

#define NR_WORDS (96 / 32)

#define UART_CR   0x30
#define UART_IMSC 0x38

static const struct gic_traits *traits;

static void need_emulation(void)
{
    traits = gic_rig_traits();
    if (!traits || !traits->is_stile)
        SKIP("no GIC, or not a hypervisor's");
}

KTF_SUITE(hostile_registers, .suite_setup = need_emulation);

/* --- accesses --- */

static uint64_t read_sized(uint64_t address, uint32_t bytes)
{
    uint64_t value;

    switch (bytes) {
    case 1:
        __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 2:
        __asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
        break;
    case 4:
        return io_read32(address);
    default:
        return io_read64(address);
    }
    return value;
}

static void write_sized(uint64_t address, uint32_t bytes, uint64_t value)
{
    switch (bytes) {
    case 1:
        io_write8(address, (uint8_t)value);
        break;
    case 2:
        __asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
        break;
    case 4:
        io_write32(address, (uint32_t)value);
        break;
    default:
        io_write64(address, value);
    }
}

/* Nothing, everything, and a bit that walks on with every access. */
static uint64_t pattern(uint32_t n, uint32_t offset)
{
    uint64_t walking = UINT64_C(1) << offset % 61 % 64;

    switch (n) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return walking;
    default:
        return ~walking;
    }
}

#define NR_PATTERNS 4

struct sweep {
    uint64_t base; /* 0: that of this CPU's redistributor */
    uint32_t first;
    uint32_t end;
    uint32_t step; /* at least the width */
};

static uint32_t max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void sweep_reads(const struct sweep *sweep)
{
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
        uint64_t limit = bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1;
        for (uint32_t at = sweep->first; at < sweep->end; at += max(bytes, sweep->step)) {
            uint64_t value = read_sized(sweep->base + at, bytes);
            if (value > limit)
                EXPECT_FAIL("%u bytes at 0x%x read %llx", bytes, at, (unsigned long long)value);
        }
    }
}

static void sweep_writes(const struct sweep *sweep)
{
    for (uint32_t n = 0; n < NR_PATTERNS; n++) {
        for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
            for (uint32_t at = sweep->first; at < sweep->end; at += max(bytes, sweep->step))
                write_sized(sweep->base + at, bytes, pattern(n, at));
        }
    }
}

struct
try {
    void (*function)(const struct sweep *sweep);
    const struct sweep *sweep;
};

static void call_sweep(void *argument)
{
    const struct try *try = argument;

    try->function(try->sweep);
}

static void expect_no_fault(void (*function)(const struct sweep *), const struct sweep *sweep)
{
    struct try try = {function, sweep};
    struct fault fault = {0, 0, 0};

    if (exception_try(call_sweep, &try, &fault))
        EXPECT_FAIL("%s at offset %llx, syndrome %llx", exception_name(fault.esr),
                    (unsigned long long)(fault.far - sweep->base), (unsigned long long)fault.esr);
}

/* --- the controller's state, to put back --- */

static struct {
    uint32_t ctlr;
    uint32_t waker;
    uint32_t group[NR_WORDS];
    uint32_t enabled[NR_WORDS];
    uint32_t config[2 * NR_WORDS];
    uint32_t priority[8 * NR_WORDS];
    uint32_t targets[8 * NR_WORDS];
    uint64_t router[32 * NR_WORDS];
} saved;

static uint64_t fields_of(uint32_t file, uint32_t per_word, uint32_t i)
{
    uint64_t base = gic_distributor();

    if (gic->version == 3 && i * per_word < 32)
        base = gic_rig_own_frame() + GICR_SGI_FRAME;
    return base + file + 4 * i;
}

static void save_controller(void)
{
    saved.ctlr = io_read32(gic_distributor() + GICD_CTLR);
    if (gic->version == 3)
        saved.waker = io_read32(gic_rig_own_frame() + GICR_WAKER);
    for (uint32_t i = 0; i < NR_WORDS; i++) {
        saved.group[i] = io_read32(fields_of(GICD_IGROUPR, 32, i));
        saved.enabled[i] = io_read32(fields_of(GICD_ISENABLER, 32, i));
    }
    for (uint32_t i = 0; i < 2 * NR_WORDS; i++)
        saved.config[i] = io_read32(fields_of(GICD_ICFGR, 16, i));
    for (uint32_t i = 0; i < 8 * NR_WORDS; i++) {
        saved.priority[i] = io_read32(fields_of(GICD_IPRIORITYR, 4, i));
        saved.targets[i] = io_read32(gic_distributor() + GICD_ITARGETSR + 4 * i);
    }
    for (uint32_t i = 32; gic->version == 3 && i < 32 * NR_WORDS; i++)
        saved.router[i] = io_read64(gic_distributor() + GICD_IROUTER + 8 * (uint64_t)i);
}

static void clear_controller(void)
{
    io_write32(gic_distributor() + GICD_CTLR, 0);
    for (uint32_t i = 0; i < NR_WORDS; i++) {
        io_write32(fields_of(GICD_ICENABLER, 32, i), UINT32_MAX);
        io_write32(fields_of(GICD_ICPENDR, 32, i), UINT32_MAX);
        io_write32(fields_of(GICD_ICACTIVER, 32, i), UINT32_MAX);
    }
    for (uint32_t i = 0; gic->version == 2 && i < 4; i++)
        io_write32(gic_distributor() + GICD_CPENDSGIR + 4 * i, UINT32_MAX);
}

static void restore_controller(void)
{
    clear_controller();
    for (uint32_t i = 0; i < 8 * NR_WORDS; i++) {
        io_write32(fields_of(GICD_IPRIORITYR, 4, i), saved.priority[i]);
        io_write32(gic_distributor() + GICD_ITARGETSR + 4 * i, saved.targets[i]);
    }
    for (uint32_t i = 32; gic->version == 3 && i < 32 * NR_WORDS; i++)
        io_write64(gic_distributor() + GICD_IROUTER + 8 * (uint64_t)i, saved.router[i]);
    for (uint32_t i = 0; i < 2 * NR_WORDS; i++)
        io_write32(fields_of(GICD_ICFGR, 16, i), saved.config[i]);
    for (uint32_t i = 0; i < NR_WORDS; i++) {
        io_write32(fields_of(GICD_IGROUPR, 32, i), saved.group[i]);
        io_write32(fields_of(GICD_ISENABLER, 32, i), saved.enabled[i]);
    }
    if (gic->version == 3)
        io_write32(gic_rig_own_frame() + GICR_WAKER, saved.waker);
    io_write32(gic_distributor() + GICD_CTLR, saved.ctlr);
    gic_rig_settle();
    EXPECT_EQ(io_read32(gic_distributor() + GICD_CTLR), saved.ctlr);
}

/* --- that all works --- */

static void count(uint32_t intid, void *argument)
{
    (void)intid;
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELEASE);
}

static void expect_working(void)
{
    uint32_t sgis = 0, spis = 0;
    uint64_t before = cpu_ticks();

    irq_register(RIG_SGI, count, &sgis);
    irq_register(RIG_SPI, count, &spis);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        gic->send_sgi(cpu, RIG_SGI);
    gic_rig_write_bit(GICD_ISPENDR, RIG_SPI);
    EXPECT_TRUE(support_wait(__atomic_load_n(&sgis, __ATOMIC_ACQUIRE) == smp_nr_online() &&
                                 __atomic_load_n(&spis, __ATOMIC_ACQUIRE) == 1,
                             3000));
    irq_register(RIG_SGI, NULL, NULL);
    irq_unregister(RIG_SPI);
    thread_sleep_ms(1); /* the timer */
    EXPECT_GE(cpu_ticks() - before, 1);
}

/* --- the sweeps --- */

static void sweep_controller(struct sweep sweep)
{
    uint64_t flags = irq_save();

    if (sweep.base == 0)
        sweep.base = gic_rig_own_frame();
    save_controller();
    expect_no_fault(sweep_reads, &sweep);
    expect_no_fault(sweep_writes, &sweep);
    expect_no_fault(sweep_reads, &sweep);
    restore_controller();
    irq_restore(flags);
    expect_working();
}

KTF_TEST(hostile_registers, the_distributor)
{
    sweep_controller((struct sweep){gic_distributor(), 0, 0x1000, 1});
}

KTF_TEST(hostile_registers, the_rest_of_the_distributors_frame)
{
    if (machine.gicd.bytes <= 0x1000)
        SKIP("there is none");
    sweep_controller((struct sweep){gic_distributor(), 0x1000, 0x10000, 56});
    sweep_controller((struct sweep){gic_distributor(), 0x6000, 0x6400, 1});
    sweep_controller((struct sweep){gic_distributor(), 0xFF80, 0x10000, 1});
}

KTF_TEST(hostile_registers, the_redistributor)
{
    if (gic->version != 3)
        SKIP("a GICv2 has none");
    sweep_controller((struct sweep){0, 0, 0x200, 1});
    sweep_controller((struct sweep){0, 0x200, 0x10000, 56});
    sweep_controller((struct sweep){0, GICR_SGI_FRAME, GICR_SGI_FRAME + 0x1000, 1});
    sweep_controller((struct sweep){0, GICR_SGI_FRAME + 0x1000, GICR_STRIDE, 56});
}

/* All but the data register: what is written there is printed. */
KTF_TEST(hostile_registers, the_uart)
{
    uint64_t uart = pl011_data_register();

    if (uart == 0)
        SKIP("the machine has none");
    const struct sweep registers = {uart, 8, 0x1000, 1};
    const struct sweep all = {uart, 0, 0x1000, 1};
    uint64_t flags = irq_save();
    uint32_t cr = io_read32(uart + UART_CR), imsc = io_read32(uart + UART_IMSC);

    expect_no_fault(sweep_reads, &all);
    expect_no_fault(sweep_writes, &registers);
    expect_no_fault(sweep_reads, &all);
    io_write32(uart + UART_CR, cr);
    io_write32(uart + UART_IMSC, imsc);
    irq_restore(flags);
    expect_working();
}
