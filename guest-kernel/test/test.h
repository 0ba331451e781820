/* SPDX-License-Identifier: MIT */
/*
 * The tests, as the kernel starts them. Which files implement this is the linker's choice: none.c,
 * or all the others of this folder in the test image.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

/**
 * test_run() - run the suites that are linked in, and print their results
 *
 * Or, if the command line says hostile=, share=, echo= or channel=, do that.
 */
void test_run(void);

/**
 * hostile_run() - be a bad neighbour for ever
 * @how: in which way; what it starts with is a word of the table in hostile.c
 */
void hostile_run(const char *how);

/**
 * echo_run() - answer events of another VM until that wants this one to end, or to start anew
 * @whom: its number
 */
void echo_run(const char *whom);

/**
 * share_run() - measure what share of its physical CPU this CPU gets while it never rests
 * @expected: the share that is right, in thousandths, as text
 *
 * Counts in instructions, so it wants a machine where an instruction takes a nanosecond: QEMU's
 * -icount shift=0.
 */
void share_run(const char *expected);

/**
 * channel_run() - exchange messages with another VM, and print how that went
 * @how: "to:" or "from:" and the other's name; the VM that says "to:" lends the memory
 */
void channel_run(const char *how);

#endif
