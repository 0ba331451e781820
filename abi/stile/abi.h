/* SPDX-License-Identifier: MIT */
/*
 * The contract in one include: call numbers, and the values that calls take and return.
 */
#ifndef STILE_ABI_H
#define STILE_ABI_H

#include "stile/errors.h"
#include "stile/ids.h"
#include "stile/lines.h"
#include "stile/ring.h"
#include "stile/shared.h"
#include "stile/smccc.h"
#include "stile/types.h"
#include "stile/version.h"
#include "stile/virtio.h"
#include "stile/virtio_msg.h"

/* The table has room for this many numbers, 16 to a group. */
#define STILE_NR_GROUPS       11
#define STILE_CALLS_PER_GROUP 16

/* The groups of privileged calls: see stile/calls/control.h and stile/calls/vm.h. */
#define STILE_GROUP_CONTROL 9
#define STILE_GROUP_VM      10
#define STILE_NR_CALLS_MAX  (STILE_NR_GROUPS * STILE_CALLS_PER_GROUP)

/* Every number fits the table, and every call is reachable by some minor version. */
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    STILE_STATIC_ASSERT((nr) >= 0 && (nr) < STILE_NR_CALLS_MAX, #group "_" #name);                 \
    STILE_STATIC_ASSERT((since) <= STILE_VERSION_MINOR, #group "_" #name);
#include "stile/calls.h"

/** What core_info tells. */
enum stile_info {
    STILE_INFO_VM_ID = 0,         /**< the VM's number on this machine: stile_vm_id_t */
    STILE_INFO_NR_VCPUS = 1,      /**< how many vCPUs the VM has */
    STILE_INFO_VCPU_ID = 2,       /**< which one is calling */
    STILE_INFO_TICKS_PER_SEC = 3, /**< CNTFRQ_EL0 */
    STILE_INFO_VM_PAGE = 4,       /**< IPA of struct stile_vm_page, read-only */
    STILE_INFO_VCPU_PAGE = 5,     /**< IPA of the caller's struct stile_vcpu_page, read-only */
    STILE_INFO_CONSOLE_INTID = 6, /**< the SPI that tells of console input */
    STILE_INFO_TIMER_INTID = 7,   /**< the PPI of the virtual timer */
    STILE_INFO_EVENT_INTID = 8,   /**< the PPI of the mailbox: struct stile_mailbox */
    STILE_INFO_MAILBOX = 9,       /**< IPA of the caller's struct stile_mailbox */
    STILE_INFO_CONSOLE_RING = 10, /**< IPA of the VM's struct stile_console_ring */
    STILE_INFO_CONTROLLER = 11,   /**< enum stile_controller: what brings the VM its interrupts */
    STILE_INFO_GIC_VERSION = 12,  /**< of the CPU interface: 2, or 3 (system registers) */
    STILE_INFO_GICC = 13,         /**< IPA of the CPU interface if that is a GICv2's, else 0 */
    STILE_INFO_PAGES = 14,        /**< how many pages of memory the VM has now */
    STILE_INFO_PAGES_MAX = 15,    /**< how many it may have */
    STILE_INFO_HV_PAGES = 16,     /**< how many of the hypervisor's own pages it uses: its budget */
    STILE_INFO_HV_PAGES_MAX = 17, /**< how many it may use */
    STILE_INFO_PAGE_BYTES = 18,   /**< the size of a page in all calls and of each shared page */
    STILE_INFO_IPA_BITS = 19,     /**< IPAs are below 2 to the power of this */
    STILE_INFO_NR_PORTS = 20,     /**< event ports are below this, and from STILE_PORT_FIRST */
    STILE_INFO_SHARES_MAX = 21,   /**< how many shares the VM may have open */
    STILE_INFO_SHARE_PAGES_MAX = 22,   /**< the most pages of one share; a donation has 512 */
    STILE_INFO_DIRECTORY_ENTRIES = 23, /**< how many keys the VM may publish */
};

/** How a VM is told of interrupts: its device tree decides. */
enum stile_controller {
    STILE_CONTROLLER_GIC = 0,     /**< there is a GIC in it: that, emulated */
    STILE_CONTROLLER_MAILBOX = 1, /**< there is none: struct stile_mailbox and the CPU interface */
};

/** What the hypervisor sets event ports at: event_bind_virq. */
enum stile_virq {
    STILE_VIRQ_TIMER = 0, /**< a vCPU's time_event */
    STILE_VIRQ_SHARE = 1, /**< a share was offered to the VM, accepted, released or revoked */
    STILE_VIRQ_PEER = 2,  /**< a VM of the machine started, ended or was reset */
    STILE_NR_VIRQS = 3,
};

/** What an event port is bound to: event_query. */
enum stile_port_state {
    STILE_PORT_WAITING =
        0,               /**< allocated for a peer that has not bound it, or has closed its end */
    STILE_PORT_PEER = 1, /**< bound to another port, of a peer or of the VM itself */
    STILE_PORT_VIRQ = 2, /**< set by the hypervisor */
    STILE_PORT_IPI = 3,  /**< set by the VM's own vCPUs */
};

/** What a vCPU does: vcpu_query. */
enum stile_vcpu_state {
    STILE_VCPU_OFF = 0,
    STILE_VCPU_STARTING = 1, /**< somebody is starting it */
    STILE_VCPU_RUNNING = 2,  /**< on a physical CPU */
    STILE_VCPU_WAITING = 3,  /**< for a physical CPU */
    STILE_VCPU_BLOCKED = 4,  /**< for an interrupt or an event */
};

/** What a VM does: control_vm_info. */
enum stile_vm_state {
    STILE_VM_ENDED = 0,
    STILE_VM_RUNNING = 1,
    STILE_VM_PAUSED = 2, /**< by control_pause, power_suspend, or a person */
    STILE_VM_ENDING = 3, /**< it does not run: it is being taken down, made, or made anew */
    STILE_VM_MADE = 4,   /**< it waits for its files and vm_start: made by vm_create, or anew */
};

/** What vcpu_counter reads; all are 0 when the VM starts. */
enum stile_counter {
    STILE_COUNTER_EXITS = 0,        /**< entries to the hypervisor, of any cause */
    STILE_COUNTER_HYPERCALLS = 1,   /**< HVC #0, standard services included */
    STILE_COUNTER_INTERRUPTS = 2,   /**< physical interrupts */
    STILE_COUNTER_SYSREG = 3,       /**< trapped MSR, MRS and system instructions */
    STILE_COUNTER_DATA_ABORTS = 4,  /**< stage-2 data aborts: emulated devices, faults */
    STILE_COUNTER_WAITS = 5,        /**< trapped WFI and WFE */
    STILE_COUNTER_OTHER = 6,        /**< every other exception */
    STILE_COUNTER_SWITCHES = 7,     /**< how often it was put on a physical CPU */
    STILE_COUNTER_STOLEN_TICKS = 8, /**< ticks it waited for one, told at a switch or a pause */
    STILE_NR_COUNTERS = 9,
};

/** What of a VM may be changed while it runs: control_get, control_set. */
enum stile_setting {
    STILE_SETTING_WEIGHT = 0,   /**< its vCPUs' share of a physical CPU: 1 to 10000 */
    STILE_SETTING_AFFINITY = 1, /**< the physical CPUs they may use, a bit for each */
    STILE_NR_SETTINGS = 2,
};

/** time_oneshot: no deadline. */
#define STILE_TIME_NEVER UINT64_MAX

/** A page in bytes, as far as this header knows: core_info's PAGE_BYTES is the machine's. */
#define STILE_PAGE_SIZE 4096

/** Limits of the console calls, in bytes. */
#define STILE_CONSOLE_WRITE_MAX  32
#define STILE_CONSOLE_READ_MAX   8
#define STILE_CONSOLE_BUFFER_MAX 4096

/** The most that control_memory_read and control_memory_write copy, in bytes. */
#define STILE_CONTROL_COPY_MAX 4096

/** How many bytes vm_create takes at most: struct stile_vm_image and a device tree. */
#define STILE_VM_IMAGE_MAX 16384

/** The most pages one memory call takes, but for memory_share and memory_accept. */
#define STILE_MEMORY_MAX_PAGES 512

/** What may be done with memory: memory_protect, memory_share, memory_query. */
#define STILE_ACCESS_READ    1
#define STILE_ACCESS_WRITE   2
#define STILE_ACCESS_EXECUTE 4

/** What memory is, beside: memory_query. */
#define STILE_MEMORY_MAPPED (1 << 8)  /**< there is something */
#define STILE_MEMORY_DEVICE (1 << 9)  /**< a device's registers */
#define STILE_MEMORY_SHARED (1 << 10) /**< a page shared with others: lent, or borrowed */

/** What a share is, beside its access: memory_accept, memory_next_offered, memory_next_shared. */
#define STILE_SHARE_DONATED  (1 << 8)  /**< for good */
#define STILE_SHARE_ACCEPTED (1 << 9)  /**< by the peer */
#define STILE_SHARE_ENDED    (1 << 10) /**< by the owner */
#define STILE_SHARE_DEVICE   (1 << 11) /**< a virtio device: struct stile_virtio_page */

/** The most shares one VM may have open, and the most it may have accepted. */
#define STILE_SHARES_MAX          16
#define STILE_SHARES_ACCEPTED_MAX 64

/** core_multicall: make no further call after one that failed. */
#define STILE_MULTICALL_STOP 1

/** irq_query. */
#define STILE_IRQ_ENABLED 1
#define STILE_IRQ_PENDING 2
#define STILE_IRQ_ACTIVE  4

/** The shortest period of time_event, in microseconds. */
#define STILE_PERIOD_MIN_US 100

/** How many keys a VM may publish in the directory. */
#define STILE_DIRECTORY_ENTRIES 8

/** How many characters of its console's output are kept of a VM, for control_console_read. */
#define STILE_CONSOLE_KEPT_BYTES 4096

/** How many exits of a vCPU are kept, and what kinds there are: control_trace. */
#define STILE_TRACE_ENTRIES   32
#define STILE_TRACE_HYPERCALL 0
#define STILE_TRACE_TRAP      1
#define STILE_TRACE_INTERRUPT 2

#endif
