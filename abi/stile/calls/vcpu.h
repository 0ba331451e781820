/* SPDX-License-Identifier: MIT */
/*
 * Group vcpu, 0x20 to 0x2F: starting and stopping vCPUs, sleeping, giving the physical CPU away.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Let the other vCPUs of this physical CPU run. Returns at once if there are none.
 *
 * Example:
 *     // spinning, and the holder does not run
 *     struct stile_result result = stile_vcpu_yield();
 */
STILE_CALL(0x20, 1, vcpu, yield, ARGS0(), RETS0(), ERRS0())

/*
 * Sleep until an interrupt is pending for the calling vCPU.
 *
 * As WFI does, it wakes for an interrupt that PSTATE masks, and returns at once if one is pending
 * already. It may also return without one.
 *
 * Example:
 *     // idle: nothing to run, interrupts masked until it returns
 *     struct stile_result result = stile_vcpu_block();
 */
STILE_CALL(0x21, 1, vcpu, block, ARGS0(), RETS0(), ERRS0())

/*
 * Read one of the calling vCPU's counters.
 *
 * @counter: one of enum stile_counter
 *
 * Returns its value in x1, this call included.
 *
 * INVALID_ARGUMENT: there is no such counter
 *
 * Example:
 *     struct stile_result result = stile_vcpu_counter(STILE_COUNTER_EXITS);
 *     uint64_t nr_exits = stile_vcpu_counter_value(result);
 */
STILE_CALL(0x22, 1, vcpu, counter, ARGS1(u32, counter), RETS1(u64, value), ERRS0())

/*
 * Start a vCPU that is off.
 *
 * @target:  which one
 * @entry:   its first instruction
 * @context: its x0
 *
 * It starts as PSCI's CPU_ON starts it: EL1, MMU off, interrupts masked, its mailbox all masked.
 *
 * INVALID_ARGUMENT: no such vCPU, or the entry is unaligned or not memory of the VM
 * BUSY: it is on, or is being started
 *
 * Example:
 *     stile_vcpu_id_t second = stile_vcpu_id(1);
 *     struct stile_result result = stile_vcpu_on(second, stile_ipa(0x40080000), 0);
 */
STILE_CALL(0x23, 9, vcpu, on, ARGS3(vcpu_id, target, ipa, entry, u64, context),
           RETS0(), ERRS1(BUSY))

/*
 * Stop the calling vCPU. Does not return. The last vCPU to stop ends the VM, as power_off does.
 *
 * Example:
 *     // interrupts masked, nothing left to do here
 *     struct stile_result result = stile_vcpu_off();
 */
STILE_CALL(0x24, 9, vcpu, off, ARGS0(), RETS0(), ERRS0())

/*
 * Ask whether a vCPU is on, and what it does.
 *
 * @target: which one
 *
 * Returns one of enum stile_vcpu_state in x1. It may be another one by the time of use, but a vCPU
 * that is off stays so until somebody starts it.
 *
 * INVALID_ARGUMENT: no such vCPU
 *
 * Example:
 *     struct stile_result result = stile_vcpu_query(stile_vcpu_id(1));
 *     bool can_be_started = stile_vcpu_query_state(result) == STILE_VCPU_OFF;
 */
STILE_CALL(0x25, 9, vcpu, query, ARGS1(vcpu_id, target), RETS1(u32, state), ERRS0())

/*
 * Let one vCPU of the VM run next on this physical CPU, if it waits for one, may use this one, and
 * has not had much more than its share; otherwise as vcpu_yield. For who waits for a lock and knows
 * the holder.
 *
 * @target: which one
 *
 * What the target is lent of the time of others, the caller gives back: it waits longer afterwards.
 *
 * INVALID_ARGUMENT: no such vCPU, or the caller itself
 *
 * Example:
 *     // vCPU 1 holds the lock, and its page says that it is preempted
 *     struct stile_result result = stile_vcpu_yield_to(stile_vcpu_id(1));
 */
STILE_CALL(0x26, 9, vcpu, yield_to, ARGS1(vcpu_id, target), RETS0(), ERRS0())

/*
 * Sleep until one of some ports is pending, whether masked or not, or a deadline has passed.
 *
 * @word:     which word of the mailbox's bitmap, 0 to 3
 * @ports:    bits of that word; 0: none, only sleep
 * @deadline: when to wake at the latest, or STILE_TIME_NEVER
 *
 * Returns at once if there is something already; also for an interrupt and for vcpu_kick, as
 * vcpu_block does. It may return without cause: look at the mailbox.
 *
 * INVALID_ARGUMENT: there is no such word
 *
 * Example:
 *     // until port 100 is pending, at most to the deadline
 *     struct stile_result result = stile_vcpu_poll(100 / 64, UINT64_C(1) << 100 % 64, deadline);
 */
STILE_CALL(0x27, 9, vcpu, poll, ARGS3(u32, word, u64, ports, ticks, deadline), RETS0(), ERRS0())

/*
 * Have a vCPU return from vcpu_block or vcpu_poll, without an interrupt. If it is in neither, its
 * next one returns at once: a kick is not lost, and two are as one.
 *
 * @target: which one
 *
 * INVALID_ARGUMENT: no such vCPU
 *
 * Example:
 *     // the lock is free: wake who waits for it
 *     struct stile_result result = stile_vcpu_kick(target);
 */
STILE_CALL(0x28, 9, vcpu, kick, ARGS1(vcpu_id, target), RETS0(), ERRS0())

/* clang-format on */
