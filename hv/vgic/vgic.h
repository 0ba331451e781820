/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller a guest is shown: a GICv2 or GICv3 of the machine's version, with 16
 * SGIs and 16 PPIs for each vCPU and VGIC_NR_SPIS SPIs. A VM without one in its device tree has no
 * distributor and no redistributors, and of each CPU interface one line: VGIC_EVENT_INTID.
 *
 * The CPU interface is the hardware's virtual one. The distributor and the redistributors are
 * emulated; their state is in vm/vgic_state.h.
 *
 * Lock order: a VM's vgic.lock may be held when the scheduler's is taken, never the reverse. None
 * of these functions may be called with the scheduler's lock held, but vgic_vcpu_reset().
 */
#ifndef VGIC_VGIC_H
#define VGIC_VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/irq_controller.h"
#include "vm/vgic_state.h"

struct vcpu;
struct vm;

/**
 * vgic_init() - give a new VM its interrupt controller
 * @vm: its vCPUs are allocated, its stage 2 and MMIO map are there
 *
 * Resets all of its state, registers the emulated frames and, on a GICv2, maps the hardware's
 * virtual CPU interface into stage 2. Also for a VM that starts anew; none of its vCPUs is loaded.
 * Returns NULL, or a constant text that says why the VM cannot have the controller its device tree
 * describes.
 */
const char *vgic_init(struct vm *vm);

/**
 * vgic_vcpu_reset() - put a vCPU's CPU interface as after its reset: PSCI CPU_ON
 * @vcpu: not loaded
 *
 * What the redistributor or distributor holds stays. Takes no lock.
 */
void vgic_vcpu_reset(struct vcpu *vcpu);

/**
 * vgic_load() - move a vCPU's interrupts into this physical CPU
 * @vcpu: the vCPU that is becoming the loaded one
 */
void vgic_load(struct vcpu *vcpu);

/** vgic_put() - move them out again; the virtual CPU interface has none then */
void vgic_put(struct vcpu *vcpu);

/** vgic_flush() - the loaded vCPU has VCPU_WORK_VGIC: give it what became pending */
void vgic_flush(struct vcpu *vcpu);

/** vgic_maintenance() - handle the maintenance interrupt, raised for the loaded vCPU */
void vgic_maintenance(struct vcpu *vcpu);

/**
 * vgic_timer_fired() - the physical virtual timer's PPI was acknowledged
 * @loaded: the vCPU it belongs to
 *
 * The PPI's priority has been dropped, and it is active: the guest's own deactivation ends it.
 */
void vgic_timer_fired(struct vcpu *loaded);

/**
 * vgic_look_at_timer() - withdraw the timer's interrupt if the guest has turned the timer off
 * @vcpu: loaded on this physical CPU, or there is nothing to do
 *
 * What the guest does to its timer is not told; see vtimer_look_soon().
 */
void vgic_look_at_timer(struct vcpu *vcpu);

/**
 * vgic_has_pending() - whether an interrupt is to end a vCPU's WFI
 * @vcpu: not loaded, or loaded on this physical CPU
 *
 * Interrupts that PSTATE masks count, those that the CPU interface holds back do not, unless the
 * redistributor was told that its CPU sleeps (GICR_WAKER). The virtual timer of a
 * vCPU counts once its physical interrupt was taken; whether it is due is the caller's to see.
 */
bool vgic_has_pending(struct vcpu *vcpu);

/** Whether vgic_inject() may target the vCPU: any for a PPI, the first for any other INTID. */
bool vgic_target_valid(const struct vm *vm, uint32_t vcpu_index, uint32_t intid);

/** Whether vgic_inject() takes this INTID: a PPI or SPI that no hardware drives. */
bool vgic_intid_valid(uint32_t intid);

/**
 * vgic_inject() - make an interrupt pending, as if a device had raised an edge
 * @vcpu_index: the vCPU, for a PPI; 0 for an SPI
 * @intid: PPI or SPI
 *
 * Both have been found valid by the two functions above. Any physical CPU.
 */
void vgic_inject(struct vm *vm, uint32_t vcpu_index, uint32_t intid);

/**
 * vgic_raise_event() - make VGIC_EVENT_INTID pending
 * @vcpu: any
 *
 * Any physical CPU. The short way of what vgic_inject() does.
 */
void vgic_raise_event(struct vcpu *vcpu);

/**
 * vgic_post_event() - the same for a vCPU that does not run here, but for the kick
 *
 * Returns whether that must follow, with VCPU_WORK_VGIC: who finds the line posted already need not
 * tell the vCPU, because whoever posted it does.
 */
static inline bool vgic_post_event(struct vgic_vcpu *vgic)
{
    return !(__atomic_fetch_or(&vgic->bank.posted, VGIC_EVENT_BIT, __ATOMIC_RELEASE) &
             VGIC_EVENT_BIT);
}

/**
 * vgic_set_level() - drive the input of an SPI
 * @intid: GIC_FIRST_SPI to VGIC_NR_INTIDS - 1
 *
 * A level-sensitive SPI is pending while its input is high; an edge-triggered one becomes pending
 * when it rises. Any physical CPU; calls for one interrupt are the caller's to put in order.
 */
void vgic_set_level(struct vm *vm, uint32_t intid, bool high);

/**
 * vgic_set_ppi() - drive the input of a PPI that the hypervisor emulates, as vgic_set_level()
 * @vcpu: loaded on this physical CPU, or loaded nowhere
 */
void vgic_set_ppi(struct vcpu *vcpu, uint32_t intid, bool high);

/**
 * vgic_send_sgi() - make an SGI pending
 * @source: the loaded vCPU
 * @target: a vCPU of the same VM, the source included
 * @sgi: 0 to 15
 */
void vgic_send_sgi(struct vcpu *source, struct vcpu *target, uint32_t sgi);

/** vgic_send_sgi_set() - the same for several targets, a bit for each */
void vgic_send_sgi_set(struct vcpu *source, uint64_t targets, uint32_t sgi);

/**
 * vgic_deactivate() - the loaded vCPU wrote ICC_DIR_EL1 or GICC_DIR, and that trapped
 * @value: what it wrote
 */
void vgic_deactivate(struct vcpu *vcpu, uint64_t value);

/**
 * vgic_link() - have a physical SPI be one of a VM's: vgic_linked.c
 * @vm: runs, or is about to; it has a GIC
 * @intid: its SPI, not another one's
 * @phys: the physical one, which nobody else has
 * @edge: whether that is edge-triggered; else it is a level
 */
void vgic_link(struct vm *vm, uint32_t intid, uint32_t phys, bool edge);

/** vgic_unlink() - the end of all links of a VM, none of whose vCPUs is loaded */
void vgic_unlink(struct vm *vm);

/**
 * vgic_linked_fired() - a physical SPI was acknowledged, and its priority dropped
 *
 * Returns whether it is some VM's. Then it stays active: ending it is the VM's.
 */
bool vgic_linked_fired(uint32_t phys);

/*
 * A guest's ITS, and its LPIs. Without CONFIG_ITS nobody calls these.
 */

/** vits_go_on() - the queue of the loaded vCPU's VM may have more to do */
void vits_go_on(struct vcpu *vcpu);

/** vits_unmap_all() - the end of all devices and events */
void vits_unmap_all(struct vm *vm);

/** vlpi_fired() - an LPI of the machine's has come, and its priority was dropped */
void vlpi_fired(uint32_t intid);

/** vlpi_show() - whether LPIs of a VM are taken: while it has an ITS and runs */
void vlpi_show(struct vm *vm, bool shown);

/** vlpi_forget() - its ITS is about to be freed */
void vlpi_forget(struct vm *vm);

/** vgic_set_enabled() - GICD_ISENABLER or GICD_ICENABLER by a call; see struct controller */
void vgic_set_enabled(struct vcpu *self, struct vcpu *target, uint32_t intid, bool enabled);

/** vgic_set_priority() - GICD_IPRIORITYR by a call */
void vgic_set_priority(struct vcpu *self, struct vcpu *target, uint32_t intid, uint32_t priority);

/** vgic_query() - what the registers say of an interrupt, by a call */
struct controller_status vgic_query(struct vcpu *self, struct vcpu *target, uint32_t intid);

/** vgic_write_sgi1r() - the loaded vCPU wrote ICC_SGI1R_EL1 */
void vgic_write_sgi1r(struct vcpu *vcpu, uint64_t value);

/** vgic_write_sgi0r() - the loaded vCPU wrote ICC_SGI0R_EL1 */
void vgic_write_sgi0r(struct vcpu *vcpu, uint64_t value);

#endif
