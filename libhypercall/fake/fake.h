/* SPDX-License-Identifier: MIT */
/*
 * Inside the fake hypervisor: its VMs, and the handler of each call, expanded from the table. One
 * lock is held over every call; a sleep gives it up.
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
#define FAKE_IPA_END       (UINT64_C(1) << 39)
#define FAKE_SPACE_PAGES   (STILE_FAKE_SPACE_BYTES / STILE_PAGE_SIZE)

/* The shared pages are where nobody has memory. */
#define FAKE_SHARED_IPA    UINT64_C(0x0B000000)
#define FAKE_VM_PAGE_IPA   FAKE_SHARED_IPA
#define FAKE_RING_IPA      (FAKE_SHARED_IPA + STILE_PAGE_SIZE)
#define FAKE_VCPU_PAGE_IPA (FAKE_SHARED_IPA + 2 * STILE_PAGE_SIZE)
#define FAKE_MAILBOX_IPA   (FAKE_VCPU_PAGE_IPA + STILE_FAKE_VCPUS_MAX * STILE_PAGE_SIZE)

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
    bool kicked;
    bool woken; /**< by an event that it polls */
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

/** A port; one of kind FAKE_PORT_FREE does not exist. */
struct fake_port {
    bool used;
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
    uint8_t most;   /**< what of those a share grants */
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

struct fake_vm {
    uint32_t number;
    struct stile_fake_config config;
    char name[STILE_VM_NAME_BYTES];
    enum stile_vm_state state; /**< STILE_VM_ENDED and number 0: there never was one */
    enum stile_fake_end end;
    bool agreed;
    uint32_t minor;
    uint64_t nr_pages; /**< of memory that it owns */
    uint64_t quota;    /**< how many it may own */
    uint8_t *window;
    struct fake_mapping *map; /**< FAKE_SPACE_PAGES of them */
    struct stile_vm_page *page;
    struct stile_console_ring *ring;
    struct fake_vcpu vcpus[STILE_FAKE_VCPUS_MAX];
    struct fake_port ports[STILE_NR_PORTS];
    uint32_t virq_ports[STILE_NR_VIRQS]; /**< 0: none */
    struct fake_entry entries[STILE_DIRECTORY_ENTRIES];
    struct fake_share shares[STILE_SHARES_MAX]; /**< those it offers */
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
    struct fake_vm vms[STILE_VMS_MAX];
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

/* One for each call. A call that has none here answers NOT_SUPPORTED: hence weak. */
#define STILE_CALL(nr, since, group, name, args)                                                   \
    struct stile_result fake_##group##_##name(struct fake_vcpu *vcpu STILE_MORE_PARAMS_##args)     \
        __attribute__((weak));
#include "stile/calls.h"

/* --- results --- */

static inline struct stile_result fake_value(uint64_t x1, uint64_t x2, uint64_t x3)
{
    return (struct stile_result){STILE_SUCCESS, {x1, x2, x3}};
}

static inline struct stile_result fake_ok(void)
{
    return fake_value(0, 0, 0);
}

static inline struct stile_result fake_error(enum stile_error error)
{
    return (struct stile_result){error, {0, 0, 0}};
}

/** The argument in register @x, 1 to 6, is wrong. */
static inline struct stile_result fake_bad(uint64_t x)
{
    return (struct stile_result){STILE_INVALID_ARGUMENT, {x, 0, 0}};
}

/* --- vm.c --- */

void fake_lock(void);
void fake_unlock(void);

/** A VM that has not ended, by its number; NULL if there is none. */
struct fake_vm *fake_vm_running(uint32_t number);

/** Whether a VM may have this number. */
bool fake_vm_is_number(uint32_t number);

/** Ends a VM: its ports, shares, names and memory go. */
void fake_vm_end(struct fake_vm *vm, enum stile_fake_end end);

/** Leaves the guest's function; takes and keeps no lock. Does not return. */
void fake_vm_leave(enum stile_fake_end end) __attribute__((noreturn));

/** Changes the VM's clock. */
void fake_vm_set_wall(struct fake_vm *vm, uint64_t wall_ns);

/* --- pool.c --- */

void fake_pool_reset(void);

/** Makes a VM's memory and shared pages; whether there was enough. */
bool fake_pool_start(struct fake_vm *vm);

/** Frees all that a VM owns, and empties its window. */
void fake_pool_end(struct fake_vm *vm);

/** The hypervisor's view of a page. */
void *fake_pool_pointer(uint32_t page);

/** The number of the VM whose a page is; 0: nobody's. */
uint32_t fake_pool_owner(uint32_t page);

/** Points page @number of a VM's address space to what @mapping says, or to nothing. */
void fake_pool_set(struct fake_vm *vm, uint64_t number, struct fake_mapping mapping);

/** Maps a new page, whose view by the hypervisor is put in @view; whether there was one. */
bool fake_pool_populate(struct fake_vm *vm, uint64_t number, enum fake_kind kind, uint8_t access,
                        void **view);

/** Unmaps a page of the VM's own, and frees it. */
void fake_pool_free(struct fake_vm *vm, uint64_t number);

/** Moves a page, by its number, to another VM, and to its quota. */
void fake_pool_give(struct fake_vm *from, uint64_t number, struct fake_vm *to, uint64_t at);

/* --- memory.c --- */

/** Reads the hypervisor's view of @length bytes of a VM; how many there are, from the first. */
size_t fake_memory_read(struct fake_vm *vm, void *out, stile_ipa_t ipa, size_t length);

/** Writes them, where the VM itself could. */
size_t fake_memory_write(struct fake_vm *vm, stile_ipa_t ipa, const void *in, size_t length);

/** The number of the first argument that is wrong in a range at registers x1 and x2, or 0. */
unsigned fake_memory_bad_range(stile_ipa_t base, stile_nr_pages_t count);

/* --- share.c --- */

void fake_share_vm_gone(struct fake_vm *vm);

/** Whether a page of a VM is part of a share it offers. */
bool fake_share_has(const struct fake_vm *vm, uint64_t number);

/* --- irq.c --- */

/** Makes an interrupt pending, by the VM's controller. */
void fake_irq_raise(struct fake_vcpu *vcpu, uint32_t intid);

/** Sets a bit of a mailbox, and interrupts if the vCPU wants that. */
void fake_irq_set_port(struct fake_vcpu *vcpu, uint32_t port);

/** Whether an interrupt would wake the vCPU. */
bool fake_irq_any(struct fake_vcpu *vcpu);

/* --- vcpu.c, time.c --- */

void fake_vcpu_reset(struct fake_vcpu *vcpu);
void fake_vcpu_wake(struct fake_vcpu *vcpu);

/** Sleeps until something wakes the vCPU, at most to @deadline; see stile/fake.h. */
void fake_vcpu_sleep(struct fake_vcpu *vcpu, uint64_t deadline);

/** Moves the time on, and fires what is due. */
void fake_time_advance(uint64_t ticks);

/* --- event.c, directory.c, console.c --- */

void fake_event_virq(struct fake_vm *vm, uint32_t virq);
void fake_event_vm_gone(struct fake_vm *vm);
void fake_directory_vm_gone(struct fake_vm *vm);
void fake_console_drain(struct fake_vm *vm);

/* --- core.c --- */

/** Whether a VM may make a call under the version agreed on. */
bool fake_core_permits(const struct fake_vm *vm, uint64_t nr);

/** Checks the registers of a call and makes it; the lock is held. */
struct stile_result fake_dispatch_call(struct fake_vcpu *vcpu, uint64_t nr, const uint64_t x[6]);

#endif
