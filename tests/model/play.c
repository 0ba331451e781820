/* SPDX-License-Identifier: MIT */
/*
 * See play.h.
 */
#include "play.h"

#include <inttypes.h>

#include "arch/timer.h"
#include "dev/gic_regs.h"
#include "dev/intid.h"
#include "model.h"
#include "vgic/vgic.h"

#define ALL_GROUPS (GIC_VMCR_GROUP0_ENABLE | GIC_VMCR_GROUP1_ENABLE)
#define MOST_TAKEN 64
#define SGI_GROUP0 (UINT64_C(1) << 63)

char play_fault[256];
FILE *play_log;
uint64_t play_nr;

/** What a vCPU has acknowledged, in this order. */
struct taken {
    uint32_t nr;
    struct {
        uint32_t intid;
        uint32_t source;
    } of[MOST_TAKEN];
};

static struct model model;
static struct {
    struct taken taken; /* and not ended */
    struct taken ended; /* and not deactivated */
    uint64_t timer_ctl;
    uint64_t timer_cval;
} guest[WORLD_NR_VCPUS];

#define WRONG(...)                                                                                 \
    do {                                                                                           \
        (void)snprintf(play_fault, sizeof(play_fault), __VA_ARGS__);                               \
        return false;                                                                              \
    } while (0)

static bool is_loaded(uint32_t cpu)
{
    return world_place(cpu) < WORLD_NR_PCPUS;
}

/* --- what leaves out actions --- */

/* Whether every interrupt whose field a write changes is one that may be changed now. */
static bool may_change(const struct action *action, uint32_t file, uint32_t width)
{
    bool is_distributor = action->frame == MODEL_DISTRIBUTOR;
    uint32_t cpu = is_distributor ? action->cpu : action->frame;
    uint32_t first = (action->offset - file) * 8 / width;

    for (uint32_t i = 0; i < 8u * action->bytes / width; i++) {
        uint32_t intid = first + i;
        if (intid >= (is_distributor ? MODEL_NR_INTIDS : 32u))
            break;
        const struct model_interrupt *now = model_interrupt(&model, cpu, intid);
        uint64_t field = action->value >> (i * width);
        if (width == 1 && (field & 1) != now->group1 && now->active)
            return false;
        if (width == 2 && (field >> 1 & 1) != now->edge && (now->enabled || now->active))
            return false;
    }
    return true;
}

/* Whether no SPI is made active that a vCPU has yet to end, though a write has made it inactive. */
static bool may_activate(const struct action *action)
{
    uint32_t first = (action->offset - GICD_ISACTIVER) * 8;

    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++) {
        for (uint32_t i = 0; i < guest[cpu].taken.nr; i++) {
            uint32_t intid = guest[cpu].taken.of[i].intid;
            if (intid >= GIC_FIRST_SPI && intid / 32 == first / 32 &&
                (action->value >> intid % 32 & 1) && !model_interrupt(&model, cpu, intid)->active)
                return false;
        }
    }
    return true;
}

/* Whether no interrupt is made inactive twice that is still to be ended for the first time. */
static bool may_make_inactive(const struct action *action)
{
    uint32_t first = (action->offset - GICD_ICACTIVER) * 8, seen[MODEL_NR_INTIDS] = {0};

    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++) {
        for (uint32_t i = 0; i < guest[cpu].taken.nr; i++) {
            uint32_t intid = guest[cpu].taken.of[i].intid;
            if (intid / 32 == first / 32 && (action->value >> intid % 32 & 1) && seen[intid]++)
                return false;
        }
    }
    return true;
}

/* IHI 0069, 12.9.7 and 12.9.9: an interrupt's group while active, its configuration while enabled.
 */
static bool is_predictable(const struct action *action)
{
    if (action->offset >= GICD_IGROUPR && action->offset < GICD_ISENABLER)
        return may_change(action, GICD_IGROUPR, 1);
    if (action->offset >= GICD_ICFGR && action->offset < GICD_ICFGR_END)
        return may_change(action, GICD_ICFGR, 2);
    if (action->offset >= GICD_ISACTIVER && action->offset < GICD_ICACTIVER)
        return may_activate(action);
    if (action->offset >= GICD_ICACTIVER && action->offset < GICD_IPRIORITYR)
        return may_make_inactive(action);
    return true;
}

/* Another vCPU may deactivate an SPI, if it has the same EOImode. */
static bool may_deactivate(const struct action *action)
{
    const struct taken *ended = &guest[action->frame].ended;

    return action->value < ended->nr && model.cpu[action->cpu].split_eoi &&
           (action->frame == action->cpu || ended->of[action->value].intid >= GIC_FIRST_SPI);
}

static bool makes_sense(const struct action *action)
{
    uint32_t cpu = action->cpu;

    switch (action->kind) {
    case ACTION_LOAD:
        return !is_loaded(cpu) && world_is_free((uint32_t)action->value);
    case ACTION_WRITE:
        return is_loaded(cpu) && is_predictable(action);
    case ACTION_SGI:
        return is_loaded(cpu) && model.version == 3;
    case ACTION_END:
        return is_loaded(cpu) && guest[cpu].taken.nr > 0;
    case ACTION_DEACTIVATE:
        return is_loaded(cpu) && may_deactivate(action);
    case ACTION_SPLIT:
        return is_loaded(cpu) && guest[cpu].taken.nr + guest[cpu].ended.nr == 0;
    case ACTION_LINE:
    case ACTION_INJECT:
    case ACTION_TIME:
        return true;
    case ACTION_SLEEP: /* of one that is not loaded, the scheduler sees to the timer */
        return is_loaded(cpu) || !model.private[cpu][IRQ_VIRT_TIMER].line;
    default:
        return is_loaded(cpu);
    }
}

/* --- the guest's CPU interface --- */

/* What it would acknowledge now, and what the model says of that. */
static const char *peek(uint32_t cpu, uint32_t *lr, uint32_t *intid, uint32_t *source)
{
    const struct interface *interface = world_visit(cpu);

    *lr = interface_peek(interface);
    *intid = *lr == INTERFACE_NOTHING ? MODEL_SPURIOUS : GIC_LR_INTID(interface->lr[*lr]);
    *source = *intid < GIC_NR_SGIS ? GIC_LR_SOURCE(interface->lr[*lr]) : 0;
    return model_judge(&model, cpu, *intid, *source);
}

/* What another vCPU gives up, or has been given up by it, may take until that one has followed. */
static bool acknowledge(uint32_t cpu)
{
    struct taken *taken = &guest[cpu].taken;
    uint32_t lr, intid, source;
    const char *wrong = peek(cpu, &lr, &intid, &source);

    if (wrong) {
        world_settle();
        wrong = peek(cpu, &lr, &intid, &source);
    }
    if (play_log)
        fprintf(play_log, "    %u, source %u\n", intid, source);
    if (wrong)
        WRONG("acknowledged %u, source %u: %s", intid, source, wrong);
    if (intid == MODEL_SPURIOUS)
        return true;
    interface_acknowledge(world_visit(cpu), lr);
    model_acknowledge(&model, cpu, intid, source);
    taken->of[taken->nr].intid = intid;
    taken->of[taken->nr++].source = source;
    return true;
}

static void end(uint32_t cpu)
{
    struct taken *taken = &guest[cpu].taken, *ended = &guest[cpu].ended;
    uint32_t n = --taken->nr;

    interface_end(world_visit(cpu), taken->of[n].intid, taken->of[n].source);
    model_end(&model, cpu, taken->of[n].intid);
    if (model.cpu[cpu].split_eoi && ended->nr < MOST_TAKEN)
        ended->of[ended->nr++] = taken->of[n];
}

/* A GICv2's GICC_DIR is in a page that always traps, a GICv3's traps always. */
static void deactivate(uint32_t cpu, uint32_t by, uint32_t n)
{
    struct taken *ended = &guest[by].ended;
    uint32_t intid = ended->of[n].intid, source = ended->of[n].source;

    for (ended->nr--; n < ended->nr; n++)
        ended->of[n] = ended->of[n + 1];
    vgic_deactivate(world_vcpu(cpu), intid | source << 10);
    model_deactivate(&model, cpu, intid);
}

static void set_vmcr(uint32_t cpu, uint32_t clear, uint32_t set)
{
    struct interface *interface = world_visit(cpu);

    interface->registers.vmcr = (interface->registers.vmcr & ~clear) | set;
}

static void set_mask(uint32_t cpu, uint8_t mask)
{
    set_vmcr(cpu, 0xFFu << GIC_VMCR_PMR_SHIFT, (uint32_t)mask << GIC_VMCR_PMR_SHIFT);
    model.cpu[cpu].mask = mask;
}

static void set_groups(uint32_t cpu, uint64_t groups)
{
    set_vmcr(cpu, ALL_GROUPS, (uint32_t)groups & ALL_GROUPS);
    model.cpu[cpu].enabled[0] = groups & GIC_VMCR_GROUP0_ENABLE;
    model.cpu[cpu].enabled[1] = groups & GIC_VMCR_GROUP1_ENABLE;
}

static void set_split(uint32_t cpu, bool split)
{
    set_vmcr(cpu, GIC_VMCR_SPLIT_EOI, split ? GIC_VMCR_SPLIT_EOI : 0);
    model.cpu[cpu].split_eoi = split;
}

/* --- devices and timers --- */

static bool is_due(uint32_t cpu)
{
    return (guest[cpu].timer_ctl & (TIMER_ENABLE | TIMER_IMASK)) == TIMER_ENABLE &&
           guest[cpu].timer_cval <= interface_now;
}

static void follow_timers(void)
{
    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++)
        model_set_line(&model, cpu, IRQ_VIRT_TIMER, is_due(cpu));
}

static void set_timer(uint32_t cpu, uint64_t ctl, uint32_t ahead)
{
    struct interface *interface = world_visit(cpu);

    interface->timer_ctl = guest[cpu].timer_ctl = ctl;
    interface->timer_cval = guest[cpu].timer_cval = interface_now + ahead;
    follow_timers();
}

static void pass_time(void)
{
    world_pass_time();
    follow_timers();
}

/* The vCPU of an emulated PPI is loaded where its input is driven, or nowhere. */
static void drive(uint32_t cpu, uint32_t intid, bool high)
{
    if (intid >= GIC_FIRST_SPI) {
        vgic_set_level(&world_vm, intid, high);
    } else {
        if (is_loaded(cpu))
            (void)world_visit(cpu);
        vgic_set_ppi(world_vcpu(cpu), intid, high);
    }
    model_set_line(&model, cpu, intid, high);
}

static void inject(uint32_t cpu, uint32_t intid)
{
    if (intid == VGIC_EVENT_INTID)
        vgic_raise_event(world_vcpu(cpu));
    else
        vgic_inject(&world_vm, intid < GIC_FIRST_SPI ? cpu : 0, intid);
    model_make_pending(&model, cpu, intid);
}

/* Whether what would end a WFI ends it, and nothing else. */
static bool sleep_check(uint32_t cpu)
{
    uint64_t when;
    bool ends = (is_loaded(cpu) && timer_guest_due(&when)) || vgic_has_pending(world_vcpu(cpu));

    if (!ends) {
        world_settle();
        (void)world_visit(cpu);
        ends = vgic_has_pending(world_vcpu(cpu));
    }
    if (!ends && model_highest(&model, cpu) != MODEL_IDLE)
        WRONG("vCPU %u sleeps, but something is pending", cpu);
    if (ends && !model_would_wake(&model, cpu) && !is_due(cpu))
        WRONG("vCPU %u does not sleep, but nothing is pending", cpu);
    return true;
}

/* --- registers --- */

static bool read_register(const struct action *action)
{
    uint64_t expected =
        model_read(&model, action->cpu, action->frame, action->offset, action->bytes);
    uint64_t got = world_read(action->cpu, action->frame, action->offset, action->bytes);

    if (action->frame == MODEL_DISTRIBUTOR && action->offset == GICD_CTLR)
        got &= ~(uint64_t)GICD_CTLR_RWP; /* others may have yet to follow */
    if (got != expected)
        WRONG("read 0x%" PRIx64 ", expected 0x%" PRIx64, got, expected);
    return true;
}

static void write_register(const struct action *action)
{
    world_write(action->cpu, action->frame, action->offset, action->bytes, action->value);
    model_write(&model, action->cpu, action->frame, action->offset, action->bytes, action->value);
}

static void write_sgi(uint32_t cpu, uint64_t value)
{
    bool group1 = !(value & SGI_GROUP0);

    value &= ~SGI_GROUP0;
    if (group1)
        vgic_write_sgi1r(world_vcpu(cpu), value);
    else
        vgic_write_sgi0r(world_vcpu(cpu), value);
    model_write_sgi(&model, cpu, value, group1);
}

static void enable(uint32_t cpu, uint32_t intid, bool enabled)
{
    vgic_set_enabled(world_vcpu(cpu), world_vcpu(cpu), intid, enabled);
    if (enabled || intid >= GIC_NR_SGIS || model.version == 3)
        model_interrupt(&model, cpu, intid)->enabled = enabled;
}

/* --- playing --- */

static bool act_on_interface(const struct action *action)
{
    uint32_t cpu = action->cpu;

    switch (action->kind) {
    case ACTION_ACKNOWLEDGE:
        return acknowledge(cpu);
    case ACTION_END:
        end(cpu);
        break;
    case ACTION_DEACTIVATE:
        deactivate(cpu, action->frame, (uint32_t)action->value);
        break;
    case ACTION_MASK:
        set_mask(cpu, (uint8_t)action->value);
        break;
    case ACTION_GROUPS:
        set_groups(cpu, action->value);
        break;
    case ACTION_SPLIT:
        set_split(cpu, action->value != 0);
        break;
    case ACTION_TIMER:
        set_timer(cpu, action->value, action->offset);
        break;
    default:
        break;
    }
    return true;
}

static bool act(const struct action *action)
{
    uint32_t cpu = action->cpu;

    switch (action->kind) {
    case ACTION_LOAD:
        world_load(cpu, (uint32_t)action->value);
        break;
    case ACTION_PUT:
        world_put(cpu);
        break;
    case ACTION_READ:
        return read_register(action);
    case ACTION_WRITE:
        write_register(action);
        break;
    case ACTION_SGI:
        write_sgi(cpu, action->value);
        break;
    case ACTION_LINE:
        drive(cpu, action->offset, action->value != 0);
        break;
    case ACTION_INJECT:
        inject(cpu, action->offset);
        break;
    case ACTION_TIME:
        pass_time();
        break;
    case ACTION_SLEEP:
        return sleep_check(cpu);
    case ACTION_EXIT:
        vgic_maintenance(world_vcpu(cpu));
        break;
    case ACTION_ENABLE:
        enable(cpu, action->offset, action->value != 0);
        break;
    default:
        return act_on_interface(action);
    }
    return true;
}

/* Whether EL2 has the action, not the virtual CPU interface. */
static bool traps(const struct action *action)
{
    return action->kind == ACTION_READ || action->kind == ACTION_WRITE ||
           action->kind == ACTION_SGI || action->kind == ACTION_PUT ||
           action->kind == ACTION_EXIT || action->kind == ACTION_ENABLE ||
           action->kind == ACTION_SLEEP;
}

static bool step(const struct action *action)
{
    uint32_t cpu = action->cpu;

    if (!makes_sense(action))
        return true;
    play_nr++;
    if (play_log)
        play_print(play_log, action);
    if (is_loaded(cpu)) {
        if (!action->early || !traps(action))
            world_enter(cpu);
        (void)world_visit(cpu);
    }
    if (!act(action))
        return false;
    if (!is_loaded(cpu))
        return true;
    world_enter(cpu);
    /* A timer's level is looked at a little later, or at once when its interrupt ends. */
    if (action->kind == ACTION_TIMER && !model_interrupt(&model, cpu, IRQ_VIRT_TIMER)->active)
        pass_time();
    if (interface_running(world_visit(cpu)) != model_running(&model, cpu))
        WRONG("the running priority of vCPU %u is 0x%x", cpu, interface_running(world_visit(cpu)));
    return true;
}

uint32_t play(const struct world_setup *setup, const struct action *actions, uint32_t nr)
{
    static uint32_t i; /* kept over longjmp() */

    if (setjmp(world_failed)) {
        (void)snprintf(play_fault, sizeof(play_fault), "%s", world_failure);
        return i;
    }
    i = 0;
    world_start(setup);
    model_reset(&model, setup->version, 0xFFFF | VGIC_EVENT_BIT, 1u << IRQ_VIRT_TIMER);
    for (uint32_t cpu = 0; cpu < WORLD_NR_VCPUS; cpu++) {
        guest[cpu].taken.nr = guest[cpu].ended.nr = 0;
        guest[cpu].timer_ctl = guest[cpu].timer_cval = 0;
    }
    for (; i < nr; i++)
        if (!step(&actions[i]))
            return i;
    return nr;
}
