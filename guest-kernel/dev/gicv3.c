/* SPDX-License-Identifier: MIT */
/*
 * GICv3: distributor and redistributors memory-mapped, CPU interface by system registers
 * (IHI 0069).
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gicd.h"
#include "dev/gicv3.h"
#include "lib/panic.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"

#define SGI1R_INTID_SHIFT 24

#define ICC_SRE_SRE 1 /* the system registers are in use */

/* GICD_CTLR, by the names it has without a secure world; the bits are the same with one. */
#define GICD_CTLR_GROUP1 (1u << 1)
#define GICD_CTLR_ARE    (1u << 4)
#define GICD_CTLR_RWP    (1u << 31)

/* A redistributor: the control frame, then the frame of interrupts 0 to 31. */
#define GICR_FRAME_BYTES 0x10000
#define GICR_STRIDE      (2 * GICR_FRAME_BYTES)
#define GICR_CTLR        0x0000
#define GICR_TYPER       0x0008
#define GICR_WAKER       0x0014
#define GICR_CTLR_RWP    (1u << 3)

#define GICR_TYPER_LAST           (UINT64_C(1) << 4)
#define GICR_TYPER_VLPIS          (UINT64_C(1) << 1)
#define GICR_TYPER_AFFINITY_SHIFT 32

#define GICR_WAKER_PROCESSOR_SLEEP (1u << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1u << 2)

static uint64_t gicd;
static uint64_t gicr[NR_CPUS];     /* each CPU's redistributor */
static uint64_t sgi_word[NR_CPUS]; /* ICC_SGI1R_EL1 to reach each CPU, but for the SGI's number */

/* Aff3 to Aff0 side by side, as GICR_TYPER has them. */
static uint32_t affinity_of(uint64_t mpidr)
{
    return (uint32_t)((mpidr & 0xFFFFFF) | (mpidr >> 32 & 0xFF) << 24);
}

static void wait_for_distributor(void)
{
    while (io_read32(gicd + GICD_CTLR) & GICD_CTLR_RWP)
        ;
}

static uint64_t find_redistributor(uint32_t affinity)
{
    static uint64_t region;

    if (region == 0)
        region = kernel_map_device(machine.gicr.base, machine.gicr.bytes);
    for (uint64_t base = region; base < region + machine.gicr.bytes; base += GICR_STRIDE) {
        uint64_t typer = io_read64(base + GICR_TYPER);
        if (typer >> GICR_TYPER_AFFINITY_SHIFT == affinity)
            return base;
        if (typer & GICR_TYPER_LAST)
            break;
        if (typer & GICR_TYPER_VLPIS)
            base += GICR_STRIDE; /* a GICv4 has two more frames */
    }
    panic("no redistributor for the CPU with affinity 0x%x", affinity);
}

static void init(void)
{
    gicd = gic_distributor();
    io_write32(gicd + GICD_CTLR, 0);
    wait_for_distributor();
    gicd_disable_all(gicd);
    wait_for_distributor();
    io_write32(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
    wait_for_distributor();
}

static void wake(uint64_t base)
{
    io_write32(base + GICR_WAKER, io_read32(base + GICR_WAKER) & ~GICR_WAKER_PROCESSOR_SLEEP);
    while (io_read32(base + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP)
        ;
}

uint64_t gicv3_sgi_word(uint32_t target, uint32_t sgi)
{
    return sgi_word[target] | (uint64_t)sgi << SGI1R_INTID_SHIFT;
}

uint64_t gicv3_redistributor(uint32_t index)
{
    return gicr[index];
}

/* ICC_SGI1R_EL1: Aff3.Aff2.Aff1 apart, Aff0 as a bit among the 16 of its range (§12.2.20). */
static uint64_t sgi_target(uint64_t mpidr)
{
    uint64_t aff0 = mpidr & 0xFF;
    uint64_t aff1 = mpidr >> 8 & 0xFF;
    uint64_t aff2 = mpidr >> 16 & 0xFF;
    uint64_t aff3 = mpidr >> 32 & 0xFF;

    return aff3 << 48 | (aff0 / 16) << 44 | aff2 << 32 | aff1 << 16 | UINT64_C(1) << aff0 % 16;
}

static void init_interface(void)
{
    uint64_t sre = read_icc(ICC_SRE_EL1);

    write_icc(ICC_SRE_EL1, sre | ICC_SRE_SRE);
    isb();
    if (!(read_icc(ICC_SRE_EL1) & ICC_SRE_SRE))
        panic("the GICv3's system registers are switched off");
    write_icc(ICC_PMR_EL1, GIC_PRIORITY_MASK);
    write_icc(ICC_CTLR_EL1, 0); /* EOI both drops the priority and deactivates */
    write_icc(ICC_IGRPEN1_EL1, 1);
    isb();
}

static void init_cpu(uint32_t index)
{
    uint64_t base = find_redistributor(affinity_of(machine.mpidr[index]));
    uint64_t frame = base + GICR_FRAME_BYTES;

    gicr[index] = base;
    sgi_word[index] = sgi_target(machine.mpidr[index]);
    wake(base);
    io_write32(frame + GICD_IGROUPR, UINT32_MAX);
    for (uint32_t sgi = 0; sgi < 16; sgi++)
        gicd_set_priority(frame, sgi);
    io_write32(frame + GICD_ICENABLER, 0xFFFF0000);
    io_write32(frame + GICD_ISENABLER, 0x0000FFFF);
    while (io_read32(base + GICR_CTLR) & GICR_CTLR_RWP)
        ;
    init_interface();
}

static uint64_t own_frame(void)
{
    uint32_t affinity = affinity_of(read_sysreg(mpidr_el1));

    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        if (affinity_of(machine.mpidr[i]) == affinity)
            return gicr[i] + GICR_FRAME_BYTES;
    }
    panic("a CPU that is not in the device tree");
}

/* SPIs all go to the boot CPU. */
static void enable(uint32_t intid)
{
    if (intid < IRQ_FIRST_SPI) {
        uint64_t frame = own_frame();
        gicd_set_priority(frame, intid);
        gicd_enable(frame, intid);
        return;
    }
    uint64_t word = gicd_bit_word(gicd, GICD_IGROUPR, intid);
    io_write32(word, io_read32(word) | gicd_bit(intid));
    gicd_set_priority(gicd, intid);
    io_write64(gicd + GICD_IROUTER + 8 * (uint64_t)intid, machine.mpidr[0]);
    gicd_enable(gicd, intid);
}

static void disable(uint32_t intid)
{
    if (intid < IRQ_FIRST_SPI) {
        gicd_disable(own_frame(), intid);
        return;
    }
    gicd_disable(gicd, intid);
    wait_for_distributor();
}

static uint32_t acknowledge(void)
{
    uint32_t intid = (uint32_t)read_icc(ICC_IAR1_EL1);

    dsb_sy(); /* the acknowledgement before what the handler does (§4.2.1) */
    return intid;
}

static void end(uint32_t ack)
{
    write_icc(ICC_EOIR1_EL1, ack);
    isb();
}

static void send_sgi(uint32_t target, uint32_t sgi)
{
    dsb_ishst(); /* what the other CPU shall see, it sees when interrupted */
    write_icc(ICC_SGI1R_EL1, gicv3_sgi_word(target, sgi));
    isb();
}

const struct gic gicv3 = {
    .version = 3,
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
