/* SPDX-License-Identifier: MIT */
/*
 * A VM's input, and whom to tell of it.
 */
#include "virt/vconsole.h"

#include "vm/vm.h"

void vconsole_init(struct vm *vm)
{
    struct vconsole *console = &vm->console;

    spin_lock(&console->lock);
    console->input = (struct ring){.bytes = vm->typed, .size = VCONSOLE_INPUT_BYTES};
    console->ring = (struct vring){.used = false};
    spin_unlock(&console->lock);
}

size_t vconsole_read(struct vm *vm, char *text, size_t limit)
{
    spin_lock(&vm->console.lock);
    size_t length = ring_take(&vm->console.input, text, limit);
    spin_unlock(&vm->console.lock);
    return length;
}

size_t vconsole_pending(struct vm *vm)
{
    return ring_used(&vm->console.input);
}
