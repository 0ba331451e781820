/* SPDX-License-Identifier: MIT */
/*
 * Registers with a field for each interrupt, as the distributor has them for SPIs and, by its
 * version, it or the redistributor has them for SGIs and PPIs.
 *
 * Reserved fields, unknown widths and interrupts the frame lacks read as zero and ignore writes.
 */
#include "arch/clamp.h"
#include "lib/is_enabled.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

/* What an access is about. */
struct fields {
    uint32_t first; /* INTID */
    uint32_t nr;    /* how many interrupts have a field in it; 0: the access is not allowed */
};

/* A register with a bit for each interrupt is GICD_IGROUPR to GICD_ICACTIVER, 0x80 bytes each. */
#define BIT_REGISTER(offset) ((offset) & ~0x7Fu)

static struct fields decode(const struct vgic_view *view, uint32_t offset, uint32_t bytes)
{
    struct fields fields = {0};

    if (offset >= GICD_ICFGR)
        fields = (struct fields){(offset - GICD_ICFGR) * 4, bytes == 4 ? 16 : 0};
    else if (offset >= GICD_IPRIORITYR)
        fields = (struct fields){offset - GICD_IPRIORITYR, vgic_by_byte(bytes) ? bytes : 0};
    else
        fields = (struct fields){(offset & 0x7F) * 8, bytes == 4 ? 32 : 0};
    if (fields.first < view->first || fields.first >= view->end)
        fields.nr = 0;
    else
        fields.first = (uint32_t)clamp(fields.first, VGIC_NR_INTIDS);
    return fields;
}

static struct vgic_bank *bank_of(const struct vgic_view *view, uint32_t first)
{
    return vgic_bank_of(view->owner, first);
}

/* Has whom it concerns act on a change of the interrupts @mask of a bank. */
static void update(const struct vgic_view *view, uint32_t first, uint32_t mask)
{
    if (first < 32)
        vgic_update(view->self, view->owner);
    else
        vgic_update_spis(view->self, first / 32, mask);
}

/* --- reading --- */

static uint32_t read_state(const struct vgic_view *view, uint32_t first, bool active)
{
    struct vgic_bank *bank = bank_of(view, first);

    vgic_settle(view->self, view->owner, first / 32);
    if (active)
        return bank->active;
    uint32_t line = bank->line;
    if (first < 32 && vgic_timer_level(view->self, view->owner))
        line |= VGIC_TIMER_BIT;
    else if (first < 32)
        line &= ~VGIC_TIMER_BIT;
    return bank->latch | (line & ~bank->edge) | __atomic_load_n(&bank->posted, __ATOMIC_RELAXED);
}

static uint32_t read_bits(const struct vgic_view *view, uint32_t first, uint32_t reg)
{
    const struct vgic_bank *bank = bank_of(view, first);

    switch (reg) {
    case GICD_IGROUPR:
        return bank->group1;
    case GICD_ISENABLER:
    case GICD_ICENABLER:
        return bank->enabled;
    case GICD_ISPENDR:
    case GICD_ICPENDR:
        return read_state(view, first, false);
    case GICD_ISACTIVER:
    case GICD_ICACTIVER:
        return read_state(view, first, true);
    default:
        return 0;
    }
}

static uint32_t read_priorities(const struct vgic_view *view, struct fields fields)
{
    const struct vgic_bank *bank = bank_of(view, fields.first);
    uint32_t value = 0;

    for (uint32_t i = 0; i < fields.nr; i++)
        value |= (uint32_t)bank->priority[fields.first % 32 + i] << (8 * i);
    return value;
}

static uint32_t read_config(const struct vgic_view *view, struct fields fields)
{
    uint32_t edge = bank_of(view, fields.first)->edge >> (fields.first % 32);
    uint32_t value = 0;

    for (uint32_t i = 0; i < fields.nr; i++)
        value |= (edge >> i & 1) << (2 * i + 1);
    return value;
}

uint32_t vgic_bank_read(const struct vgic_view *view, uint32_t offset, uint32_t bytes)
{
    struct fields fields = decode(view, offset, bytes);
    uint32_t value = 0;

    if (fields.nr == 0)
        return 0;
    spin_lock(&view->self->vm->vgic.lock);
    if (offset >= GICD_ICFGR)
        value = read_config(view, fields);
    else if (offset >= GICD_IPRIORITYR)
        value = read_priorities(view, fields);
    else
        value = read_bits(view, fields.first, BIT_REGISTER(offset));
    spin_unlock(&view->self->vm->vgic.lock);
    return value;
}

/* --- writing --- */

static void set_pending(struct vgic_bank *bank, uint32_t mask)
{
    __atomic_fetch_or(&bank->posted, mask, __ATOMIC_RELEASE);
}

/* Adds to what is to change; the last word about an interrupt holds. */
static void add_change(struct vgic_vcpu *vgic, uint32_t bank, uint32_t reg, uint32_t mask)
{
    struct vgic_change *change = &vgic->change[bank];

    vgic->changes |= mask != 0;
    switch (reg) {
    case GICD_ICPENDR:
        change->clear_pending |= mask;
        break;
    case GICD_ICACTIVER:
        change->clear_active |= mask;
        change->set_active &= ~mask;
        break;
    default: /* GICD_ISACTIVER */
        change->set_active |= mask;
        change->clear_active &= ~mask;
        break;
    }
}

/* SPIs become active on the vCPU they go to; on the first, if they go nowhere. */
static void activate_free_spis(struct vm *vm, uint32_t bank, uint32_t mask)
{
    for (uint32_t i = vm->config.nr_vcpus; i-- > 0;) {
        struct vgic_vcpu *vgic = &vm->vcpus[i]->vgic;
        uint32_t mine = i > 0 ? mask & vgic->routed[bank - 1] : mask;

        mask &= ~mine;
        vgic->held[bank - 1] |= mine;
        vm->vgic.held[bank - 1] |= mine;
        add_change(vgic, bank, GICD_ISACTIVER, mine);
    }
}

/*
 * Changes of what the guest has acknowledged or may be acknowledging: made when the vCPU that has
 * the interrupt has read its list registers back.
 */
static void change_state(const struct vgic_view *view, uint32_t first, uint32_t reg, uint32_t mask)
{
    struct vm *vm = view->self->vm;
    struct vgic_bank *bank = bank_of(view, first);
    uint32_t b = first / 32;

    if (reg == GICD_ICPENDR)
        __atomic_fetch_and(&bank->posted, ~mask, __ATOMIC_RELAXED);
    if (b == 0) {
        add_change(&view->owner->vgic, 0, reg, mask);
        return;
    }
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        struct vgic_vcpu *vgic = &vm->vcpus[i]->vgic;
        add_change(vgic, b, reg, mask & vgic->held[b - 1]);
    }
    mask &= ~vm->vgic.held[b - 1];
    if (reg == GICD_ICPENDR) {
        bank->latch &= ~mask;
        if (IS_ENABLED(CONFIG_DEVICES))
            vgic_linked_settle(&vm->vgic);
    } else if (reg == GICD_ISACTIVER) {
        activate_free_spis(vm, b, mask);
    }
}

static void write_bits(const struct vgic_view *view, uint32_t first, uint32_t reg, uint32_t value)
{
    struct vgic_bank *bank = bank_of(view, first);
    bool v2_sgis = first < 32 && vgic_is_v2(view->self);
    uint32_t mask = value;

    switch (reg) {
    case GICD_IGROUPR:
        mask = UINT32_MAX;
        bank->group1 = value;
        break;
    case GICD_ISENABLER:
        bank->enabled |= value;
        break;
    case GICD_ICENABLER:
        bank->enabled &= ~(v2_sgis ? value & ~VGIC_SGIS : value);
        break;
    case GICD_ISPENDR:
        /* Of a GICv2's SGIs, GICD_SPENDSGIR and GICD_CPENDSGIR are in charge. */
        set_pending(bank, v2_sgis ? value & ~VGIC_SGIS : value);
        break;
    case GICD_ICPENDR:
        change_state(view, first, reg, v2_sgis ? value & ~VGIC_SGIS : value);
        break;
    default:
        change_state(view, first, reg, value);
        break;
    }
    update(view, first, mask);
}

static void write_priorities(const struct vgic_view *view, struct fields fields, uint32_t value)
{
    struct vgic_bank *bank = bank_of(view, fields.first);
    uint32_t low = fields.first % 32;
    uint8_t implemented = (uint8_t)(0xFF00u >> gic_limits.nr_priority_bits);

    for (uint32_t i = 0; i < fields.nr; i++)
        bank->priority[low + i] = (uint8_t)(value >> (8 * i)) & implemented;
    update(view, fields.first, ((1u << fields.nr) - 1) << low);
}

/* SGIs and the mailbox's PPI are edges, and the timer is a level, whatever is written. */
static void write_config(const struct vgic_view *view, struct fields fields, uint32_t value)
{
    struct vgic_bank *bank = bank_of(view, fields.first);
    uint32_t low = fields.first % 32;
    uint32_t edge = 0, mask = 0xFFFFu << low;

    for (uint32_t i = 0; i < fields.nr; i++)
        edge |= (value >> (2 * i + 1) & 1) << i;
    if (fields.first < 32)
        mask &= ~(VGIC_SGIS | VGIC_TIMER_BIT | VGIC_EVENT_BIT);
    bank->edge = (bank->edge & ~mask) | (edge << low & mask);
    update(view, fields.first, mask);
}

void vgic_bank_write(const struct vgic_view *view, uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct fields fields = decode(view, offset, bytes);

    if (fields.nr == 0)
        return;
    spin_lock(&view->self->vm->vgic.lock);
    if (offset >= GICD_ICFGR)
        write_config(view, fields, value);
    else if (offset >= GICD_IPRIORITYR)
        write_priorities(view, fields, value);
    else
        write_bits(view, fields.first, BIT_REGISTER(offset), value);
    spin_unlock(&view->self->vm->vgic.lock);
}
