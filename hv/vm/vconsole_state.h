/* SPDX-License-Identifier: MIT */
/*
 * What a VM has of the console: its place there, and what was typed for it (virt/vconsole.h); and
 * what the hypervisor knows of the VM's console ring (virt/vring.h).
 */
#ifndef VM_VCONSOLE_STATE_H
#define VM_VCONSOLE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ring.h"
#include "lib/spinlock.h"
#include "vm/console_port.h"

/* What is not the guest's to say. Under vconsole.lock. */
struct vring {
    bool used;
    uint32_t looks_from; /* the CPU that looks again soon, its index + 1; 0: the reader sleeps */
    uint32_t out_consumed;
    uint32_t in_produced;
    uint32_t in_lost;
};

/** Characters typed ahead; further ones wait in the machine's UART. A power of two. */
#define VCONSOLE_INPUT_BYTES 4096

struct vconsole {
    struct console_port port;
    struct spinlock lock; /* of what follows; taken after vuart's */
    struct vring ring;
    struct ring input; /* its bytes are vm->typed */
};

#endif
