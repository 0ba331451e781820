/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a VM's interrupts for the emulated GIC (vgic/vgic.h): of each kind, words of 32
 * interrupts, as the registers of the distributor and the redistributors are.
 *
 * While a vCPU is loaded, its most urgent interrupts are in list registers, and what memory says of
 * those is how they were when the list registers were last read back.
 */
#ifndef VM_VGIC_STATE_H
#define VM_VGIC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/gic.h"
#include "lib/spinlock.h"

struct pcpu;

/* The PPI by which a vCPU is told of bits in its mailbox (struct stile_mailbox). */
#define VGIC_EVENT_INTID 31
#define VGIC_EVENT_BIT   (1u << VGIC_EVENT_INTID) /* in bank 0 */

#define VGIC_NR_SPIS      64
#define VGIC_NR_SPI_BANKS (VGIC_NR_SPIS / 32)
#define VGIC_NR_BANKS     (1 + VGIC_NR_SPI_BANKS) /* bank 0 is the vCPU's SGIs and PPIs */
#define VGIC_NR_INTIDS    (32 * VGIC_NR_BANKS)

/** 32 interrupts, a bit for each. */
struct vgic_bank {
    uint32_t enabled;
    uint32_t group1; /* else group 0 */
    uint32_t edge;   /* edge-triggered, else level-sensitive */
    union {
        struct {
            uint32_t line;   /* the level of the input */
            uint32_t latch;  /* made pending by an edge or a write */
            uint32_t posted; /* made pending since the LRs were read back; becomes latch */
            uint32_t active;
        };
        uint64_t in_flight[2]; /* these four: mostly, nothing is */
    };
    uint8_t priority[32];
};

/** A VM's distributor. */
struct vgic {
    struct spinlock lock; /* of all state of the VM's interrupts, but see struct vgic_vcpu */
    uint32_t ctlr;        /* GICD_CTLR: the group enables */
    struct vgic_bank spi[VGIC_NR_SPI_BANKS];
    uint64_t irouter[VGIC_NR_SPIS];   /* GICv3: affinity */
    uint8_t itargets[VGIC_NR_SPIS];   /* GICv2: a bit for each vCPU */
    uint32_t held[VGIC_NR_SPI_BANKS]; /* in some vCPU's list registers, or active on it */

    /* Of those that are physical SPIs, too: see vgic_linked.c. */
    uint32_t phys_active[VGIC_NR_SPI_BANKS]; /* that one is active on this one's account */
    uint32_t fired_again[VGIC_NR_SPI_BANKS]; /* it has come again, after an end not yet seen */
    uint16_t phys[VGIC_NR_SPIS];             /* its INTID */
    uint8_t phys_pcpu[VGIC_NR_SPIS];         /* the physical CPU that it comes to */

    uint32_t typer; /* GICv3: GICD_TYPER */
};

/** State changes that wait until a vCPU's list registers are read back. */
struct vgic_change {
    uint32_t clear_pending;
    uint32_t clear_active;
    uint32_t set_active;
};

/**
 * A vCPU's redistributor and the shadow of its CPU interface.
 *
 * While the vCPU is loaded, the shadow of its list registers, sgi_sources, timer_active and, in its
 * bank, latch, line and active belong to its physical CPU, which uses them without the lock.
 * bank.posted, sgi_posted and requests are changed atomically by any CPU. All else is under the
 * VM's vgic.lock.
 */
struct vgic_vcpu {
    struct vgic_bank bank;
    uint32_t requests;             /* not 0: list registers must be filled anew */
    uint16_t used;                 /* list registers assigned to an interrupt */
    bool timer_active;             /* the physical timer PPI is active on this vCPU's account */
    bool timer_due;                /* its level, when others last asked for what this CPU has */
    bool active_left_out;          /* an active interrupt found no list register */
    bool pending_left_out;         /* so did a pending one */
    bool changes;                  /* something is in change[] */
    bool is_odd;                   /* something is in made_active[] or end_due[], or it has LPIs */
    uint64_t lr[GIC_MAX_LRS];      /* as last written */
    uint8_t lr_of[VGIC_NR_INTIDS]; /* where an interrupt is, or VGIC_NO_LR */
    struct pcpu *loaded_on;        /* or NULL */
    uint32_t nr_refills;           /* counts how often the list registers were read back */
    uint32_t waker;                /* GICR_WAKER */

    /* GICv2: the vCPUs an SGI comes from, a bit for each. */
    uint8_t sgi_sources[GIC_NR_SGIS];
    uint8_t sgi_posted[GIC_NR_SGIS];
    uint8_t sgi_active_source[GIC_NR_SGIS]; /* the one vCPU whose SGI is active */

    uint32_t held[VGIC_NR_SPI_BANKS];   /* SPIs in its list registers, or active on it */
    uint32_t routed[VGIC_NR_SPI_BANKS]; /* SPIs that go to it */
    struct vgic_change change[VGIC_NR_BANKS];
    struct gic_interface interface; /* valid while not loaded */

    /* Acknowledged and ended by whom: see vgic_fold.c. */
    uint8_t active_priority[VGIC_NR_INTIDS]; /* of each when it was acknowledged last */
    uint32_t made_active[VGIC_NR_BANKS];     /* by a write: the guest will not end these */
    uint32_t end_due[VGIC_NR_BANKS];         /* made inactive by one: the guest will end these */
    uint8_t due_priority[VGIC_NR_INTIDS];    /* of those when they were acknowledged */
    uint8_t due_source[GIC_NR_SGIS];         /* and whose SGIs they are, GICv2 */
};

/**
 * vgic_has_news() - whether others have done something to a vCPU's interrupts that it has not seen
 * @vgic: of the vCPU loaded on this physical CPU
 */
static inline bool vgic_has_news(const struct vgic_vcpu *vgic)
{
    return __atomic_load_n(&vgic->requests, __ATOMIC_RELAXED) ||
           __atomic_load_n(&vgic->bank.posted, __ATOMIC_RELAXED);
}

#endif
