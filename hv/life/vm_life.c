/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM: created from its folder, run, ended, taken down or started anew.
 */
#include "life/vm_life.h"

#include <string.h>

#include "vm/refusal.h"
#include "config/vm_load.h"
#include "config/vm_tree.h"
#include "console/console.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/check.h"
#include "lib/printk.h"
#include "life/vcpu_life.h"
#include "memory/budget.h"
#include "memory/share.h"
#include "memory/vm_pages.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "vgic/controller.h"
#include "virt/events.h"
#include "virt/pvtime.h"
#include "virt/vconsole.h"
#include "virt/vring.h"
#include "virt/vuart.h"
#include "vm/directory.h"
#include "vm/permit.h"
#include "vm/trace.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/advisor.h"
#include "watch/complain.h"
#include "watch/flight.h"
#include "watch/power.h"
#include "watch/remains.h"

static uint32_t nr_running; /* atomic */
static uint32_t nr_failed;  /* VMs that crashed or could not be started anew; atomic */

uint32_t vm_nr_running(void)
{
    return __atomic_load_n(&nr_running, __ATOMIC_ACQUIRE);
}

/* What a VM keeps over a reboot of its own. */
static void free_pages(struct vm *vm)
{
    vm_pages_free(vm);
    pvtime_free(vm);
    vmem_forget(vm);
    budget_release(vm);
}

static uint64_t memory_mib(const struct vm *vm)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        bytes += vm->config.memory[i].bytes;
    return bytes >> 20;
}

/* What does not survive a reboot of the VM: memory, shared pages, devices. NULL or what failed. */
static const char *build(struct vm *vm, struct vm_entry *entry)
{
    vm->mmio = (struct mmio_map){0};
    vm->agreed = false;
    permit_calls(vm, 0);
    vm->paused = false;
    vm->complained = 0;
    memset(vm->last_loaded, 0, sizeof(vm->last_loaded));
    if (vmem_create(vm) != STILE_SUCCESS)
        return refusal("not enough memory for it: %lu MiB, and %zu MiB of %zu MiB are free",
                       memory_mib(vm), page_nr_free_guest() >> (20 - PAGE_SHIFT),
                       page_nr_guest() >> (20 - PAGE_SHIFT));

    const char *fault = controller_init(vm);
    if (!fault) {
        vconsole_init(vm);
        vuart_init(vm);
        if (vm_pages_show(vm) != STILE_SUCCESS || pvtime_init(vm) != STILE_SUCCESS)
            fault = "its shared pages overlap its memory or a device";
    }
    if (!fault)
        fault = vm_load(vm, &vm->image, entry);
    if (fault)
        vmem_destroy(vm);
    return fault;
}

static void free_vcpus(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (vm->vcpus[i])
            vcpu_destroy(vm->vcpus[i]);
        vm->vcpus[i] = NULL;
    }
}

static const char *alloc_vcpus(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        vm->vcpus[i] = vcpu_create(vm, i);
        if (!vm->vcpus[i]) {
            free_vcpus(vm);
            return "the hypervisor's own memory is used up";
        }
    }
    return NULL;
}

/* Builds the VM and lets its first vCPU go. */
static const char *launch(struct vm *vm)
{
    struct vm_entry entry = {{0}, {0}};
    const char *fault = alloc_vcpus(vm);

    if (fault)
        return fault;
    fault = build(vm, &entry);
    if (fault) {
        free_vcpus(vm);
        return fault;
    }
    vm->state = VM_RUNNING;
    share_vm_started(vm);
    console_attach(vm);
    events_vms_changed();
    (void)vcpu_start(vm->vcpus[0], entry.pc.ipa, entry.dtb.ipa);
    return NULL;
}

/* A number that no VM has; 0 if there is none. */
static uint32_t find_free(void)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->state == VM_OFF)
            return id;
    return 0;
}

/* From the folder to a launched VM; NULL or what is wrong with it. */
static const char *create(struct vm *vm, uint32_t id, const struct vm_files *from)
{
    struct remains *predecessor = vm->remains;

    *vm = (struct vm){.id = id, .image = *from, .remains = predecessor};
    memcpy(vm->config.name, from->name, sizeof(vm->config.name));

    const char *fault = vm_tree_parse(from->dtb.data, from->dtb.bytes, &vm->config);
    if (fault)
        return fault;
    if (!vm_config_has_gic(&vm->config))
        vm->config.gic_version = machine.gic_version;
    if (!sched_place(vm->config.affinity))
        return refusal("vm.dtb: stile,affinity %lx names no CPU of this machine, which has %u",
                       vm->config.affinity, nr_pcpus);
    vm->hcr = trap_control_hcr(vm->config.mode);
    vm->mdcr = trap_control_mdcr(vm->config.pmu);
    fault = budget_reserve(vm);
    if (fault)
        return fault;
    fault = remains_init(vm, predecessor) && vm_pages_alloc(vm)
                ? launch(vm)
                : "the hypervisor's own memory is used up";
    if (fault)
        free_pages(vm);
    return fault;
}

void vm_create(const struct vm_files *from)
{
    static const char *const modes[] = {
        [VM_MODE_ASSISTED] = "assisted",
        [VM_MODE_TRAP] = "trap",
        [VM_MODE_PARAVIRTUAL] = "paravirtual",
    };
    uint32_t id = find_free();
    struct vm *vm = vm_slot(id);
    const char *fault;

    if (!vm) {
        log_error("%s: refused: there are %u VMs already", from->name, CONFIG_NR_VMS);
        return;
    }
    fault = create(vm, id, from);
    if (fault) {
        vm->state = VM_OFF;
        vm->id = 0; /* there has never been one */
        log_error("%s: refused: %s", from->name, fault);
        return;
    }
    __atomic_fetch_add(&nr_running, 1, __ATOMIC_RELEASE);
    log_info("%s: vm %u, %u vCPUs, %lu MiB, %s", vm->config.name, vm->id, vm->config.nr_vcpus,
             memory_mib(vm), modes[vm->config.mode]);
}

/*
 * Whoever calls this holds the VM. So nobody takes it down before sched_remove() has been called
 * for all vCPUs, and from then on nobody takes a new hold.
 */
static void end_held(struct vm *vm, enum vm_end end)
{
    spin_lock(&vm->lock);
    bool first = vm->state == VM_RUNNING;
    if (first) {
        vm->state = VM_ENDING;
        vm->end = end;
    }
    spin_unlock(&vm->lock);
    if (!first)
        return;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sched_remove(vm->vcpus[i]);
}

void vm_stop(struct vcpu *vcpu, enum vm_end end)
{
    end_held(vcpu->vm, end);
}

void vm_destroy(struct vm *vm)
{
    end_held(vm, VM_END_DESTROYED);
}

static void set_paused(struct vm *vm, bool paused)
{
    spin_lock(&vm->lock);
    vm->paused = paused;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        sched_set_paused(vm->vcpus[i], paused);
    spin_unlock(&vm->lock);
}

void vm_pause(struct vm *vm)
{
    set_paused(vm, true);
}

void vm_resume(struct vm *vm)
{
    set_paused(vm, false);
}

void vm_crash(struct vcpu *vcpu, const char *why)
{
    vring_flush(vcpu->vm); /* its last lines come first */
    remains_note(vcpu, why);
    printk_guest("%s: crash: %s", vcpu->vm->config.name, why);
    vcpu_print(vcpu, true);
    flight_print(vcpu);
    vm_stop(vcpu, VM_END_CRASH);
}

/* That a VM ends, and what its exits were. One that starts anew again and again is quiet at last.
 */
static void report(struct vm *vm)
{
    static const char *const ends[] = {
        [VM_END_OFF] = "powered off",
        [VM_END_REBOOT] = "rebooting",
        [VM_END_CRASH] = "crashed",
        [VM_END_DESTROYED] = "destroyed",
    };

    vm->console.port.quiet = vm->end == VM_END_REBOOT && !complain_may_report(vm);
    if (vm->console.port.quiet)
        return;
    if (vm->end != VM_END_REBOOT)
        complain_finish(vm);
    if (CONFIG_LOG_LEVEL >= LOG_LEVEL_INFO)
        printk_guest("%s: %s", vm->config.name, ends[vm->end]);
    advisor_print(vm);
}

static void take_down(struct vm *vm)
{
    const char *fault = NULL;

    if (vm->end == VM_END_CRASH)
        remains_keep(vm); /* who sees the report may look */
    vring_finish(vm);
    report(vm);
    /* First, so that no input interrupts what is being taken down. */
    console_detach(vm);
    share_vm_gone(vm);
    directory_vm_gone(vm->id);
    events_vm_gone(vm);
    events_vms_changed();
    vmem_destroy(vm);
    free_vcpus(vm);
    if (vm->end == VM_END_REBOOT) {
        fault = launch(vm);
        if (!fault)
            return;
        printk_guest("%s: cannot be started anew: %s", vm->config.name, fault);
    }
    free_pages(vm);
    vm->state = VM_OFF;
    if (fault || vm->end == VM_END_CRASH)
        __atomic_fetch_add(&nr_failed, 1, __ATOMIC_RELAXED);
    if (__atomic_sub_fetch(&nr_running, 1, __ATOMIC_ACQ_REL) == 0) {
        CHECK(page_audit() == 0); /* what was a VM's is free again */
        flight_print_longest();
        printk("the last VM has ended: powering off, status %u", nr_failed);
        power_off(nr_failed);
        panic("the firmware cannot power the machine off");
    }
}

/*
 * Whether the caller is the one that takes the VM down. Two may have seen no hold left: one of them
 * from before the VM's last vCPU was loaded once more.
 */
static bool claim(struct vm *vm)
{
    bool claimed;

    spin_lock(&vm->lock);
    claimed = vm->state == VM_ENDING && __atomic_load_n(&vm->nr_holds, __ATOMIC_ACQUIRE) == 0;
    if (claimed)
        vm->state = VM_ENDED;
    spin_unlock(&vm->lock);
    return claimed;
}

void vm_let_go(struct vm *vm)
{
    if (claim(vm))
        take_down(vm);
}
