/* SPDX-License-Identifier: MIT */
/*
 * Flat tables of 64 KiB, a queue of a page, and commands that are waited for where memory or an
 * LPI is given to somebody else afterwards.
 */
#include "dev/its.h"

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/gic_regs.h"
#include "dev/its_regs.h"
#include "dev/machine.h"
#include "lib/check.h"
#include "lib/cold.h"
#include "lib/printk.h"
#include "lib/spinlock.h"

#define TABLE_BYTES 0x10000u
_Static_assert(TABLE_BYTES == PAGE_SIZE << ITS_TABLE_ORDER, "as its_init() is given them");

/* The pieces of memory. */
#define DEVICES     0u
#define COLLECTIONS 1u
#define REST        2u /* the queue, then what the redistributors read of LPIs */
#define PENDING     3u /* of each CPU */

#define QUEUE_BYTES 0x1000u
#define ID_BITS     14u /* of INTIDs: 8192 LPIs */
#define NR_LPIS     (CONFIG_NR_VMS * ITS_VM_LPIS)
_Static_assert(NR_LPIS <= (1u << ID_BITS) - GIC_FIRST_LPI, "there are as many");

/* As all interrupts have but the slice timer's. */
#define PRIORITY 0xA0u

static struct its {
    struct spinlock lock;
    uintptr_t base; /* 0: there is none */
    uint32_t nr_devices;
    uint64_t *queue;
    uint32_t next;       /* offset of the next command */
    uint8_t *properties; /* a byte for each LPI */
    uint64_t targets[CONFIG_NR_PCPUS];
} its;

static uint64_t pa_of(const void *table)
{
    return (uint64_t)(uintptr_t)table;
}

/* --- commands ------------------------------------------------------------------------------ */

static uint32_t reader(void)
{
    uint64_t read = io_read64(its.base + GITS_CREADR);

    if (read & GITS_CREADR_STALLED)
        panic("ITS: it does not take the command at %lx", read);
    return (uint32_t)read;
}

static void command(uint64_t word0, uint64_t word1, uint64_t word2)
{
    uint64_t *at = its.queue + its.next / sizeof(uint64_t);
    uint32_t next = (its.next + ITS_COMMAND_BYTES) % QUEUE_BYTES;

    while (next == reader())
        ; /* it is full */
    at[0] = word0;
    at[1] = word1;
    at[2] = word2;
    at[3] = 0;
    its.next = next;
    dsb_sy(); /* the command, and the tables that it is about */
    io_write64(its.base + GITS_CWRITER, next);
}

/* Has what was asked for be seen by all LPIs that come to a CPU. */
static void synchronize(uint32_t pcpu_index)
{
    command(ITS_SYNC, 0, its.targets[pcpu_index]);
    while (reader() != its.next)
        ;
}

static uint64_t with_device(uint64_t code, uint32_t device)
{
    return code | (uint64_t)device << ITS_DEVICE_SHIFT;
}

static void map_device(uint32_t device, uint64_t valid_itt)
{
    spin_lock(&its.lock);
    command(with_device(ITS_MAPD, device), ITS_NR_EVENTS_LOG2 - 1, valid_itt);
    for (uint32_t i = 0; i < machine.nr_cpus; i++)
        synchronize(i);
    spin_unlock(&its.lock);
}

void its_map_device(uint32_t device, const void *itt)
{
    map_device(device, pa_of(itt) | ITS_VALID);
}

void its_unmap_device(uint32_t device)
{
    map_device(device, 0);
}

/* A redistributor may keep what it has read: so it is told. */
static void put_property(const struct its_event *event, uint32_t property)
{
    CHECK(event->lpi < NR_LPIS);
    its.properties[event->lpi] = (uint8_t)property;
    command(with_device(ITS_INV, event->device), event->event, 0);
}

void its_map(const struct its_event *event, uint32_t pcpu_index)
{
    uint64_t intid = GIC_FIRST_LPI + event->lpi;

    spin_lock(&its.lock);
    command(with_device(ITS_MAPTI, event->device), event->event | intid << ITS_LPI_SHIFT,
            pcpu_index);
    put_property(event, PRIORITY | LPI_ENABLED);
    synchronize(pcpu_index);
    spin_unlock(&its.lock);
}

void its_unmap(const struct its_event *event)
{
    spin_lock(&its.lock);
    command(with_device(ITS_DISCARD, event->device), event->event, 0);
    spin_unlock(&its.lock);
}

void its_move(const struct its_event *event, uint32_t pcpu_index)
{
    spin_lock(&its.lock);
    command(with_device(ITS_MOVI, event->device), event->event, pcpu_index);
    spin_unlock(&its.lock);
}

void its_set_enabled(const struct its_event *event, bool enabled)
{
    spin_lock(&its.lock);
    put_property(event, PRIORITY | (enabled ? LPI_ENABLED : 0));
    spin_unlock(&its.lock);
}

/* --- at boot ------------------------------------------------------------------------------- */

bool its_is_there(void)
{
    return its.base != 0;
}

bool its_is_at(pa_t base)
{
    return its.base == base.pa;
}

uint32_t its_nr_devices(void)
{
    return its.nr_devices;
}

/* What the driver needs of it and of the GIC. */
static COLD const char *look_at_features(uintptr_t base)
{
    uint64_t typer = io_read64(base + GITS_TYPER);
    uint32_t gicd = io_read32((uintptr_t)machine.gicd.base.pa + GICD_TYPER);

    if (!(typer & GITS_TYPER_PHYSICAL) || !(gicd & GICD_TYPER_LPIS) ||
        GICD_TYPER_IDBITS(gicd) < ID_BITS)
        return "there are no LPIs, or too few";
    if (GITS_TYPER_EVENTS(typer) < ITS_NR_EVENTS_LOG2 ||
        GITS_TYPER_ITT_BYTES(typer) * ITS_NR_EVENTS > ITS_ITT_BYTES)
        return "its tables of events are of another size";
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        uintptr_t frame = gicv3_redistributor(i);

        if (frame == 0)
            continue;
        if (!(io_read64(frame + GICR_TYPER) & GICR_TYPER_PLPIS))
            return "a redistributor has no LPIs";
        if (io_read32(frame + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS)
            return "firmware has left LPIs on";
    }
    return NULL;
}

/* Points a BASER to a table, in pages of the size that it has. Returns whether it takes that. */
static COLD bool point(uintptr_t baser, const void *table)
{
    uint64_t value = pa_of(table) | ITS_BASE_VALID | ITS_BASE_INNER_WB | ITS_BASE_SHARED;
    uint64_t taken;

    io_write64(baser, value | GITS_BASER_64K << GITS_BASER_PAGE_SIZE_SHIFT);
    taken = io_read64(baser);
    if (GITS_BASER_PAGE_SIZE(taken) < GITS_BASER_64K) {
        uint32_t bytes = 0x1000u << 2 * GITS_BASER_PAGE_SIZE(taken);

        io_write64(baser, value | GITS_BASER_PAGE_SIZE(taken) << GITS_BASER_PAGE_SIZE_SHIFT |
                              (TABLE_BYTES / bytes - 1));
        taken = io_read64(baser);
    }
    return (taken & ITS_BASE_VALID) && (taken & ITS_BASE_SHARED);
}

static COLD const char *set_up_tables(uintptr_t base, void *const tables[])
{
    uint64_t typer = io_read64(base + GITS_TYPER);

    its.nr_devices = UINT32_MAX;
    for (uint32_t i = 0; i < GITS_NR_BASER; i++) {
        uintptr_t at = base + GITS_BASER + 8 * i;
        uint64_t baser = io_read64(at);
        uint32_t type = GITS_BASER_TYPE(baser);

        if (type != GITS_BASER_DEVICES && type != GITS_BASER_COLLECTIONS)
            continue;
        if (!point(at, tables[type == GITS_BASER_DEVICES ? DEVICES : COLLECTIONS]))
            return "its accesses are not coherent";
        if (type == GITS_BASER_DEVICES)
            its.nr_devices = TABLE_BYTES / GITS_BASER_ENTRY_BYTES(baser);
    }
    if (GITS_TYPER_DEVICES(typer) < 32 && its.nr_devices > 1u << GITS_TYPER_DEVICES(typer))
        its.nr_devices = 1u << GITS_TYPER_DEVICES(typer);
    io_write64(base + GITS_CBASER,
               pa_of(its.queue) | ITS_BASE_VALID | ITS_BASE_INNER_WB | ITS_BASE_SHARED);
    io_write64(base + GITS_CWRITER, 0);
    return io_read64(base + GITS_CBASER) & ITS_BASE_SHARED ? NULL : "its queue is not coherent";
}

/* The CPU's LPIs are on from here on, and none is pending. */
static COLD void start_lpis(uint32_t pcpu_index, const void *pending)
{
    uintptr_t frame = gicv3_redistributor(pcpu_index);
    const uint64_t attributes = GICR_BASE_INNER_WB | GICR_BASE_SHARED;

    io_write64(frame + GICR_PROPBASER, pa_of(its.properties) | attributes | (ID_BITS - 1));
    io_write64(frame + GICR_PENDBASER, pa_of(pending) | attributes | GICR_PENDBASER_ZEROED);
    dsb_sy();
    io_write32(frame + GICR_CTLR, io_read32(frame + GICR_CTLR) | GICR_CTLR_ENABLE_LPIS);
    dsb_sy();
}

/* Where RDbase is not an address it is the CPU's number. */
static COLD uint64_t target_of(uint32_t pcpu_index, bool by_address)
{
    uintptr_t frame = gicv3_redistributor(pcpu_index);
    uint64_t number = io_read64(frame + GICR_TYPER) >> GICR_TYPER_NUMBER_SHIFT & 0xFFFF;

    return by_address ? frame : number << ITS_RDBASE_SHIFT;
}

COLD const char *its_init(pa_t base, void *const tables[ITS_NR_TABLES])
{
    const char *fault = look_at_features(base.pa);
    bool by_address = io_read64(base.pa + GITS_TYPER) & GITS_TYPER_PTA;
    uint32_t ctlr = io_read32(base.pa + GITS_CTLR) & ~GITS_CTLR_ENABLED;

    if (fault)
        return fault;
    io_write32(base.pa + GITS_CTLR, ctlr);
    while (!(io_read32(base.pa + GITS_CTLR) & GITS_CTLR_QUIESCENT))
        ;
    its.queue = tables[REST];
    its.properties = (uint8_t *)tables[REST] + QUEUE_BYTES;
    for (uint32_t i = 0; i < NR_LPIS; i++)
        its.properties[i] = PRIORITY;
    fault = set_up_tables(base.pa, tables);
    if (fault)
        return fault;
    its.base = base.pa;
    its.next = 0;
    io_write32(base.pa + GITS_CTLR, ctlr | GITS_CTLR_ENABLED);
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        if (gicv3_redistributor(i) == 0)
            continue;
        start_lpis(i, tables[PENDING + i]);
        its.targets[i] = target_of(i, by_address);
        command(ITS_MAPC, 0, its.targets[i] | i | ITS_VALID);
        command(ITS_INVALL, 0, i);
        synchronize(i);
    }
    return NULL;
}
