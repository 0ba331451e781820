/* SPDX-License-Identifier: MIT */
/*
 * Group power, 0x60 to 0x6F: the end of a VM.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Power the VM off. Does not return.
 *
 * @status: how it went; 0: well
 *
 * The log tells the status, control_vm_info keeps it, and it is part of the status with which the
 * machine ends after its last VM: the sum of those of all VMs, 254 at most, in which a VM that
 * crashed or could not be started anew is a 1. PSCI's SYSTEM_OFF and the last vcpu_off power off
 * with status 0.
 *
 * Example:
 *     // does not return
 *     struct stile_result result = stile_power_off(0);
 */
STILE_CALL(0x60, 1, power, off, ARGS1(u32, status), RETS0(), ERRS0())

/*
 * Start the VM anew, as it was when the hypervisor first started it. Does not return.
 *
 * Example:
 *     // does not return
 *     struct stile_result result = stile_power_reboot();
 */
STILE_CALL(0x61, 1, power, reboot, ARGS0(), RETS0(), ERRS0())

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
 *
 * Example:
 *     // returns only if the message is not in memory
 *     struct stile_result result = stile_power_crash(message, length);
 */
STILE_CALL(0x62, 1, power, crash, ARGS2(ipa, message, nr_bytes, length), RETS0(), ERRS1(NOT_MAPPED))

/*
 * Put the VM to sleep until somebody resumes it: a privileged VM (control_resume) or a person at
 * the hypervisor's console. Interrupts for it are kept, time goes on. Returns when it was resumed.
 *
 * Example:
 *     struct stile_result result = stile_power_suspend();
 *     // somebody resumed the VM: look at the clock
 */
STILE_CALL(0x63, 9, power, suspend, ARGS0(), RETS0(), ERRS0())

/* clang-format on */
