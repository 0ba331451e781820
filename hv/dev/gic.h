/* SPDX-License-Identifier: MIT */
/*
 * The machine's interrupt controller: a GICv2 with virtualisation extensions (IHI 0048) or a
 * GICv3 (IHI 0069), chosen at boot by the device tree.
 *
 * All physical interrupts are taken to EL2, the slice timer before the others. EOImode is 1:
 * gic_eoi() lets further interrupts come, gic_deactivate() lets the same one come again. Here too
 * is the hardware side of virtual interrupts: list registers and the virtual CPU interface. What is
 * put into them is virt/vgic's.
 */
#ifndef DEV_GIC_H
#define DEV_GIC_H

#include <stdbool.h>
#include <stdint.h>

/* INTIDs by kind. */
#define GIC_NR_SGIS       16
#define GIC_FIRST_SPI     32
#define GIC_INTID_SPECIAL 1020 /* from here to 1023: nothing was acknowledged */

/*
 * A list register, in the layout of ICH_LR<n>_EL2 (IHI 0069, 12.4). The GICv2 driver converts. For
 * an SGI of a GICv2 guest, bits 34:32 are the CPU it comes from.
 */
#define GIC_LR_INTID(lr)      ((uint32_t)((lr)&0xFFFFFFFF))
#define GIC_LR_SOURCE_SHIFT   32
#define GIC_LR_SOURCE(lr)     ((uint32_t)((lr) >> GIC_LR_SOURCE_SHIFT & 7))
#define GIC_LR_HW_INTID_SHIFT 32
#define GIC_LR_EOI            (UINT64_C(1) << 41) /* maintenance interrupt when it ends; not HW */
#define GIC_LR_PRIORITY_SHIFT 48
#define GIC_LR_GROUP1         (UINT64_C(1) << 60)
#define GIC_LR_HW             (UINT64_C(1) << 61) /* its end deactivates a physical interrupt */
#define GIC_LR_PENDING        (UINT64_C(1) << 62)
#define GIC_LR_ACTIVE         (UINT64_C(1) << 63)
#define GIC_LR_STATE          (GIC_LR_PENDING | GIC_LR_ACTIVE)

/* The control register, ICH_HCR_EL2 and GICH_HCR alike. */
#define GIC_HCR_EN             (1u << 0)
#define GIC_HCR_LRENPIE        (1u << 2) /* maintenance: an interrupt ended that is in no LR */
#define GIC_HCR_NPIE           (1u << 3) /* maintenance: no list register is pending */
#define GIC_HCR_GROUP0_ON      (1u << 4) /* maintenance: the guest takes group 0 */
#define GIC_HCR_GROUP0_OFF     (1u << 5) /* maintenance: it does not */
#define GIC_HCR_GROUP1_ON      (1u << 6)
#define GIC_HCR_GROUP1_OFF     (1u << 7)
#define GIC_HCR_TDIR           (1u << 14) /* deactivations trap; GICv3, where there is such a trap */
#define GIC_HCR_EOICOUNT_SHIFT 27         /* how many ended that are in no list register */

/* The guest's CPU interface registers, ICH_VMCR_EL2 and GICH_VMCR alike. */
#define GIC_VMCR_GROUP0_ENABLE (1u << 0)
#define GIC_VMCR_GROUP1_ENABLE (1u << 1)
#define GIC_VMCR_FIQEN         (1u << 3) /* group 0 is FIQ */
#define GIC_VMCR_SPLIT_EOI     (1u << 9) /* EOImode: EOI does not deactivate, DIR does */
#define GIC_VMCR_PMR_SHIFT     24

#define GIC_MAX_LRS  16
#define GIC_MAX_APRS 4

/** The state of a virtual CPU interface besides its list registers. */
struct gic_interface {
    uint32_t vmcr;
    uint32_t ap0r[GIC_MAX_APRS]; /* active priorities, group 0; a GICv2 has ap0r[0] only */
    uint32_t ap1r[GIC_MAX_APRS];
};

/** What a driver does. The functions below say it in full. */
struct gic_ops {
    void (*init)(void);
    void (*init_pcpu)(void);
    bool (*has_pcpu)(uint32_t pcpu_index);
    uint32_t (*ack)(void);
    void (*eoi)(uint32_t intid);
    void (*deactivate)(uint32_t intid);
    void (*enable)(uint32_t intid);
    void (*disable)(uint32_t intid);
    void (*set_active)(uint32_t intid, bool active);
    void (*route)(uint32_t intid, uint32_t pcpu_index);
    void (*send_sgi)(uint32_t pcpu_index, uint32_t sgi);
    void (*send_sgi_set)(uint64_t pcpus_set, uint32_t sgi);
    uint64_t (*read_lr)(uint32_t lr);
    void (*write_lr)(uint32_t lr, uint64_t value);
    uint32_t (*read_empty_lrs)(void);
    uint32_t (*read_hcr)(void);
    void (*write_hcr)(uint32_t hcr);
    uint32_t (*read_vmcr)(void);
    bool (*is_idle)(void);
    void (*save_interface)(struct gic_interface *state);
    void (*restore_interface)(const struct gic_interface *state);
};

/** What the virtual CPU interface has; the same on every physical CPU. */
struct gic_limits {
    uint32_t nr_lrs;           /* 1 to GIC_MAX_LRS */
    uint32_t nr_priority_bits; /* 4 to 8, the high ones of a byte */
    uint32_t nr_aprs;          /* of each group; 1, 2 or 4 */
    uint32_t reset_vmcr;       /* what its registers are after reset */
    uint32_t hcr;              /* what the control register has always: GIC_HCR_EN, traps */
    bool forgets_levels; /* no GIC_LR_HW for a level: still high at the end, it would be lost */
    uint8_t lpi_lr;      /* the list register behind those, if one is kept for LPIs */
};

extern const struct gic_ops gicv2_ops;
extern const struct gic_ops gicv3_ops;

/* Constant after gic_init() and the boot CPU's gic_init_pcpu(). */
extern const struct gic_ops *gic;
extern struct gic_limits gic_limits;

/**
 * gic_init() - find the driver, reset the distributor
 *
 * SPIs are disabled and routed to the boot CPU. Panics if the driver was not configured. Boot CPU,
 * after el2map_init().
 */
void gic_init(void);

/**
 * gic_init_pcpu() - set up this CPU's interface; its SGIs and PPIs are disabled
 *
 * The virtual one is on from here on, with nothing in its list registers: gic_limits.hcr.
 */
void gic_init_pcpu(void);

/** gic_has_pcpu() - whether the GIC has what a CPU of the tree needs, as far as can be told */
bool gic_has_pcpu(uint32_t pcpu_index);

/** Acknowledges the pending interrupt: its INTID, or one from GIC_INTID_SPECIAL if there is none.
 */
static inline uint32_t gic_ack(void)
{
    return gic->ack();
}

/** Drops the priority an acknowledged interrupt raised. In the reverse order of acknowledging. */
static inline void gic_eoi(uint32_t intid)
{
    gic->eoi(intid);
}

/** Ends an acknowledged interrupt. Of an SGI: before the next one is acknowledged. */
static inline void gic_deactivate(uint32_t intid)
{
    gic->deactivate(intid);
}

/** Lets an interrupt come. An SGI or PPI is this CPU's own. */
static inline void gic_enable(uint32_t intid)
{
    gic->enable(intid);
}

static inline void gic_disable(uint32_t intid)
{
    gic->disable(intid);
}

/** gicv3_redistributor() - the frame of a CPU's redistributor; 0 if it has none. GICv3 alone. */
uintptr_t gicv3_redistributor(uint32_t pcpu_index);

/**
 * gic_set_edge() - have an SPI be edge-triggered, or a level
 * @intid: disabled; no other CPU does the same meanwhile
 */
void gic_set_edge(uint32_t intid, bool edge);

/** Makes an SPI, or a PPI of this CPU, active, so that it cannot come, or inactive. */
static inline void gic_set_active(uint32_t intid, bool active)
{
    gic->set_active(intid, active);
}

/** Has an SPI come to a physical CPU from its next occurrence on. */
static inline void gic_route(uint32_t intid, uint32_t pcpu_index)
{
    gic->route(intid, pcpu_index);
}

/** Interrupts a physical CPU; what was written before is visible to it. */
static inline void gic_send_sgi(uint32_t pcpu_index, uint32_t sgi)
{
    gic->send_sgi(pcpu_index, sgi);
}

/** The same for several, bit n being CPU n; at least one. */
static inline void gic_send_sgi_set(uint64_t pcpus_set, uint32_t sgi)
{
    gic->send_sgi_set(pcpus_set, sgi);
}

/* This CPU's list registers, 0 to nr_lrs - 1. */
static inline uint64_t gic_read_lr(uint32_t lr)
{
    return gic->read_lr(lr);
}

static inline void gic_write_lr(uint32_t lr, uint64_t value)
{
    gic->write_lr(lr, value);
}

/** A bit for each list register that has no interrupt and reports no EOI. */
static inline uint32_t gic_read_empty_lrs(void)
{
    return gic->read_empty_lrs();
}

static inline uint32_t gic_read_hcr(void)
{
    return gic->read_hcr();
}

static inline void gic_write_hcr(uint32_t hcr)
{
    gic->write_hcr(hcr);
}

static inline uint32_t gic_read_vmcr(void)
{
    return gic->read_vmcr();
}

/** Whether nothing that the guest handles keeps less urgent interrupts back. */
static inline bool gic_is_idle(void)
{
    return gic->is_idle();
}

/** Moves this CPU's virtual CPU interface, but for its list registers and HCR, to memory. */
static inline void gic_save_interface(struct gic_interface *state)
{
    gic->save_interface(state);
}

static inline void gic_restore_interface(const struct gic_interface *state)
{
    gic->restore_interface(state);
}

#endif
