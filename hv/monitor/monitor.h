/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own console: a prompt, one line of editing, and commands that show and steer
 * VMs.
 *
 * All of it runs in interrupts, so it goes in small steps: a character taken, a line of a table
 * printed. Steps are taken while the console's buffer has room, and a bounded number of them before
 * the guest goes on.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stddef.h>

#define MONITOR_PROMPT "stile> "

/**
 * monitor_input() - characters were typed for the hypervisor
 *
 * Queues them for monitor_run(). Ctrl-C forgets what is queued, and stops the command that is
 * printing. Returns how many there was room for. Takes no lock but its own.
 */
size_t monitor_input(const char *text, size_t length);

/**
 * monitor_run() - take steps
 *
 * Called when there may be something to do: by monitor/input.h, and by IRQ_CONSOLE, with which
 * it calls itself again. Any physical CPU; one at a time works, the others return at once.
 * The caller holds no lock: commands pause, resume and end VMs.
 */
void monitor_run(void);

#endif
