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
STILE_CALL(0x20, 1, vcpu, yield, ARGS0())

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
STILE_CALL(0x21, 1, vcpu, block, ARGS0())

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
 *     uint64_t nr_exits = result.value[0];
 */
STILE_CALL(0x22, 1, vcpu, counter, ARGS1(u32, counter))

/* clang-format on */
