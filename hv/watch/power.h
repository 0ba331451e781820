/* SPDX-License-Identifier: MIT */
/*
 * The machine's end.
 */
#ifndef WATCH_POWER_H
#define WATCH_POWER_H

#include <stdint.h>

/** What the machine's end is called when the hypervisor itself failed. */
#define POWER_STATUS_PANIC 255u

/**
 * power_off() - write out what is left to print, and power the machine off
 * @status: the sum of what VMs ended with (power_off of the call table), or POWER_STATUS_PANIC
 *
 * With the word "stile.semihosting" on the machine's command line, @status is also what the
 * emulator returns. The word promises that there is one that listens: without, the machine has no
 * such instruction. Guests then have it, too, so it is for tests alone. Where no tree could be read
 * there is nothing to lose: the emulator is told in any case, and what no UART was known for is
 * written to it.
 *
 * Any context, locks held or not. Returns only if there is no firmware that can power off.
 */
void power_off(uint32_t status);

#endif
