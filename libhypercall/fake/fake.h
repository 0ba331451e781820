/* SPDX-License-Identifier: MIT */
/*
 * The machine that the fake is: its VMs, and the lock. The lock is held over every call; a vCPU
 * that sleeps gives it up. Each file beside this one works on a part of the machine.
 */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include <pthread.h>
#include <setjmp.h>

#include "stile/fake.h"

#define FAKE_NR_INTIDS     96
#define FAKE_NR_PPIS       32
#define FAKE_TIMER_INTID   27
#define FAKE_EVENT_INTID   31
#define FAKE_CONSOLE_INTID 33
#define FAKE_CONSOLE_BYTES 65536
#define FAKE_INPUT_BYTES   1024
#define FAKE_IPA_BITS      39
#define FAKE_IPA_END       (UINT64_C(1) << FAKE_IPA_BITS)
/* The most VMs at once. tests/compare has it as the hypervisor does. */
#ifndef FAKE_NR_VMS
#define FAKE_NR_VMS 16
#endif

#define FAKE_SPACE_PAGES (STILE_FAKE_SPACE_BYTES / STILE_PAGE_SIZE)

/* The shared pages are where no VM has memory; those that a guest writes, in other 64 KiB. */
#define FAKE_SHARED_IPA    UINT64_C(0x0B000000)
#define FAKE_WRITTEN_IPA   (FAKE_SHARED_IPA + 0x10000)
#define FAKE_VM_PAGE_IPA   FAKE_SHARED_IPA
#define FAKE_VCPU_PAGE_IPA (FAKE_SHARED_IPA + STILE_PAGE_SIZE)
#define FAKE_RING_IPA      FAKE_WRITTEN_IPA
#define FAKE_MAILBOX_IPA   (FAKE_WRITTEN_IPA + STILE_PAGE_SIZE)

struct fake_vm;

/** An interrupt of a vCPU; an SPI is vCPU 0's. */
struct fake_interrupt {
    bool enabled;
    bool pending;
    bool active;
    uint8_t priority;
};

struct fake_trace {
    uint64_t fid;
    uint64_t x1;
    uint64_t x2;
};

struct fake_vcpu {
    struct fake_vm *vm;
    uint32_t index;
    enum stile_vcpu_state state;
    uint64_t entry;
    uint64_t context;
    struct stile_vcpu_page *page; /**< this side's view, as is the mailbox */
    struct stile_mailbox *mailbox;
    struct fake_interrupt interrupts[FAKE_NR_INTIDS];
    bool has_more; /**< the call at hand returns something in x2 or x3 */
    bool kicked;
    bool woken; /**< by an event that the vCPU polls */
    uint32_t poll_word;
    uint64_t poll_ports;
    uint64_t timer;    /**< CNTV's deadline */
    bool timer_raised; /**< with the mailbox as controller: its bit was set */
    uint64_t deadline; /**< of time_event */
    uint64_t period;
    uint32_t timer_port; /**< of STILE_VIRQ_TIMER, or 0 */
    uint64_t nr_calls;
    struct fake_trace trace[STILE_TRACE_ENTRIES];
    pthread_cond_t wake;
};

/** An event port. */
struct fake_port {
    bool used; /**< else there is no such port */
    enum stile_port_state state;
    uint32_t target;
    uint32_t peer;
    uint32_t peer_port;
    uint32_t virq;
};

struct fake_entry {
    bool used;
    uint64_t key[2];
    uint64_t value;
};

/** What a page of a VM's address space is. */
enum fake_kind {
    FAKE_NOTHING = 0,
    FAKE_OWN,      /**< memory of the VM's */
    FAKE_BORROWED, /**< a peer's, by a share */
    FAKE_SHARED,   /**< one of the hypervisor's shared pages */
};

struct fake_mapping {
    uint32_t page; /**< of the pool */
    uint8_t kind;
    uint8_t access; /**< STILE_ACCESS_* */
    uint8_t
        most; /**< the widest access it may be given: of borrowed pages, what the share grants */
};

struct fake_share {
    uint32_t handle; /**< 0: free */
    uint32_t owner;
    uint32_t peer;
    uint64_t base; /**< the owner's first page, by its number */
    uint64_t count;
    uint64_t at; /**< the peer's first page */
    uint32_t access;
    bool donated;
    bool accepted;
};

/** What a VM has accepted and not released. */
struct fake_loan {
    uint32_t handle; /**< 0: free */
    uint32_t owner;
    uint64_t count;
    uint64_t at; /**< the first page, by its number */
    uint32_t access;
    bool ended; /**< what is there is scratch memory */
};

struct fake_vm {
    uint32_t number;  /**< its place and how often that was used: never 0, nor the same soon */
    uint32_t nr_uses; /**< of the place */
    uint32_t status;  /**< with which it powered off; else 0 */
    struct stile_fake_config config;
    char name[STILE_VM_NAME_BYTES];
    enum stile_vm_state state; /**< STILE_VM_ENDED and number 0: there never was one */
    enum stile_fake_end end;
    uint32_t maker;        /**< the number of the VM that made it by vm_create, or 0 */
    uint32_t ended;        /**< in which order it did */
    bool waits;            /**< for vm_start */
    uint64_t kernel_bytes; /**< of one that another made */
    bool agreed;
    uint32_t minor;
    uint64_t nr_pages; /**< of memory that the VM owns */
    uint64_t quota;    /**< how many it may own */
    uint32_t weight;
    uint64_t affinity;
    uint8_t *window;
    struct fake_mapping *map; /**< FAKE_SPACE_PAGES of them */
    struct stile_vm_page *page;
    struct stile_console_ring *ring;
    struct fake_vcpu vcpus[STILE_FAKE_VCPUS_MAX];
    struct fake_port ports[STILE_NR_PORTS];
    uint32_t virq_ports[STILE_NR_VIRQS]; /**< 0: none */
    struct fake_entry entries[STILE_DIRECTORY_ENTRIES];
    struct fake_share shares[STILE_SHARES_MAX]; /**< those that the VM offers */
    struct fake_loan loans[STILE_SHARES_ACCEPTED_MAX];
    bool has_scratch;
    uint32_t scratch; /**< a page of the pool, in place of what was borrowed */
    uint64_t console_written;
    char console[FAKE_CONSOLE_BYTES];
    uint32_t input_written;
    uint32_t input_read;
    char input[FAKE_INPUT_BYTES];
    bool ring_used;
    bool ring_sleeps;
    char message[STILE_CRASH_MESSAGE_MAX + 1];
};

/** The whole machine. */
struct fake_machine {
    pthread_mutex_t lock;
    struct fake_vm vms[FAKE_NR_VMS];
    uint64_t ticks;
    uint64_t wall_ns; /**< at tick 0, or 0 */
    bool use_threads;
    uint32_t share_generation;
    uint64_t nr_calls;
    uint64_t nr_calls_of[STILE_NR_CALLS_MAX];
    uint32_t fail_times[STILE_NR_CALLS_MAX];
    enum stile_error fail_errors[STILE_NR_CALLS_MAX];
};

extern struct fake_machine fake;

/** The calling thread's vCPU, and where calls that do not return go. */
extern _Thread_local struct fake_vcpu *fake_current;
extern _Thread_local jmp_buf *fake_leave_to;

/** Takes the lock of the whole machine. */
void fake_lock(void);
void fake_unlock(void);

/** Lets a vCPU that sleeps look again at what it waits for; with the lock. */
void fake_wake(struct fake_vcpu *vcpu);

/** The place that a number, any, would have; below FAKE_NR_VMS, or there is no such VM. */
uint32_t fake_place(uint32_t number);

/** Gives a VM a number that no VM had for long. */
void fake_give_number(struct fake_vm *vm);

/** The VM of a number, ended or not, while no other has its place; NULL if there is none. */
struct fake_vm *fake_numbered_vm(uint32_t number);

/** The same of a VM that a test names; without one the program is aborted. */
struct fake_vm *fake_known_vm(uint32_t number);

/** A VM that has not ended, by its number; NULL if there is none. */
struct fake_vm *fake_running_vm(uint32_t number);

/** Whether a VM may look at another one and steer it: group control. */
bool fake_may_steer(const struct fake_vm *by, const struct fake_vm *vm);

/** Leaves the guest's function, and drops the lock. Does not return. */
void fake_leave(enum stile_fake_end end) __attribute__((noreturn));

#endif
