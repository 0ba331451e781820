/* SPDX-License-Identifier: MIT */
/*
 * GICv2 with virtualisation extensions, such as the GIC-400 (IHI 0048).
 *
 * Interrupts stay in the group they are in: whether that is group 1 seen from the non-secure side
 * or group 0 of a GIC without security, bit 0 of the control registers enables it, and GICC_IAR
 * acknowledges it.
 */
#include "dev/gic.h"
#include "dev/gic_regs.h"
#include "dev/machine.h"
#include "dev/pcpu.h"

/* CPU interface, IHI 0048, 4.4. */
#define GICC_CTLR 0x0000
#define GICC_PMR  0x0004
#define GICC_IAR  0x000C
#define GICC_EOIR 0x0010
#define GICC_DIR  0x1000

#define CTLR_ENABLE          (1u << 0)
#define GICC_CTLR_EOIMODE    (1u << 9)
#define GICC_IAR_INTID(iar)  ((iar)&0x3FF)
#define GICD_SGIR_CPUS_SHIFT 16

/* Virtual interface control, IHI 0048, 5.3. */
#define GICH_HCR   0x0000
#define GICH_VTR   0x0004
#define GICH_VMCR  0x0008
#define GICH_ELRSR 0x0030
#define GICH_APR   0x00F0
#define GICH_LR    0x0100

/*
 * QEMU's is product 0, as none of Arm's is. When a guest's end of an interrupt deactivates a
 * physical one, it does not look whether that one's level is high, and forgets it until some other
 * interrupt comes (IHI 0048, 3.2.4: it is pending).
 */
#define GICD_IIDR_PRODUCT(iidr) ((iidr) >> 24)
#define PRODUCT_QEMU            0u

#define GICH_VTR_NR_LRS(vtr)           (((vtr)&0x3F) + 1)
#define GICH_VTR_NR_PRIORITY_BITS(vtr) (((vtr) >> 29) + 1)

/* GICH_LR<n> has the fields of ICH_LR<n>_EL2, narrower and moved. */
#define LR_INTID         0x3FFu
#define LR_PHYSICAL      0x3FFu /* or the source, and EOI as its highest bit */
#define LR_PRIORITY      0x1Fu  /* the high bits of the byte */
#define LR_STATE         0xFu   /* HW, group 1, active, pending */
#define LR_PHYSICAL_LOW  10
#define LR_PRIORITY_LOW  23
#define LR_PRIORITY_DROP 3
#define LR_HW            (1u << 31)
#define LR_GROUP1        (1u << 30)
#define LR_ACTIVE        (1u << 29)
#define LR_PENDING       (1u << 28)

static uintptr_t gicd;
static uintptr_t gicc;
static uintptr_t gich;

static uint8_t cpu_bits[CONFIG_NR_PCPUS];  /* by which the distributor names each CPU */
static uint32_t last_sgi[CONFIG_NR_PCPUS]; /* acknowledged by each CPU, with its source */

/* The calling CPU as the distributor names it. */
static uint32_t own_cpu_bit(void)
{
    uint32_t bits = io_read32(gicd + GICD_ITARGETSR) & 0xFF;

    return bits ? bits : 1; /* it is reserved if there is one CPU (IHI 0048, 4.3.12) */
}

static void init(void)
{
    gicd = machine.gicd.base.pa;
    gicc = machine.gicc.base.pa;
    gich = machine.gich.base.pa;

    uint32_t nr_banks = GICD_TYPER_LINES(io_read32(gicd + GICD_TYPER));
    uint32_t to_boot_cpu = own_cpu_bit() * 0x01010101u;

    io_write32(gicd + GICD_CTLR, 0);
    for (uint32_t bank = 1; bank < nr_banks; bank++) {
        gic_reset_bank(gicd, bank);
        for (uint32_t i = 0; i < 32; i += 4)
            io_write32(gicd + GICD_ITARGETSR + 32 * bank + i, to_boot_cpu);
    }
    io_write32(gicd + GICD_CTLR, CTLR_ENABLE);

    uint32_t vtr = io_read32(gich + GICH_VTR);
    uint32_t nr_lrs = GICH_VTR_NR_LRS(vtr);
    gic_limits = (struct gic_limits){
        .nr_lrs = nr_lrs < GIC_MAX_LRS ? nr_lrs : GIC_MAX_LRS,
        .nr_priority_bits = GICH_VTR_NR_PRIORITY_BITS(vtr),
        .nr_aprs = 1,
        .reset_vmcr = 0,
        .hcr = GIC_HCR_EN,
        .forgets_levels = GICD_IIDR_PRODUCT(io_read32(gicd + GICD_IIDR)) == PRODUCT_QEMU,
    };
}

static void init_pcpu(void)
{
    cpu_bits[pcpu_self()->index] = (uint8_t)own_cpu_bit();
    gic_reset_bank(gicd, 0);
    io_write32(gicc + GICC_PMR, 0xFF);
    io_write32(gicc + GICC_CTLR, CTLR_ENABLE | GICC_CTLR_EOIMODE);
    for (uint32_t lr = 0; lr < gic_limits.nr_lrs; lr++)
        io_write32(gich + GICH_LR + 4 * lr, 0);
    io_write32(gich + GICH_HCR, gic_limits.hcr);
}

/* What the distributor knows of other CPUs are bits without a name. */
static bool has_pcpu(uint32_t pcpu_index)
{
    (void)pcpu_index;
    return true;
}

/* --- physical interrupts --- */

static uint32_t ack(void)
{
    uint32_t iar = io_read32(gicc + GICC_IAR);
    uint32_t intid = GICC_IAR_INTID(iar);

    if (intid < GIC_NR_SGIS)
        last_sgi[pcpu_self()->index] = iar;
    return intid;
}

/* What ends an SGI must say which CPU it came from, as GICC_IAR said. */
static uint32_t with_source(uint32_t intid)
{
    return intid < GIC_NR_SGIS ? last_sgi[pcpu_self()->index] : intid;
}

static void eoi(uint32_t intid)
{
    io_write32(gicc + GICC_EOIR, with_source(intid));
}

static void deactivate(uint32_t intid)
{
    io_write32(gicc + GICC_DIR, with_source(intid));
}

static void enable(uint32_t intid)
{
    gic_write_bit(gicd, GICD_ISENABLER, intid);
}

static void disable(uint32_t intid)
{
    gic_write_bit(gicd, GICD_ICENABLER, intid);
}

static void set_active(uint32_t intid, bool active)
{
    gic_write_bit(gicd, active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

static void route(uint32_t intid, uint32_t pcpu_index)
{
    io_write8(gicd + GICD_ITARGETSR + intid, cpu_bits[pcpu_index]);
}

static void send_sgi(uint32_t pcpu_index, uint32_t sgi)
{
    dsb_ishst();
    io_write32(gicd + GICD_SGIR, (uint32_t)cpu_bits[pcpu_index] << GICD_SGIR_CPUS_SHIFT | sgi);
}

static void send_sgi_set(uint64_t pcpus_set, uint32_t sgi)
{
    uint32_t targets = 0;

    for (; pcpus_set; pcpus_set &= pcpus_set - 1)
        targets |= cpu_bits[__builtin_ctzll(pcpus_set)];
    dsb_ishst();
    io_write32(gicd + GICD_SGIR, targets << GICD_SGIR_CPUS_SHIFT | sgi);
}

/* --- virtual interrupts --- */

static uint64_t read_lr(uint32_t lr)
{
    uint32_t value = io_read32(gich + GICH_LR + 4 * lr);
    uint64_t priority = (value >> LR_PRIORITY_LOW & LR_PRIORITY) << LR_PRIORITY_DROP;

    return (value & LR_INTID) |
           (uint64_t)(value >> LR_PHYSICAL_LOW & LR_PHYSICAL) << GIC_LR_SOURCE_SHIFT |
           priority << GIC_LR_PRIORITY_SHIFT | (value & LR_GROUP1 ? GIC_LR_GROUP1 : 0) |
           (value & LR_HW ? GIC_LR_HW : 0) | (value & LR_PENDING ? GIC_LR_PENDING : 0) |
           (value & LR_ACTIVE ? GIC_LR_ACTIVE : 0);
}

static void write_lr(uint32_t lr, uint64_t value)
{
    uint32_t priority = value >> (GIC_LR_PRIORITY_SHIFT + LR_PRIORITY_DROP) & LR_PRIORITY;

    io_write32(gich + GICH_LR + 4 * lr,
               ((uint32_t)value & LR_INTID) |
                   (uint32_t)(value >> GIC_LR_SOURCE_SHIFT & LR_PHYSICAL) << LR_PHYSICAL_LOW |
                   priority << LR_PRIORITY_LOW | (value & GIC_LR_GROUP1 ? LR_GROUP1 : 0) |
                   (value & GIC_LR_HW ? LR_HW : 0) | (value & GIC_LR_PENDING ? LR_PENDING : 0) |
                   (value & GIC_LR_ACTIVE ? LR_ACTIVE : 0));
}

static uint32_t read_empty_lrs(void)
{
    return io_read32(gich + GICH_ELRSR);
}

static uint32_t read_hcr(void)
{
    return io_read32(gich + GICH_HCR);
}

static void write_hcr(uint32_t hcr)
{
    io_write32(gich + GICH_HCR, hcr);
}

static uint32_t read_vmcr(void)
{
    return io_read32(gich + GICH_VMCR);
}

static bool is_idle(void)
{
    return io_read32(gich + GICH_APR) == 0;
}

static void save_interface(struct gic_interface *state)
{
    state->vmcr = io_read32(gich + GICH_VMCR);
    state->ap0r[0] = io_read32(gich + GICH_APR);
}

static void restore_interface(const struct gic_interface *state)
{
    io_write32(gich + GICH_VMCR, state->vmcr);
    io_write32(gich + GICH_APR, state->ap0r[0]);
}

const struct gic_ops gicv2_ops = {
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
