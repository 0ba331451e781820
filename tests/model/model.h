/* SPDX-License-Identifier: MIT */
/*
 * A model of a GIC as software sees it: distributor, redistributors and CPU interfaces, by the
 * architecture's state machine of an interrupt (IHI 0069, 4.1; IHI 0048, 3.2). It knows nothing of
 * list registers or of physical CPUs, and everything has taken effect when a function returns.
 *
 * One security state, affinity routing always on (GICv3), no LPIs. Which of several equally urgent
 * interrupts comes first is not laid down, so the model does not acknowledge by itself: it judges
 * what was acknowledged.
 *
 * What the architecture leaves to an implementation is as Stile has it: accesses of other widths
 * than a register's read as zero and are ignored, a GICv2's SPI with several targets goes to the
 * first, the highest 5 bits of a priority exist.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_NR_CPUS     3
#define MODEL_NR_SHARED   64 /* SPIs */
#define MODEL_NR_INTIDS   (32 + MODEL_NR_SHARED)
#define MODEL_SPURIOUS    1023u
#define MODEL_IDLE        0xFFu      /* the running priority when nothing is active */
#define MODEL_DISTRIBUTOR UINT32_MAX /* a frame; else a CPU's redistributor, its SGI frame */

/** One interrupt; of an SGI or PPI, as one CPU has it. */
struct model_interrupt {
    bool enabled;
    bool group1; /* else group 0 */
    bool edge;   /* edge-triggered, else level-sensitive */
    bool line;   /* the input is high */
    bool latch;  /* made pending by an edge or a write, and not acknowledged since */
    bool active;
    uint8_t priority;
    uint8_t taken_by; /* the CPU that acknowledged it last */
    uint8_t targets;  /* of an SPI: a bit for each CPU */
    uint8_t sources;  /* of a GICv2's SGI: from whom it is pending, a bit for each CPU */
    uint64_t router;  /* GICD_IROUTER */
};

/** A CPU interface. */
struct model_cpu {
    bool enabled[2];            /* each group */
    bool split_eoi;             /* EOImode */
    uint8_t mask;               /* the priority mask */
    uint32_t active_priorities; /* a bit for each priority, the most urgent lowest */
};

struct model {
    uint32_t version;
    bool enabled[2];      /* each group, by the distributor */
    uint32_t fixed_edges; /* SGIs and PPIs that are edges whatever is written */
    uint32_t fixed_levels;
    struct model_interrupt private[MODEL_NR_CPUS][32];
    struct model_interrupt shared[MODEL_NR_SHARED];
    struct model_cpu cpu[MODEL_NR_CPUS];
};

/** model_reset() - as after power-on: everything off; @version is 2 or 3 */
void model_reset(struct model *gic, uint32_t version, uint32_t fixed_edges, uint32_t fixed_levels);

/** model_interrupt() - an interrupt as a CPU has it */
struct model_interrupt *model_interrupt(struct model *gic, uint32_t cpu, uint32_t intid);

/** model_read() - what a CPU reads; offsets are those of dev/gic_regs.h, aligned to @bytes */
uint64_t model_read(struct model *gic, uint32_t cpu, uint32_t frame, uint32_t offset,
                    uint32_t bytes);
void model_write(struct model *gic, uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes,
                 uint64_t value);

/** model_set_line() - drive an input; of a PPI, that of @cpu */
void model_set_line(struct model *gic, uint32_t cpu, uint32_t intid, bool high);

/** model_make_pending() - as an edge at the input would */
void model_make_pending(struct model *gic, uint32_t cpu, uint32_t intid);

/** model_send_sgi() - @targets has a bit for each CPU */
void model_send_sgi(struct model *gic, uint32_t cpu, uint32_t targets, uint32_t sgi);

/** model_write_sgi() - GICv3: ICC_SGI1R_EL1, or ICC_SGI0R_EL1 if not @group1; Aff0 is the CPU */
void model_write_sgi(struct model *gic, uint32_t cpu, uint64_t value, bool group1);

/** model_is_pending() - GICD_ISPENDR's bit */
bool model_is_pending(const struct model *gic, uint32_t cpu, uint32_t intid);

/** model_running() - the running priority of a CPU */
uint32_t model_running(const struct model *gic, uint32_t cpu);

/** model_highest() - the priority of what a CPU would acknowledge, or MODEL_IDLE if there is
 * nothing */
uint32_t model_highest(const struct model *gic, uint32_t cpu);

/** model_would_wake() - whether something is pending for a CPU that its mask lets through */
bool model_would_wake(const struct model *gic, uint32_t cpu);

/**
 * model_judge() - NULL, or what is wrong with a CPU's acknowledging an interrupt now
 * @intid: MODEL_SPURIOUS if it got nothing
 * @source: of a GICv2's SGI, the CPU that it came from
 */
const char *model_judge(const struct model *gic, uint32_t cpu, uint32_t intid, uint32_t source);

/** model_acknowledge() - a CPU has acknowledged, as model_judge() found right */
void model_acknowledge(struct model *gic, uint32_t cpu, uint32_t intid, uint32_t source);

/**
 * model_end() - a CPU wrote an interrupt to its EOI register: the one acknowledged last
 *
 * An SPI that has been made inactive by a write meanwhile, and acknowledged by another CPU, is that
 * CPU's to end.
 */
void model_end(struct model *gic, uint32_t cpu, uint32_t intid);

/** model_deactivate() - the same to its DIR register, EOImode being 1; an SPI by any CPU */
void model_deactivate(struct model *gic, uint32_t cpu, uint32_t intid);

#endif
