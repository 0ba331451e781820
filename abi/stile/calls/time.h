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
STILE_CALL(0x30, 1, time, oneshot, ARGS1(ticks, deadline))

/* clang-format on */
