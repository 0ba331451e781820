/* SPDX-License-Identifier: MIT */
/*
 * Group control, 0x90 to 0x9F: looking at and steering other VMs. For VMs whose device tree has
 * stile,privileged in its root; to every other VM these calls do not exist (NOT_SUPPORTED).
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Ask about a VM of the machine.
 *
 * @vm: its number, 1 to STILE_VMS_MAX
 *
 * Returns in x1 one of enum stile_vm_state in bits 7:0, how many vCPUs it has in bits 15:8, and in
 * bits 63:32 how many pages it owns; in x2 and x3 the first 16 characters of its name.
 *
 * INVALID_ARGUMENT: a number that no VM can have
 * NOT_FOUND: there has never been such a VM
 *
 * Example:
 *     struct stile_result result = stile_control_vm(vm);
 *     bool is_paused = (result.value[0] & 0xFF) == STILE_VM_PAUSED;
 */
STILE_CALL(0x90, 9, control, vm, ARGS1(vm_id, vm))

/*
 * Keep a VM's vCPUs from running until it is resumed. Interrupts for it are kept, time goes on.
 *
 * @vm: not the caller
 *
 * INVALID_ARGUMENT: the caller itself
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     struct stile_result result = stile_control_pause(vm);
 *     bool is_there = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x91, 9, control, pause, ARGS1(vm_id, vm))

/*
 * Let a paused or suspended VM go on; nothing happens if it is neither.
 *
 * @vm: which one
 *
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     struct stile_result result = stile_control_resume(vm);
 *     bool is_there = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x92, 9, control, resume, ARGS1(vm_id, vm))

/*
 * End a VM.
 *
 * @vm: not the caller
 *
 * Returns as soon as none of its vCPUs will run again; its memory is free a little later, which
 * STILE_VIRQ_PEER tells.
 *
 * INVALID_ARGUMENT: the caller itself
 * NOT_FOUND: no such VM is running, or about to start anew
 *
 * Example:
 *     struct stile_result result = stile_control_destroy(vm);
 *     bool was_there = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x93, 9, control, destroy, ARGS1(vm_id, vm))

/*
 * Make an interrupt pending in another VM: irq_inject on its behalf.
 *
 * @vm:     which one
 * @target: the vCPU, for a PPI; must be 0 for an SPI
 * @intid:  as for irq_inject
 *
 * INVALID_ARGUMENT: as for irq_inject
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     // as if its own device had raised INTID 40
 *     struct stile_result result = stile_control_inject(vm, stile_vcpu_id(0), stile_intid(40));
 */
STILE_CALL(0x94, 9, control, inject, ARGS3(vm_id, vm, vcpu_id, target, intid, intid))

/*
 * Read what a VM wrote to its console, also after its end and until its number is used again.
 *
 * @vm:     which one
 * @from:   which character to begin with, counted since the VM was made, reboots included
 * @buffer: where to put them, any alignment
 * @limit:  the most to return, 1 to 4096
 *
 * Returns in x1 how many characters were put there, no more than fit in the buffer's first page, and
 * in x2 the number of the first: later than asked if older ones are no longer kept (the last
 * STILE_CONSOLE_KEPT_BYTES are), earlier if it has not written so many.
 *
 * INVALID_ARGUMENT: a number that no VM can have, or a limit out of range or that makes the range
 *                   wrap
 * NOT_FOUND: there has never been such a VM
 * NOT_MAPPED: the first byte of the buffer is not memory the caller may write
 *
 * Example:
 *     struct stile_result result = stile_control_console_read(vm, from, buffer, limit);
 *     uint64_t next = result.value[1] + result.value[0]; // from where to go on
 */
STILE_CALL(0x95, 9, control, console_read, ARGS4(vm_id, vm, u64, from, ipa, buffer, nr_bytes, limit))

/*
 * Read a counter of another VM's vCPU: vcpu_counter on its behalf.
 *
 * @vm:      which one
 * @target:  the vCPU
 * @counter: one of enum stile_counter
 *
 * Returns its value in x1.
 *
 * INVALID_ARGUMENT: no such vCPU, or no such counter
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     struct stile_result result = stile_control_counter(vm, target, STILE_COUNTER_EXITS);
 *     uint64_t nr_exits = result.value[0];
 */
STILE_CALL(0x96, 9, control, counter, ARGS3(vm_id, vm, vcpu_id, target, u32, counter))

/*
 * Read the flight recorder of another VM's vCPU. That of the vCPU with which a VM crashed can be
 * read until the VM's number is used again.
 *
 * @vm:     which one
 * @target: the vCPU
 * @age:    0: the last exit, 1: the one before, to STILE_TRACE_ENTRIES - 1
 *
 * Returns in x1 what it was (STILE_TRACE_* in bits 63:60 and the function id, ESR_EL2 or INTID
 * below), and in x2 and x3 its first details: of a call x1 and x2, of a trap ELR_EL2, of an abort
 * the IPA too. The vCPU may go on meanwhile; pause it for a picture of one moment.
 *
 * INVALID_ARGUMENT: no such vCPU, or no such age
 * NOT_FOUND: no such VM is running or has crashed, or the vCPU has not made so many exits
 *
 * Example:
 *     struct stile_result result = stile_control_trace(vm, target, 0);
 *     bool was_a_call = result.value[0] >> 60 == STILE_TRACE_HYPERCALL;
 */
STILE_CALL(0x97, 9, control, trace, ARGS3(vm_id, vm, vcpu_id, target, u32, age))

/*
 * Set the wall clock of every VM (struct stile_clock).
 *
 * @wall_ns: nanoseconds since 1970-01-01 00:00 UTC, now
 *
 * INVALID_ARGUMENT: later than the year 2500
 *
 * Example:
 *     // 2026-11-20 00:00 UTC
 *     struct stile_result result = stile_control_set_wall_clock(UINT64_C(1795132800000000000));
 */
STILE_CALL(0x98, 9, control, set_wall_clock, ARGS1(u64, wall_ns))

/*
 * Read why a VM crashed, until its number is used again.
 *
 * @vm:     which one
 * @buffer: where to put a struct stile_crash; within a page, any alignment
 *
 * INVALID_ARGUMENT: the buffer crosses a page's end
 * NOT_FOUND: the last VM of this number did not crash, or runs still
 * NOT_MAPPED: the buffer is not memory the caller may write
 *
 * Example:
 *     struct stile_result result = stile_control_crash(vm, buffer);
 *     bool has_crashed = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x99, 9, control, crash, ARGS2(vm_id, vm, ipa, buffer))

/* clang-format on */
