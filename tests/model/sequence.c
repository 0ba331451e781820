/* SPDX-License-Identifier: MIT */
/*
 * See sequence.h.
 */
#include "sequence.h"

#include "dev/gic_regs.h"
#include "dev/intid.h"
#include "model.h"

#define NR_CAST     10
#define MOST_AT_END 32

/* --- chance --- */

static uint64_t state;

static uint64_t any(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint32_t below(uint32_t bound)
{
    return (uint32_t)((any() >> 32) * bound >> 32);
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/* A different, never zero, state for each sequence. */
static void begin_chance(uint64_t seed, uint64_t sequence)
{
    state =
        (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ (sequence + 1) * UINT64_C(0xBF58476D1CE4E5B9);
    if (state == 0)
        state = 1;
    for (int i = 0; i < 8; i++)
        (void)any();
}

/* --- making up --- */

/** What a sequence is about: few interrupts, so that they meet. */
static struct {
    struct world_setup setup;
    uint32_t intids[NR_CAST];
    uint32_t nr_intids;
} plot;

static uint32_t some_intid(void)
{
    return plot.intids[below(plot.nr_intids)];
}

static uint32_t some_spi(void)
{
    for (;;) {
        uint32_t intid = some_intid();
        if (intid >= GIC_FIRST_SPI)
            return intid;
    }
}

static void begin_plot(uint32_t version)
{
    static const uint32_t lrs[] = {1, 2, 3, 4, 4, 4, 16};
    static const uint32_t private[] = {0, 1, 15, 16, 20, 23, IRQ_VIRT_TIMER, 30, VGIC_EVENT_INTID};

    plot.setup = (struct world_setup){.version = version,
                                      .nr_lrs = lrs[below(sizeof(lrs) / sizeof(lrs[0]))],
                                      .both_is_pending = one_in(2),
                                      .forgets_levels = one_in(2)};
    plot.intids[0] = IRQ_VIRT_TIMER;
    plot.intids[1] = below(2);
    plot.intids[2] = GIC_FIRST_SPI + below(VGIC_NR_SPIS);
    plot.nr_intids = 3 + below(NR_CAST - 2);
    for (uint32_t i = 3; i < plot.nr_intids; i++)
        plot.intids[i] = one_in(2) ? GIC_FIRST_SPI + below(VGIC_NR_SPIS)
                                   : private[below(sizeof(private) / sizeof(private[0]))];
}

/* A word of bits with some of the plot's interrupts that are in the same one as @intid. */
static uint32_t some_bits(uint32_t intid)
{
    uint32_t bits = UINT32_C(1) << intid % 32;

    while (one_in(2)) {
        uint32_t other = some_intid();
        if (other / 32 == intid / 32)
            bits |= UINT32_C(1) << other % 32;
    }
    if (one_in(50))
        bits = (uint32_t)any();
    return bits;
}

static uint32_t some_priority(void)
{
    static const uint8_t usual[] = {0x20, 0x40, 0x40, 0x60, 0x80, 0x80, 0xA0};

    return one_in(4) ? (uint32_t)any() & 0xFF : usual[below(sizeof(usual))];
}

/* The frame with an interrupt's registers; now and then another vCPU's. */
static uint32_t frame_of(uint32_t cpu, uint32_t intid)
{
    if (plot.setup.version == 2 || intid >= GIC_FIRST_SPI)
        return MODEL_DISTRIBUTOR;
    return one_in(3) ? below(WORLD_NR_VCPUS) : cpu;
}

static void choose_bits(struct action *action, uint32_t intid)
{
    static const uint32_t files[] = {GICD_IGROUPR,   GICD_ISENABLER, GICD_ISENABLER,
                                     GICD_ISENABLER, GICD_ICENABLER, GICD_ICENABLER,
                                     GICD_ISPENDR,   GICD_ISPENDR,   GICD_ICPENDR,
                                     GICD_ISACTIVER, GICD_ICACTIVER, GICD_ICACTIVER};

    action->offset = files[below(sizeof(files) / sizeof(files[0]))] + intid / 32 * 4;
    action->bytes = 4;
    action->value = some_bits(intid);
}

static void choose_bytes(struct action *action, uint32_t intid)
{
    bool word = one_in(6);

    action->offset = GICD_IPRIORITYR + (word ? intid & ~3u : intid);
    action->bytes = word ? 4 : 1;
    for (uint32_t i = 0; i < action->bytes; i++)
        action->value |= (uint64_t)some_priority() << (8 * i);
}

static void choose_route(struct action *action, uint32_t intid)
{
    action->frame = MODEL_DISTRIBUTOR;
    if (plot.setup.version == 2) {
        action->offset = GICD_ITARGETSR + intid;
        action->bytes = 1;
        action->value = one_in(4) ? below(256) : 1u << below(WORLD_NR_VCPUS);
    } else {
        action->offset = GICD_IROUTER + 8 * intid;
        action->bytes = one_in(8) ? 4 : 8;
        action->value = one_in(8) ? any() & UINT64_C(0x8000000103) : below(WORLD_NR_VCPUS);
    }
}

static void choose_sources(struct action *action)
{
    action->frame = MODEL_DISTRIBUTOR;
    action->offset = (one_in(2) ? GICD_SPENDSGIR : GICD_CPENDSGIR) + plot.intids[1];
    action->bytes = 1;
    action->value = below(256);
}

static void choose_anything(struct action *action)
{
    action->bytes = (uint8_t)(1u << below(4));
    action->offset = below(0x1000) & ~(uint32_t)(action->bytes - 1);
    action->value = any();
    /* What it is, not what it does. */
    if (action->offset < 0x20 || action->offset >= GICD_SGI_END)
        action->offset = GICD_IPRIORITYR;
}

static void choose_field(struct action *action)
{
    uint32_t intid = some_intid();

    action->frame = frame_of(action->cpu, intid);
    switch (below(16)) {
    case 0:
        action->frame = MODEL_DISTRIBUTOR;
        action->offset = GICD_CTLR;
        action->bytes = 4;
        action->value = one_in(2) ? 3 : below(4);
        break;
    case 1:
    case 2:
        choose_bytes(action, intid);
        break;
    case 3:
        action->offset = GICD_ICFGR + intid / 16 * 4;
        action->bytes = 4;
        action->value = any();
        break;
    case 4:
        choose_route(action, some_spi());
        break;
    case 5:
        if (plot.setup.version == 2)
            choose_sources(action);
        else
            choose_bits(action, intid);
        break;
    case 6:
        if (one_in(4))
            choose_anything(action);
        else
            choose_bits(action, intid);
        break;
    default:
        choose_bits(action, intid);
        break;
    }
}

/* A register, and what might be written to it: no more than its bytes hold. */
static void choose_register(struct action *action)
{
    choose_field(action);
    if (action->bytes < 8)
        action->value &= (UINT64_C(1) << 8 * action->bytes) - 1;
}

static void choose_sgi(struct action *action)
{
    uint64_t sgi = one_in(4) ? below(16) : plot.intids[1];

    if (plot.setup.version == 2) {
        action->kind = ACTION_WRITE;
        action->frame = MODEL_DISTRIBUTOR;
        action->offset = GICD_SGIR;
        action->bytes = 4;
        action->value = (uint64_t)below(4) << 24 | below(256) << 16 | sgi;
        return;
    }
    action->kind = ACTION_SGI;
    action->value = sgi << 24 | below(8) | (uint64_t)one_in(6) << 40 | (uint64_t)one_in(4) << 63 |
                    (uint64_t)one_in(30) << 16;
}

static void choose_device(struct action *action)
{
    action->offset = some_intid();
    action->value = below(2);
    action->kind = one_in(3) ? ACTION_INJECT : ACTION_LINE;
    if (action->offset == IRQ_VIRT_TIMER || action->offset < GIC_NR_SGIS)
        action->offset = some_spi();
    if (action->offset == VGIC_EVENT_INTID)
        action->kind = ACTION_INJECT;
}

static void choose_timer(struct action *action)
{
    static const uint8_t ctls[] = {0, 1, 1, 1, 1, 3};

    action->kind = ACTION_TIMER;
    action->value = ctls[below(sizeof(ctls))];
    action->offset = one_in(3) ? 10000 : 0;
}

static void choose_interface(struct action *action)
{
    switch (below(8)) {
    case 0:
        action->kind = ACTION_GROUPS;
        action->value = one_in(2) ? 3 : below(4);
        break;
    case 1:
        action->kind = ACTION_SPLIT;
        action->value = below(2);
        break;
    default:
        action->kind = ACTION_MASK;
        action->value = one_in(2) ? 0xF8 : some_priority() & 0xF8;
        break;
    }
}

static void choose_place(struct action *action)
{
    action->kind = one_in(2) ? ACTION_PUT : ACTION_LOAD;
    action->value = below(WORLD_NR_PCPUS);
}

static void choose_call(struct action *action)
{
    action->kind = ACTION_ENABLE;
    action->offset = some_intid();
    action->value = below(2);
}

/* How often each happens, of all that do. */
static void choose(struct action *action)
{
    uint32_t what = below(100);

    *action = (struct action){.cpu = (uint8_t)below(WORLD_NR_VCPUS), .early = one_in(3)};
    if (what < 20) {
        action->kind = ACTION_ACKNOWLEDGE;
    } else if (what < 34) {
        action->kind = ACTION_END;
    } else if (what < 38) {
        action->kind = ACTION_DEACTIVATE;
        action->value = below(3);
        action->frame = one_in(3) ? below(WORLD_NR_VCPUS) : action->cpu;
    } else if (what < 58) {
        action->kind = ACTION_WRITE;
        choose_register(action);
    } else if (what < 66) {
        action->kind = ACTION_READ;
        choose_register(action);
    } else if (what < 73) {
        choose_sgi(action);
    } else if (what < 82) {
        choose_device(action);
    } else if (what < 88) {
        choose_timer(action);
    } else if (what < 91) {
        choose_interface(action);
    } else if (what < 95) {
        choose_place(action);
    } else {
        static const uint8_t others[] = {ACTION_TIME, ACTION_SLEEP, ACTION_EXIT, ACTION_ENABLE};
        action->kind = others[below(sizeof(others))];
        if (action->kind == ACTION_ENABLE)
            choose_call(action);
    }
}

static uint32_t add(struct action *actions, uint32_t nr, uint8_t kind, uint32_t cpu, uint64_t value)
{
    actions[nr] = (struct action){.kind = kind, .cpu = (uint8_t)cpu, .value = value};
    return nr + 1;
}

static uint32_t add_write(struct action *actions, uint32_t nr, uint32_t cpu, uint32_t intid,
                          uint32_t offset, uint32_t bytes, uint64_t value)
{
    bool is_private = plot.setup.version == 3 && intid < GIC_FIRST_SPI;

    actions[nr] = (struct action){.kind = ACTION_WRITE,
                                  .cpu = (uint8_t)cpu,
                                  .bytes = (uint8_t)bytes,
                                  .frame = is_private ? cpu : MODEL_DISTRIBUTOR,
                                  .offset = offset,
                                  .value = bytes < 8 ? (uint32_t)value : value};
    return nr + 1;
}

/* As a kernel that starts: most is on. */
static uint32_t make_beginning(struct action *actions)
{
    uint32_t nr = 0;

    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++) {
        nr = add(actions, nr, ACTION_LOAD, cpu, cpu);
        nr = add(actions, nr, ACTION_MASK, cpu, 0xF8);
        nr = add(actions, nr, ACTION_GROUPS, cpu, 3);
        nr = add_write(actions, nr, cpu, 0, GICD_IGROUPR, 4, one_in(4) ? any() : 0);
        nr = add_write(actions, nr, cpu, 0, GICD_ISENABLER, 4, UINT32_MAX);
    }
    nr = add_write(actions, nr, 0, 32, GICD_CTLR, 4, 3);
    for (uint32_t i = 0; i < plot.nr_intids; i++) {
        uint32_t intid = plot.intids[i], route = below(WORLD_NR_VCPUS);
        nr = add_write(actions, nr, 0, intid, GICD_IPRIORITYR + intid, 1, some_priority());
        if (intid < GIC_FIRST_SPI)
            continue;
        if (plot.setup.version == 2)
            nr = add_write(actions, nr, 0, intid, GICD_ITARGETSR + intid, 1, 1u << route);
        else
            nr = add_write(actions, nr, 0, intid, GICD_IROUTER + 8 * intid, 8, route);
    }
    nr = add_write(actions, nr, 0, 32, GICD_ICFGR + 8, 4, any());
    nr = add_write(actions, nr, 0, 32, GICD_ISENABLER + 4, 4, UINT32_MAX);
    return add_write(actions, nr, 0, 64, GICD_ISENABLER + 8, 4, UINT32_MAX);
}

/* What every sequence ends with: the state of all interrupts is read. */
static uint32_t make_end(struct action *actions, uint32_t nr)
{
    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++) {
        nr = add(actions, nr, ACTION_LOAD, cpu, cpu);
        for (uint32_t file = GICD_ISPENDR; file <= GICD_ISACTIVER; file += 0x100) {
            for (uint32_t bank = 0; bank < VGIC_NR_BANKS; bank++) {
                nr = add_write(actions, nr, cpu, 32 * bank, file + 4 * bank, 4, 0);
                actions[nr - 1].kind = ACTION_READ;
            }
        }
    }
    return nr;
}

uint32_t sequence_make(uint64_t seed, uint64_t number, struct world_setup *setup,
                       struct action actions[SEQUENCE_NR])
{
    begin_chance(seed, number);
    begin_plot(number % 2 ? 3 : 2);
    *setup = plot.setup;
    uint32_t nr = make_beginning(actions);
    for (; nr < SEQUENCE_NR - MOST_AT_END; nr++)
        choose(&actions[nr]);
    return make_end(actions, nr);
}
