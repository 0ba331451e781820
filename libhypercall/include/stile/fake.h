/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor in a library: it answers the whole call table on a host, so that a kernel's port can
 * be tested without a machine. docs/porting.md shows how.
 *
 * Link libhypercall-host (pkg-config libhypercall-host) in place of libhypercall, and compile with
 * STILE_FAKE defined if the host is an arm64 one. Every stub then calls stile_fake_hvc(), and is
 * answered with the results and errors that its line in stile/calls.h says. It runs no guest code
 * by itself: the test's threads are the vCPUs, one that each says it is (stile_fake_become()).
 *
 * Memory is real: an IPA of a VM is an address in its window of the host's address space. What is
 * not mapped there, or read-only, faults as it would in a guest (SIGSEGV), pages that were shared
 * are the same pages in both windows, and those revoked are gone.
 *
 * A VM may make others (vm_create), of which it has control_vm_info say STILE_VM_MADE at once. The
 * fake reads no device tree: it wants one whose header has the magic number, and a length that is
 * there. Whatever it says, the VM has one vCPU and the default memory; its kernel goes to the
 * beginning of that, its initrd to the page behind the kernel. Once vm_start was called, a test
 * runs what it takes for that kernel by stile_fake_run().
 *
 * Time stands still until stile_fake_set_ticks(). A vCPU that sleeps returns at once, and if
 * nothing woke it, time goes on to the next deadline of its own; with stile_fake_use_threads(), it
 * sleeps until another thread wakes it. Any function may be called by any thread.
 */
#ifndef STILE_FAKE_H
#define STILE_FAKE_H

#include "stile/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the memory of every VM begins, as an IPA. */
#define STILE_FAKE_MEMORY_BASE UINT64_C(0x40000000)

/** The part of a VM's address space that can be populated: above it NO_MEMORY is answered. */
#define STILE_FAKE_SPACE_BYTES UINT64_C(0x100000000)

/** The most vCPUs of a VM. */
#define STILE_FAKE_VCPUS_MAX 8

/** CNTFRQ_EL0 of the fake: a tick is 16 ns. */
#define STILE_FAKE_TICKS_PER_SEC 62500000

/** stile_fake_acknowledge(): there is no interrupt, as of the GIC. */
#define STILE_FAKE_NO_INTERRUPT 1023

/** What a VM is made of; zeroes stand for the defaults. */
struct stile_fake_config {
    const char *name;                 /**< default: "vm" and how many there are */
    uint32_t nr_vcpus;                /**< default: 1 */
    uint32_t nr_pages;                /**< of memory; default: 256 */
    enum stile_controller controller; /**< what brings it interrupts */
    bool privileged;                  /**< may use the groups control and vm */
    /** Not 0: may use them for VMs that it makes, which have so many vCPUs together at most, and
     * names that begin with its own and a dot. */
    uint32_t quota_vcpus;
};

/** How stile_fake_run() ended. */
enum stile_fake_end {
    STILE_FAKE_RETURNED = 0,  /**< the function returned */
    STILE_FAKE_OFF = 1,       /**< power_off, or the last vcpu_off */
    STILE_FAKE_REBOOTED = 2,  /**< power_reboot: the VM is as it was when it was started */
    STILE_FAKE_CRASHED = 3,   /**< power_crash */
    STILE_FAKE_VCPU_OFF = 4,  /**< vcpu_off, and other vCPUs are on */
    STILE_FAKE_DESTROYED = 5, /**< by control_destroy; or the VM that it waited for has ended */
};

/** stile_fake_reset() - forget all VMs, settings and counts. Before each test; one thread. */
void stile_fake_reset(void);

/**
 * stile_fake_start() - start a VM
 * @config: what it is made of; NULL for the defaults
 *
 * Its vCPU 0 is on. Returns its number. The first VM's vCPU 0 is what the calling thread then is,
 * if it was none.
 */
uint32_t stile_fake_start(const struct stile_fake_config *config);

/** stile_fake_become() - the calling thread is this vCPU from now on, and the vCPU is on */
void stile_fake_become(uint32_t vm, uint32_t vcpu);

/**
 * stile_fake_run() - run a function as a vCPU that may end
 * @vm: whose
 * @vcpu: which
 * @function: makes calls, perhaps one that does not return
 * @context: for the function
 *
 * Calls that do not return leave the function by longjmp() to here; outside of this function they
 * abort the program, with a message. The thread is then who it was before.
 */
enum stile_fake_end stile_fake_run(uint32_t vm, uint32_t vcpu, void (*function)(void *context),
                                   void *context);

/** stile_fake_use_threads() - whether a vCPU that sleeps waits for another thread to wake it */
void stile_fake_use_threads(bool use);

/* --- memory --- */

/** stile_fake_pointer() - where the calling vCPU's VM sees an IPA; NULL if nothing is there */
void *stile_fake_pointer(stile_ipa_t ipa);

/** stile_fake_ipa() - the IPA of a pointer into the window of the calling vCPU's VM */
stile_ipa_t stile_fake_ipa(const void *pointer);

/** stile_fake_mailbox(), and the others: a VM's shared pages as its vCPUs see them */
struct stile_mailbox *stile_fake_mailbox(uint32_t vm, uint32_t vcpu);
const struct stile_vm_page *stile_fake_vm_page(uint32_t vm);
const struct stile_vcpu_page *stile_fake_vcpu_pages(uint32_t vm);
struct stile_console_ring *stile_fake_console_ring(uint32_t vm);

/* --- time and interrupts --- */

/** stile_fake_set_ticks() - set CNTVCT_EL0, later than it is: timers fire */
void stile_fake_set_ticks(uint64_t ticks);

/** stile_fake_preempt() - whether a vCPU waits for a physical CPU, as its page tells the others */
void stile_fake_preempt(uint32_t vm, uint32_t vcpu, bool preempted);

/**
 * stile_fake_acknowledge() - take the calling vCPU's most urgent interrupt: ICC_IAR1_EL1
 *
 * Returns its INTID, active then, or STILE_FAKE_NO_INTERRUPT.
 */
uint32_t stile_fake_acknowledge(void);

/** stile_fake_end_interrupt() - it is handled: ICC_EOIR1_EL1 */
void stile_fake_end_interrupt(uint32_t intid);

/* --- the console, as a person has it --- */

/**
 * stile_fake_console() - what a VM has written, by calls and by ring, also after its end
 * @text: where to put the last size - 1 characters, zero-terminated
 *
 * Takes out of the ring what is there. Returns how many characters it has written in all.
 */
uint64_t stile_fake_console(uint32_t vm, char *text, size_t size);

/** stile_fake_type() - type characters at a VM's console */
void stile_fake_type(uint32_t vm, const char *text);

/** stile_fake_ring_sleeps() - whether the reader of a VM's console ring sleeps; it does at first */
void stile_fake_ring_sleeps(uint32_t vm, bool sleeps);

/** stile_fake_status() - with which status a VM powered off: power_off; else 0 */
uint32_t stile_fake_status(uint32_t vm);

/** stile_fake_message() - what a VM that crashed said last */
const char *stile_fake_message(uint32_t vm);

/* --- what a test looks at, and what it breaks --- */

/** stile_fake_calls() - how many HVCs were made since stile_fake_reset(), of all VMs */
uint64_t stile_fake_calls(void);

/** stile_fake_calls_of() - how many of one call */
uint64_t stile_fake_calls_of(enum stile_nr nr);

/** stile_fake_fail() - answer the next @times calls of @nr with @error */
void stile_fake_fail(enum stile_nr nr, enum stile_error error, uint32_t times);

/** stile_fake_set_clock() - change a VM's clock, as a generation later */
void stile_fake_set_clock(uint32_t vm, uint64_t wall_ns);

#ifdef __cplusplus
}
#endif

#endif
