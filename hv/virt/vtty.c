/* SPDX-License-Identifier: MIT */
/*
 * Input to whichever the VM reads, and telling both that there is room for output.
 */
#include "virt/vtty.h"

#include "virt/vconsole.h"
#include "virt/vring.h"
#include "virt/vuart.h"
#include "vm/irq_controller.h"
#include "vm/vm.h"

size_t vtty_input(struct vm *vm, const char *text, size_t length)
{
    bool tell = true;

    spin_lock(&vm->console.lock);
    size_t taken = ring_put(&vm->console.input, text, length);
    if (vm->console.ring.used)
        tell = vring_feed(vm);
    spin_unlock(&vm->console.lock);
    vuart_input(vm);
    /* A guest that has not agreed on a version does not expect an interrupt of ours. */
    if (tell && __atomic_load_n(&vm->agreed, __ATOMIC_RELAXED))
        vm->controller->inject(vm, 0, VCONSOLE_INTID);
    return taken;
}

void vtty_lose(struct vm *vm, size_t length)
{
    spin_lock(&vm->console.lock);
    if (vm->console.ring.used)
        vring_lose(vm, (uint32_t)length);
    spin_unlock(&vm->console.lock);
}

void vtty_output_ready(struct vm *vm, struct console_turn *turn)
{
    vuart_output_ready(vm, turn);
    (void)vring_flush(vm, turn);
}
