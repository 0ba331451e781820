/* SPDX-License-Identifier: MIT */
/*
 * The table of VMs: finding one and looking at it from outside.
 */
#include "vm/vm.h"

#include <string.h>

/* A number's lower bits are the place, from 0. */
#define PLACE_BITS 8
#define PLACE_MASK ((1u << PLACE_BITS) - 1)
#define USES_MAX   (UINT32_MAX >> PLACE_BITS)

_Static_assert(CONFIG_NR_VMS <= PLACE_MASK + 1, "a number holds a place");

static struct vm vms[CONFIG_NR_VMS];

struct vm *vm_slot(uint32_t id)
{
    return id - 1 < CONFIG_NR_VMS ? &vms[clamp(id - 1, CONFIG_NR_VMS)] : NULL;
}

void vm_give_number(struct vm *vm)
{
    vm->nr_uses = vm->nr_uses % USES_MAX + 1;
    __atomic_store_n(&vm->number, vm->nr_uses << PLACE_BITS | (vm->id - 1), __ATOMIC_RELEASE);
}

/*
 * A VM that runs, held; of a number, whoever has the place, or any: 0. One that another VM may
 * steer, or that may be: NULL.
 */
static struct vm *get(struct vm *vm, uint32_t number, const struct vm *by)
{
    spin_lock(&vm->lock);
    bool running = vm->state == VM_RUNNING && (number == 0 || vm->number == number) &&
                   (!by || vm_may_steer(by, vm));
    if (running)
        vm_hold(vm);
    spin_unlock(&vm->lock);
    return running ? vm : NULL;
}

struct vm *vm_get(uint32_t index)
{
    return get(&vms[clamp(index, CONFIG_NR_VMS)], 0, NULL);
}

/* The place of a number, whoever has it. */
static struct vm *place_of(uint32_t number)
{
    return vm_slot((number & PLACE_MASK) + 1);
}

struct vm *vm_numbered(uint32_t number)
{
    struct vm *vm = place_of(number);

    return vm && number != 0 && vm->number == number ? vm : NULL;
}

struct vm *vm_get_numbered(uint32_t number)
{
    struct vm *vm = place_of(number);

    return vm && number != 0 ? get(vm, number, NULL) : NULL;
}

struct vm *vm_get_steered(const struct vm *by, uint32_t number)
{
    struct vm *vm = place_of(number);

    return vm && number != 0 ? get(vm, number, by) : NULL;
}

bool vm_exists(uint32_t number)
{
    struct vm *vm = vm_numbered(number);

    if (!vm)
        return false;
    spin_lock(&vm->lock);
    bool exists = vm->number == number && vm->state != VM_OFF;
    spin_unlock(&vm->lock);
    return exists;
}

struct vm *vm_after(uint32_t number)
{
    for (uint32_t i = number == 0 ? 0 : (number & PLACE_MASK) + 1; i < CONFIG_NR_VMS; i++) {
        struct vm *vm = &vms[clamp(i, CONFIG_NR_VMS)];

        if (vm->number != 0)
            return vm;
    }
    return NULL;
}

struct stile_vm_info vm_describe(struct vm *vm)
{
    static const enum stile_vm_state states[] = {
        [VM_OFF] = STILE_VM_ENDED,
        [VM_RUNNING] = STILE_VM_RUNNING,
        [VM_ENDING] = STILE_VM_ENDING,
        [VM_UNREADY] = STILE_VM_ENDING,
    };
    struct stile_vm_info info = {.vm_id = 0};

    spin_lock(&vm->lock);
    info.vm_id = vm->number;
    info.nr_vcpus = vm->config.nr_vcpus;
    memcpy(info.name, vm->config.name, sizeof(info.name));
    info.state = states[vm->state];
    if (vm->state == VM_RUNNING && vm->paused)
        info.state = STILE_VM_PAUSED;
    if (vm->state == VM_RUNNING && vm->start == VM_START_NOT_YET)
        info.state = STILE_VM_ENDING;
    if (vm->state == VM_RUNNING && vm->start == VM_START_WAITS) {
        info.state = STILE_VM_MADE;
        info.kernel_ipa = vm->kernel_at.ipa;
        info.initrd_ipa = vm->initrd_at.ipa;
    }
    if (vm->state != VM_OFF)
        info.nr_pages = __atomic_load_n(&vm->stage2.nr_owned, __ATOMIC_RELAXED);
    info.status = vm->status;
    spin_unlock(&vm->lock);
    return info;
}

static bool has_name(const struct vm *vm, const char name[STILE_VM_NAME_BYTES])
{
    return memcmp(vm->config.name, name, STILE_VM_NAME_BYTES) == 0;
}

uint32_t vm_find(const char name[STILE_VM_NAME_BYTES])
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < CONFIG_NR_VMS && found == 0; i++) {
        spin_lock(&vms[i].lock);
        if (vms[i].state == VM_RUNNING && has_name(&vms[i], name))
            found = vms[i].number;
        spin_unlock(&vms[i].lock);
    }
    return found;
}

bool vm_is_named(const char name[STILE_VM_NAME_BYTES])
{
    bool found = false;

    for (uint32_t i = 0; i < CONFIG_NR_VMS && !found; i++) {
        spin_lock(&vms[i].lock);
        found = vms[i].state != VM_OFF && has_name(&vms[i], name);
        spin_unlock(&vms[i].lock);
    }
    return found;
}
