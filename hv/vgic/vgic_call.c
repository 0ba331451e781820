/* SPDX-License-Identifier: MIT */
/*
 * What a guest can have the distributor do by a call in place of its registers: the same as an
 * access to those would do.
 */
#include "stile/abi.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/irq_controller.h"

/* All interrupts, as if every vCPU had a distributor of its own. */
static struct vgic_view all_of(struct vcpu *self, struct vcpu *target)
{
    return (struct vgic_view){.self = self, .owner = target, .end = VGIC_NR_INTIDS};
}

static uint32_t bit_word(uint32_t file, uint32_t intid)
{
    return file + intid / 32 * 4;
}

void vgic_set_enabled(struct vcpu *self, struct vcpu *target, uint32_t intid, bool enabled)
{
    const struct vgic_view view = all_of(self, target);

    vgic_bank_write(&view, bit_word(enabled ? GICD_ISENABLER : GICD_ICENABLER, intid), 4,
                    vgic_bit(intid));
}

void vgic_set_priority(struct vcpu *self, struct vcpu *target, uint32_t intid, uint32_t priority)
{
    const struct vgic_view view = all_of(self, target);

    vgic_bank_write(&view, GICD_IPRIORITYR + intid, 1, priority);
}

struct controller_status vgic_query(struct vcpu *self, struct vcpu *target, uint32_t intid)
{
    static const struct {
        uint32_t file;
        uint32_t flag;
    } files[] = {
        {GICD_ISENABLER, STILE_IRQ_ENABLED},
        {GICD_ISPENDR, STILE_IRQ_PENDING},
        {GICD_ISACTIVER, STILE_IRQ_ACTIVE},
    };
    const struct vgic_view view = all_of(self, target);
    struct controller_status status = {
        .priority = vgic_bank_read(&view, GICD_IPRIORITYR + intid, 1),
    };

    for (uint32_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (vgic_bank_read(&view, bit_word(files[i].file, intid), 4) & vgic_bit(intid))
            status.flags |= files[i].flag;
    return status;
}
