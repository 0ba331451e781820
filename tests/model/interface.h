/* SPDX-License-Identifier: MIT */
/*
 * The hardware under the virtual GIC: of each physical CPU a virtual CPU interface with its list
 * registers (IHI 0069, 12.4 and 5.3; IHI 0048, 5.2), the timer of the guest that is there, and the
 * timer's physical interrupt.
 */
#ifndef MODEL_INTERFACE_H
#define MODEL_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/gic.h"

#define INTERFACE_NOTHING UINT32_MAX

struct interface {
    uint64_t lr[GIC_MAX_LRS];
    uint32_t hcr;
    struct gic_interface registers;
    bool both_is_pending; /* what is pending and active keeps GIC_HCR_NPIE from interrupting */

    uint64_t timer_ctl; /* CNTV_CTL_EL0, but for ISTATUS */
    uint64_t timer_cval;
    bool timer_active; /* the physical interrupt */
    bool timer_lost;   /* gic_limits.forgets_levels: that its level is high is forgotten */
    uint64_t armed;    /* CNTHP_CVAL_EL2 */
};

/** What a guest's timer counts; time stands still but for interface_tick(). */
extern uint64_t interface_now;

/** interface_timer_ctl() - CNTV_CTL_EL0 with ISTATUS */
uint64_t interface_timer_ctl(const struct interface *interface);

/** interface_timer_comes() - take the timer's physical interrupt, if it is there */
bool interface_timer_comes(struct interface *interface);

/** interface_empty_lrs() - ICH_ELRSR_EL2 */
uint32_t interface_empty_lrs(const struct interface *interface);

/** interface_wants_maintenance() - whether the maintenance interrupt is asserted */
bool interface_wants_maintenance(const struct interface *interface);

/** interface_peek() - the list register whose interrupt would be acknowledged, or NOTHING */
uint32_t interface_peek(const struct interface *interface);

/** interface_acknowledge() - a read of the acknowledge register of that one's group */
void interface_acknowledge(struct interface *interface, uint32_t lr);

/** interface_end() - a write to the EOI register; @source is of a GICv2's SGI */
void interface_end(struct interface *interface, uint32_t intid, uint32_t source);

/** interface_running() - the running priority, 0xFF if there is none */
uint32_t interface_running(const struct interface *interface);

/** interface_check() - NULL, or what the architecture forbids in the list registers */
const char *interface_check(const struct interface *interface);

#endif
