/* SPDX-License-Identifier: MIT */
/*
 * The life of a virtual GIC, and what the rest of the hypervisor asks of it.
 */
#include "vgic/vgic.h"

#include <string.h>

#include "arch/clamp.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/cold.h"
#include "lib/is_enabled.h"
#include "sched/vcpu_kick.h"
#include "vgic/vgic_internal.h"
#include "vm/mmio_map.h"

/* --- telling vCPUs --- */

void vgic_post(struct vcpu *vcpu, uint32_t intid, uint32_t sources)
{
    /* The source first: who takes the interrupt looks for it afterwards. */
    if (sources)
        __atomic_fetch_or(&vcpu->vgic.sgi_posted[intid], (uint8_t)sources, __ATOMIC_RELAXED);
    __atomic_fetch_or(&vcpu->vgic.bank.posted, vgic_bit(intid), __ATOMIC_RELEASE);
}

/* One that is parked here does not run. */
static bool runs_here(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->vgic.loaded_on, __ATOMIC_RELAXED) == pcpu_self() &&
           vcpu->state == VCPU_READY;
}

void vgic_prod(struct vcpu *vcpu)
{
    /* One that runs here looks at its work when it leaves EL2; a parked one has to be woken. */
    if (runs_here(vcpu))
        vcpu_add_work(vcpu, VCPU_WORK_VGIC);
    else
        vcpu_kick(vcpu, VCPU_WORK_VGIC);
}

void vgic_request_refill(struct vcpu *vcpu)
{
    __atomic_store_n(&vcpu->vgic.requests, 1, __ATOMIC_RELAXED);
    cpu_send_event(); /* it may be in wait_for() */
    vgic_prod(vcpu);
}

bool vgic_refill_outstanding(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->vgic.requests, __ATOMIC_RELAXED) &&
           __atomic_load_n(&vcpu->vgic.loaded_on, __ATOMIC_RELAXED);
}

void vgic_update(struct vcpu *self, struct vcpu *vcpu)
{
    if (vcpu == self) {
        vgic_lr_refill(vcpu);
        return;
    }
    if (!vcpu->vgic.loaded_on)
        vgic_fold_unloaded(vcpu);
    vgic_request_refill(vcpu);
}

/* The SPIs of a bank that a vCPU has or could take. */
static uint32_t concern(struct vcpu *vcpu, uint32_t bank)
{
    const struct vgic *dist = &vcpu->vm->vgic;
    const struct vgic_bank *spi = &dist->spi[bank - 1];
    uint32_t pending = (vgic_pending(spi) | spi->posted) & vgic_forwarded(dist, spi);

    return vcpu->vgic.held[bank - 1] |
           (pending & vcpu->vgic.routed[bank - 1] & ~dist->held[bank - 1]);
}

void vgic_update_spis(struct vcpu *self, uint32_t bank, uint32_t spis)
{
    struct vm *vm = self->vm;

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (concern(vm->vcpus[i], bank) & spis)
            vgic_update(self, vm->vcpus[i]);
    }
}

void vgic_request_refills(struct vm *vm, uint32_t intid)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (concern(vm->vcpus[i], intid / 32) & vgic_bit(intid))
            vgic_request_refill(vm->vcpus[i]);
    }
}

/*
 * Waits until a vCPU loaded elsewhere has read its list registers back. That one may be waiting
 * for this one, so this one goes on answering.
 */
static void wait_for(struct vcpu *self, struct vcpu *vcpu)
{
    struct spinlock *lock = &self->vm->vgic.lock;
    uint32_t before = vcpu->vgic.nr_refills;

    vgic_request_refill(vcpu);
    spin_unlock(lock);
    while (__atomic_load_n(&vcpu->vgic.nr_refills, __ATOMIC_ACQUIRE) == before &&
           __atomic_load_n(&vcpu->vgic.loaded_on, __ATOMIC_ACQUIRE) != NULL) {
        if (__atomic_load_n(&self->vgic.requests, __ATOMIC_RELAXED)) {
            spin_lock(lock);
            vgic_lr_refill(self);
            spin_unlock(lock);
        }
        cpu_wait_for_event();
    }
    spin_lock(lock);
}

void vgic_settle(struct vcpu *self, struct vcpu *owner, uint32_t bank)
{
    struct vm *vm = self->vm;

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        struct vcpu *vcpu = vm->vcpus[i];
        bool concerned = bank == 0 ? vcpu == owner : vcpu->vgic.held[bank - 1] != 0;

        if (!concerned || !vcpu->vgic.loaded_on)
            continue;
        if (vcpu == self)
            vgic_lr_refill(self);
        else
            wait_for(self, vcpu);
    }
}

/* --- sources of interrupts --- */

bool vgic_target_valid(const struct vm *vm, uint32_t vcpu_index, uint32_t intid)
{
    return intid < GIC_FIRST_SPI ? vcpu_index < vm->config.nr_vcpus : vcpu_index == 0;
}

bool vgic_intid_valid(uint32_t intid)
{
    return intid >= GIC_NR_SGIS && intid < VGIC_NR_INTIDS && intid != IRQ_VIRT_TIMER;
}

void vgic_inject(struct vm *vm, uint32_t vcpu_index, uint32_t intid)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_index);

    if (intid < GIC_FIRST_SPI) {
        vgic_post(vcpu, intid, 0);
        vgic_prod(vcpu);
        return;
    }
    spin_lock(&vm->vgic.lock);
    vgic_bank_of(vcpu, intid)->posted |= vgic_bit(intid);
    vgic_request_refills(vm, intid);
    spin_unlock(&vm->vgic.lock);
}

static __attribute__((noinline)) void raise_event_here(struct vcpu *vcpu)
{
    if (!vgic_raise_event_line(vcpu))
        vgic_refill(vcpu);
}

/* Into a vCPU that runs here it goes at once. */
void vgic_raise_event(struct vcpu *vcpu)
{
    if (runs_here(vcpu) && !vgic_refill_requested(&vcpu->vgic))
        raise_event_here(vcpu);
    else if (vgic_post_event(&vcpu->vgic))
        vcpu_kick(vcpu, VCPU_WORK_VGIC);
}

void vgic_set_level(struct vm *vm, uint32_t intid, bool high)
{
    struct vgic_bank *bank = &vm->vgic.spi[intid / 32 - 1];
    uint32_t bit = vgic_bit(intid);

    spin_lock(&vm->vgic.lock);
    uint32_t before = bank->line;
    bank->line = high ? before | bit : before & ~bit;
    bank->posted |= bank->line & ~before & bank->edge;
    if (bank->line != before)
        vgic_request_refills(vm, intid);
    spin_unlock(&vm->vgic.lock);
}

void vgic_set_ppi(struct vcpu *vcpu, uint32_t intid, bool high)
{
    struct vgic_bank *bank = &vcpu->vgic.bank;
    uint32_t bit = vgic_bit(intid);

    spin_lock(&vcpu->vm->vgic.lock);
    uint32_t before = bank->line;
    bank->line = high ? before | bit : before & ~bit;
    if (bank->line & ~before & bank->edge)
        vgic_post(vcpu, intid, 0);
    if (vcpu->vgic.loaded_on)
        vgic_lr_refill(vcpu);
    spin_unlock(&vcpu->vm->vgic.lock);
}

/* --- the loaded vCPU --- */

void vgic_refill(struct vcpu *vcpu)
{
    spin_lock(&vcpu->vm->vgic.lock);
    vgic_lr_refill(vcpu);
    spin_unlock(&vcpu->vm->vgic.lock);
}

void vgic_maintenance(struct vcpu *vcpu)
{
    if (!vgic_end_timer(vcpu))
        vgic_refill(vcpu);
}

void vgic_flush(struct vcpu *vcpu)
{
    if (__atomic_load_n(&vcpu->vgic.requests, __ATOMIC_RELAXED) || !vgic_raise_posted(vcpu))
        vgic_refill(vcpu);
}

void vgic_timer_fired(struct vcpu *loaded)
{
    if (!vgic_raise_timer(loaded))
        vgic_refill(loaded);
}

void vgic_load(struct vcpu *vcpu)
{
    struct spinlock *lock = &vcpu->vm->vgic.lock;

    gic_restore_interface(&vcpu->vgic.interface);
    spin_lock(lock);
    vcpu->vgic.loaded_on = pcpu_self();
    __atomic_store_n(&vcpu->vgic.requests, 0, __ATOMIC_RELAXED);
    if (!vgic_is_quiet(vcpu) || vcpu->vgic.is_odd)
        vgic_lr_load(vcpu);
    spin_unlock(lock);
}

void vgic_put(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    struct spinlock *lock = &vcpu->vm->vgic.lock;

    spin_lock(lock);
    /* Who waits for the list registers to be read back may find the vCPU loaded again. */
    if (vgic->used | vgic->changes | vgic->timer_active | vgic->is_odd | vgic->requests)
        vgic_lr_put(vcpu);
    vcpu->vtimer.look_ticks = TIMER_NEVER;
    gic_save_interface(&vgic->interface);
    __atomic_store_n(&vgic->loaded_on, NULL, __ATOMIC_RELEASE);
    spin_unlock(lock);
}

/* On which vCPU an interrupt may be active; NULL if on none. Of an SPI, any may deactivate it. */
static struct vcpu *holder_of(struct vcpu *self, uint32_t intid)
{
    struct vm *vm = self->vm;

    if (intid < GIC_FIRST_SPI)
        return self;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (vm->vcpus[i]->vgic.held[intid / 32 - 1] & vgic_bit(intid))
            return vm->vcpus[i];
    }
    return NULL;
}

void vgic_deactivate(struct vcpu *vcpu, uint64_t value)
{
    uint64_t intid = value & (vgic_is_v2(vcpu) ? GICC_DIR_INTID : UINT64_MAX);

    if (intid >= VGIC_NR_INTIDS || !(gic_read_vmcr() & GIC_VMCR_SPLIT_EOI))
        return; /* unpredictable (IHI 0069, 12.2.9) */
    intid = clamp(intid, VGIC_NR_INTIDS);
    uint32_t bit = vgic_bit((uint32_t)intid);

    spin_lock(&vcpu->vm->vgic.lock);
    struct vcpu *holder = holder_of(vcpu, (uint32_t)intid);
    if (holder) {
        holder->vgic.change[intid / 32].clear_active |= bit;
        holder->vgic.change[intid / 32].set_active &= ~bit;
        holder->vgic.changes = true;
        vgic_update(vcpu, holder);
    }
    spin_unlock(&vcpu->vm->vgic.lock);
}

/* Whether the CPU interface lets one of these interrupts of a bank through. */
static bool passes(const struct vgic_bank *bank, uint32_t pending, uint32_t vmcr)
{
    if (!(vmcr & GIC_VMCR_GROUP0_ENABLE))
        pending &= bank->group1;
    if (!(vmcr & GIC_VMCR_GROUP1_ENABLE))
        pending &= ~bank->group1;
    for (; pending; pending &= pending - 1) {
        if (bank->priority[__builtin_ctz(pending)] < vmcr >> GIC_VMCR_PMR_SHIFT)
            return true;
    }
    return false;
}

static bool has_pending(struct vcpu *vcpu, uint32_t vmcr)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;
    const struct vgic *dist = &vcpu->vm->vgic;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        const struct vgic_bank *bank = vgic_bank_of(vcpu, 32 * b);
        uint32_t own = UINT32_MAX;
        if (b > 0)
            own = vgic->routed[b - 1] & (~dist->held[b - 1] | vgic->held[b - 1]);
        uint32_t pending = (vgic_pending(bank) | bank->posted) & ~bank->active & own;
        if (passes(bank, pending & vgic_forwarded(dist, bank), vmcr))
            return true;
    }
    return false;
}

/* A redistributor that knows its CPU asleep wakes it for all it has (IHI 0069, GICR_WAKER). */
static bool is_asleep(const struct vcpu *vcpu)
{
    return !vgic_is_v2(vcpu) && (vcpu->vgic.waker & GICR_WAKER_PROCESSOR_SLEEP);
}

/* The same, once what the list registers say is in memory. */
static COLD bool has_pending_settled(struct vcpu *vcpu)
{
    uint32_t vmcr = vcpu->vgic.interface.vmcr;

    spin_lock(&vcpu->vm->vgic.lock);
    if (vcpu->vgic.loaded_on) {
        vgic_lr_refill(vcpu);
        vmcr = gic_read_vmcr();
    }
    if (is_asleep(vcpu))
        vmcr = UINT32_MAX;
    bool pending =
        has_pending(vcpu, vmcr) || (IS_ENABLED(CONFIG_ITS) && vlpi_has_pending(vcpu, vmcr));
    spin_unlock(&vcpu->vm->vgic.lock);
    return pending;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
    if (vcpu->vgic.loaded_on == pcpu_self() && !is_asleep(vcpu)) {
        enum vgic_look look = vgic_lr_look(vcpu);
        if (look != VGIC_LOOK_UNCLEAR)
            return look == VGIC_LOOK_PENDING;
    }
    return has_pending_settled(vcpu);
}

/* --- power-on --- */

void vgic_vcpu_reset(struct vcpu *vcpu)
{
    vcpu->vgic.interface = (struct gic_interface){.vmcr = gic_limits.reset_vmcr};
}

static void reset_vcpu(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    *vgic = (struct vgic_vcpu){
        .bank.edge = VGIC_SGIS | VGIC_EVENT_BIT,
        /* A GICv2's SGIs cannot be disabled. */
        .bank.enabled = vgic_is_v2(vcpu) ? VGIC_SGIS : 0,
        .waker = GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP,
    };
    memset(vgic->lr_of, VGIC_NO_LR, sizeof(vgic->lr_of));
    vgic_vcpu_reset(vcpu);
}

/* The first page of a GICv2's CPU interface is the hardware's. */
static const char *map_interface(struct vm *vm)
{
    if (stage2_map(&vm->stage2, vm->config.gicc.base, machine.gicv.base, PAGE_SIZE,
                   STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE) != STILE_SUCCESS)
        return "its GICv2 CPU interface cannot be mapped";
    return NULL;
}

static const char *init_v2(struct vm *vm)
{
    const struct vm_config *config = &vm->config;
    uint64_t bytes =
        config->gicc.bytes < machine.gicv.bytes ? config->gicc.bytes : machine.gicv.bytes;

    bytes = align_down(bytes, PAGE_SIZE);
    if (config->gicd.bytes < PAGE_SIZE || bytes == 0 ||
        !is_aligned(config->gicc.base.ipa, PAGE_SIZE))
        return "its GICv2 needs a page each for the distributor and the CPU interface";
    const char *fault = map_interface(vm);
    if (fault)
        return fault;
    /* The second page has GICC_DIR alone. */
    mmio_add(&vm->mmio, config->gicd.base, config->gicd.bytes, &vgicd_v2_ops);
    if (bytes > PAGE_SIZE)
        mmio_add(&vm->mmio, ipa_make(config->gicc.base.ipa + PAGE_SIZE), PAGE_SIZE, &vgicc_dir_ops);
    return NULL;
}

/* How many redistributors there is room for: each lies whole in one region. */
static uint64_t nr_redistributors(const struct vm_config *config)
{
    uint64_t nr = 0;

    for (uint32_t i = 0; i < VM_NR_GICR; i++)
        nr += config->gicr[i].bytes / GICR_BYTES;
    return nr;
}

static const char *init_v3(struct vm *vm)
{
    const struct vm_config *config = &vm->config;

    if (config->gicd.bytes <= GICV3_PIDR2)
        return "its GICv3 distributor needs 64 KiB";
    if (nr_redistributors(config) < config->nr_vcpus)
        return "its GICv3 redistributors need 128 KiB for each vCPU";
    mmio_add(&vm->mmio, config->gicd.base, config->gicd.bytes, &vgicd_v3_ops);
    for (uint32_t i = 0; i < VM_NR_GICR && config->gicr[i].bytes > 0; i++)
        mmio_add(&vm->mmio, config->gicr[i].base, config->gicr[i].bytes, &vgicr_ops[i]);
    vgicd_init_typer(vm);
    if (IS_ENABLED(CONFIG_ITS))
        vits_init(vm);
    return NULL;
}

/*
 * Without a distributor: each vCPU's one line is enabled, and the most urgent there is. Its group
 * is the one whose interrupts a kernel takes by GICC_IAR or ICC_IAR1_EL1.
 */
static const char *init_lines(struct vm *vm)
{
    bool is_v2 = vm->config.gic_version == 2;

    vm->vgic.ctlr = GICD_CTLR_ENABLE_GROUP0 | GICD_CTLR_ENABLE_GROUP1;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        struct vgic_vcpu *vgic = &vm->vcpus[i]->vgic;
        vgic->bank.enabled = VGIC_EVENT_BIT;
        vgic->bank.group1 = is_v2 ? 0 : VGIC_EVENT_BIT;
        vgic->waker = 0;
    }
    return is_v2 ? map_interface(vm) : NULL;
}

const char *vgic_init(struct vm *vm)
{
    if (vm->config.gic_version != machine.gic_version)
        return "its GIC is not of the version the machine has";

    /* All but the lock, which is first. */
    memset(&vm->vgic.ctlr, 0, sizeof(vm->vgic) - offsetof(struct vgic, ctlr));
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        reset_vcpu(vm->vcpus[i]);
    if (!vm_config_has_gic(&vm->config))
        return init_lines(vm);
    for (uint32_t intid = GIC_FIRST_SPI; intid < VGIC_NR_INTIDS; intid++)
        vgicd_route(vm, intid);
    return vm->config.gic_version == 2 ? init_v2(vm) : init_v3(vm);
}
