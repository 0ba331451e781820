/* SPDX-License-Identifier: MIT */
/*
 * The call table. Everything about a call follows from its line here: its number, the typed stub
 * in libhypercall, the typed handler prototype and dispatch slot in the hypervisor, the checks on
 * its registers, its feature bit, its name in traces, its page in the reference.
 *
 *     STILE_CALL(number, since, group, name, arguments)
 *
 * number     0 to STILE_NR_CALLS_MAX - 1. Bits 7:4 are the group's, so that a feature word holds
 *            a whole group. Never reused.
 * since      The minor version that introduced the call. Only calls of minor 0 are answered
 *            before the guest has agreed on a version.
 * arguments  ARGS0() to ARGS6(kind, name, ...), in x1 to x6; kinds are in stile/types.h.
 *
 * Holds for every call: the function id is in w0 (STILE_FID(number)) and HVC's immediate is 0.
 * x0 returns the status, x1 to x3 the results (0 where a call documents none), every other
 * register is preserved. Argument registers a call does not use, and the reserved bits of those
 * it does, must be zero. Errors common to all calls:
 *
 *     NOT_SUPPORTED     no such call, or newer than the version agreed on
 *     INVALID_ARGUMENT  a register that must be zero is not, or an argument is out of its range;
 *                       x1 is the number (1 to 6) of the first such register
 *
 * A call that fails has changed nothing.
 *
 * To use the table, define STILE_CALL and include this file; it undefines STILE_CALL at its end.
 */

/* clang-format off */

/*
 * Agree on an ABI version.
 *
 * @proposed: the version the guest was built for, STILE_VERSION(major, minor)
 *
 * Returns in x1 the version that holds from now on: the same major, and the lower of both minors.
 * The first successful call decides for the whole VM; later ones return the version decided,
 * whatever they propose. A VM that is reset starts without a version.
 *
 * BAD_VERSION: the major is not spoken here; x1 is the version the hypervisor speaks
 */
STILE_CALL(0x00, 0, core, version, ARGS1(u32, proposed))

/*
 * Ask which calls of a group may be used.
 *
 * @group: bits 7:4 of the group's call numbers, 0 to STILE_NR_GROUPS - 1
 *
 * Returns in x1 a word whose bit n is set if the call numbered group * 16 + n is answered under
 * the version agreed on.
 *
 * INVALID_ARGUMENT: there is no such group
 */
STILE_CALL(0x01, 0, core, features, ARGS1(u32, group))

/*
 * Ask about the VM or the calling vCPU.
 *
 * @item: one of enum stile_info
 *
 * Returns the item's value in x1.
 *
 * INVALID_ARGUMENT: there is no such item
 */
STILE_CALL(0x02, 1, core, info, ARGS1(u32, item))

/*
 * Do nothing. The round trip of this call is what a hypercall costs.
 */
STILE_CALL(0x03, 1, core, null, ARGS0())

/*
 * Write characters to the VM's console, packed in registers.
 *
 * @count: 1 to 32
 * @word0: the first 8 characters, the first in bits 7:0
 * @word1: the next 8
 * @word2: the next 8
 * @word3: the last 8; bytes past the count must be zero in all four
 *
 * Returns in x1 how many characters were taken, from 0 to the count: fewer if the console's
 * buffer is full.
 *
 * INVALID_ARGUMENT: the count is out of range, or a byte past it is not zero
 */
STILE_CALL(0x10, 1, console, write, ARGS5(nr_bytes, count, u64, word0, u64, word1, u64, word2, u64, word3))

/*
 * Write characters to the VM's console from memory.
 *
 * @buffer: where they are, any alignment
 * @length: 1 to 4096
 *
 * Returns in x1 how many characters were taken, from 0 to the length: fewer if the console's
 * buffer is full, or if the buffer crosses into a page whose first byte is not memory of the
 * caller.
 *
 * INVALID_ARGUMENT: the length is out of range, or makes the range wrap
 * NOT_MAPPED: the first byte is not memory of the caller
 */
STILE_CALL(0x11, 1, console, write_buffer, ARGS2(ipa, buffer, nr_bytes, length))

/*
 * Read characters typed at the VM's console, packed in registers.
 *
 * @limit: the most to return, 1 to 8
 *
 * Returns in x1 how many there were (0 if none) and in x2 the characters, the first in bits 7:0.
 * An interrupt, STILE_INFO_CONSOLE_INTID, tells when there is something to read.
 *
 * INVALID_ARGUMENT: the limit is out of range
 */
STILE_CALL(0x12, 1, console, read, ARGS1(nr_bytes, limit))

/*
 * Read characters typed at the VM's console into memory.
 *
 * @buffer: where to put them, any alignment
 * @limit:  the most to return, 1 to 4096
 *
 * Returns in x1 how many there were (0 if none); no more than fit in the buffer's first page.
 *
 * INVALID_ARGUMENT: the limit is out of range, or makes the range wrap
 * NOT_MAPPED: the first byte is not memory the caller may write; nothing was read
 */
STILE_CALL(0x13, 1, console, read_buffer, ARGS2(ipa, buffer, nr_bytes, limit))

/*
 * Let the other vCPUs of this physical CPU run. Returns at once if there are none.
 */
STILE_CALL(0x20, 1, vcpu, yield, ARGS0())

/*
 * Sleep until an interrupt is pending for the calling vCPU.
 *
 * As WFI does, it wakes for an interrupt that PSTATE masks, and returns at once if one is pending
 * already. It may also return without one.
 */
STILE_CALL(0x21, 1, vcpu, block, ARGS0())

/*
 * Read one of the calling vCPU's counters.
 *
 * @counter: one of enum stile_counter
 *
 * Returns its value in x1, this call included.
 *
 * INVALID_ARGUMENT: there is no such counter
 */
STILE_CALL(0x22, 1, vcpu, counter, ARGS1(u32, counter))

/*
 * Arm the calling vCPU's virtual timer.
 *
 * @deadline: when STILE_INFO_TIMER_INTID becomes pending; STILE_TIME_NEVER disarms the timer
 *
 * The same timer as CNTV_CVAL_EL0 and CNTV_CTL_EL0, which it overwrites. The interrupt is level:
 * it stays until the timer is armed anew or disarmed.
 */
STILE_CALL(0x30, 1, time, oneshot, ARGS1(ticks, deadline))

/*
 * Make an interrupt pending, as if a device had raised an edge.
 *
 * @target: the vCPU, for a PPI; must be 0 for an SPI, which goes where the distributor routes it
 * @intid:  16 to 31 but the timer's (PPI), or 32 up to the last the distributor has (SPI)
 *
 * INVALID_ARGUMENT: no such vCPU, or no such interrupt, or one that hardware drives
 */
STILE_CALL(0x40, 1, irq, inject, ARGS2(vcpu_id, target, intid, intid))

/*
 * Send an inter-processor interrupt to one vCPU, the caller included.
 *
 * @target: the vCPU
 * @sgi:    0 to 15
 *
 * INVALID_ARGUMENT: no such vCPU, or no such SGI
 */
STILE_CALL(0x41, 1, irq, ipi, ARGS2(vcpu_id, target, intid, sgi))

/*
 * Populate a range of the VM's address space with zeroed pages.
 *
 * @base:  the first address, a multiple of 4096
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were mapped, from the start of the range: at least 1, fewer than
 * asked when the next one would fail. All pages of a VM together never exceed the memory its
 * device tree gave it.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space of 512 GiB; the count is
 *                   out of range or makes the range leave it
 * ALREADY_MAPPED: the first page is mapped, or is a device's
 * NO_MEMORY: the VM's quota or the machine's memory is used up
 */
STILE_CALL(0x50, 1, memory, map, ARGS2(ipa, base, nr_pages, count))

/*
 * Give pages back to the hypervisor. Their content is lost; touching them afterwards is an
 * external abort.
 *
 * @base:  the first address, a multiple of 4096
 * @count: 1 to 512 pages
 *
 * Returns in x1 how many pages were given back, from the start of the range: at least 1, fewer
 * than asked when the next one would fail.
 *
 * INVALID_ARGUMENT: the base is unaligned or outside the address space of 512 GiB; the count is
 *                   out of range or makes the range leave it
 * NOT_MAPPED: the first page is not memory of the caller
 * NO_MEMORY: the range is part of a larger block, and there is no page for the table that would
 *            split it
 */
STILE_CALL(0x51, 1, memory, unmap, ARGS2(ipa, base, nr_pages, count))

/*
 * Power the VM off. Does not return.
 */
STILE_CALL(0x60, 1, power, off, ARGS0())

/*
 * Start the VM anew, as it was when the hypervisor first started it. Does not return.
 */
STILE_CALL(0x61, 1, power, reboot, ARGS0())

/*
 * Stop the VM because its kernel cannot go on. Does not return when it succeeds.
 *
 * @message: a text for the log; ignored if the length is 0, which needs 0 here
 * @length:  0 to 256; what lies beyond the message's first page is not shown
 *
 * The hypervisor prints the text, the vCPU's registers and its last exits.
 *
 * INVALID_ARGUMENT: the length is out of range or makes the range wrap, or there is an address
 *                   without a length
 * NOT_MAPPED: the first byte is not memory of the caller
 */
STILE_CALL(0x62, 1, power, crash, ARGS2(ipa, message, nr_bytes, length))

/* clang-format on */

#undef STILE_CALL
