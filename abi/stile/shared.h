/* SPDX-License-Identifier: MIT */
/*
 * Pages the hypervisor shares with a guest: what would otherwise be a call is a load.
 *
 * core_info tells where they are. Layouts never change size or offset; new fields take reserved
 * space, which reads as zero until then. In pages that the guest writes, it must leave reserved
 * space 0: what a later version finds there is not to be taken for something. All fields are
 * little-endian.
 *
 * Pages that the guest writes and pages that it only reads never share 64 KiB, so that a kernel
 * with pages of 64 KiB can map either as they are. Where a VM's pages are never changes: not when
 * the VM is paused and resumed, starts anew, or is restored or moved to another machine.
 *
 * While a VM is paused, restored or moved, it does not run; what may be different when it goes on:
 *
 *     VM page            clock, all of it, as one more generation; version, upwards within a major;
 *                        ticks_per_sec, if restored or moved: CNTFRQ_EL0 is the same
 *     vCPU pages         preempted, stolen_ticks, nr_switches, blocked_ticks: as they change at any
 *                        time; start_ticks, if restored or moved
 *     mailboxes          bits of pending are set: look at what each stands for
 *     console ring       what the hypervisor writes of it at any time
 *
 * Everything else is as it was. CNTVCT_EL0 goes on from where it was, or from anywhere else if the
 * VM was restored or moved: take durations from the clock's ns. The CNTVCT_EL0 of two VMs have
 * nothing to do with each other, on one machine or on two, and neither have their ns; what VMs may
 * tell each other is the time after 1970.
 */
#ifndef STILE_SHARED_H
#define STILE_SHARED_H

#include "stile/types.h"

#define STILE_VM_NAME_BYTES 32
#define STILE_VM_NR_REGIONS 4

/** "STIL" */
#define STILE_VM_PAGE_MAGIC 0x4C495453u

/** A range of the VM's memory as its device tree gave it. */
struct stile_memory_region {
    uint64_t base_ipa; /**< in bytes */
    uint64_t bytes;    /**< 0: the entry is unused */
};

/**
 * What time it is. A moment, CNTVCT_EL0 = t, is
 *
 *     ns = base_ns + (((t - base_ticks) * multiplier) >> shift)
 *
 * after the VM's start, the product taken in 128 bits, and wall_ns + ns, modulo 2^64, after
 * 1970-01-01 00:00 UTC; wall_ns is 0 while nobody knows that. ns never goes back, whatever is
 * changed; the time after 1970 does if it is set back.
 *
 * If multiplier is 0 the hypervisor does not say: time is CNTVCT_EL0 alone, CNTFRQ_EL0 ticks in a
 * second, and the other fields mean nothing.
 *
 * The hypervisor changes the fields while the guest may be reading: generation is odd meanwhile,
 * and larger by 2 afterwards, modulo 2^32. A reader
 *
 *     1. loads generation, with acquire, until it is even: a branch, then ISB
 *     2. loads what it needs of the rest, and reads CNTVCT_EL0
 *     3. ISB, DMB ISHLD, loads generation again, and starts anew if it has changed
 *
 * No barrier for memory orders the counter's read. The first ISB keeps it from happening before
 * generation was even, the second from happening after it was looked at again: else t may be of
 * another generation than what it is computed with, and time goes back.
 */
struct stile_clock {
    uint32_t generation; /**< odd: the rest is being changed */
    uint32_t shift;      /**< 1 to 63 */
    uint64_t multiplier; /**< nanoseconds in a tick, times 2^shift; or 0 */
    uint64_t base_ticks; /**< CNTVCT_EL0 at the moment that base_ns tells: no later than now */
    uint64_t base_ns;    /**< nanoseconds from the VM's start to that */
    uint64_t wall_ns;    /**< nanoseconds from 1970 to the VM's start, or 0 */
    uint64_t reserved[3];
};

/** One per VM, read-only to the guest; only the clock changes while the VM runs. */
struct stile_vm_page {
    uint32_t magic;                 /**< STILE_VM_PAGE_MAGIC */
    uint32_t version;               /**< the version the hypervisor speaks, see version.h */
    uint32_t vm_id;                 /**< the VM's number on this machine */
    uint32_t nr_vcpus;              /**< how many vCPUs the VM has */
    char name[STILE_VM_NAME_BYTES]; /**< of its folder, or by vm_create; zero-terminated */
    uint64_t ticks_per_sec;         /**< CNTFRQ_EL0 */
    struct stile_memory_region memory[STILE_VM_NR_REGIONS];
    uint64_t reserved_before_clock;
    struct stile_clock clock;
    uint8_t reserved[3904];
};

/**
 * One per vCPU, read-only to the guest, written by the hypervisor when the vCPU is switched. The
 * pages of a VM's vCPUs follow one another: each sees all.
 *
 * Of the time since its first start, a vCPU was stolen and blocked as long as is said here, and ran
 * for the rest. What it waits at this moment is said when it runs again. To read several fields of
 * one's own page as of one moment, do it until nr_switches is the same before and after.
 */
struct stile_vcpu_page {
    uint32_t vcpu_id;       /**< which vCPU this page is of */
    uint32_t preempted;     /**< 1 while the vCPU waits for a physical CPU, else 0 */
    uint64_t stolen_ticks;  /**< time spent waiting so, since start_ticks */
    uint64_t nr_switches;   /**< how often the vCPU was put on a physical CPU */
    uint64_t start_ticks;   /**< CNTVCT_EL0 when the vCPU was first started */
    uint64_t blocked_ticks; /**< time spent blocked, off or paused, since then */
    uint8_t reserved[4056];
};

/** Ports of a VM, and bits of a mailbox. Those below STILE_PORT_FIRST are interrupts. */
#define STILE_NR_PORTS   256
#define STILE_PORT_FIRST 96
#define STILE_PORT_WORDS (STILE_NR_PORTS / 64)

/** For how many words of 64 ports a mailbox has room. Those from STILE_PORT_WORDS on are not used.
 */
#define STILE_PORT_WORDS_MAX 30

/** The most calls of one core_multicall. */
#define STILE_MULTICALL_MAX 32

/**
 * One call of a core_multicall, and what came of it. When the call was made, status and value[0]
 * are written, and value[1] and value[2] by calls that return something in x2 or x3.
 */
struct stile_call_entry {
    uint64_t nr;       /**< its number, STILE_NR_* */
    uint64_t x[6];     /**< x1 to x6; unused ones must be zero */
    int64_t status;    /**< x0 */
    uint64_t value[3]; /**< x1 to x3 */
    uint64_t reserved; /**< must be 0 */
};

/** 64 ports of a mailbox. One that is tested for its mask is in one cache line with it. */
struct stile_port_word {
    uint64_t pending;  /**< set by the hypervisor, cleared by the guest */
    uint64_t mask;     /**< the guest's; all ones when the VM starts, and when the vCPU does */
    uint64_t urgent;   /**< the guest's: which it looks at first */
    uint64_t reserved; /**< must be 0 */
};

/**
 * One per vCPU, which both sides write. Here the vCPU finds its events, and puts its multicalls.
 * The mailboxes of a VM's vCPUs follow one another, as their pages do.
 *
 * Bit n % 64 of pending, in word n / 64, is port n. In a VM without an interrupt controller in its
 * device tree the bits below STILE_PORT_FIRST are the interrupts of that number: SGIs 0 to 15 by
 * irq_ipi, PPIs 16 to 31, SPIs from 32, these on vCPU 0; otherwise those come by the GIC, and the
 * bits stay 0. What a device would hold is an edge here: a bit when it rises. So is the virtual
 * timer, which masks itself (CNTV_CTL_EL0.IMASK) when it fires, until it is armed anew.
 *
 * A bit may be set without anything having been sent: look at what it stands for (calls/event.h).
 *
 * The hypervisor sets a pending bit, atomically. If that was 0, its mask bit is 0 and busy is 0, it
 * then raises the vCPU's one interrupt line, STILE_INFO_EVENT_INTID: edge-triggered. Where the
 * mailbox is the interrupt controller that is enabled already, has priority 0, and is acknowledged
 * by ICC_IAR1_EL1, or by GICC_IAR in the one group of a GICv2 that GICC_CTLR bit 0 enables. The
 * guest clears pending bits, atomically, with acquire, before it looks at what they stand for. To
 * mask and unmask costs no exit:
 *
 *     mask:    set the mask bit
 *     unmask:  clear it; DMB ISH; look at the pending bit, and handle it if it is set
 *
 * A vCPU that is going through its bits sets busy, and needs no interrupt meanwhile: after it has
 * cleared busy, and DMB ISH, it looks once more.
 *
 * The hypervisor reads each word at most once in an exit, and never trusts one.
 */
struct stile_mailbox {
    uint32_t busy;        /**< the guest's: not 0: send no interrupt, I am looking */
    uint8_t reserved[60]; /**< must be 0; room for a summary of the words */
    struct stile_port_word words[STILE_PORT_WORDS_MAX];
    struct stile_call_entry calls[STILE_MULTICALL_MAX];
};

/** The sizes of the console ring's buffers, in bytes; powers of two. */
#define STILE_CONSOLE_RING_IN  1024
#define STILE_CONSOLE_RING_OUT 2048

/**
 * One per VM, which both sides write: the console as two rings. A producer writes characters at its
 * index modulo the size, then, with release, the index; a consumer reads the index, with acquire.
 * Indexes count characters, modulo 2^32. See console_use_ring.
 *
 * The guest calls console_notify if out_sleeps is not 0 after it has moved out_produced (with DMB
 * ISH between). It is not 0 while the ring is not used, either, from the VM's start on: so the
 * first write to such a ring is answered BUSY. The hypervisor raises STILE_INFO_CONSOLE_INTID when
 * in_produced moves and the guest had read everything.
 */
struct stile_console_ring {
    uint32_t out_produced; /**< the guest's */
    uint32_t out_consumed; /**< the hypervisor's */
    uint32_t out_sleeps;   /**< the hypervisor's: it looks again when it is notified */
    uint32_t out_lost;     /**< the guest's: how many characters found no room */
    uint32_t in_produced;  /**< the hypervisor's */
    uint32_t in_consumed;  /**< the guest's */
    uint32_t in_lost;      /**< the hypervisor's: how many typed characters found no room */
    uint8_t reserved[996];
    uint8_t in[STILE_CONSOLE_RING_IN];
    uint8_t out[STILE_CONSOLE_RING_OUT];
};

/** The longest message of power_crash, in bytes. */
#define STILE_CRASH_MESSAGE_MAX 256

/** What there is to know of a VM: control_vm_info. */
struct stile_vm_info {
    uint32_t vm_id;                 /**< its number */
    uint32_t state;                 /**< enum stile_vm_state */
    uint32_t nr_vcpus;              /**< how many vCPUs it has */
    uint32_t status;                /**< with which it powered off: power_off; else 0 */
    uint64_t nr_pages;              /**< how many pages of memory it owns; 0 when it has ended */
    uint64_t reserved;              /**< 0 */
    char name[STILE_VM_NAME_BYTES]; /**< as in struct stile_vm_page */
    uint64_t kernel_ipa;            /**< STILE_VM_MADE: where its kernel is to be put; else 0 */
    uint64_t initrd_ipa;            /**< the same of its initrd; any if it has none */
};

/** How much of a kernel vm_create looks at, in bytes: the header of an arm64 Image. */
#define STILE_VM_KERNEL_START 64

/** What a VM is to be made of: vm_create. Its device tree follows. */
struct stile_vm_image {
    char name[STILE_VM_NAME_BYTES]; /**< 1 to 31 of the characters 0x21 to 0x7E but '/', then 0 */
    uint64_t kernel_bytes;          /**< its kernel's length, not 0 */
    uint64_t initrd_bytes;          /**< its initrd's; 0: it has none */
    uint64_t reserved[2];           /**< must be 0 */
    uint8_t kernel_start[STILE_VM_KERNEL_START]; /**< its first bytes; 0 behind a shorter kernel */
};

/**
 * What is left of a VM that crashed: control_crash_info. The registers are those of one vCPU; of a
 * VM that could not be made, or not anew, there is the message alone.
 */
struct stile_crash_info {
    uint32_t vcpu_id;                      /**< the one that crashed, or whose crash was noticed */
    uint32_t length;                       /**< of the message, in characters */
    uint64_t x[31];                        /**< after a call: with its results */
    uint64_t pc;                           /**< where it would have gone on */
    uint64_t pstate;                       /**< as in SPSR_EL2 */
    uint64_t sp_el1;                       /**< its kernel's stack pointer */
    uint64_t esr_el1;                      /**< of its last own exception, as are the next two */
    uint64_t far_el1;                      /**< see there */
    uint64_t elr_el1;                      /**< see there */
    char message[STILE_CRASH_MESSAGE_MAX]; /**< power_crash's, or the hypervisor's reason */
};

STILE_STATIC_ASSERT(sizeof(struct stile_vm_page) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, name) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, ticks_per_sec) == 48, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, memory) == 56, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_clock) == 64, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_clock, base_ticks) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_clock, wall_ns) == 32, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, clock) == 128, "a multiple of 64");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, reserved) == 192, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_vcpu_page) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, stolen_ticks) == 8, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, nr_switches) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, reserved) == 40, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_call_entry) == 96, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_call_entry, status) == 56, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_mailbox) == 4096, "one page");
STILE_STATIC_ASSERT(sizeof(struct stile_port_word) == 32, "two in a cache line");
STILE_STATIC_ASSERT(offsetof(struct stile_port_word, mask) == 8, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_port_word, urgent) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_mailbox, busy) == 0, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_mailbox, words) == 64, "fixed");
STILE_STATIC_ASSERT(STILE_PORT_WORDS <= STILE_PORT_WORDS_MAX, "there is room for all ports");
STILE_STATIC_ASSERT(offsetof(struct stile_mailbox, calls) == 1024, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_console_ring) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_console_ring, in_produced) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_console_ring, in) == 1024, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_console_ring, out) == 2048, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_info, name) == 32, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_info, kernel_ipa) == 64, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_vm_info) == 80, "it grows at its end");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_image, kernel_start) == 64, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_vm_image) == 128, "a device tree behind it is aligned");
STILE_STATIC_ASSERT(offsetof(struct stile_crash_info, message) == 304, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_crash_info) == 560, "fixed");

#endif
