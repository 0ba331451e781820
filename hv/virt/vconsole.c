/* SPDX-License-Identifier: MIT */
/*
 * A VM's input, and whom to tell of it.
 */
#include "core/vm.h"
#include "virt/vconsole.h"
#include "virt/vgic.h"
#include "virt/vuart.h"

void vconsole_init(struct vm *vm)
{
    struct vconsole *console = &vm->console;

    spin_lock(&console->lock);
    console->input = (struct ring){.bytes = console->input_bytes, .size = VCONSOLE_INPUT_BYTES};
    console->ring = (struct vring){.used = false};
    spin_unlock(&console->lock);
}

void vconsole_input(struct vm *vm, const char *text, size_t length)
{
    bool tell = true;

    spin_lock(&vm->console.lock);
    if (vm->console.ring.used)
        tell = vring_put_input(vm, text, length);
    else
        (void)ring_put(&vm->console.input, text, length);
    spin_unlock(&vm->console.lock);
    vuart_input(vm);
    /* A guest that has not agreed on a version does not expect an interrupt of ours. */
    if (tell && __atomic_load_n(&vm->agreed, __ATOMIC_RELAXED))
        vm->controller->inject(vm, 0, VCONSOLE_INTID);
}

void vconsole_output_ready(struct vm *vm)
{
    vuart_output_ready(vm);
    vring_flush(vm);
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
