/* SPDX-License-Identifier: MIT */
/*
 * The table of VMs: finding one and looking at it from outside.
 */
#include "vm/vm.h"

#include <string.h>

static struct vm vms[CONFIG_NR_VMS];

struct vm *vm_slot(uint32_t id)
{
    return id - 1 < CONFIG_NR_VMS ? &vms[clamp(id - 1, CONFIG_NR_VMS)] : NULL;
}

struct vm *vm_get(uint32_t index)
{
    struct vm *vm = &vms[clamp(index, CONFIG_NR_VMS)];

    spin_lock(&vm->lock);
    bool running = vm->state == VM_RUNNING;
    if (running)
        vm_hold(vm);
    spin_unlock(&vm->lock);
    return running ? vm : NULL;
}

struct vm *vm_numbered(uint32_t number)
{
    struct vm *vm = vm_slot(number);

    return vm && vm->id == number ? vm : NULL;
}

struct vm_description vm_describe(struct vm *vm)
{
    static const enum stile_vm_state states[] = {
        [VM_OFF] = STILE_VM_ENDED,
        [VM_RUNNING] = STILE_VM_RUNNING,
        [VM_ENDING] = STILE_VM_ENDING,
        [VM_UNREADY] = STILE_VM_ENDING,
    };
    struct vm_description description = {.nr_vcpus = vm->config.nr_vcpus};

    memcpy(description.name, vm->config.name, sizeof(description.name));
    spin_lock(&vm->lock);
    description.state = states[vm->state];
    if (vm->state == VM_RUNNING && vm->paused)
        description.state = STILE_VM_PAUSED;
    if (vm->state != VM_OFF)
        description.nr_pages = __atomic_load_n(&vm->stage2.nr_owned, __ATOMIC_RELAXED);
    spin_unlock(&vm->lock);
    return description;
}

uint32_t vm_find(const char name[STILE_VM_NAME_BYTES])
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < CONFIG_NR_VMS && found == 0; i++) {
        spin_lock(&vms[i].lock);
        if (vms[i].state == VM_RUNNING &&
            memcmp(vms[i].config.name, name, STILE_VM_NAME_BYTES) == 0)
            found = vms[i].id;
        spin_unlock(&vms[i].lock);
    }
    return found;
}
