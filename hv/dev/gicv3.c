/* SPDX-License-Identifier: MIT */
/*
 * GICv3 and later (IHI 0069): distributor, redistributors, and the CPU interfaces, physical and
 * virtual, in system registers. Interrupts are non-secure group 1.
 */
#include "arch/mpidr.h"
#include "dev/gic.h"
#include "dev/gic_regs.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/printk.h"

/* ICC_SRE_EL1 and ICC_SRE_EL2, IHI 0069, 12.2. */
#define SRE_SRE    (1u << 0) /* system registers, not memory-mapped ones */
#define SRE_DFB    (1u << 1) /* no bypass */
#define SRE_DIB    (1u << 2)
#define SRE_ENABLE (1u << 3) /* EL1 may reach ICC_SRE_EL1 */

#define ICC_CTLR_EOIMODE (1u << 1)

/* ICC_SGI1R_EL1 */
#define SGI1R_TARGETS     UINT64_C(0xFFFF) /* of those that are the same in all else */
#define SGI1R_AFF1_SHIFT  16
#define SGI1R_INTID_SHIFT 24
#define SGI1R_AFF2_SHIFT  32
#define SGI1R_RS_SHIFT    44
#define SGI1R_AFF3_SHIFT  48

/* ICH_VTR_EL2, IHI 0069, 12.4. */
#define VTR_NR_LRS(vtr)             ((uint32_t)((vtr)&0x1F) + 1)
#define VTR_NR_PREEMPTION_BITS(vtr) ((uint32_t)((vtr) >> 26 & 7) + 1)
#define VTR_NR_PRIORITY_BITS(vtr)   ((uint32_t)((vtr) >> 29 & 7) + 1)

#define VTR_TDS (UINT64_C(1) << 19) /* ICH_HCR_EL2.TDIR works */

static uintptr_t gicd;
static uintptr_t gicr[CONFIG_NR_PCPUS];      /* each CPU's redistributor */
static uint64_t sgi_target[CONFIG_NR_PCPUS]; /* ICC_SGI1R_EL1 to reach each, but for the INTID */

/* Waits until the distributor has taken up what was written. */
static void wait_gicd(void)
{
    while (io_read32(gicd + GICD_CTLR) & GICD_CTLR_RWP)
        ;
}

/* --- initialisation --- */

/* Notes whose redistributor this is, if its CPU is used. */
static void note_redistributor(uintptr_t frame, uint64_t typer)
{
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        if (typer >> GICR_TYPER_AFFINITY_SHIFT == mpidr_packed(machine.cpu_mpidr[i]))
            gicr[i] = frame;
    }
}

/* Each region has redistributors until one says that it is the last, or to its end. */
static void find_in_region(const struct pa_range *region)
{
    uint64_t offset = 0, typer = 0;

    while (!(typer & GICR_TYPER_LAST) && offset < region->bytes) {
        uintptr_t frame = region->base.pa + offset;
        typer = io_read64(frame + GICR_TYPER);
        note_redistributor(frame, typer);
        offset += machine.gicr_stride        ? machine.gicr_stride
                  : typer & GICR_TYPER_VLPIS ? 2 * GICR_BYTES
                                             : GICR_BYTES;
    }
}

static void find_redistributors(void)
{
    for (uint32_t i = 0; i < machine.nr_gicr; i++)
        find_in_region(&machine.gicr[i]);
    if (gicr[0] == 0)
        panic("the CPU that booted has no GICv3 redistributor");
}

static bool has_pcpu(uint32_t pcpu_index)
{
    return gicr[pcpu_index] != 0;
}

uintptr_t gicv3_redistributor(uint32_t pcpu_index)
{
    return gicr[pcpu_index];
}

static void init_sgi_targets(void)
{
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        uint64_t mpidr = machine.cpu_mpidr[i];
        sgi_target[i] =
            MPIDR_AFF3(mpidr) << SGI1R_AFF3_SHIFT | MPIDR_AFF2(mpidr) << SGI1R_AFF2_SHIFT |
            MPIDR_AFF1(mpidr) << SGI1R_AFF1_SHIFT | (MPIDR_AFF0(mpidr) >> 4) << SGI1R_RS_SHIFT |
            UINT64_C(1) << (MPIDR_AFF0(mpidr) & 15);
    }
}

static void init_distributor(void)
{
    uint32_t nr_banks = GICD_TYPER_LINES(io_read32(gicd + GICD_TYPER));

    /* Affinity routing first: it gives IROUTER its meaning. */
    io_write32(gicd + GICD_CTLR, GICD_CTLR_ARE);
    wait_gicd();
    for (uint32_t bank = 1; bank < nr_banks; bank++) {
        gic_reset_bank(gicd, bank);
        io_write32(gicd + GICD_IGROUPR + 4 * bank, UINT32_MAX);
    }
    wait_gicd();
    for (uint32_t intid = GIC_FIRST_SPI; intid < 32 * nr_banks && intid < GIC_INTID_SPECIAL;
         intid++)
        io_write64(gicd + GICD_IROUTER + 8 * intid, machine.cpu_mpidr[0]);
    io_write32(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GROUP1);
    wait_gicd();
}

/* The system registers exist from here on. EL1 is kept to them too. */
static void enable_system_registers(void)
{
    write_sysreg(icc_sre_el2, SRE_SRE | SRE_DFB | SRE_DIB | SRE_ENABLE);
    isb();
    write_sysreg(icc_sre_el1, SRE_SRE | SRE_DFB | SRE_DIB);
    isb();
}

static void init(void)
{
    gicd = machine.gicd.base.pa;
    find_redistributors();
    init_sgi_targets();
    init_distributor();
    enable_system_registers();

    uint64_t vtr = read_sysreg(ich_vtr_el2);
    uint32_t nr_preemption_bits = VTR_NR_PREEMPTION_BITS(vtr);
    gic_limits = (struct gic_limits){
        .nr_lrs = VTR_NR_LRS(vtr) < GIC_MAX_LRS ? VTR_NR_LRS(vtr) : GIC_MAX_LRS,
        .nr_priority_bits = VTR_NR_PRIORITY_BITS(vtr),
        .nr_aprs = nr_preemption_bits > 5 ? 1u << (nr_preemption_bits - 5) : 1,
        .reset_vmcr = GIC_VMCR_FIQEN, /* RES1 with system registers */
        .hcr = GIC_HCR_EN | (vtr & VTR_TDS ? GIC_HCR_TDIR : 0),
    };
}

static void wake_redistributor(uintptr_t frame)
{
    uint32_t waker = io_read32(frame + GICR_WAKER);

    io_write32(frame + GICR_WAKER, waker & ~GICR_WAKER_PROCESSOR_SLEEP);
    while (io_read32(frame + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP)
        ;
}

static void write_lr(uint32_t lr, uint64_t value);

static void init_pcpu(void)
{
    uintptr_t frame = gicr[pcpu_self()->index];

    wake_redistributor(frame);
    gic_reset_bank(frame + GICR_SGI_FRAME, 0);
    io_write32(frame + GICR_SGI_FRAME + GICD_IGROUPR, UINT32_MAX);
    while (io_read32(frame + GICR_CTLR) & GICR_CTLR_RWP)
        ;

    enable_system_registers();
    write_sysreg(icc_pmr_el1, 0xFF);
    write_sysreg(icc_bpr1_el1, 0);
    write_sysreg(icc_ctlr_el1, ICC_CTLR_EOIMODE);
    write_sysreg(icc_igrpen1_el1, 1);
    for (uint32_t lr = 0; lr < gic_limits.nr_lrs; lr++)
        write_lr(lr, 0);
    write_sysreg(ich_hcr_el2, gic_limits.hcr);
    isb();
}

/* --- physical interrupts --- */

/*
 * The return to the guest synchronises what these write: no interrupt is taken at EL2, and the
 * next acknowledge comes after an exception.
 */
static uint32_t ack(void)
{
    return (uint32_t)read_sysreg(icc_iar1_el1);
}

static void eoi(uint32_t intid)
{
    write_sysreg(icc_eoir1_el1, intid);
}

static void deactivate(uint32_t intid)
{
    write_sysreg(icc_dir_el1, intid);
}

/* Where an interrupt's registers are: this CPU's redistributor or the distributor. */
static uintptr_t frame_of(uint32_t intid)
{
    return intid < GIC_FIRST_SPI ? gicr[pcpu_self()->index] + GICR_SGI_FRAME : gicd;
}

static void enable(uint32_t intid)
{
    gic_write_bit(frame_of(intid), GICD_ISENABLER, intid);
}

static void disable(uint32_t intid)
{
    gic_write_bit(frame_of(intid), GICD_ICENABLER, intid);
}

/*
 * A guest's end goes by a system register, which may overtake the write: what is read back has been
 * written.
 */
static void set_active(uint32_t intid, bool active)
{
    uintptr_t frame = frame_of(intid);

    gic_write_bit(frame, active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
    if (active)
        (void)io_read32(frame + GICD_ISACTIVER + intid / 32 * 4);
}

static void route(uint32_t intid, uint32_t pcpu_index)
{
    io_write64(gicd + GICD_IROUTER + 8 * intid, machine.cpu_mpidr[pcpu_index]);
}

static void send_sgi(uint32_t pcpu_index, uint32_t sgi)
{
    dsb_ishst();
    write_sysreg(icc_sgi1r_el1, sgi_target[pcpu_index] | (uint64_t)sgi << SGI1R_INTID_SHIFT);
    isb();
}

/* One write for CPUs that differ in the target list alone. */
static void send_sgi_set(uint64_t pcpus_set, uint32_t sgi)
{
    uint64_t word = 0;

    dsb_ishst();
    for (; pcpus_set; pcpus_set &= pcpus_set - 1) {
        uint64_t next = sgi_target[__builtin_ctzll(pcpus_set)];
        if (word && ((word ^ next) & ~SGI1R_TARGETS)) {
            write_sysreg(icc_sgi1r_el1, word | (uint64_t)sgi << SGI1R_INTID_SHIFT);
            word = 0;
        }
        word |= next;
    }
    write_sysreg(icc_sgi1r_el1, word | (uint64_t)sgi << SGI1R_INTID_SHIFT);
    isb();
}

/* --- virtual interrupts --- */

#define EACH_LR_FROM_2(X)                                                                          \
    X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

/* It is one of the first two, mostly. */
static uint64_t read_lr(uint32_t lr)
{
    if (lr == 0)
        return read_sysreg(ich_lr0_el2);
    if (lr == 1)
        return read_sysreg(ich_lr1_el2);
    switch (lr) {
#define READ_LR(n)                                                                                 \
    case n:                                                                                        \
        return read_sysreg(ich_lr##n##_el2);
        EACH_LR_FROM_2(READ_LR)
#undef READ_LR
    default:
        return 0;
    }
}

static void write_lr(uint32_t lr, uint64_t value)
{
    if (lr == 0) {
        write_sysreg(ich_lr0_el2, value);
        return;
    }
    if (lr == 1) {
        write_sysreg(ich_lr1_el2, value);
        return;
    }
    switch (lr) {
#define WRITE_LR(n)                                                                                \
    case n:                                                                                        \
        write_sysreg(ich_lr##n##_el2, value);                                                      \
        break;
        EACH_LR_FROM_2(WRITE_LR)
#undef WRITE_LR
    default:
        break;
    }
}

static uint32_t read_empty_lrs(void)
{
    isb(); /* list registers written since EL2 was entered count */
    return (uint32_t)read_sysreg(ich_elrsr_el2);
}

static uint32_t read_hcr(void)
{
    return (uint32_t)read_sysreg(ich_hcr_el2);
}

static void write_hcr(uint32_t hcr)
{
    write_sysreg(ich_hcr_el2, hcr);
}

static uint32_t read_vmcr(void)
{
    return (uint32_t)read_sysreg(ich_vmcr_el2);
}

static bool is_idle(void)
{
    uint64_t active = read_sysreg(ich_ap0r0_el2) | read_sysreg(ich_ap1r0_el2);

    if (gic_limits.nr_aprs > 1)
        active |= read_sysreg(ich_ap0r1_el2) | read_sysreg(ich_ap1r1_el2);
    if (gic_limits.nr_aprs > 2)
        active |= read_sysreg(ich_ap0r2_el2) | read_sysreg(ich_ap1r2_el2) |
                  read_sysreg(ich_ap0r3_el2) | read_sysreg(ich_ap1r3_el2);
    return active == 0;
}

/* Only as many active priority registers exist as there are preemption levels for. */
static void save_interface(struct gic_interface *state)
{
    state->vmcr = read_vmcr();
    state->ap0r[0] = (uint32_t)read_sysreg(ich_ap0r0_el2);
    state->ap1r[0] = (uint32_t)read_sysreg(ich_ap1r0_el2);
    if (gic_limits.nr_aprs < 2)
        return;
    state->ap0r[1] = (uint32_t)read_sysreg(ich_ap0r1_el2);
    state->ap1r[1] = (uint32_t)read_sysreg(ich_ap1r1_el2);
    if (gic_limits.nr_aprs < 4)
        return;
    state->ap0r[2] = (uint32_t)read_sysreg(ich_ap0r2_el2);
    state->ap1r[2] = (uint32_t)read_sysreg(ich_ap1r2_el2);
    state->ap0r[3] = (uint32_t)read_sysreg(ich_ap0r3_el2);
    state->ap1r[3] = (uint32_t)read_sysreg(ich_ap1r3_el2);
}

static void restore_interface(const struct gic_interface *state)
{
    /* The last guest may have turned its system registers off; what follows needs them. */
    write_sysreg(icc_sre_el1, SRE_SRE | SRE_DFB | SRE_DIB);
    isb();
    write_sysreg(ich_vmcr_el2, state->vmcr);
    write_sysreg(ich_ap0r0_el2, state->ap0r[0]);
    write_sysreg(ich_ap1r0_el2, state->ap1r[0]);
    if (gic_limits.nr_aprs < 2)
        return;
    write_sysreg(ich_ap0r1_el2, state->ap0r[1]);
    write_sysreg(ich_ap1r1_el2, state->ap1r[1]);
    if (gic_limits.nr_aprs < 4)
        return;
    write_sysreg(ich_ap0r2_el2, state->ap0r[2]);
    write_sysreg(ich_ap1r2_el2, state->ap1r[2]);
    write_sysreg(ich_ap0r3_el2, state->ap0r[3]);
    write_sysreg(ich_ap1r3_el2, state->ap1r[3]);
}

const struct gic_ops gicv3_ops = {
    .init = init,
    .init_pcpu = init_pcpu,
    .has_pcpu = has_pcpu,
    .ack = ack,
    .eoi = eoi,
    .deactivate = deactivate,
    .enable = enable,
    .disable = disable,
    .set_active = set_active,
    .route = route,
    .send_sgi = send_sgi,
    .send_sgi_set = send_sgi_set,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .read_empty_lrs = read_empty_lrs,
    .read_hcr = read_hcr,
    .write_hcr = write_hcr,
    .read_vmcr = read_vmcr,
    .is_idle = is_idle,
    .save_interface = save_interface,
    .restore_interface = restore_interface,
};
