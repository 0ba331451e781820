/* SPDX-License-Identifier: MIT */
/*
 * Group time, 0x30 to 0x3F: the calling vCPU's timers.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Arm the calling vCPU's virtual timer.
 *
 * @deadline: when STILE_INFO_TIMER_INTID becomes pending; STILE_TIME_NEVER disarms the timer
 *
 * The same timer as CNTV_CVAL_EL0 and CNTV_CTL_EL0, which it overwrites. By a GIC the interrupt is
 * level: it stays until the timer is armed anew or disarmed. By the mailbox it comes once.
 *
 * Example:
 *     struct stile_result result = stile_time_oneshot(deadline);
 *     result = stile_time_oneshot(stile_ticks(STILE_TIME_NEVER)); // not after all
 */
STILE_CALL(0x30, 1, time, oneshot, ARGS1(ticks, deadline), RETS0(), ERRS0())

/*
 * Have STILE_VIRQ_TIMER's port of the calling vCPU set at a deadline, once or periodically.
 *
 * @deadline: the first time; STILE_TIME_NEVER disarms
 * @period:   0, or the time from each to the next: STILE_PERIOD_MIN_US at least. Those that pass
 *            before the vCPU has seen the last one are not made up for.
 *
 * A timer of the hypervisor's: independent of CNTV and CNTP, and of the interrupt controller.
 *
 * INVALID_ARGUMENT: the period is too short, or there is one without a deadline
 * NOT_BOUND: the vCPU has no port for STILE_VIRQ_TIMER
 *
 * Example:
 *     // from the deadline on, 100 times a second of a clock of 62.5 MHz
 *     struct stile_result result = stile_time_event(deadline, stile_nr_ticks(625000));
 */
STILE_CALL(0x31, 9, time, event, ARGS2(ticks, deadline, nr_ticks, period),
           RETS0(), ERRS1(NOT_BOUND))

/* clang-format on */
