/* SPDX-License-Identifier: MIT */
/*
 * From the files of a VM, or what another VM says of them, to a VM that is ready to be built.
 */
#include "life/vm_make.h"

#include <string.h>

#include "arch/id.h"
#include "arch/pmu.h"
#include "config/dt.h"
#include "config/vm_tree.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/printk.h"
#include "life/vcpu_life.h"
#include "life/vm_backends.h"
#include "life/vm_build.h"
#include "life/vm_devices.h"
#include "life/vm_end.h"
#include "life/vm_rights.h"
#include "memory/budget.h"
#include "memory/guest.h"
#include "memory/vm_pages.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "virt/vid.h"
#include "virt/virtio_mmio.h"
#include "vm/refusal.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "vm/vsve.h"
#include "watch/complain.h"
#include "watch/remains.h"

static const char no_pool[] = "the hypervisor's own memory is used up";

static const char *const modes[] = {
    [VM_MODE_ASSISTED] = "assisted",
    [VM_MODE_TRAP] = "trap",
    [VM_MODE_PARAVIRTUAL] = "paravirtual",
};

/* --- what all have in common --------------------------------------------------------------- */

static const char *alloc_vcpus(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        vm->vcpus[i] = vcpu_create(vm, i);
        if (!vm->vcpus[i])
            return no_pool;
    }
    return NULL;
}

/*
 * How soon a place that no VM has is taken: what is left of whoever had it is gone then. One that
 * nobody has had goes first, then what its maker had, so that a maker does not sweep away what is
 * left of others; of these, what ended long ago.
 */
static uint64_t rank_of(const struct vm *vm, uint32_t maker)
{
    bool is_own = maker != 0 && vm_maker(vm) == maker;

    if (vm->number == 0)
        return 0;
    return UINT64_C(1) << (is_own ? 32 : 33) | vm->ended;
}

/* A place that no VM has; 0 if there is none. */
static uint32_t find_free(uint32_t maker)
{
    uint32_t found = 0;

    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *vm = vm_slot(id);

        if (vm->state == VM_OFF &&
            (found == 0 || rank_of(vm, maker) < rank_of(vm_slot(found), maker)))
            found = id;
    }
    return found;
}

/*
 * Of what an earlier VM of the place has left, its remains and its locks stay: others may be
 * looking at the ones, and waiting for the others. What vm_build_some() sets is left to that.
 */
static void clear(struct vm *vm, uint32_t id, const struct vm_files *from, uint32_t maker)
{
    spin_lock(&vm->lock);
    vm->id = id;
    vm->image = *from;
    vm->config = (struct vm_config){0};
    memcpy(vm->config.name, from->name, sizeof(vm->config.name));
    vm->maker = maker;
    vm->start = VM_STARTED;
    vm->state = maker != 0 ? VM_UNREADY : VM_OFF;
    vm->status = 0;
    vm->end = VM_END_REBOOT; /* what is made anew, and what is made, run alike */
    vm_give_number(vm);
    spin_unlock(&vm->lock);
    vm->step = vm_end_step;
    vm->complaints = (struct ratelimit){0};
    vm->reports = (struct ratelimit){0};
}

static const char *read_tree(struct vm *vm)
{
    return vm_tree_parse(vm->image.dtb.data, vm->image.dtb.bytes, &vm->config);
}

/* Looks whether the machine has what the tree asks for, and what comes of that. */
static const char *fit(struct vm *vm)
{
    const char *fault = vm_devices_check(vm);

    if (fault)
        return fault;
    if (!vm_config_has_gic(&vm->config))
        vm->config.gic_version = machine.gic_version;
    if (!sched_place(vm->config.affinity))
        return refusal("vm.dtb: stile,affinity %lx names no CPU of this machine, which has %u",
                       vm->config.affinity, nr_pcpus);
    vm->sve_bytes = vsve_bytes(&vm->config);
    vid_show(vm);
    vm->mdcr = trap_control_mdcr(vm->config.pmu_el2);
    vm->has_pmu = vm->config.pmu && !vm->config.pmu_el2 &&
                  id_field(vid_read(vm, ID_AA64DFR0), DFR0_PMUVER_SHIFT) != 0;
    return NULL;
}

/* Moves what its maker gave to where it stays: what a VM needs longer than a call is its own. */
static bool keep_image(struct vm *vm)
{
    struct vm_files *files = &vm->image;
    size_t bytes = vm_files_given_bytes(files);
    struct stile_vm_image *given = files->given;

    if (!IS_ENABLED(CONFIG_CALLS_VM) || !given)
        return true;
    files->given = page_alloc(vm->id, page_order(bytes));
    if (!files->given)
        return false;
    memcpy(files->given, given, bytes);
    files->kernel.data = files->given->kernel_start;
    files->dtb.data = files->given + 1;
    return true;
}

/* Takes what it keeps over a reboot, after fit(). NULL, or why not: then nothing is taken. */
static const char *allocate(struct vm *vm)
{
    const char *fault = budget_reserve(vm);

    if (fault)
        return fault;
    fault = keep_image(vm) && (vm_maker(vm) != 0 || remains_init(vm)) && vm_pages_alloc(vm) &&
                    vm_devices_alloc(vm) && virtio_alloc(vm)
                ? alloc_vcpus(vm)
                : no_pool;
    if (fault)
        vm_end_free(vm);
    return fault;
}

/* --- at boot ------------------------------------------------------------------------------- */

/* Makes all of it but lets nothing run; NULL or what is wrong with it. */
static const char *build(struct vm *vm)
{
    const char *fault;

    vm_build_begin(vm);
    while (vm_build_some(vm) < VM_BUILD_READY)
        ;
    fault = vm_build_fault(vm);
    if (!fault)
        return NULL;
    while (vmem_destroy(vm))
        ;
    vm_end_free(vm);
    return fault;
}

struct vm *vm_make_at_boot(const struct vm_files *from)
{
    uint32_t id = find_free(0);
    struct vm *vm = vm_slot(id);
    const char *fault;

    if (!vm) {
        log_error("%s: refused: there are %u VMs already", from->name, CONFIG_NR_VMS);
        return NULL;
    }
    clear(vm, id, from, 0);
    fault = read_tree(vm);
    if (!fault)
        fault = fit(vm);
    if (!fault)
        fault = allocate(vm);
    if (!fault)
        fault = build(vm);
    if (fault) {
        vm->number = 0; /* there has never been one */
        log_error("%s: refused: %s", from->name, fault);
        return NULL;
    }
    vm->state = VM_UNREADY;
    vm_end_expect();
    log_info("%s: vm %u, %u vCPUs, %lu MiB, %s", vm->config.name, vm->number, vm->config.nr_vcpus,
             vm_config_pages(&vm->config) >> (20 - PAGE_SHIFT), modes[vm->config.mode]);
    vm_devices_say(vm);
    vm_backends_say(vm);
    return vm;
}

void vm_start_at_boot(struct vm *vm)
{
    (void)vm_build_run(vm); /* nobody has ended it: it did not run */
}

/* --- at run time --------------------------------------------------------------------------- */

static const char *prepare(struct vm *maker, struct vm *vm)
{
    const char *fault = NULL;

    if (!dt_has_short_names(vm->image.dtb.data, vm->image.dtb.bytes))
        fault = refusal("vm.dtb: a property's name is longer than %u characters", DT_NAME_MAX);
    if (!fault)
        fault = read_tree(vm);
    if (!fault)
        fault = vm_rights_check(maker, vm);
    if (!fault)
        fault = fit(vm);
    if (!fault)
        fault = vm_rights_check_quota(maker, vm);
    return fault ? fault : allocate(vm);
}

/* It is told once, in the log and by what is left of it. */
static void refuse(struct vm *maker, struct vm *vm, const char *fault)
{
    remains_refuse(vm, fault);
    vm->image = (struct vm_files){0};
    spin_lock(&vm->lock);
    vm->config.nr_vcpus = 0; /* whatever the tree has */
    vm->end = VM_END_CRASH;
    vm_end_off(vm);
    spin_unlock(&vm->lock);
    if (complain_may_report(maker))
        printk_guest("%s: refused: %s", vm->config.name, fault);
}

/* From here on it may run, end and be gone at any moment. */
static void begin(struct vm *maker, struct vm *vm)
{
    if (CONFIG_LOG_LEVEL >= LOG_LEVEL_INFO && complain_may_report(maker))
        printk_guest("%s: vm %u, %u vCPUs, %lu MiB, %s, made by %s", vm->config.name, vm->number,
                     vm->config.nr_vcpus, vm_config_pages(&vm->config) >> (20 - PAGE_SHIFT),
                     modes[vm->config.mode], maker->config.name);
    vm_end_make(vm);
}

/* Whoever was there has trained no predictor for whoever comes: it may be somebody else's. */
static void forget_training(const struct vm *vm)
{
    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (pcpus[i].trained_by == vm)
            pcpus[i].trained_by = NULL;
}

/* Makes a VM of what is the hypervisor's own by now. Returns false without memory. */
static bool make_of(struct vm *maker, struct stile_vm_image *image, size_t bytes, uint32_t id)
{
    struct vm_files files = {
        .kernel = {image->kernel_start, image->kernel_bytes},
        .dtb = {image + 1, bytes - sizeof(*image)},
        .initrd = {NULL, image->initrd_bytes},
        .given = image,
    };
    struct vm *vm = vm_slot(id);
    const char *fault = vm_is_named(image->name) ? "there is a VM of that name" : NULL;

    memcpy(files.name, image->name, sizeof(files.name));
    if (!remains_init(vm)) /* before whoever has the new number could read them */
        return false;
    clear(vm, id, &files, maker->number);
    forget_training(vm);
    if (!fault)
        fault = prepare(maker, vm);
    if (fault)
        refuse(maker, vm, fault);
    else
        begin(maker, vm);
    return true;
}

/* As a folder of the bundle may be named, and a directory's find_vm can ask for. */
static bool is_name(const char name[STILE_VM_NAME_BYTES])
{
    size_t length = 0;

    while (length < STILE_VM_NAME_BYTES && name[length] > ' ' && name[length] <= '~' &&
           name[length] != '/')
        length++;
    if (length == 0 || length == STILE_VM_NAME_BYTES)
        return false;
    while (length < STILE_VM_NAME_BYTES && name[length] == '\0')
        length++;
    return length == STILE_VM_NAME_BYTES;
}

static enum stile_error make(struct vm *maker, ipa_t from, uint64_t bytes, uint32_t *number)
{
    uint32_t id = find_free(maker->number);
    unsigned order = page_order(bytes);
    enum stile_error error = STILE_SUCCESS;

    if (id == 0)
        return STILE_LIMIT;
    struct stile_vm_image *image = page_alloc(PAGE_OWNER_HV, order);
    if (!image)
        return STILE_NO_MEMORY;
    if (guest_read(maker, image, from, bytes) < bytes)
        error = STILE_NOT_MAPPED;
    else if (!is_name(image->name) || image->kernel_bytes == 0 || image->reserved[0] != 0 ||
             image->reserved[1] != 0)
        error = STILE_INVALID_ARGUMENT;
    else if (!make_of(maker, image, bytes, id))
        error = STILE_NO_MEMORY;
    else
        *number = vm_slot(id)->number;
    page_free(image, order);
    return error;
}

enum stile_error vm_make(struct vm *maker, ipa_t image, uint64_t bytes, uint32_t *number)
{
    static struct spinlock making; /* of places that are free, and of what is left of quotas */

    if (!spin_trylock(&making))
        return STILE_BUSY;
    enum stile_error error = make(maker, image, bytes, number);
    spin_unlock(&making);
    return error;
}
