/* SPDX-License-Identifier: MIT */
/*
 * The machine's one console, shared by the hypervisor and the VMs.
 *
 * One VM has the focus, or the hypervisor's own console (monitor/monitor.c) has: what is typed goes
 * there, and what it writes shows at once, prompts included. Of the others, and of the hypervisor's
 * log, whole lines show; a begun line of the focus that such a line breaks into is written again
 * below it. Lines carry their VM's name when there is more than one VM. CONSOLE_FOCUS_KEY moves the
 * focus on: to each VM in turn, then to the hypervisor.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;

/** Ctrl-T */
#define CONSOLE_FOCUS_KEY 0x14

/**
 * console_init() - start to use the UART of the machine's device tree
 *
 * Boot, once el2map_init() and gic_init() are done. Prints what was written before, and lets the
 * UART interrupt.
 */
void console_init(void);

/** Lines carry their VM's name from the first one on: there will be several VMs. Boot. */
void console_name_lines(void);

/**
 * console_attach() - a VM gets a place at the console
 * @vm: about to run for the first time, or anew; interrupts can be raised in it
 *
 * The first VM gets the focus, and one that had it when it was detached gets it back. The caller
 * holds no lock.
 */
void console_attach(struct vm *vm);

/**
 * console_detach() - a VM leaves the console
 * @vm: one that may be attached
 *
 * An unfinished line is written out; the focus goes to the next VM. Input is not being delivered to
 * the VM when this returns. The caller holds no lock.
 */
void console_detach(struct vm *vm);

/**
 * console_write() - characters that a VM writes
 * @vm: attached
 *
 * Returns how many were taken, fewer than @length if the buffer towards the UART is full;
 * vtty_output_ready() tells when it no longer is. Never waits for the UART. Takes the console's
 * lock, which is last in the order of locks.
 */
size_t console_write(struct vm *vm, const char *text, size_t length);

/** The same for one character, as emulated UARTs write them; returns whether it was taken. */
bool console_write_one(struct vm *vm, char character);

/**
 * console_read_kept() - what a VM has written, also after its end
 * @vm: attached, or once was, and its number not used again
 * @from: the first wanted, counted since the VM was made
 * @first: where to put which the first returned is: the oldest that is kept if @from is older, and
 *         the next to be written if @from is newer
 *
 * Returns how many, up to @limit, are in @text. The last STILE_CONSOLE_KEPT_BYTES are kept. Takes
 * the console's lock.
 */
size_t console_read_kept(struct vm *vm, uint64_t from, char *text, size_t limit, uint64_t *first);

/** Waits, for a bounded time, until console_write() takes some lines. Takes the console's lock. */
void console_wait_for_room(void);

/**
 * console_write_hv() - one line of the hypervisor's own
 * @text: without prefix and line end
 *
 * Waits for the UART, for a bounded time, if the buffer is full. Before console_init() the line is
 * kept. Any context that does not hold the console's lock.
 */
void console_write_hv(const char *text, size_t length);

/**
 * console_hv_ready() - whether a line of any length can be written without waiting for the UART
 *
 * If not, the UART interrupts once it has sent some of what is buffered, and monitor_run() is
 * called.
 */
bool console_hv_ready(void);

/**
 * console_type() - add to what the hypervisor's own console has begun: its prompt, typed characters
 *
 * Shows at once if that console has the focus, and otherwise when it gets it. A newline at the end
 * ends the line.
 */
void console_type(const char *text, size_t length);

/** console_untype() - take the last @count characters away again */
void console_untype(size_t count);

/** console_focus() - give a VM the focus; false if it is not attached. The caller holds no lock. */
bool console_focus(struct vm *vm);

/**
 * console_panic_write() - last words
 *
 * Writes to the UART and waits until they are out, whatever state the console is in. Takes no lock.
 * The first call also writes out what the buffer still held.
 */
void console_panic_write(const char *text, size_t length);

/**
 * console_irq() - the UART's interrupt
 *
 * Hands input to whoever has the focus, moves output on, and lets the hypervisor's own console do
 * what it was told. The caller holds no lock.
 */
void console_irq(void);

#endif
