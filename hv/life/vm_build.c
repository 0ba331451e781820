/* SPDX-License-Identifier: MIT */
/*
 * From a VM that has nothing but its vCPUs and pages to one that runs.
 */
#include "life/vm_build.h"

#include <string.h>

#include "config/vm_load.h"
#include "console/console.h"
#include "life/vcpu_life.h"
#include "life/vm_backends.h"
#include "life/vm_devices.h"
#include "life/vm_life.h"
#include "memory/share.h"
#include "memory/vm_pages.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "vgic/controller.h"
#include "virt/events.h"
#include "virt/pvtime.h"
#include "virt/vcache.h"
#include "virt/vconsole.h"
#include "virt/vflash.h"
#include "virt/virtio_mmio.h"
#include "virt/vrtc.h"
#include "virt/vslots.h"
#include "virt/vuart.h"
#include "vm/mmio_map.h"
#include "vm/permit.h"
#include "vm/refusal.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

_Static_assert(6 + VM_NR_GICR + VM_NR_SLOTS + VM_NR_FLASH <= MMIO_NR_REGIONS,
               "distributor, ITS, UART, clock, virtio devices, PCI, and what may be in pieces");

/* By number - 1. */
static struct build {
    enum vm_build_state state;
    const char *fault;
    uint32_t nr_quiet; /* what vm_devices_quiet() has done */
    struct vm_load load;
} builds[CONFIG_NR_VMS];

static struct build *build_of(const struct vm *vm)
{
    return &builds[vm->id - 1];
}

void vm_build_begin(const struct vm *vm)
{
    *build_of(vm) = (struct build){.state = VM_BUILD_NEW};
}

const char *vm_build_fault(const struct vm *vm)
{
    return build_of(vm)->fault;
}

static const char *no_memory(const struct vm *vm)
{
    if (vm_config_is_direct(&vm->config) && vm->stage2.root)
        return refusal("its memory is to be the machine's, for stile,trusted-dma, and what is at "
                       "%lx is not free: the VM goes first into the bundle",
                       vmem_lacks(vm).ipa);
    return refusal("not enough memory for it: %lu MiB, and %zu MiB of %zu MiB are free",
                   vm_config_pages(&vm->config) >> (20 - PAGE_SHIFT),
                   page_nr_free_guest() >> (20 - PAGE_SHIFT), page_nr_guest() >> (20 - PAGE_SHIFT));
}

/* What the last guest of that number has changed. */
static const char *reset(struct vm *vm)
{
    vm->mmio = (struct mmio_map){0};
    permit_first(vm);
    vm->paused = false;
    vm->complained = 0;
    vcache_reset(vm);
    memset(vm->last_loaded, 0, sizeof(vm->last_loaded));
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        vcpu_reset(vm->vcpus[i]);
    return vmem_create(vm) == STILE_SUCCESS ? NULL : no_memory(vm);
}

/* All memory is there. */
static const char *furnish(struct build *build, struct vm *vm)
{
    const char *fault = controller_init(vm);

    if (fault)
        return fault;
    vconsole_init(vm);
    vuart_init(vm);
    virtio_init(vm);
    vrtc_init(vm);
    vslots_init(vm);
    vflash_init(vm);
    fault = vm_devices_map(vm);
    if (fault)
        return fault;
    if (vm_pages_show(vm) != STILE_SUCCESS || pvtime_init(vm) != STILE_SUCCESS)
        return "its shared pages overlap its memory or a device";
    return vm_load_begin(&build->load, vm);
}

static enum vm_build_state next(struct build *build, const char *fault, enum vm_build_state state)
{
    build->fault = fault;
    build->state = fault ? VM_BUILD_FAILED : state;
    return build->state;
}

static enum vm_build_state build_memory(struct build *build, struct vm *vm)
{
    switch (vmem_fill(vm)) {
    case STILE_SUCCESS:
        return next(build, furnish(build, vm), VM_BUILD_FILES);
    case STILE_BUSY:
        return VM_BUILD_MEMORY;
    default:
        return next(build, no_memory(vm), VM_BUILD_FAILED);
    }
}

static enum vm_build_state build_files(struct build *build, struct vm *vm)
{
    if (!vm_load_is_done(&build->load))
        return next(build, vm_load_some(&build->load, vm), VM_BUILD_FILES);
    return next(build, NULL, VM_BUILD_READY);
}

enum vm_build_state vm_build_some(struct vm *vm)
{
    struct build *build = build_of(vm);

    switch (build->state) {
    case VM_BUILD_NEW:
        return next(build, reset(vm), VM_BUILD_DEVICES);
    case VM_BUILD_DEVICES:
        return next(build, NULL,
                    vm_devices_quiet(vm, &build->nr_quiet) ? VM_BUILD_DEVICES : VM_BUILD_MEMORY);
    case VM_BUILD_MEMORY:
        return build_memory(build, vm);
    case VM_BUILD_FILES:
        return build_files(build, vm);
    default:
        return build->state;
    }
}

/* Unless it was ended by now. The hold keeps whoever ends it from here on from taking it down. */
static bool set_running(struct vm *vm)
{
    spin_lock(&vm->lock);
    bool runs = vm->end == VM_END_REBOOT;
    if (runs) {
        vm_hold(vm);
        vm->state = VM_RUNNING;
        vm->start = vm_maker(vm) != 0 ? VM_START_NOT_YET : VM_STARTED;
    }
    spin_unlock(&vm->lock);
    return runs;
}

static void start(struct vm *vm)
{
    const struct vm_load *load = &build_of(vm)->load;

    (void)vcpu_start(vm->vcpus[0], load->entry.ipa, load->dtb.base.ipa);
}

/* Whoever made it is to write its files; or nobody, if that has ended meanwhile. */
static void wait_for_maker(struct vm *vm, const struct vm_load *load)
{
    spin_lock(&vm->lock);
    vm->kernel_at = load->kernel.base;
    vm->initrd_at = load->initrd.base;
    vm->start = VM_START_WAITS;
    spin_unlock(&vm->lock);
    if (!vm_exists(vm_maker(vm))) /* after vm_destroy_waiting() has looked, or before: it does */
        vm_destroy(vm);
}

bool vm_build_start(struct vm *vm)
{
    spin_lock(&vm->lock);
    bool waited = vm->state == VM_RUNNING && vm->start == VM_START_WAITS;
    if (waited)
        vm->start = VM_STARTED;
    spin_unlock(&vm->lock);
    if (waited)
        start(vm);
    return waited;
}

bool vm_build_run(struct vm *vm)
{
    if (!set_running(vm))
        return false;
    virtio_start(vm); /* before somebody else's start offers them */
    share_vm_started(vm);
    console_attach(vm);
    vm_devices_start(vm);
    vm_backends_started(vm);
    if (vm_maker(vm) != 0)
        wait_for_maker(vm, &build_of(vm)->load);
    events_vms_changed();
    if (vm_maker(vm) == 0)
        start(vm);
    sched_release(vm);
    return true;
}
