/* SPDX-License-Identifier: MIT */
/*
 * GICv2: distributor and CPU interface, both memory-mapped (IHI 0048).
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gicd.h"
#include "dev/gicv2.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"

#define GICC_CTLR 0x00
#define GICC_PMR  0x04
#define GICC_IAR  0x0C
#define GICC_EOIR 0x10

/* Enables the one group of interrupts that this view of the GIC has. */
#define CTLR_ENABLE 1

#define SGIR_TARGET_SHIFT 16

static uint64_t gicd;
static uint64_t gicc;
static uint8_t interface[NR_CPUS]; /* the bit of each CPU in target lists */

uint64_t gicv2_cpu_interface(void)
{
    return gicc;
}

/* Reading ITARGETSR of an SGI tells a CPU its own bit (IHI 0048 §4.3.12). */
static uint8_t own_interface(void)
{
    uint8_t targets = (uint8_t)io_read32(gicd + GICD_ITARGETSR);

    return targets ? targets : 1; /* a GIC with one CPU reads as zero */
}

static void init(void)
{
    gicd = gic_distributor();
    io_write32(gicd + GICD_CTLR, 0);
    gicd_disable_all(gicd);
    io_write32(gicd + GICD_CTLR, CTLR_ENABLE);
}

static void init_interface(void)
{
    if (gicc == 0)
        gicc = kernel_map_device(machine.gicc.base, machine.gicc.bytes);
    io_write32(gicc + GICC_PMR, GIC_PRIORITY_MASK);
    io_write32(gicc + GICC_CTLR, CTLR_ENABLE);
}

static void init_cpu(uint32_t index)
{
    interface[index] = own_interface();
    for (uint32_t sgi = 0; sgi < 16; sgi++)
        gicd_set_priority(gicd, sgi);
    io_write32(gicd + GICD_ISENABLER, 0xFFFF);
    init_interface();
}

/* SPIs all go to the boot CPU. */
static void enable(uint32_t intid)
{
    gicd_set_priority(gicd, intid);
    if (intid >= IRQ_FIRST_SPI)
        io_write8(gicd + GICD_ITARGETSR + intid, interface[0]);
    gicd_enable(gicd, intid);
}

static void disable(uint32_t intid)
{
    gicd_disable(gicd, intid);
}

static uint32_t acknowledge(void)
{
    return io_read32(gicc + GICC_IAR);
}

static void end(uint32_t ack)
{
    io_write32(gicc + GICC_EOIR, ack);
}

static void send_sgi(uint32_t target, uint32_t sgi)
{
    dsb_ishst(); /* what the other CPU shall see, it sees when interrupted */
    io_write32(gicd + GICD_SGIR, (uint32_t)interface[target] << SGIR_TARGET_SHIFT | sgi);
}

const struct gic gicv2 = {
    .version = 2,
    .init = init,
    .init_cpu = init_cpu,
    .init_interface = init_interface,
    .handle = gic_handle_one,
    .enable = enable,
    .disable = disable,
    .acknowledge = acknowledge,
    .end = end,
    .send_sgi = send_sgi,
};
