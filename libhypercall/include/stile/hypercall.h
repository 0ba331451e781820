/* SPDX-License-Identifier: MIT */
/*
 * libhypercall: what a guest kernel links to talk to Stile.
 *
 * Include this file; it brings the ABI and the typed stubs with it. The library is freestanding:
 * it needs nothing but the ABI headers and the compiler's own memory functions.
 *
 * Start with stile_handshake(). It is the only function that may run where there may be no
 * hypervisor; all others need its success.
 */
#ifndef STILE_HYPERCALL_H
#define STILE_HYPERCALL_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How the firmware is called, as the device tree's /psci "method" says. */
enum stile_conduit {
    STILE_CONDUIT_NONE, /**< no /psci node: nothing answers */
    STILE_CONDUIT_HVC,
    STILE_CONDUIT_SMC,
};

/**
 * stile_handshake() - find Stile and agree on an ABI version
 * @conduit: how the firmware is called; the library calls by HVC, so only STILE_CONDUIT_HVC leads
 * on
 * @agreed: where to put the version agreed on, STILE_VERSION(major, minor); not NULL
 *
 * Asks in the order in which each answer makes the next question safe: PSCI 1.0, SMCCC 1.1, the
 * UID of the vendor-specific hypervisor service (DEN 0028, sections 6.2 and 7). Executes no HVC
 * unless the firmware is known to answer it, so it never faults when there is no hypervisor.
 *
 * Returns STILE_SUCCESS, STILE_NOT_SUPPORTED if there is no Stile, or STILE_BAD_VERSION if there
 * is one that speaks another major version. Any context. Each kernel does it before its other
 * calls, also one that was started by a boot loader or by kexec: the version agreed on last holds
 * for the VM.
 */
enum stile_error stile_handshake(enum stile_conduit conduit, uint32_t *agreed);

/**
 * stile_has_call() - whether a call may be used under the version agreed on
 * @nr: a call number, STILE_NR_*
 *
 * Any context.
 */
bool stile_has_call(enum stile_nr nr);

/**
 * stile_error_text() - what a status means, in words
 * @status: the status of a result
 *
 * Returns a constant string; never NULL. Any context.
 */
const char *stile_error_text(int64_t status);

/**
 * stile_error_name() - the name of a status as the headers spell it, without its prefix
 * @status: the status of a result
 *
 * Returns a constant string; "UNKNOWN" for a code this library does not know. Any context.
 */
const char *stile_error_name(int64_t status);

/**
 * stile_call_name() - the name of a call, "group_name"
 * @nr: a call number
 *
 * Returns a constant string; NULL if the table has no such call. Any context.
 */
const char *stile_call_name(uint32_t nr);

/**
 * stile_console_puts() - write any number of characters to the console
 * @text: the characters, at a virtual address
 * @length: how many
 *
 * Packs the characters into registers and repeats the call until all are taken, giving the
 * physical CPU away while the console's buffer is full. Needs no physical address. Any context.
 *
 * Returns 0, or the error of the call that failed.
 */
int64_t stile_console_puts(const char *text, size_t length);

/**
 * stile_console_write_at() - the same for characters whose physical address is known
 * @buffer: where they are
 * @length: how many
 *
 * One call for up to 4096 characters where stile_console_puts() needs one for each 32.
 */
int64_t stile_console_write_at(stile_ipa_t buffer, size_t length);

/**
 * stile_memory_map_all() - memory_map for a range of any length
 * @base: the first address, a multiple of PAGE_BYTES
 * @count: how many pages
 * @done: where to put how many were mapped; may be NULL
 *
 * Returns 0 if the whole range was mapped, else the error of the call that failed.
 */
int64_t stile_memory_map_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done);

/** stile_memory_unmap_all() - memory_unmap for a range of any length; as stile_memory_map_all() */
int64_t stile_memory_unmap_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done);

/** stile_memory_discard_all() - memory_discard for a range of any length; the same */
int64_t stile_memory_discard_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done);

/**
 * stile_panic() - write a line to the console and stop the VM
 * @line: a zero-terminated text, at a virtual address
 *
 * Does not return, and does not allocate. Any context.
 */
void stile_panic(const char *line) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
