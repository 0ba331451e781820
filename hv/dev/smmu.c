/* SPDX-License-Identifier: MIT */
/*
 * Stream table of two levels, one context a VM, two queues, and commands that are waited for.
 */
#include "dev/smmu.h"

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/machine.h"
#include "dev/smmu_regs.h"
#include "lib/check.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "lib/spinlock.h"

#define STREAM_WORDS (STREAM_BYTES / sizeof(uint64_t))
#define NR_BUSES     (1u << (STREAM_BITS - BUS_BITS))

/* What smmu_init() divides its memory into. */
#define BUSES_AT    0u      /* the first level */
#define COMMANDS_AT 0x1000u /* a page each */
#define EVENTS_AT   0x2000u
#define NOBODY_AT   0x4000u /* the streams of nobody, */
#define SPLIT_AT    0x8000u /* and of the bus of which some are lent */

#define COMMAND_BITS 8u /* log2 of how many there is room for */
#define EVENT_BITS   7u

_Static_assert(NR_BUSES * sizeof(uint64_t) <= COMMANDS_AT, "the first level is a page at most");
_Static_assert((COMMAND_BYTES << COMMAND_BITS) <= 0x1000 && (EVENT_BYTES << EVENT_BITS) <= 0x1000,
               "and each queue is");
_Static_assert(NOBODY_AT + SMMU_BUS_STREAMS * STREAM_BYTES == SPLIT_AT &&
                   SPLIT_AT + SMMU_BUS_STREAMS * STREAM_BYTES <= PAGE_SIZE << SMMU_INIT_ORDER,
               "so much are the streams of a bus");
_Static_assert(SMMU_BUS_STREAMS *STREAM_BYTES == PAGE_SIZE << SMMU_TABLE_ORDER, "those of a VM");

static struct smmu {
    struct spinlock lock;
    bool is_there;
    bool has_stage2;
    uint32_t nr_buses;
    uint32_t output_size; /* as IDR5, CD and STE have it */
    uint64_t *buses;      /* a descriptor for each bus */
    uint64_t *commands;
    const uint64_t *events;
    uint64_t *nobody;
    uint32_t next_command; /* with the bit that tells how often it went round, as is the next */
    uint32_t next_event;
    uint8_t owners[NR_BUSES];       /* by bus; 0: nobody */
    uint64_t *split;                /* the streams of the bus of which some are lent, */
    uint32_t split_bus;             /* and which one that is; nr_buses: none */
    uint8_t lent[SMMU_BUS_STREAMS]; /* of it: whose; NOT_LENT or LENT */
} smmu;

#define NOT_LENT 0u        /* whose the bus is */
#define LENT     UINT8_MAX /* nobody's */

_Static_assert(CONFIG_NR_VMS < LENT, "owners[] and lent[] hold a VM's number");

static uint32_t read32(uint32_t at)
{
    return io_read32(machine.smmu.base.pa + at);
}

static void write32(uint32_t at, uint32_t value)
{
    io_write32(machine.smmu.base.pa + at, value);
}

static void write64(uint32_t at, uint64_t value)
{
    io_write64(machine.smmu.base.pa + at, value);
}

/* What takes effect when the other register says the same. */
static void write_acknowledged(uint32_t at, uint32_t acknowledge, uint32_t value)
{
    write32(at, value);
    while (read32(acknowledge) != value)
        ;
}

/* --- commands ------------------------------------------------------------------------------ */

/* There is always room: each is followed by a wait for all, at last. */
static void command(uint64_t word0, uint64_t word1)
{
    uint32_t slot = smmu.next_command & ((1u << COMMAND_BITS) - 1);

    smmu.commands[2 * slot] = word0;
    smmu.commands[2 * slot + 1] = word1;
    smmu.next_command = (smmu.next_command + 1) & ((2u << COMMAND_BITS) - 1);
}

/* Has all commands done: then what they are about is seen by no access any more. */
static void synchronize(void)
{
    uint32_t consumed;

    command(CMD_SYNC, 0);
    dsb_sy(); /* the tables that commands are about, and the commands */
    write32(CMDQ_PROD, smmu.next_command);
    do {
        consumed = read32(CMDQ_CONS);
        if (consumed & CMDQ_CONS_ERR)
            panic("SMMU: command error %x", consumed);
    } while (consumed != smmu.next_command);
}

static void forget_configuration(void)
{
    command(CMD_CFGI_ALL, CFGI_ALL_RANGE);
    synchronize();
}

/* --- streams ------------------------------------------------------------------------------- */

static uint64_t pa_of(const void *table)
{
    return (uint64_t)(uintptr_t)table;
}

static void point_bus(uint32_t bus, const uint64_t *streams)
{
    smmu.buses[bus] = pa_of(streams) | L1STD_SPAN;
}

/* IHI 0070, 5.4: translation of 39 bits, by a table of the VM's. */
static void fill_context(uint64_t *context, uint32_t vm_id, pa_t root)
{
    context[0] = CD_T0SZ_39 | CD_IRGN0_WB | CD_ORGN0_WB | CD_SH0_INNER | CD_EPD1 | CD_VALID |
                 CD_AA64 | CD_RECORD | CD_ABORT | CD_ASET |
                 (uint64_t)smmu.output_size << CD_IPS_SHIFT | (uint64_t)vm_id << CD_ASID_SHIFT;
    context[1] = root.pa;
    context[3] = CD_MAIR;
}

/* IHI 0070, 5.2. */
static void fill_stream(uint64_t *stream, uint32_t vm_id, const uint64_t *context, pa_t root)
{
    if (smmu.has_stage2) {
        stream[1] = STE_SHCFG_INCOMING;
        stream[2] = STE_S2_39_BITS | STE_S2_WALKS | STE_S2_AA64 | STE_S2_RECORD | vm_id |
                    (uint64_t)smmu.output_size << STE_S2PS_SHIFT;
        stream[3] = root.pa;
        dsb_ishst(); /* in a table that the SMMU knows, this is what it still aborts by */
        stream[0] = STE_VALID | STE_STAGE2;
    } else {
        stream[1] = STE_SHCFG_INCOMING | STE_S1_WALKS;
        dsb_ishst();
        stream[0] = STE_VALID | STE_STAGE1 | pa_of(context);
    }
}

static bool is_split(uint32_t bus)
{
    return IS_ENABLED(CONFIG_SRIOV) && bus == smmu.split_bus;
}

/* Those of the bus of which some are lent, but for these. */
static void attach_split(uint32_t vm_id, const uint64_t *context, pa_t root)
{
    for (uint32_t i = 0; i < SMMU_BUS_STREAMS; i++)
        if (smmu.lent[i] == NOT_LENT)
            fill_stream(smmu.split + i * STREAM_WORDS, vm_id, context, root);
}

/* The same back, and those that are lent to the VM. */
static void detach_split(uint32_t vm_id)
{
    for (uint32_t i = 0; i < SMMU_BUS_STREAMS; i++) {
        bool is_lent = smmu.lent[i] == vm_id;

        if (!is_lent && (smmu.lent[i] != NOT_LENT || smmu.owners[smmu.split_bus] != vm_id))
            continue;
        smmu.split[i * STREAM_WORDS] = STE_VALID | STE_ABORT;
        if (is_lent)
            smmu.lent[i] = LENT;
    }
}

bool smmu_lend(uint32_t stream)
{
    uint32_t bus = stream / SMMU_BUS_STREAMS;
    uint8_t *lent = &smmu.lent[stream % SMMU_BUS_STREAMS];
    bool is_one;

    spin_lock(&smmu.lock);
    CHECK(bus < smmu.nr_buses && smmu.owners[bus] == 0);
    is_one = bus == smmu.split_bus || smmu.split_bus == smmu.nr_buses;
    if (is_one && !is_split(bus)) {
        smmu.split_bus = bus;
        point_bus(bus, smmu.split);
        forget_configuration();
    }
    if (is_one && *lent == NOT_LENT)
        *lent = LENT;
    spin_unlock(&smmu.lock);
    return is_one;
}

void smmu_attach_stream(uint32_t vm_id, uint32_t stream, void *context, pa_t root)
{
    uint32_t i = stream % SMMU_BUS_STREAMS;

    spin_lock(&smmu.lock);
    CHECK(is_split(stream / SMMU_BUS_STREAMS) && smmu.lent[i] == LENT);
    smmu.lent[i] = (uint8_t)vm_id;
    fill_context(context, vm_id, root);
    fill_stream(smmu.split + i * STREAM_WORDS, vm_id, context, root);
    forget_configuration();
    spin_unlock(&smmu.lock);
}

void smmu_attach(uint32_t vm_id, uint32_t first, uint32_t nr, const struct smmu_tables *tables,
                 pa_t root)
{
    uint64_t *streams = tables->streams;

    fill_context(tables->context, vm_id, root);
    for (uint32_t i = 0; i < SMMU_BUS_STREAMS; i++)
        fill_stream(streams + i * STREAM_WORDS, vm_id, tables->context, root);
    spin_lock(&smmu.lock);
    for (uint32_t bus = first / SMMU_BUS_STREAMS; bus < (first + nr) / SMMU_BUS_STREAMS; bus++) {
        CHECK(bus < smmu.nr_buses && smmu.owners[bus] == 0);
        smmu.owners[bus] = (uint8_t)vm_id;
        dsb_sy(); /* the streams are seen before the bus */
        if (is_split(bus))
            attach_split(vm_id, tables->context, root);
        else
            point_bus(bus, streams);
    }
    forget_configuration();
    spin_unlock(&smmu.lock);
}

static void flush(uint32_t vm_id)
{
    if (smmu.has_stage2)
        command(CMD_TLBI_S12_VMALL | (uint64_t)vm_id << CMD_VMID_SHIFT, 0);
    else
        command(CMD_TLBI_NH_ASID | (uint64_t)vm_id << CMD_ASID_SHIFT, 0);
    synchronize();
}

void smmu_detach(uint32_t vm_id)
{
    spin_lock(&smmu.lock);
    if (IS_ENABLED(CONFIG_SRIOV) && smmu.split_bus < smmu.nr_buses)
        detach_split(vm_id);
    for (uint32_t bus = 0; bus < smmu.nr_buses; bus++) {
        if (smmu.owners[bus] != vm_id)
            continue;
        smmu.owners[bus] = 0;
        if (!is_split(bus))
            point_bus(bus, smmu.nobody);
    }
    forget_configuration();
    flush(vm_id);
    spin_unlock(&smmu.lock);
}

void smmu_flush(uint32_t vm_id)
{
    spin_lock(&smmu.lock);
    flush(vm_id);
    spin_unlock(&smmu.lock);
}

bool smmu_end_stream(uint32_t stream)
{
    uint64_t *streams, *entry;
    bool reaches;

    spin_lock(&smmu.lock);
    streams = (uint64_t *)(uintptr_t)(smmu.buses[stream / SMMU_BUS_STREAMS] & ~L1STD_SPAN_MASK);
    entry = &streams[stream % SMMU_BUS_STREAMS * STREAM_WORDS];
    reaches = *entry != (STE_VALID | STE_ABORT);
    if (reaches) {
        *entry = STE_VALID | STE_ABORT;
        forget_configuration();
    }
    spin_unlock(&smmu.lock);
    return reaches;
}

/* --- events -------------------------------------------------------------------------------- */

static void take_event(struct smmu_event *event, const uint64_t *record)
{
    uint32_t bus;

    event->type = (uint32_t)(record[0] & EVENT_TYPE);
    event->stream = (uint32_t)(record[0] >> EVENT_STREAM_SHIFT);
    event->is_write = !(record[1] & EVENT_READ);
    event->address = record[2];
    bus = event->stream / SMMU_BUS_STREAMS;
    event->vm_id = bus < smmu.nr_buses ? smmu.owners[bus] : 0;
    if (is_split(bus) && smmu.lent[event->stream % SMMU_BUS_STREAMS] != NOT_LENT)
        event->vm_id = smmu.lent[event->stream % SMMU_BUS_STREAMS];
    if (event->vm_id == LENT)
        event->vm_id = 0;
}

bool smmu_next_event(struct smmu_event *event)
{
    bool found;

    spin_lock(&smmu.lock);
    /* That there was no room for some is told by the upper bit, which is sent back. */
    uint32_t produced = read32(EVENTQ_PROD);
    found = (produced & ((2u << EVENT_BITS) - 1)) != smmu.next_event;
    if (found) {
        uint32_t slot = smmu.next_event & ((1u << EVENT_BITS) - 1);

        dsb_sy(); /* the record is read after what says that it is there */
        take_event(event, smmu.events + slot * (EVENT_BYTES / sizeof(uint64_t)));
        smmu.next_event = (smmu.next_event + 1) & ((2u << EVENT_BITS) - 1);
        write32(EVENTQ_CONS, smmu.next_event | (produced & EVENTQ_OVERFLOW));
    }
    spin_unlock(&smmu.lock);
    return found;
}

bool smmu_is_irq(uint32_t intid)
{
    uint32_t errors;

    if (!smmu.is_there || (intid != machine.smmu_event_intid && intid != machine.smmu_error_intid))
        return false;
    errors = read32(GERROR);
    if ((errors ^ read32(GERRORN)) & ~GERROR_EVENTQ_ABT)
        panic("SMMU: error %x", errors);
    write32(GERRORN, errors); /* an access of which no event could tell was refused all the same */
    return true;
}

/* --- at boot ------------------------------------------------------------------------------- */

bool smmu_is_there(void)
{
    return smmu.is_there;
}

bool smmu_has_stage2(void)
{
    return smmu.has_stage2;
}

uint32_t smmu_nr_streams(void)
{
    return smmu.nr_buses * SMMU_BUS_STREAMS;
}

static bool reaches_all_memory(uint32_t output_size)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
    uint64_t end = UINT64_C(1) << bits[output_size < sizeof(bits) ? output_size : 0];

    for (uint32_t i = 0; i < machine.memory.nr; i++)
        if (ranges_end(&machine.memory.at[i]) > end)
            return false;
    return true;
}

/* What the driver needs of it. */
static const char *look_at_features(void)
{
    uint32_t idr0 = read32(IDR0);
    uint32_t idr1 = read32(IDR1);
    uint32_t idr5 = read32(IDR5);
    uint32_t stream_bits = idr1 & IDR1_SIDSIZE;

    smmu.output_size = idr5 & IDR5_OAS;
    smmu.has_stage2 = (idr0 & IDR0_S2P) != 0;
    if (machine.smmu.bytes < SMMU_BYTES)
        return "the tree does not have all of its registers";
    if (!(idr0 & IDR0_COHACC))
        return "its accesses are not coherent";
    if (idr0 & IDR0_STALL_FORCED)
        return "its devices wait for who answers their faults";
    if (IDR1_CMDQS(idr1) < COMMAND_BITS || IDR1_EVENTQS(idr1) < EVENT_BITS)
        return "its queues are too small";
    if ((!smmu.has_stage2 && !(idr0 & IDR0_S1P)) || !(idr0 & IDR0_TTF_AARCH64) ||
        !(idr5 & IDR5_GRAN4K))
        return "it does not translate by tables of 64 bits and 4 KiB";
    if (!(idr0 & IDR0_ST_LEVEL_2) || stream_bits < BUS_BITS)
        return "it has no stream table of two levels";
    if (idr1 & (IDR1_TABLES_PRESET | IDR1_QUEUES_PRESET))
        return "its tables are where it wants them";
    if (!reaches_all_memory(smmu.output_size))
        return "it does not reach all memory";
    smmu.nr_buses = 1u << ((stream_bits < STREAM_BITS ? stream_bits : STREAM_BITS) - BUS_BITS);
    return NULL;
}

static void set_up_queues(void)
{
    write32(CR1, CR1_ALL_INNER_WB);
    write32(CR2, CR2_NO_BROADCAST);
    write64(STRTAB_BASE, pa_of(smmu.buses) | BASE_ALLOCATE);
    write32(STRTAB_BASE_CFG, STRTAB_2LEVEL | BUS_BITS << STRTAB_SPLIT_SHIFT |
                                 (BUS_BITS + (uint32_t)__builtin_ctz(smmu.nr_buses)));
    write64(CMDQ_BASE, pa_of(smmu.commands) | BASE_ALLOCATE | COMMAND_BITS);
    write32(CMDQ_PROD, 0);
    write32(CMDQ_CONS, 0);
    write64(EVENTQ_BASE, pa_of(smmu.events) | BASE_ALLOCATE | EVENT_BITS);
    write32(EVENTQ_PROD, 0);
    write32(EVENTQ_CONS, 0);
    write_acknowledged(IRQ_CTRL, IRQ_CTRLACK, 0);
    if (read32(IDR0) & IDR0_MSI) {
        write64(GERROR_IRQ_CFG0, 0);
        write64(EVENTQ_IRQ_CFG0, 0);
    }
    write32(GERRORN, read32(GERROR)); /* whatever firmware left: no command is taken before */
}

const char *smmu_init(void *tables)
{
    char *at = tables;
    const char *fault = look_at_features();
    uint32_t checks = read32(IDR0) & IDR0_ATS ? CR0_ATSCHK : 0;

    if (fault)
        return fault;
    smmu.buses = (uint64_t *)(void *)(at + BUSES_AT);
    smmu.commands = (uint64_t *)(void *)(at + COMMANDS_AT);
    smmu.events = (const uint64_t *)(void *)(at + EVENTS_AT);
    smmu.nobody = (uint64_t *)(void *)(at + NOBODY_AT);
    smmu.split = (uint64_t *)(void *)(at + SPLIT_AT);
    smmu.split_bus = smmu.nr_buses;
    for (uint32_t i = 0; i < SMMU_BUS_STREAMS; i++) {
        smmu.nobody[i * STREAM_WORDS] = STE_VALID | STE_ABORT;
        smmu.split[i * STREAM_WORDS] = STE_VALID | STE_ABORT;
    }
    for (uint32_t bus = 0; bus < smmu.nr_buses; bus++)
        point_bus(bus, smmu.nobody);
    write_acknowledged(CR0, CR0ACK, 0);
    set_up_queues();
    dsb_sy();
    write_acknowledged(CR0, CR0ACK, checks | CR0_CMDQEN);
    command(CMD_TLBI_NSNH_ALL, 0);
    forget_configuration();
    write_acknowledged(IRQ_CTRL, IRQ_CTRLACK, IRQ_EVENTQ | IRQ_GERROR);
    write_acknowledged(CR0, CR0ACK, checks | CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
    smmu.is_there = true;
    return NULL;
}
