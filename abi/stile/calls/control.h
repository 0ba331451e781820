/* SPDX-License-Identifier: MIT */
/*
 * Group control, 0x90 to 0x9F: looking at and steering other VMs. For VMs whose device tree has
 * stile,privileged in its root. If that is not empty, it is a quota, and the calls are for the VMs
 * that it made (calls/vm.h) and for itself: every other VM is none to it (NOT_FOUND, and
 * control_next_vm leaves it out), and it has no control_set_wall_clock. To every other VM these
 * calls do not exist (NOT_SUPPORTED).
 *
 * Structs that the hypervisor writes grow at their ends, in later minor versions: a call takes how
 * much there is room for, and returns how much was written.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Walk the VMs of the machine, those that have ended too.
 *
 * @after: the number to go on from; 0: to begin
 *
 * Returns the next VM's number in x1. Each VM that is there from the walk's begin to its end is met
 * once; a number that no longer stands for a VM may be gone on from. See control_vm_info.
 *
 * NOT_FOUND: there is none after that
 *
 * Example:
 *     stile_vm_id_t vm = stile_vm_id(0);
 *     struct stile_result result = stile_control_next_vm(vm);
 *     while (result.status == STILE_SUCCESS) {
 *         vm = stile_control_next_vm_next(result);
 *         result = stile_control_next_vm(vm);
 *     }
 */
STILE_CALL(0x90, 9, control, next_vm, ARGS1(vm_id, after), RETS1(vm_id, next), ERRS1(NOT_FOUND))

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
STILE_CALL(0x91, 9, control, pause, ARGS1(vm_id, vm), RETS0(), ERRS1(NOT_FOUND))

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
STILE_CALL(0x92, 9, control, resume, ARGS1(vm_id, vm), RETS0(), ERRS1(NOT_FOUND))

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
STILE_CALL(0x93, 9, control, destroy, ARGS1(vm_id, vm), RETS0(), ERRS1(NOT_FOUND))

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
STILE_CALL(0x94, 9, control, inject, ARGS3(vm_id, vm, vcpu_id, target, intid, intid),
           RETS0(), ERRS1(NOT_FOUND))

/*
 * Read what a VM wrote to its console, also after its end and until another VM takes its place.
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
 * INVALID_ARGUMENT: the limit is out of range or makes the range wrap
 * NOT_FOUND: there has never been such a VM, or another has its place by now
 * NOT_MAPPED: the first byte of the buffer is not memory the caller may write
 *
 * Example:
 *     struct stile_result result = stile_control_console_read(vm, from, buffer, limit);
 *     stile_nr_bytes_t length = stile_control_console_read_length(result);
 *     uint64_t next = stile_control_console_read_first(result) + length.bytes; // go on from there
 */
STILE_CALL(0x95, 9, control, console_read,
           ARGS4(vm_id, vm, u64, from, ipa, buffer, nr_bytes, limit),
           RETS2(nr_bytes, length, u64, first), ERRS2(NOT_FOUND, NOT_MAPPED))

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
 *     uint64_t nr_exits = stile_control_counter_value(result);
 */
STILE_CALL(0x96, 9, control, counter, ARGS3(vm_id, vm, vcpu_id, target, u32, counter),
           RETS1(u64, value), ERRS1(NOT_FOUND))

/*
 * Read the flight recorder of another VM's vCPU. That of the vCPU with which a VM crashed can be
 * read until another VM takes its place.
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
 *     bool was_a_call = stile_control_trace_what(result) >> 60 == STILE_TRACE_HYPERCALL;
 */
STILE_CALL(0x97, 9, control, trace, ARGS3(vm_id, vm, vcpu_id, target, u32, age),
           RETS3(u64, what, u64, detail0, u64, detail1), ERRS1(NOT_FOUND))

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
STILE_CALL(0x98, 9, control, set_wall_clock, ARGS1(u64, wall_ns), RETS0(), ERRS0())

/*
 * Read why a VM crashed, or could not be made, until another VM takes its place.
 *
 * @vm:     which one
 * @buffer: where to put a struct stile_crash_info; within a page, any alignment
 * @length: how much of it at most, in bytes
 *
 * Returns in x1 how many bytes were written: no more than this hypervisor knows of.
 *
 * INVALID_ARGUMENT: the length is 0, or the buffer crosses a page's end
 * NOT_FOUND: no such VM, or it did not crash and could be made, or runs still
 * NOT_MAPPED: the buffer is not memory the caller may write
 *
 * Example:
 *     stile_nr_bytes_t size = stile_nr_bytes(sizeof(struct stile_crash_info));
 *     struct stile_result result = stile_control_crash_info(vm, buffer, size);
 *     bool has_crashed = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x99, 9, control, crash_info, ARGS3(vm_id, vm, ipa, buffer, nr_bytes, length),
           RETS1(nr_bytes, written), ERRS2(NOT_FOUND, NOT_MAPPED))

/*
 * Ask about a VM of the machine, also after its end and until another VM takes its place.
 *
 * @vm:     which one
 * @buffer: where to put a struct stile_vm_info; within a page, any alignment
 * @length: how much of it at most, in bytes
 *
 * Returns in x1 how many bytes were written: no more than this hypervisor knows of.
 *
 * INVALID_ARGUMENT: the length is 0, or the buffer crosses a page's end
 * NOT_FOUND: there has never been such a VM, or another has its place by now
 * NOT_MAPPED: the buffer is not memory the caller may write
 *
 * Example:
 *     stile_nr_bytes_t size = stile_nr_bytes(sizeof(struct stile_vm_info));
 *     struct stile_result result = stile_control_vm_info(vm, buffer, size);
 *     bool is_whole = stile_control_vm_info_written(result).bytes == size.bytes;
 */
STILE_CALL(0x9A, 10, control, vm_info, ARGS3(vm_id, vm, ipa, buffer, nr_bytes, length),
           RETS1(nr_bytes, written), ERRS2(NOT_FOUND, NOT_MAPPED))

/*
 * Read memory of another VM, which runs or is paused.
 *
 * @vm:     not the caller
 * @from:   where in it, any alignment
 * @buffer: where to put it, any alignment
 * @limit:  the most to copy, 1 to STILE_CONTROL_COPY_MAX bytes
 *
 * Returns in x1 how many bytes were copied: no more than there are to the end of the page of either
 * address. 0: the VM owns no memory that it may read at @from; devices and what others share with
 * it are not read.
 *
 * INVALID_ARGUMENT: the caller itself, or the limit is out of range or makes a range wrap
 * NOT_FOUND: no such VM is running
 * NOT_MAPPED: the first byte of the buffer is not memory the caller may write
 *
 * Example:
 *     struct stile_result result =
 *         stile_control_memory_read(vm, from, buffer, stile_nr_bytes(64));
 *     bool has_all = stile_control_memory_read_copied(result).bytes == 64;
 */
STILE_CALL(0x9B, 13, control, memory_read,
           ARGS4(vm_id, vm, ipa, from, ipa, buffer, nr_bytes, limit),
           RETS1(nr_bytes, copied), ERRS2(NOT_FOUND, NOT_MAPPED))

/*
 * Write memory of another VM, which runs or is paused.
 *
 * @vm:     not the caller
 * @to:     where in it, any alignment
 * @buffer: what to put there, any alignment
 * @limit:  the most to copy, 1 to STILE_CONTROL_COPY_MAX bytes
 *
 * Returns in x1 how many bytes were copied: no more than there are to the end of the page of either
 * address. 0: the VM owns no memory that it may write at @to; devices and what others share with it
 * are not written.
 *
 * The VM sees what was written with its MMU on or off, and may execute it. A vCPU that runs
 * meanwhile may see it byte by byte; with its MMU off, what it stores meanwhile to the same cache
 * lines may be lost. One that has fetched instructions there before needs an ISB.
 *
 * INVALID_ARGUMENT: the caller itself, or the limit is out of range or makes a range wrap
 * NOT_FOUND: no such VM is running
 * NOT_MAPPED: the first byte of the buffer is not memory the caller may read
 *
 * Example:
 *     struct stile_result result =
 *         stile_control_memory_write(vm, to, buffer, stile_nr_bytes(64));
 *     bool has_all = stile_control_memory_write_copied(result).bytes == 64;
 */
STILE_CALL(0x9C, 13, control, memory_write,
           ARGS4(vm_id, vm, ipa, to, ipa, buffer, nr_bytes, limit),
           RETS1(nr_bytes, copied), ERRS2(NOT_FOUND, NOT_MAPPED))

/*
 * Read a setting of a VM.
 *
 * @vm:      which one
 * @setting: one of enum stile_setting
 *
 * Returns its value in x1. Of physical CPUs, those that the machine has.
 *
 * INVALID_ARGUMENT: no such setting
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     struct stile_result result = stile_control_get(vm, STILE_SETTING_AFFINITY);
 *     uint64_t cpus = stile_control_get_value(result);
 */
STILE_CALL(0x9D, 13, control, get, ARGS2(vm_id, vm, u32, setting), RETS1(u64, value),
           ERRS1(NOT_FOUND))

/*
 * Change a setting of a VM, which runs or is paused; it keeps it when it starts anew.
 *
 * @vm:      which one
 * @setting: one of enum stile_setting
 * @value:   as that says
 *
 * A vCPU that runs where it no longer may leaves that physical CPU soon, not at once.
 *
 * INVALID_ARGUMENT: no such setting, or its value is out of range or names no physical CPU; of a
 *     caller with a quota: it is a larger weight than its own, or a CPU that it may not use
 * NOT_FOUND: no such VM is running
 *
 * Example:
 *     struct stile_result result = stile_control_set(vm, STILE_SETTING_WEIGHT, 50);
 *     bool is_there = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x9E, 13, control, set, ARGS3(vm_id, vm, u32, setting, u64, value), RETS0(),
           ERRS1(NOT_FOUND))

/* clang-format on */
