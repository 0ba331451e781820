/* SPDX-License-Identifier: MIT */
/*
 * Group event, 0x70 to 0x7F: event channels. A port is a bit of a vCPU's mailbox
 * (struct stile_mailbox of stile/shared.h) that somebody else sets: a peer VM, another vCPU of the
 * same VM, or the hypervisor. A VM's ports are its own: a number means nothing to another VM. They
 * are gone when it ends or is reset, and stay when one of its vCPUs is turned off or on.
 *
 * A bit may be set without a send: look at what it stands for. The hypervisor sets it when a peer
 * binds to the port, when the port's other end is closed, and when the VM at the other end ends or
 * is reset, so that whoever waits for the peer finds out (event_query). It may set it when the VM
 * was restored or moved.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Allocate a port that one other VM may bind to.
 *
 * @peer:   the VM that may; one's own number for a channel within the VM
 * @target: the vCPU in whose mailbox the port's bit is
 *
 * Returns the port in x1, STILE_PORT_FIRST to STILE_NR_PORTS - 1. Tell it to the peer, by the
 * directory for example. The bit starts clear and masked; it is set when the peer binds.
 *
 * INVALID_ARGUMENT: no such vCPU
 * NOT_FOUND: there is no such VM, or it has ended for good
 * LIMIT: all ports of the VM are in use
 *
 * Example:
 *     struct stile_result result = stile_event_alloc(peer, stile_vcpu_id(0));
 *     stile_port_t port = stile_event_alloc_port(result); // tell the peer
 */
STILE_CALL(0x70, 9, event, alloc, ARGS2(vm_id, peer, vcpu_id, target),
           RETS1(port, port), ERRS2(NOT_FOUND, LIMIT))

/*
 * Bind a new port to one that a peer has allocated for this VM. That sets the bit of the peer's
 * port; from then on either end's event_send sets the bit of the other.
 *
 * @peer:   whose port it is
 * @remote: its number there
 * @target: the vCPU in whose mailbox the new port's bit is
 *
 * Returns the new port in x1, as event_alloc does.
 *
 * INVALID_ARGUMENT: no such vCPU
 * NOT_FOUND: there is no such VM, or it has no such port waiting for this VM
 * LIMIT: all ports of the VM are in use
 *
 * Example:
 *     struct stile_result result = stile_event_bind(peer, remote, stile_vcpu_id(0));
 *     stile_port_t port = stile_event_bind_port(result);
 */
STILE_CALL(0x71, 9, event, bind, ARGS3(vm_id, peer, port, remote, vcpu_id, target),
           RETS1(port, port), ERRS2(NOT_FOUND, LIMIT))

/*
 * Allocate a port that the hypervisor sets.
 *
 * @virq:   one of enum stile_virq: at what
 * @target: the vCPU in whose mailbox the port's bit is; for STILE_VIRQ_TIMER, whose timer
 *
 * Returns the port in x1, as event_alloc does.
 *
 * INVALID_ARGUMENT: no such virq, or no such vCPU
 * BUSY: the virq has a port in this VM (for STILE_VIRQ_TIMER, of this vCPU) already
 * LIMIT: all ports of the VM are in use
 *
 * Example:
 *     struct stile_result result = stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0));
 *     stile_port_t port = stile_event_bind_virq_port(result); // unmask it in the mailbox
 */
STILE_CALL(0x72, 9, event, bind_virq, ARGS2(u32, virq, vcpu_id, target),
           RETS1(port, port), ERRS2(BUSY, LIMIT))

/*
 * Allocate a port by which the VM's vCPUs notify one of them: an inter-processor interrupt.
 *
 * @target: the vCPU in whose mailbox event_send sets the bit
 *
 * Returns the port in x1, as event_alloc does.
 *
 * INVALID_ARGUMENT: no such vCPU
 * LIMIT: all ports of the VM are in use
 *
 * Example:
 *     struct stile_result result = stile_event_bind_ipi(target);
 *     stile_port_t port = stile_event_bind_ipi_port(result); // for event_send
 */
STILE_CALL(0x73, 9, event, bind_ipi, ARGS1(vcpu_id, target), RETS1(port, port), ERRS1(LIMIT))

/*
 * Set the bit of the port's other end, and interrupt that vCPU if it wants to be: the bit was
 * clear, is not masked, and the vCPU is not looking at its mailbox anyway.
 *
 * @port: the sender's own port: bound to a peer, or to an IPI
 *
 * What the sender wrote to shared memory before is seen by whoever sees the bit.
 *
 * NOT_FOUND: the VM has no such port
 * NOT_BOUND: nobody is at its other end: it waits for a peer, the peer has closed it or is gone,
 *            or it is the hypervisor's to set
 *
 * Example:
 *     struct stile_result result = stile_event_send(port);
 *     bool peer_is_gone = result.status == STILE_NOT_BOUND;
 */
STILE_CALL(0x74, 9, event, send, ARGS1(port, port), RETS0(), ERRS2(NOT_FOUND, NOT_BOUND))

/*
 * Give a port up. Its bit is cleared. A peer's port that was bound to it gets its bit set, and waits
 * for this VM anew (STILE_PORT_WAITING): its sends answer NOT_BOUND until a port is bound to it
 * again. So it is, too, when a VM ends: who has its number next may bind.
 *
 * @port: one's own
 *
 * NOT_FOUND: the VM has no such port
 *
 * Example:
 *     struct stile_result result = stile_event_close(port);
 *     bool there_was_one = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x75, 9, event, close, ARGS1(port, port), RETS0(), ERRS1(NOT_FOUND))

/*
 * Ask about a port.
 *
 * @port: one's own
 *
 * Returns in x1 one of enum stile_port_state; in x2 the vCPU that has the bit; in x3 the peer's
 * number in bits 31:0 and its port in bits 63:32 (STILE_PORT_WAITING: the VM that may bind, port 0;
 * STILE_PORT_VIRQ: the virq in bits 31:0; STILE_PORT_IPI: 0).
 *
 * NOT_FOUND: the VM has no such port
 *
 * Example:
 *     struct stile_result result = stile_event_query(port);
 *     bool is_bound = stile_event_query_state(result) == STILE_PORT_PEER;
 */
STILE_CALL(0x76, 9, event, query, ARGS1(port, port),
           RETS3(u32, state, vcpu_id, target, u64, peer_and_port), ERRS1(NOT_FOUND))

/*
 * Move a port's bit to another vCPU's mailbox. A bit that is set is moved with its state; the mask
 * bit in the new mailbox is that vCPU's affair.
 *
 * @port:   one's own, not that of STILE_VIRQ_TIMER
 * @target: the vCPU
 *
 * INVALID_ARGUMENT: no such vCPU
 * NOT_FOUND: the VM has no such port
 * DENIED: it is a vCPU's timer
 *
 * Example:
 *     struct stile_result result = stile_event_move(port, target);
 *     bool moved = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x77, 9, event, move, ARGS2(port, port, vcpu_id, target),
           RETS0(), ERRS2(NOT_FOUND, DENIED))

/* clang-format on */
