/* SPDX-License-Identifier: MIT */
/*
 * See interface.h. Of priorities the highest 5 bits exist, and all of them preempt.
 */
#include "interface.h"

#include <stddef.h>

#include "arch/timer.h"

uint64_t interface_now;

/* --- the timer --- */

uint64_t interface_timer_ctl(const struct interface *interface)
{
    bool due = (interface->timer_ctl & TIMER_ENABLE) && interface->timer_cval <= interface_now;

    return interface->timer_ctl | (due ? TIMER_ISTATUS : 0);
}

/* Whether the timer's output is high. */
static bool timer_line(const struct interface *interface)
{
    return (interface_timer_ctl(interface) & (TIMER_ISTATUS | TIMER_IMASK)) == TIMER_ISTATUS;
}

bool interface_timer_comes(struct interface *interface)
{
    bool high = timer_line(interface);

    interface->timer_lost = interface->timer_lost && high;
    if (!high || interface->timer_active || interface->timer_lost)
        return false;
    interface->timer_active = true;
    return true;
}

/* --- list registers --- */

static bool is_in_use(uint64_t lr)
{
    return (lr & GIC_LR_STATE) != 0;
}

/* ICH_EISR_EL2: it was ended, and that is to be told. */
static bool reports_end(uint64_t lr)
{
    return !is_in_use(lr) && !(lr & GIC_LR_HW) && (lr & GIC_LR_EOI);
}

uint32_t interface_empty_lrs(const struct interface *interface)
{
    uint32_t empty = 0;

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        if (!is_in_use(interface->lr[i]) && !reports_end(interface->lr[i]))
            empty |= 1u << i;
    return empty;
}

/* Whether what the guest does with the groups is what is to be told. */
static bool tells_groups(const struct interface *interface)
{
    uint32_t vmcr = interface->registers.vmcr;
    uint32_t is = (vmcr & GIC_VMCR_GROUP0_ENABLE ? GIC_HCR_GROUP0_ON : GIC_HCR_GROUP0_OFF) |
                  (vmcr & GIC_VMCR_GROUP1_ENABLE ? GIC_HCR_GROUP1_ON : GIC_HCR_GROUP1_OFF);

    return (interface->hcr & is) != 0;
}

/* ICH_MISR_EL2 and ICH_HCR_EL2: IHI 0069, 12.4. */
bool interface_wants_maintenance(const struct interface *interface)
{
    bool ended = false, pending = false;

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        uint64_t state = interface->lr[i] & GIC_LR_STATE;
        ended = ended || reports_end(interface->lr[i]);
        pending = pending || state == GIC_LR_PENDING ||
                  (state == GIC_LR_STATE && interface->both_is_pending);
    }
    return ended || tells_groups(interface) || ((interface->hcr & GIC_HCR_NPIE) && !pending) ||
           ((interface->hcr & GIC_HCR_LRENPIE) && interface->hcr >> GIC_HCR_EOICOUNT_SHIFT);
}

static uint32_t priority_of(uint64_t lr)
{
    return lr >> GIC_LR_PRIORITY_SHIFT & 0xFF;
}

uint32_t interface_running(const struct interface *interface)
{
    uint32_t active = interface->registers.ap0r[0] | interface->registers.ap1r[0];

    return active ? (uint32_t)__builtin_ctz(active) * 8 : 0xFF;
}

uint32_t interface_peek(const struct interface *interface)
{
    uint32_t vmcr = interface->registers.vmcr, below = vmcr >> GIC_VMCR_PMR_SHIFT;
    uint32_t found = INTERFACE_NOTHING;

    if (interface_running(interface) < below)
        below = interface_running(interface);
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        uint64_t lr = interface->lr[i];
        uint32_t enable = lr & GIC_LR_GROUP1 ? GIC_VMCR_GROUP1_ENABLE : GIC_VMCR_GROUP0_ENABLE;
        if ((lr & GIC_LR_STATE) == GIC_LR_PENDING && (vmcr & enable) && priority_of(lr) < below) {
            below = priority_of(lr);
            found = i;
        }
    }
    return found;
}

void interface_acknowledge(struct interface *interface, uint32_t lr)
{
    uint64_t value = interface->lr[lr];
    uint32_t *active =
        value & GIC_LR_GROUP1 ? interface->registers.ap1r : interface->registers.ap0r;

    active[0] |= 1u << priority_of(value) / 8;
    interface->lr[lr] = value ^ GIC_LR_STATE;
}

/* The priority that is dropped: the most urgent. */
static uint32_t drop_priority(struct interface *interface)
{
    uint32_t *ap0r = interface->registers.ap0r, *ap1r = interface->registers.ap1r;
    uint32_t dropped = interface_running(interface);

    ap0r[0] &= ~(1u << dropped / 8);
    ap1r[0] &= ~(1u << dropped / 8);
    return dropped;
}

/* What is active in a list register at another priority is not ended: ICV_EOIR1_EL1. */
static void deactivate(struct interface *interface, uint32_t n, uint32_t dropped)
{
    uint64_t lr = interface->lr[n];

    if (priority_of(lr) != dropped)
        return;
    interface->lr[n] = lr & ~GIC_LR_ACTIVE;
    if (!(lr & GIC_LR_HW))
        return;
    interface->timer_active = false;
    interface->timer_lost = gic_limits.forgets_levels && timer_line(interface);
}

void interface_end(struct interface *interface, uint32_t intid, uint32_t source)
{
    uint32_t dropped = drop_priority(interface);

    if (interface->registers.vmcr & GIC_VMCR_SPLIT_EOI)
        return;
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        uint64_t lr = interface->lr[i];
        if (GIC_LR_INTID(lr) == intid && (lr & GIC_LR_ACTIVE) &&
            (intid >= GIC_NR_SGIS || GIC_LR_SOURCE(lr) == source)) {
            deactivate(interface, i, dropped);
            return;
        }
    }
    interface->hcr += 1u << GIC_HCR_EOICOUNT_SHIFT;
}

const char *interface_check(const struct interface *interface)
{
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        uint64_t lr = interface->lr[i];
        if (!is_in_use(lr))
            continue;
        if ((lr & GIC_LR_HW) && (lr & GIC_LR_STATE) == GIC_LR_STATE)
            return "a list register with HW is pending and active";
        for (uint32_t j = i + 1; j < gic_limits.nr_lrs; j++)
            if (is_in_use(interface->lr[j]) && GIC_LR_INTID(interface->lr[j]) == GIC_LR_INTID(lr))
                return "an interrupt is in two list registers";
    }
    return NULL;
}
