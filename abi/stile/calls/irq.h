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
 * @target: the vCPU, for a PPI; must be 0 for an SPI, which goes where the distributor routes it
 * @intid:  16 to 31 but the timer's (PPI), or 32 up to the last the distributor has (SPI)
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt, or one that hardware drives
 *
 * Example:
 *     // INTID 40, to wherever it is routed
 *     struct stile_result result = stile_irq_inject(stile_vcpu_id(0), stile_intid(40));
 */
STILE_CALL(0x40, 1, irq, inject, ARGS2(vcpu_id, target, intid, intid))

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
STILE_CALL(0x41, 1, irq, ipi, ARGS2(vcpu_id, target, intid, sgi))

/* clang-format on */
