/* SPDX-License-Identifier: MIT */
/*
 * Group irq, 0x40 to 0x4F: interrupts of one's own VM.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Make an interrupt pending, as if a device had raised an edge.
 *
 * @target: the vCPU, for a PPI; must be 0 for an SPI, which goes where the distributor routes it,
 *          or to vCPU 0 where there is none
 * @intid:  16 to 31 but the timer's (PPI), or 32 up to the last the distributor has (SPI)
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt, or one that hardware drives
 *
 * Example:
 *     // INTID 40, to wherever it is routed
 *     struct stile_result result = stile_irq_inject(stile_vcpu_id(0), stile_intid(40));
 */
STILE_CALL(0x40, 1, irq, inject, ARGS2(vcpu_id, target, intid, intid), RETS0(), ERRS0())

/*
 * Send an inter-processor interrupt to one vCPU, the caller included.
 *
 * @target: the vCPU
 * @sgi:    0 to 15
 *
 * INVALID_ARGUMENT: no such vCPU, or no such SGI
 *
 * Example:
 *     // have the target look at its run queue
 *     struct stile_result result = stile_irq_ipi(target, stile_intid(0));
 */
STILE_CALL(0x41, 1, irq, ipi, ARGS2(vcpu_id, target, intid, sgi), RETS0(), ERRS0())

/*
 * Send an inter-processor interrupt to several vCPUs at once.
 *
 * @targets: bit n is vCPU n, the caller included if it is set; not 0
 * @sgi:     0 to 15
 *
 * INVALID_ARGUMENT: no vCPU, or one that does not exist; or no such SGI
 *
 * Example:
 *     // vCPUs 0 to 3
 *     struct stile_result result = stile_irq_ipi_set(stile_vcpu_set(0xF), stile_intid(1));
 */
STILE_CALL(0x42, 9, irq, ipi_set, ARGS2(vcpu_set, targets, intid, sgi), RETS0(), ERRS0())

/*
 * Disable an interrupt: it may become pending, and is not delivered.
 *
 * @target: the vCPU, for an SGI or PPI; must be 0 for an SPI
 * @intid:  0 to 31, or an SPI the VM has
 *
 * With the mailbox as interrupt controller the guest sets the mask bit itself, for nothing; this
 * call does the same.
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt
 *
 * Example:
 *     struct stile_result result = stile_irq_mask(target, intid);
 *     bool is_masked = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x43, 9, irq, mask, ARGS2(vcpu_id, target, intid, intid), RETS0(), ERRS0())

/*
 * Enable an interrupt: deliver it if it is pending.
 *
 * @target: the vCPU, for an SGI or PPI; must be 0 for an SPI
 * @intid:  0 to 31, or an SPI the VM has
 *
 * Of a mailbox the guest clears the mask bit itself, and looks at the pending bit then.
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt
 *
 * Example:
 *     struct stile_result result = stile_irq_unmask(target, intid);
 *     bool may_come = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x44, 9, irq, unmask, ARGS2(vcpu_id, target, intid, intid), RETS0(), ERRS0())

/*
 * Set an interrupt's priority.
 *
 * @target:   the vCPU, for an SGI or PPI; must be 0 for an SPI
 * @intid:    0 to 31, or an SPI the VM has
 * @priority: 0 (the most urgent) to 255; the GIC keeps bits 7:3, the mailbox bit 7 inverted, in
 *            its bitmap of urgent interrupts
 *
 * INVALID_ARGUMENT: no such vCPU, no such interrupt, or no such priority
 *
 * Example:
 *     // more urgent than the usual 0xA0
 *     struct stile_result result = stile_irq_set_priority(target, intid, 0x40);
 */
STILE_CALL(0x45, 9, irq, set_priority, ARGS3(vcpu_id, target, intid, intid, u32, priority),
           RETS0(), ERRS0())

/*
 * Ask about an interrupt.
 *
 * @target: the vCPU, for an SGI or PPI; must be 0 for an SPI
 * @intid:  0 to 31, or an SPI the VM has
 *
 * Returns STILE_IRQ_* bits in x1 and the priority in x2, as the distributor's registers would tell.
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt
 *
 * Example:
 *     struct stile_result result = stile_irq_query(target, intid);
 *     bool is_pending = stile_irq_query_bits(result) & STILE_IRQ_PENDING;
 */
STILE_CALL(0x46, 9, irq, query, ARGS2(vcpu_id, target, intid, intid),
           RETS2(u32, bits, u32, priority), ERRS0())

/* clang-format on */
