/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller taken apart, for the suites that hold it against the architecture
 * (IHI 0048 GICv2, IHI 0069 GICv3): its registers by name, its CPU interface polled with
 * interrupts masked, and what is allowed to differ between one controller and another.
 */
#ifndef GUEST_GIC_RIG_H
#define GUEST_GIC_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/gicd.h"
#include "lib/time.h"

/* Beside those of dev/gicd.h. */
#define GICD_IIDR      0x008
#define GICD_ISPENDR   0x200
#define GICD_ICPENDR   0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_ICFGR     0xC00
#define GICD_CPENDSGIR 0xF10
#define GICD_SPENDSGIR 0xF20

#define GICD_CTLR_ENABLES 3u
#define GICD_CTLR_ARE     (1u << 4)
#define GICD_CTLR_DS      (1u << 6)
#define GICD_CTLR_RWP     (1u << 31)

#define GICR_CTLR      0x0000
#define GICR_IIDR      0x0004
#define GICR_TYPER     0x0008
#define GICR_WAKER     0x0014
#define GICR_SGI_FRAME 0x10000
#define GICR_STRIDE    0x20000

/* SPIs that no device drives, neither on QEMU's virt nor in a VM: the upper half of a word. */
#define RIG_SPI      80
#define RIG_NR_SPIS  16
#define RIG_SPI_BITS 0xFFFF0000u

/* An SGI and a PPI that nobody else uses. */
#define RIG_SGI 9
#define RIG_PPI 20

/*
 * Test interrupts are more urgent than this, all others of the kernel less: while the rig is set
 * up, only the former reach the CPU.
 */
#define RIG_MASK 0x90u

#define RIG_LIMIT_MS 3000

#define RIG_SPURIOUS 1023u
#define RIG_IDLE     0xFFu /* the running priority when nothing is active */

/** What may differ from one conforming controller to another, or where one is known not to conform.
 */
struct gic_traits {
    const char *name;
    uint32_t version;
    uint32_t iidr;
    uint32_t nr_intids; /* that GICD_TYPER tells */
    uint32_t priority_bits;
    bool lpis;                  /* GICR_TYPER.PLPIS */
    bool tells_too_few;         /* there are more INTIDs than GICD_TYPER tells */
    bool stores_absent_targets; /* GICD_ITARGETSR keeps bits of CPUs that do not exist */
    bool stores_irouter_whole;  /* GICD_IROUTER keeps what is reserved */
    bool any_width;             /* bytes of word registers can be accessed */
    bool pends_by_target;       /* an interrupt becomes pending on each of its targets, for good */
    bool groups_hide;           /* pending ones of a group that is not taken hide all others */
    bool takes_unaligned;       /* accesses that are not aligned do not fault */
    bool is_stile;
};

/** gic_rig_traits() - those of the controller this runs on */
const struct gic_traits *gic_rig_traits(void);

/** gic_rig_need_gic() - suite_setup of suites that use the distributor; skips without one */
void gic_rig_need_gic(void);

/** gic_rig_setup() - mask interrupts, reset the test interrupts and have the SPIs come here */
void gic_rig_setup(void);

/** gic_rig_teardown() - leave all as it was before gic_rig_setup() */
void gic_rig_teardown(void);

/** gic_rig_own_frame() - GICv3: this CPU's redistributor; the SGI frame is GICR_SGI_FRAME on */
uint64_t gic_rig_own_frame(void);

/** The address of an interrupt's word in a register file of one bit, and of its priority byte. */
uint64_t gic_rig_word(uint32_t file, uint32_t intid);
uint64_t gic_rig_priority(uint32_t intid);

/** Writes an interrupt's bit, and that alone; and reads it. */
void gic_rig_write_bit(uint32_t file, uint32_t intid);
bool gic_rig_read_bit(uint32_t file, uint32_t intid);

/** Whether an SPI is an edge: the upper bit of its field in GICD_ICFGR. */
void gic_rig_set_edge(uint32_t intid, bool edge);

/** Has an SPI come to cpus[@cpu]. */
void gic_rig_route(uint32_t intid, uint32_t cpu);

/** Makes a test interrupt enabled, at a priority below RIG_MASK. */
void gic_rig_enable(uint32_t intid, uint32_t priority);

/** Makes an interrupt pending: by GICD_SPENDSGIR if it is a GICv2's SGI, else by ISPENDR. */
void gic_rig_pend(uint32_t intid);

/** Neither pending nor active any more; what the CPU interface runs at is gic_rig_drop()'s. */
void gic_rig_clear(uint32_t intid);

/** The same, and disabled, of group 1 on a GICv3, and an edge if it is an SPI, as the rig's are. */
void gic_rig_quiet(uint32_t intid);

/** Waits until GICD_CTLR.RWP or GICR_CTLR.RWP says that what was written has taken effect. */
void gic_rig_settle(void);

/**
 * gic_rig_wait() - wait, with interrupts masked, until a condition is true
 *
 * Evaluates to whether it is, in the end. A controller may take a little while to see that a level
 * has changed, an emulated one on a busy host longer.
 */
#define gic_rig_wait(condition)                                                                    \
    __extension__({                                                                                \
        uint64_t end_ = cpu_ticks() + time_ms_to_ticks(RIG_LIMIT_MS);                              \
        while (!(condition) && cpu_ticks() < end_)                                                 \
            ;                                                                                      \
        (bool)(condition);                                                                         \
    })

/* --- the CPU interface --- */

/** gic_rig_take() - acknowledge, waiting a little for something; the INTID or RIG_SPURIOUS */
uint32_t gic_rig_take(void);

/** gic_rig_take_source() - the same; *@ack is what a GICv2 wants back at the end */
uint32_t gic_rig_take_source(uint32_t *ack);

/** gic_rig_none() - whether nothing comes, having waited as long as gic_rig_take() */
bool gic_rig_none(void);

/** Ends an interrupt: drops its priority and, unless gic_rig_split_eoi(), deactivates it. */
void gic_rig_end(uint32_t ack);
void gic_rig_deactivate(uint32_t ack);

/** gic_rig_split_eoi() - EOImode: whether deactivation is an operation of its own */
void gic_rig_split_eoi(bool split);

uint32_t gic_rig_running(void);

/** gic_rig_drop() - run at no priority, whatever was acknowledged and not ended */
void gic_rig_drop(void);

uint32_t gic_rig_highest_pending(void);
void gic_rig_set_mask(uint32_t priority);

/** gic_rig_group_priorities() - only the upper three bits of a priority preempt, or all */
void gic_rig_group_priorities(bool grouped);

#endif
