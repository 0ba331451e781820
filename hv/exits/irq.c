/* SPDX-License-Identifier: MIT */
/*
 * Dispatch of physical interrupts.
 */
#include "exits/irq.h"

#include "arch/timer.h"
#include "console/console_write.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/its_regs.h"
#include "dev/kick.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "dev/smmu.h"
#include "lib/cold.h"
#include "lib/is_enabled.h"
#include "life/vm_devices.h"
#include "monitor/input.h"
#include "sched/sched.h"
#include "vgic/vgic.h"
#include "virt/vpmu.h"
#include "virt/vring.h"
#include "vm/el2_time.h"
#include "vm/irq_controller.h"
#include "vm/trace.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

void irq_init_pcpu(void)
{
    gic_enable(IRQ_KICK);
    gic_enable(IRQ_CONSOLE);
    gic_enable(IRQ_DEVICES);
    gic_enable(ppi.maintenance);
    gic_enable(ppi.hyp_timer);
    gic_enable(ppi.virt_timer);
    gic_enable(ppi.pmu);
    timer_disarm_look(); /* whatever firmware left, of this one and the other */
    write_sysreg(cntv_ctl_el0, 0);
    gic_enable(ppi.phys_timer);
}

/*
 * Interrupts of the SMMU that came with nothing to say, and so are kept active until the next look:
 * on QEMU's virt they are among those of the GICv2m, by which a VM can have them come. All come to
 * the CPU that booted.
 */
static uint32_t kept_smmu_irqs[2];

static COLD bool keep_smmu_irq(uint32_t intid)
{
    if (vm_devices_faults())
        return false;
    kept_smmu_irqs[intid == machine.smmu_event_intid] = intid;
    vring_look_later();
    return true;
}

static COLD void look_at_smmu(void)
{
    for (unsigned i = 0; i < 2; i++) {
        if (kept_smmu_irqs[i] == 0)
            continue;
        (void)vm_devices_faults();
        gic_set_active(kept_smmu_irqs[i], false);
        kept_smmu_irqs[i] = 0;
    }
}

/* For what nobody tells of: output in rings, room for input. */
static void look(void)
{
    struct console_turn turn = CONSOLE_TURN;

    vring_look(&turn);
    input_look(&turn);
    if (IS_ENABLED(CONFIG_DEVICES) && pcpu_self()->index == 0)
        look_at_smmu();
}

static void handle_overflow(struct vcpu *vcpu)
{
    vpmu_interrupt(vcpu);
    if (vcpu && vcpu->state != VCPU_READY)
        sched_wake(vcpu, VCPU_BLOCKED);
}

/* The console's, LPIs, and those of VMs' devices, which stay active until the guest ends them. */
static COLD void dispatch_spi(uint32_t intid)
{
    if (intid >= GIC_INTID_SPECIAL && (!IS_ENABLED(CONFIG_ITS) || intid < GIC_FIRST_LPI))
        return; /* it went away before it could be acknowledged */
    gic_eoi(intid);
    if (IS_ENABLED(CONFIG_ITS) && intid >= GIC_FIRST_LPI) {
        vlpi_fired(intid);
        return;
    }
    if (IS_ENABLED(CONFIG_DEVICES) && vgic_linked_fired(intid))
        return;
    if (IS_ENABLED(CONFIG_DEVICES) && smmu_is_irq(intid) && keep_smmu_irq(intid))
        return;
    if (intid == machine.uart_intid)
        input_irq();
    gic_deactivate(intid);
}

/* What was more than a turn's. */
static COLD void go_on_with_devices(struct vcpu *vcpu)
{
    if (smmu_is_there())
        (void)vm_devices_faults();
    if (IS_ENABLED(CONFIG_ITS) && vcpu)
        vits_go_on(vcpu);
}

/* SGIs and PPIs that EL2 handles itself, from acknowledge to deactivation. */
static void handle_own(uint32_t intid, struct vcpu *vcpu)
{
    if (intid == ppi.hyp_timer)
        sched_timer();
    else if (intid == ppi.maintenance && vcpu)
        vgic_maintenance(vcpu);
    else if (intid == IRQ_CONSOLE)
        input_go_on();
    else if (intid == ppi.phys_timer)
        look();
    else if (IS_ENABLED(CONFIG_DEVICES) && intid == IRQ_DEVICES)
        go_on_with_devices(vcpu);
    else if (intid == IRQ_KICK)
        kick_taken(); /* that it has interrupted is enough: the work bits are looked at next */
    else if (intid == ppi.pmu)
        handle_overflow(vcpu);
}

uint32_t irq_dispatch(struct vcpu *vcpu)
{
    uint32_t intid = gic_ack();

    if (intid >= GIC_FIRST_SPI) {
        dispatch_spi(intid);
        return intid;
    }
    gic_eoi(intid);
    if (intid == ppi.virt_timer && vcpu) {
        /* May stay active here: then the guest's own deactivation, by the GIC, ends it. */
        vcpu->vm->controller->timer_fired(vcpu);
        if (vcpu->state != VCPU_READY)
            sched_wake(vcpu, VCPU_BLOCKED);
        return intid;
    }
    handle_own(intid, vcpu);
    gic_deactivate(intid);
    return intid;
}

void irq_handle(struct vcpu *vcpu)
{
    el2_time_begin();
    uint32_t intid = irq_dispatch(vcpu);

    vcpu->stats.exits[EXIT_INTERRUPT]++;
    trace_interrupt(&vcpu->trace, intid);
    el2_time_end(vcpu);
}
