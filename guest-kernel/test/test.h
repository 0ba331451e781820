/* SPDX-License-Identifier: MIT */
/*
 * The tests, as the kernel starts them. Which files implement this is the linker's choice: none.c,
 * or all the others of this folder in the test image.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * test_run() - run the suites that are linked in, and print their results
 *
 * Or, if the command line has an option of jobs[] in run.c, do that.
 *
 * Returns how many cases failed: what the machine is to be powered off with.
 */
uint32_t test_run(void);

/** The registers of the machine's PL061, mapped once tests are run; 0 if there is none. */
extern uint64_t test_gpio;

/** The same of a GICv2m's frame. */
extern uint64_t test_msi;

/** test_map_devices() - find and map further devices that suites drive; before the first suite */
void test_map_devices(void);

/** test_word() - copy the word that a text begins with, or what fits of it */
void test_word(const char *text, char *word, size_t size);

/**
 * test_find_peer() - the number of another VM, once it runs
 * @name: its name, up to a space or a colon
 *
 * Returns 0 if it does not come in time.
 */
uint32_t test_find_peer(const char *name);

/**
 * hostile_run() - be a bad neighbour for ever
 * @how: in which way; what it starts with is a word of the table in hostile.c
 */
void hostile_run(const char *how);

/** hog_run() - use up what the hypervisor gives the VM of its own memory, and go on for ever */
void hog_run(void);

/**
 * donate_run() - see whether all memory works, give 2 MiB of it away, and start anew
 * @to: to whom: a VM's name
 */
void donate_run(const char *to);

/**
 * take_run() - accept all that is offered
 * @how: "reset": start anew once there was something; else go on for ever
 */
void take_run(const char *how);

/**
 * lend_run() - lend a page and a block to another VM, and end
 * @how: its name, a colon, and in which way: "crash", "reset", "off"; "revoke": take both back,
 * ten times, before
 */
void lend_run(const char *how);

/**
 * borrow_run() - accept what lend_run() of another VM lends, and go on using it after it has ended
 * @how: how often, 1 to 10; then end
 */
void borrow_run(const char *how);

/**
 * echo_run() - answer events of another VM until that wants this one to end, or to start anew
 * @whom: its name
 */
void echo_run(const char *whom);

/**
 * share_run() - measure what share of its physical CPU this CPU gets while it never rests
 * @expected: the share that is right, in thousandths, as text; with a colon behind it, for ever
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

/**
 * differential_run() - run the programs of the initrd, and print what each has left behind
 * @how: "hash", a number for each; or "all", every register (tests/differential/)
 */
void differential_run(const char *how);

/**
 * disk_run() - write and read a disk, and print what that took
 * @how: the name of a VM, which serves it by messages as device 0; or "registers": the machine's
 */
void disk_run(const char *how);

/**
 * storm_run() - ask for more than there is time for, for ever: blocks of a disk, or packets
 * @how: "disk:", "wait:" (for each block before the next one) or "packets:", and whose they are, as
 * disk_run() and packets_run() have it
 */
void storm_run(const char *how);

/**
 * packets_run() - send packets by a network card, device 1 of a VM that serves it by messages
 * @how: that VM's name
 */
void packets_run(const char *how);

/**
 * How long another VM's device may take, in ms: a day. With QEMU's -icount a machine that waits for
 * the host lets hours go by in a moment, and whoever runs it limits that.
 */
#define TEST_IO_LIMIT_MS 86400000u

/**
 * packets_count() - count and tell what some thousand packets take of the hypervisor
 * @how:  whose card it is, a word
 * @what: what is done with them
 * @run:  does it; returns what went wrong
 */
void packets_count(const char *how, const char *what, const char *(*run)(uint64_t nr));

/* The storms of storm_run(); each returns what went wrong. @whose: a word. */
const char *disk_storm(const char *whose, bool waits);
const char *packets_storm(const char *whose);

/**
 * answers_run() - ask that VM's network stack for echoes, by the same card
 * @how: its name
 */
void answers_run(const char *how);

/** test_mark() - mark the place where what is measured begins or ends (tests/bench/count); no more
 */
static inline void test_mark(void)
{
    __asm__ volatile(".inst 0xD5032E1F"); /* a hint that does nothing */
}

#endif
