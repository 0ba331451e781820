/* SPDX-License-Identifier: MIT */
/*
 * The machine's one console, shared by the hypervisor and the VMs.
 *
 * One VM has the focus, or the hypervisor's own console (monitor/monitor.c) has: what is typed goes
 * there, and what it writes shows at once, prompts included. Of the others, and of the hypervisor's
 * log, whole lines show; a begun line of the focus that such a line breaks into is written again
 * below it. Lines carry their VM's name when there is more than one VM. CONSOLE_FOCUS_KEY moves the
 * focus on: to each VM in turn, then to the hypervisor. How output is written is
 * console/console_write.h's; how input is handed on, monitor/input.h's.
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
 * The first VM gets the focus, and one that had it when it was detached gets it back. Takes the
 * console's lock.
 */
void console_attach(struct vm *vm);

/**
 * console_detach() - a VM leaves the console
 * @vm: one that may be attached
 *
 * An unfinished line is written out, if there is room; the focus goes to the next VM. Whoever
 * delivers input to the VM holds it meanwhile, so nobody does. Takes the console's lock.
 */
void console_detach(struct vm *vm);

/** console_focus() - give a VM the focus; false if it is not attached. Takes the console's lock. */
bool console_focus(struct vm *vm);

/** Who has the focus. */
struct console_focus {
    uint32_t vm_id;    /* the VM's place; 0: the hypervisor's console, or nobody */
    bool monitor;      /* the hypervisor's console */
    uint32_t nr_moves; /* counts moves of the focus; wraps */
};

/** console_focus_now() - who has the focus; takes the console's lock, as do the next ones */
struct console_focus console_focus_now(void);

/** console_move_focus() - CONSOLE_FOCUS_KEY was typed: move the focus on */
void console_move_focus(void);

/** console_receive() - take up to @limit received characters; how many there were */
size_t console_receive(char *text, size_t limit);

/** console_hold_input() - leave received characters in the UART, or have them interrupt again */
void console_hold_input(bool hold);

/**
 * console_send() - the UART's interrupt: move output on
 *
 * Returns a bit for each VM, by its number, that is to be told of room: a write of it was cut
 * short.
 */
uint32_t console_send(void);

#endif
