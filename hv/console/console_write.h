/* SPDX-License-Identifier: MIT */
/*
 * Writing to the machine's one console (console/console.h): VMs, and the hypervisor.
 *
 * Lines of the hypervisor are of two kinds. Its own (boot, what its operator asked for) wait for
 * the UART, for a bounded time. Those that a guest can cause never do: without room they are left
 * out and counted, and the next line that finds room says how many.
 */
#ifndef CONSOLE_CONSOLE_WRITE_H
#define CONSOLE_CONSOLE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;

/**
 * What may be written for VMs during one stay at EL2, so that it holds the CPU for a bounded time:
 * some 2,000 characters, or fewer that end lines or begin them anew. The UART may be so fast that
 * its buffer bounds nothing.
 */
struct console_turn {
    uint32_t left;
};

#define CONSOLE_TURN_MOST 2048

/** One that nothing has been written of. */
#define CONSOLE_TURN ((struct console_turn){CONSOLE_TURN_MOST})

/**
 * console_write() - characters that a VM writes
 * @vm: attached
 * @turn: begun as CONSOLE_TURN, and for all that is written before the guest goes on
 *
 * Returns how many were taken, fewer than @length if the buffer towards the UART is full, or the
 * turn is used up; console_send() tells when there may be another. Never waits for the UART.
 * Takes the console's lock, which is last in the order of locks.
 */
size_t console_write(struct vm *vm, struct console_turn *turn, const char *text, size_t length);

/** The same for one character, a turn of its own, as emulated UARTs write them: was it taken? */
bool console_write_one(struct vm *vm, char character);

/**
 * console_forget_kept() - what a VM of this place has written is forgotten: another one gets it
 * @kept: STILE_CONSOLE_KEPT_BYTES for what that will write
 */
void console_forget_kept(struct vm *vm, char *kept);

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

/**
 * console_write_hv() - one line of the hypervisor's own
 * @text: without prefix and line end, at most CONSOLE_LINE_BYTES
 *
 * Waits for the UART, for a bounded time, if the buffer is full. Before console_init() the line is
 * kept. Any context that does not hold the console's lock.
 */
void console_write_hv(const char *text, size_t length);

/**
 * console_try_hv() - one line of the hypervisor's that a guest can cause
 * @text: without prefix and line end, at most CONSOLE_LINE_BYTES
 *
 * Never waits for the UART: a line without room is left out and counted. The same contexts.
 */
void console_try_hv(const char *text, size_t length);

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

/**
 * console_panic_write() - last words
 *
 * Writes to the UART and waits until they are out, whatever state the console is in. Takes no lock.
 * The first call also writes out what the buffer still held.
 */
void console_panic_write(const char *text, size_t length);

/*
 * For console/console.c, under the console's lock. What is written needs room for
 * console_line_cost() of its characters.
 */

/** The room that a whole line of @length characters needs. */
size_t console_line_cost(size_t length);

/** Ends the line that the focus has begun on the screen, and writes it once more. */
void console_hide_begun(void);
void console_show_begun(void);

/** Writes a whole line of somebody who has not the focus. */
void console_put_line(const char *name, const char *text, size_t length);

/** Writes the line that a VM without the focus has gathered. */
void console_put_gathered(struct vm *vm);

/** Says who has the focus, at the start of a line. */
void console_say_focus(void);

/** Says what was left unsaid before, if there is room by now; whether nothing is left unsaid. */
bool console_say_unsaid(void);

/** The room that moving the focus needs, beside console_line_cost(): both lines, old and new. */
#define CONSOLE_FOCUS_EXTRA (2 * CONSOLE_LINE_BYTES)

#endif
