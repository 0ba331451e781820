/* SPDX-License-Identifier: MIT */
/*
 * What is typed, from the machine's UART to whoever has the focus.
 *
 * A VM has room for VCONSOLE_INPUT_BYTES that it has not read, the hypervisor's own console for
 * some too. What is typed beyond that is held back: it stays in the UART, whose sender waits, until
 * there is room. CONSOLE_FOCUS_KEY cannot be seen behind it. So one that takes nothing for
 * INPUT_PATIENCE_US while input is held back loses what is typed from then on, until it has room
 * again: that is counted, and said, and the key is found in it.
 */
#ifndef MONITOR_INPUT_H
#define MONITOR_INPUT_H

struct console_turn;

/** How long input is held back for somebody who takes none of it. */
#define INPUT_PATIENCE_US 1000000

/**
 * input_irq() - the UART's interrupt
 *
 * Moves output on, hands input to the focus, and lets the hypervisor's own console do what it was
 * told. A bounded number of characters: the UART interrupts again while it has more. The caller
 * holds no lock.
 */
void input_irq(void);

/** input_go_on() - IRQ_CONSOLE: the hypervisor's own console goes on, and takes what is held back
 */
void input_go_on(void);

/** input_look() - ppi.phys_timer: see whether what was held back, or cut short, can go on. No lock
 * held. */
void input_look(struct console_turn *turn);

#endif
