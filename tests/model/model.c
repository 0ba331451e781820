/* SPDX-License-Identifier: MIT */
/*
 * See model.h. Sections are those of IHI 0069 (GICv3) and, with its name, IHI 0048 (GICv2).
 */
#include "model.h"

#include <string.h>

#include "dev/gic_regs.h"

#define PRIORITY_MASK 0xF8u
#define AFFINITY_BITS UINT64_C(0xFF00FFFFFF)

/* A register with a bit for each interrupt is one of these, 0x80 bytes each. */
#define BIT_REGISTER(offset) ((offset) & ~0x7Fu)

/* ICC_SGI<n>R_EL1, 12.2; GICD_SGIR, IHI 0048 4.3.15. */
#define SGI_INTID_SHIFT   24
#define SGI_ALL_OTHERS    (UINT64_C(1) << 40)
#define SGI_OTHER_CLUSTER UINT64_C(0x00FFF0FF00FF0000)
#define ALL_CPUS          ((1u << MODEL_NR_CPUS) - 1)

struct model_interrupt *model_interrupt(struct model *gic, uint32_t cpu, uint32_t intid)
{
    return intid < 32 ? &gic->private[cpu][intid] : &gic->shared[intid - 32];
}

static const struct model_interrupt *look(const struct model *gic, uint32_t cpu, uint32_t intid)
{
    return intid < 32 ? &gic->private[cpu][intid] : &gic->shared[intid - 32];
}

static bool is_v2_sgi(const struct model *gic, uint32_t intid)
{
    return gic->version == 2 && intid < 16;
}

void model_reset(struct model *gic, uint32_t version, uint32_t fixed_edges, uint32_t fixed_levels)
{
    memset(gic, 0, sizeof(*gic));
    gic->version = version;
    gic->fixed_edges = fixed_edges;
    gic->fixed_levels = fixed_levels;
    for (uint32_t cpu = 0; cpu < MODEL_NR_CPUS; cpu++) {
        for (uint32_t intid = 0; intid < 32; intid++) {
            gic->private[cpu][intid].edge = fixed_edges >> intid & 1;
            gic->private[cpu][intid].enabled = is_v2_sgi(gic, intid);
        }
    }
}

/* --- the state of one interrupt --- */

static bool pending(const struct model_interrupt *interrupt)
{
    return interrupt->latch || (interrupt->line && !interrupt->edge);
}

bool model_is_pending(const struct model *gic, uint32_t cpu, uint32_t intid)
{
    return pending(look(gic, cpu, intid));
}

void model_make_pending(struct model *gic, uint32_t cpu, uint32_t intid)
{
    model_interrupt(gic, cpu, intid)->latch = true;
}

void model_set_line(struct model *gic, uint32_t cpu, uint32_t intid, bool high)
{
    struct model_interrupt *interrupt = model_interrupt(gic, cpu, intid);

    if (interrupt->edge && high && !interrupt->line)
        interrupt->latch = true;
    interrupt->line = high;
}

/* --- what reaches a CPU --- */

/* An SPI goes to the CPU that GICD_IROUTER names, or to the first in GICD_ITARGETSR. */
static bool goes_to(const struct model *gic, uint32_t cpu, uint32_t intid)
{
    const struct model_interrupt *interrupt = look(gic, cpu, intid);

    if (intid < 32)
        return true;
    if (gic->version == 3)
        return interrupt->router == cpu;
    return interrupt->targets && (uint32_t)__builtin_ctz(interrupt->targets) == cpu;
}

/* Whether the distributor and the group's enable of the CPU interface let it through. */
static bool is_presented(const struct model *gic, uint32_t cpu, uint32_t intid)
{
    const struct model_interrupt *interrupt = look(gic, cpu, intid);

    return pending(interrupt) && !interrupt->active && interrupt->enabled &&
           gic->enabled[interrupt->group1] && gic->cpu[cpu].enabled[interrupt->group1] &&
           goes_to(gic, cpu, intid);
}

uint32_t model_running(const struct model *gic, uint32_t cpu)
{
    uint32_t active = gic->cpu[cpu].active_priorities;

    return active ? (uint32_t)__builtin_ctz(active) * 8 : MODEL_IDLE;
}

static uint32_t most_urgent(const struct model *gic, uint32_t cpu, uint32_t below)
{
    uint32_t best = MODEL_IDLE;

    for (uint32_t intid = 0; intid < MODEL_NR_INTIDS; intid++) {
        uint32_t priority = look(gic, cpu, intid)->priority;
        if (priority < below && priority < best && is_presented(gic, cpu, intid))
            best = priority;
    }
    return best;
}

/* More urgent than the mask, 4.8.6, and than what is active, 4.8.4. */
uint32_t model_highest(const struct model *gic, uint32_t cpu)
{
    uint32_t below = gic->cpu[cpu].mask, running = model_running(gic, cpu);

    return most_urgent(gic, cpu, running < below ? running : below);
}

bool model_would_wake(const struct model *gic, uint32_t cpu)
{
    return most_urgent(gic, cpu, gic->cpu[cpu].mask) != MODEL_IDLE;
}

/* --- the CPU interface --- */

const char *model_judge(const struct model *gic, uint32_t cpu, uint32_t intid, uint32_t source)
{
    uint32_t highest = model_highest(gic, cpu);

    if (intid == MODEL_SPURIOUS)
        return highest == MODEL_IDLE ? NULL : "nothing was acknowledged, but something is pending";
    if (intid >= MODEL_NR_INTIDS)
        return "there is no such interrupt";
    if (!is_presented(gic, cpu, intid))
        return "it cannot come to this CPU now";
    if (look(gic, cpu, intid)->priority != highest)
        return "it is not the most urgent one, or not urgent enough";
    if (is_v2_sgi(gic, intid) && !(look(gic, cpu, intid)->sources >> source & 1))
        return "it is not pending from that CPU";
    return NULL;
}

void model_acknowledge(struct model *gic, uint32_t cpu, uint32_t intid, uint32_t source)
{
    struct model_interrupt *interrupt = model_interrupt(gic, cpu, intid);

    gic->cpu[cpu].active_priorities |= 1u << interrupt->priority / 8;
    interrupt->latch = false;
    if (is_v2_sgi(gic, intid)) {
        interrupt->sources &= (uint8_t) ~(1u << source);
        interrupt->latch = interrupt->sources != 0;
    }
    interrupt->active = true;
    interrupt->taken_by = (uint8_t)cpu;
}

void model_end(struct model *gic, uint32_t cpu, uint32_t intid)
{
    struct model_cpu *interface = &gic->cpu[cpu];

    interface->active_priorities &= interface->active_priorities - 1;
    if (!interface->split_eoi && model_interrupt(gic, cpu, intid)->taken_by == cpu)
        model_deactivate(gic, cpu, intid);
}

void model_deactivate(struct model *gic, uint32_t cpu, uint32_t intid)
{
    model_interrupt(gic, cpu, intid)->active = false;
}

/* --- SGIs --- */

void model_send_sgi(struct model *gic, uint32_t cpu, uint32_t targets, uint32_t sgi)
{
    for (uint32_t target = 0; target < MODEL_NR_CPUS; target++) {
        if (!(targets >> target & 1))
            continue;
        gic->private[target][sgi].latch = true;
        gic->private[target][sgi].sources |= (uint8_t)(1u << cpu);
    }
}

void model_write_sgi(struct model *gic, uint32_t cpu, uint64_t value, bool group1)
{
    uint32_t sgi = value >> SGI_INTID_SHIFT & 15, targets = value & ALL_CPUS;

    if (value & SGI_ALL_OTHERS)
        targets = ALL_CPUS & ~(1u << cpu);
    else if (value & SGI_OTHER_CLUSTER)
        targets = 0;
    for (uint32_t target = 0; target < MODEL_NR_CPUS; target++)
        if ((targets >> target & 1) && gic->private[target][sgi].group1 == group1)
            model_send_sgi(gic, cpu, 1u << target, sgi);
}

static void write_sgir(struct model *gic, uint32_t cpu, uint32_t value)
{
    static const uint32_t to_listed = 0, to_others = 1, to_self = 2;
    uint32_t filter = value >> 24 & 3, self = 1u << cpu;
    uint32_t targets = filter == to_listed   ? value >> 16 & ALL_CPUS
                       : filter == to_others ? ALL_CPUS & ~self
                       : filter == to_self   ? self
                                             : 0;

    model_send_sgi(gic, cpu, targets, value & 15);
}

/* --- registers with a field for each interrupt --- */

/** Where a field is: which interrupt, as which CPU has it. */
struct place {
    uint32_t cpu;
    uint32_t intid;
};

static bool read_bit(struct model *gic, struct place at, uint32_t reg)
{
    const struct model_interrupt *interrupt = model_interrupt(gic, at.cpu, at.intid);

    switch (reg) {
    case GICD_IGROUPR:
        return interrupt->group1;
    case GICD_ISENABLER:
    case GICD_ICENABLER:
        return interrupt->enabled;
    case GICD_ISPENDR:
    case GICD_ICPENDR:
        return pending(interrupt);
    case GICD_ISACTIVER:
    case GICD_ICACTIVER:
        return interrupt->active;
    default:
        return false;
    }
}

/* A GICv2's SGIs are always enabled, and pending by GICD_SPENDSGIR alone: IHI 0048 4.3.5, 4.3.7. */
static void write_bit(struct model *gic, struct place at, uint32_t reg, bool bit)
{
    struct model_interrupt *interrupt = model_interrupt(gic, at.cpu, at.intid);
    bool special = is_v2_sgi(gic, at.intid);

    if (reg == GICD_IGROUPR)
        interrupt->group1 = bit;
    if (!bit)
        return;
    if (reg == GICD_ISENABLER)
        interrupt->enabled = true;
    else if (reg == GICD_ICENABLER && !special)
        interrupt->enabled = false;
    else if (reg == GICD_ISPENDR && !special)
        interrupt->latch = true;
    else if (reg == GICD_ICPENDR && !special)
        interrupt->latch = false;
    else if (reg == GICD_ISACTIVER)
        interrupt->active = true;
    else if (reg == GICD_ICACTIVER)
        interrupt->active = false;
}

static bool is_fixed(const struct model *gic, uint32_t intid)
{
    return intid < 32 && ((gic->fixed_edges | gic->fixed_levels) >> intid & 1);
}

/* The byte of an interrupt in GICD_IPRIORITYR or GICD_ITARGETSR; the latter is 0 of a GICv3. */
static uint8_t read_byte(struct model *gic, struct place at, uint32_t reg)
{
    const struct model_interrupt *interrupt = model_interrupt(gic, at.cpu, at.intid);

    if (reg == GICD_IPRIORITYR)
        return interrupt->priority;
    return (uint8_t)(at.intid < 32 ? 1u << at.cpu : interrupt->targets);
}

static void write_byte(struct model *gic, struct place at, uint32_t reg, uint8_t value)
{
    struct model_interrupt *interrupt = model_interrupt(gic, at.cpu, at.intid);

    if (reg == GICD_IPRIORITYR)
        interrupt->priority = value & PRIORITY_MASK;
    else if (at.intid >= 32)
        interrupt->targets = value & ALL_CPUS;
}

/** A file of registers, and how many bits of it an interrupt has. */
struct file {
    uint32_t reg;
    uint32_t width;
};

static struct file file_of(const struct model *gic, uint32_t offset, uint32_t bytes)
{
    static const struct file none = {0};
    bool by_byte = bytes == 1 || bytes == 4;

    if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR)
        return bytes == 4 ? (struct file){BIT_REGISTER(offset), 1} : none;
    if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR)
        return by_byte ? (struct file){GICD_IPRIORITYR, 8} : none;
    if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
        return by_byte && gic->version == 2 ? (struct file){GICD_ITARGETSR, 8} : none;
    if (offset >= GICD_ICFGR && offset < GICD_ICFGR_END)
        return bytes == 4 ? (struct file){GICD_ICFGR, 2} : none;
    return none;
}

/* Which interrupts a frame has: a GICv3's SGIs and PPIs are in the redistributors, 12.11. */
static bool frame_has(const struct model *gic, uint32_t frame, uint32_t intid)
{
    if (frame != MODEL_DISTRIBUTOR)
        return intid < 32;
    return intid < MODEL_NR_INTIDS && (gic->version == 2 || intid >= 32);
}

static uint32_t read_field(struct model *gic, struct place at, struct file file)
{
    if (file.width == 1)
        return read_bit(gic, at, file.reg);
    if (file.width == 2)
        return model_interrupt(gic, at.cpu, at.intid)->edge ? 2 : 0;
    return read_byte(gic, at, file.reg);
}

static void write_field(struct model *gic, struct place at, struct file file, uint32_t value)
{
    if (file.width == 1)
        write_bit(gic, at, file.reg, value & 1);
    else if (file.width == 8)
        write_byte(gic, at, file.reg, (uint8_t)value);
    else if (!is_fixed(gic, at.intid))
        model_interrupt(gic, at.cpu, at.intid)->edge = value >> 1 & 1;
}

/* --- GICD_CPENDSGIR, GICD_SPENDSGIR (IHI 0048 4.3.16): of the CPU that asks --- */

static uint64_t read_sources(const struct model *gic, uint32_t cpu, uint32_t offset, uint32_t bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bytes && (bytes == 1 || bytes == 4); i++)
        value |= (uint64_t)gic->private[cpu][offset % 16 + i].sources << (8 * i);
    return value;
}

static void write_sources(struct model *gic, uint32_t cpu, uint32_t offset, uint32_t bytes,
                          uint64_t value)
{
    for (uint32_t i = 0; i < bytes && (bytes == 1 || bytes == 4); i++) {
        struct model_interrupt *sgi = &gic->private[cpu][offset % 16 + i];
        uint8_t sources = value >> (8 * i) & ALL_CPUS;
        sgi->sources = offset >= GICD_SPENDSGIR ? sgi->sources | sources : sgi->sources & ~sources;
        sgi->latch = sgi->sources != 0;
    }
}

/* --- GICD_IROUTER --- */

static bool is_router(const struct model *gic, uint32_t offset, uint32_t bytes)
{
    return gic->version == 3 && bytes >= 4 && offset >= GICD_IROUTER + 8 * 32 &&
           offset < GICD_IROUTER + 8 * MODEL_NR_INTIDS;
}

static uint64_t read_router(const struct model *gic, uint32_t offset, uint32_t bytes)
{
    uint64_t value = gic->shared[(offset - GICD_IROUTER) / 8 - 32].router >> (8 * (offset & 4));

    return bytes == 8 ? value : value & UINT32_MAX;
}

static void write_router(struct model *gic, uint32_t offset, uint32_t bytes, uint64_t value)
{
    uint64_t *router = &gic->shared[(offset - GICD_IROUTER) / 8 - 32].router;
    uint64_t field = bytes == 8 ? UINT64_MAX : (uint64_t)UINT32_MAX << (8 * (offset & 4));

    *router = ((*router & ~field) | (value << (8 * (offset & 4)) & field)) & AFFINITY_BITS;
}

/* --- the frames --- */

uint64_t model_read(struct model *gic, uint32_t cpu, uint32_t frame, uint32_t offset,
                    uint32_t bytes)
{
    bool is_distributor = frame == MODEL_DISTRIBUTOR;
    struct file file = file_of(gic, offset, bytes);
    uint64_t value = 0;

    if (is_distributor && offset == GICD_CTLR && bytes == 4)
        return (gic->enabled[0] ? GICD_CTLR_ENABLE_GROUP0 : 0u) |
               (gic->enabled[1] ? GICD_CTLR_ENABLE_GROUP1 : 0u) |
               (gic->version == 3 ? GICD_CTLR_ARE | GICD_CTLR_DS : 0u);
    if (is_distributor && gic->version == 2 && offset >= GICD_CPENDSGIR && offset < GICD_SGI_END)
        return read_sources(gic, cpu, offset, bytes);
    if (is_distributor && is_router(gic, offset, bytes))
        return read_router(gic, offset, bytes);
    for (uint32_t i = 0; file.width && i < 8 * bytes / file.width; i++) {
        struct place at = {is_distributor ? cpu : frame, (offset - file.reg) * 8 / file.width + i};
        if (frame_has(gic, frame, at.intid))
            value |= (uint64_t)read_field(gic, at, file) << (i * file.width);
    }
    return value;
}

void model_write(struct model *gic, uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes,
                 uint64_t value)
{
    bool is_distributor = frame == MODEL_DISTRIBUTOR;
    struct file file = file_of(gic, offset, bytes);

    if (is_distributor && offset == GICD_CTLR && bytes == 4) {
        gic->enabled[0] = value & GICD_CTLR_ENABLE_GROUP0;
        gic->enabled[1] = value & GICD_CTLR_ENABLE_GROUP1;
    } else if (is_distributor && gic->version == 2 && offset == GICD_SGIR && bytes == 4) {
        write_sgir(gic, cpu, (uint32_t)value);
    } else if (is_distributor && gic->version == 2 && offset >= GICD_CPENDSGIR &&
               offset < GICD_SGI_END) {
        write_sources(gic, cpu, offset, bytes, value);
    } else if (is_distributor && is_router(gic, offset, bytes)) {
        write_router(gic, offset, bytes, value);
    }
    for (uint32_t i = 0; file.width && i < 8 * bytes / file.width; i++) {
        struct place at = {is_distributor ? cpu : frame, (offset - file.reg) * 8 / file.width + i};
        if (frame_has(gic, frame, at.intid))
            write_field(gic, at, file, (uint32_t)(value >> (i * file.width)));
    }
}
