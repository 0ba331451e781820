/* SPDX-License-Identifier: MIT */
/*
 * Group core, 0x00 to 0x0F: agreeing on a version, asking what there is, many calls at once.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Agree on an ABI version.
 *
 * @proposed: the version the guest was built for, STILE_VERSION(major, minor)
 *
 * Returns in x1 the version that holds from now on, for the whole VM: the same major, and the lower
 * of both minors, so never more than was proposed. Each success sets it anew: a boot loader, the
 * kernel that it starts and the one that this starts by kexec each agree on their own. Before the
 * first one, core_version and core_features are answered and no other call; a VM that starts anew,
 * and one that has called core_reset, is there again.
 *
 * BAD_VERSION: the major is not spoken here; x1 is the version the hypervisor speaks
 *
 * Example:
 *     struct stile_result result = stile_core_version(STILE_VERSION_CURRENT);
 *     uint32_t agreed = stile_core_version_agreed(result);
 */
STILE_CALL(0x00, 0, core, version, ARGS1(u32, proposed), RETS1(u32, agreed), ERRS1(BAD_VERSION))

/*
 * Ask which calls of a group may be used.
 *
 * @group: bits 7:4 of the group's call numbers, 0 to STILE_NR_GROUPS - 1
 *
 * Returns in x1 a word whose bit n is set if the call numbered group * 16 + n is answered under
 * the version agreed on.
 *
 * INVALID_ARGUMENT: there is no such group
 *
 * Example:
 *     struct stile_result result = stile_core_features(STILE_NR_irq_ipi / STILE_CALLS_PER_GROUP);
 *     uint32_t calls = stile_core_features_calls(result);
 *     bool has_ipi = calls >> (STILE_NR_irq_ipi % STILE_CALLS_PER_GROUP) & 1;
 */
STILE_CALL(0x01, 0, core, features, ARGS1(u32, group), RETS1(u32, calls), ERRS0())

/*
 * Ask about the VM or the calling vCPU.
 *
 * @item: one of enum stile_info
 *
 * Returns the item's value in x1.
 *
 * INVALID_ARGUMENT: there is no such item
 *
 * Example:
 *     struct stile_result result = stile_core_info(STILE_INFO_NR_VCPUS);
 *     uint64_t nr_vcpus = stile_core_info_value(result);
 */
STILE_CALL(0x02, 1, core, info, ARGS1(u32, item), RETS1(u64, value), ERRS0())

/*
 * Do nothing. The round trip of this call is what a hypercall costs.
 *
 * Example:
 *     struct stile_result result = stile_core_null();
 *     bool is_alive = result.status == STILE_SUCCESS;
 */
STILE_CALL(0x03, 1, core, null, ARGS0(), RETS0(), ERRS0())

/*
 * Make many calls by one. They are in the caller's mailbox, and each gets its own results there:
 * see struct stile_call_entry.
 *
 * @first: the entry to begin with, 0 to STILE_MULTICALL_MAX - 1
 * @count: 1 to STILE_MULTICALL_MAX - first
 * @flags: STILE_MULTICALL_STOP: make no further call after one that failed
 *
 * Returns in x1 how many calls were made, at least 1; those after them were not, and their entries
 * are unchanged. That may be fewer than asked, so that EL2 is not held for long and interrupts come
 * in time: after a call of the groups console, memory, power, control and vm, and when the physical
 * CPU is wanted. Go on from there. A call that gives the physical CPU away does so when the multicall
 * returns. core_multicall itself, core_reset and core_version answer NOT_SUPPORTED in there: so an
 * entry of zeros does nothing.
 *
 * INVALID_ARGUMENT: there is no such entry, the count is out of range, or a flag does not exist
 *
 * Example:
 *     // entries 0 to 3 of the mailbox's calls are filled in
 *     struct stile_result result = stile_core_multicall(0, 4, STILE_MULTICALL_STOP);
 *     uint64_t nr_made = stile_core_multicall_made(result);
 */
STILE_CALL(0x04, 9, core, multicall, ARGS3(u32, first, u32, count, u32, flags),
           RETS1(u32, made), ERRS0())

/*
 * End all that the VM has with others and with the hypervisor, so that a kernel finds what it would
 * after a start: for one that is about to start another (kexec), and for one that was started in the
 * place of a kernel that crashed (kdump), which agrees on a version first and then calls this.
 *
 * Ends: the shares and donations that the VM offers, as memory_revoke; those that it has accepted,
 * as memory_release (what others offer it, it may accept still); its event ports, bound or not, as
 * event_close, and with their ports the timers of time_event; what it has published; the use of its
 * console ring. The caller's mailbox is empty, all masked and not busy. Last, the version: only
 * core_version and core_features are answered from then on. STILE_VIRQ_PEER tells the others.
 *
 * Stays: memory, with what memory_map, memory_unmap and memory_protect made of it, and what was
 * donated; the vCPUs, on or off, and the others' mailboxes, which vcpu_on resets but for pending
 * bits; CNTV and the GIC; the shared pages, where they are; the VM's number.
 *
 * The other vCPUs should be off, or do nothing that is to be ended. It takes as long as there are
 * ports and shares, in steps between which the caller takes interrupts.
 *
 * Example:
 *     struct stile_result result = stile_core_reset();
 *     result = stile_core_version(STILE_VERSION_CURRENT); // as after a start
 */
STILE_CALL(0x05, 10, core, reset, ARGS0(), RETS0(), ERRS0())

/* clang-format on */
