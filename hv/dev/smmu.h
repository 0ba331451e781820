/* SPDX-License-Identifier: MIT */
/*
 * An SMMUv3 (IHI 0070): who writes to memory by itself is a stream, and reaches what a VM's
 * translation shows to it, or nothing.
 *
 * Streams come in buses of 256, as PCI's requester ids do. A bus is one VM's or nobody's, whose
 * accesses are aborted, and not recorded. Of one bus streams may be lent to others. Where the SMMU
 * has stage 2, its table is the VM's own; else (QEMU's 7.2) stage 1 does the work, by a table of
 * its format: see mm/stage2_pte.h.
 *
 * Any context, after smmu_init(); one lock inside.
 */
#ifndef DEV_SMMU_H
#define DEV_SMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define SMMU_BUS_STREAMS 256u

/** What smmu_attach() needs of memory: the entries of a bus, and what they point to. */
#define SMMU_TABLE_ORDER 2u

struct smmu_tables {
    void *streams; /* of SMMU_TABLE_ORDER, aligned, zeroed */
    void *context; /* a page, zeroed */
};

/**
 * smmu_init() - take over the machine's SMMU, if it has one that can be used
 * @tables: for its queues and the streams of nobody, SMMU_INIT_ORDER, zeroed
 *
 * Every stream is nobody's. Its registers are mapped. Returns NULL, or why it stays as it is: then
 * smmu_is_there() is false.
 */
#define SMMU_INIT_ORDER 4u
const char *smmu_init(void *tables);

/** smmu_is_there() - whether smmu_attach() can be called */
bool smmu_is_there(void);

/** smmu_has_stage2() - whether it translates by stage 2; else by stage 1 */
bool smmu_has_stage2(void);

/** smmu_nr_streams() - how many there are, a multiple of SMMU_BUS_STREAMS */
uint32_t smmu_nr_streams(void);

/**
 * smmu_attach() - give streams to a VM
 * @vm_id: 1 to CONFIG_NR_VMS, whose translations are known by that
 * @first, @nr: the streams: whole buses, nobody's, below smmu_nr_streams()
 * @tables: for this alone, until smmu_detach()
 * @root: the first of the VM's tables for it, level 1 of 39 bits, of smmu_has_stage2()'s format
 */
void smmu_attach(uint32_t vm_id, uint32_t first, uint32_t nr, const struct smmu_tables *tables,
                 pa_t root);

/**
 * smmu_lend() - from now on a stream is nobody's, whoever has its bus
 * @stream: below smmu_nr_streams(); it may be lent already
 *
 * Nobody has the bus now. Returns false if streams of another bus are lent.
 */
bool smmu_lend(uint32_t stream);

/**
 * smmu_attach_stream() - give a stream to a VM
 * @stream: lent, and nobody's
 * @context: for this VM alone, until smmu_detach(): a page, zeroed at first
 *
 * Otherwise as smmu_attach(), and as often as wanted.
 */
void smmu_attach_stream(uint32_t vm_id, uint32_t stream, void *context, pa_t root);

/** smmu_detach() - take all of a VM's streams back: none of them reaches memory any more */
void smmu_detach(uint32_t vm_id);

/** smmu_flush() - nothing reaches memory any more by what a VM's translation was before */
void smmu_flush(uint32_t vm_id);

/** An access that was refused. */
struct smmu_event {
    uint32_t type;   /* IHI 0070, 7.3; SMMU_NOT_MAPPED and so on are what a VM can cause */
    uint32_t stream; /* whose */
    uint32_t vm_id;  /* 0: nobody's any more */
    uint64_t address;
    bool is_write;
};

#define SMMU_NOT_MAPPED  0x10u
#define SMMU_NO_ADDRESS  0x11u
#define SMMU_NOT_ALLOWED 0x13u

/** smmu_next_event() - take the oldest event; false: there is none */
bool smmu_next_event(struct smmu_event *event);

/**
 * smmu_end_stream() - abort all further accesses of a stream of a VM's, until smmu_detach()
 *
 * And of those of the same number on the VM's other buses, which share its entry. Returns false if
 * that was so already.
 */
bool smmu_end_stream(uint32_t stream);

/** smmu_is_irq() - whether it is the SMMU that interrupts by @intid; a fault of its own: panics */
bool smmu_is_irq(uint32_t intid);

#endif
