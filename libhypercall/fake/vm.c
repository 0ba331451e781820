/* SPDX-License-Identifier: MIT */
/*
 * The life of the fake's VMs, and the threads that are their vCPUs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "directory.h"
#include "event.h"
#include "pool.h"
#include "share.h"
#include "vm.h"

#define NS_PER_SEC  UINT64_C(1000000000)
#define TICK_NS     (NS_PER_SEC / STILE_FAKE_TICKS_PER_SEC)
#define CLOCK_SHIFT 24

void stile_fake_reset(void)
{
    fake_lock();
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].state != STILE_VM_ENDED)
            fake_pool_end(&fake.vms[i]);
    fake_pool_reset();
    memset(fake.vms, 0, sizeof(fake.vms));
    fake.ticks = 0;
    fake.wall_ns = 0;
    fake.use_threads = false;
    fake.nr_calls = 0;
    memset(fake.nr_calls_of, 0, sizeof(fake.nr_calls_of));
    memset(fake.fail_times, 0, sizeof(fake.fail_times));
    fake_current = NULL;
    fake_unlock();
}

/* The clock is told anew from now on, as the hypervisor does it. */
void fake_vm_set_wall(struct fake_vm *vm, uint64_t wall_ns)
{
    struct stile_clock *clock = &vm->page->clock;
    uint32_t generation = clock->generation;
    uint64_t ns = clock->base_ns + (fake.ticks - clock->base_ticks) * TICK_NS;

    /* An acquire: what follows is not seen before it. */
    (void)__atomic_exchange_n(&clock->generation, generation + 1, __ATOMIC_ACQ_REL);
    __atomic_store_n(&clock->base_ticks, fake.ticks, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->base_ns, ns, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->wall_ns, wall_ns, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->generation, generation + 2, __ATOMIC_RELEASE);
}

/* What a GIC keeps while its vCPU is off, and on again. */
static void reset_interrupts(struct fake_vcpu *vcpu)
{
    memset(vcpu->interrupts, 0, sizeof(vcpu->interrupts));
    vcpu->interrupts[FAKE_EVENT_INTID].enabled =
        vcpu->vm->config.controller == STILE_CONTROLLER_MAILBOX;
}

void fake_vm_reset_vcpu(struct fake_vcpu *vcpu)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        vcpu->mailbox->words[i].mask = UINT64_MAX;
    vcpu->mailbox->busy = 0;
    vcpu->kicked = false;
    vcpu->woken = false;
    vcpu->poll_ports = 0;
    vcpu->timer = STILE_TIME_NEVER;
    vcpu->timer_raised = false;
    vcpu->deadline = STILE_TIME_NEVER;
    vcpu->period = 0;
    vcpu->page->vcpu_id = vcpu->index;
    (void)pthread_cond_init(&vcpu->wake, NULL);
}

void fake_vm_begin_vcpu(struct fake_vcpu *vcpu)
{
    if (vcpu->page->nr_switches++ == 0)
        vcpu->page->start_ticks = fake.ticks;
}

bool fake_vm_has_memory(const struct fake_vm *vm, uint64_t ipa)
{
    return ipa - STILE_FAKE_MEMORY_BASE < (uint64_t)vm->config.nr_pages * STILE_PAGE_SIZE;
}

static void fill_page(struct fake_vm *vm)
{
    struct stile_vm_page *page = vm->page;

    page->magic = STILE_VM_PAGE_MAGIC;
    page->version = STILE_VERSION_CURRENT;
    page->vm_id = vm->number;
    page->nr_vcpus = vm->config.nr_vcpus;
    memcpy(page->name, vm->name, sizeof(page->name));
    page->ticks_per_sec = STILE_FAKE_TICKS_PER_SEC;
    page->memory[0].base_ipa = STILE_FAKE_MEMORY_BASE;
    page->memory[0].bytes = (uint64_t)vm->config.nr_pages * STILE_PAGE_SIZE;
    page->clock.shift = CLOCK_SHIFT;
    page->clock.multiplier = (NS_PER_SEC << CLOCK_SHIFT) / STILE_FAKE_TICKS_PER_SEC;
    page->clock.base_ticks = fake.ticks;
    if (fake.wall_ns != 0)
        fake_vm_set_wall(vm, fake.wall_ns + fake.ticks * TICK_NS);
}

static void start(struct fake_vm *vm)
{
    vm->vcpus[0].state = STILE_VCPU_RUNNING;
    fake_vm_begin_vcpu(&vm->vcpus[0]);
}

bool fake_vm_go(struct fake_vm *vm)
{
    bool waited = vm->waits;

    vm->waits = false;
    if (waited)
        start(vm);
    return waited;
}

/*
 * A VM as it is at its first start; number, configuration and name are there already. One that
 * another VM has made waits for that.
 */
static void begin(struct fake_vm *vm)
{
    if (!fake_pool_start(vm)) {
        (void)fprintf(stderr, "stile fake: no memory for VM %u\n", vm->number);
        abort();
    }
    vm->waits = vm->maker != 0;
    vm->agreed = false;
    vm->minor = 0;
    vm->ring_used = false;
    vm->ring_sleeps = true;
    vm->ring->out_sleeps = 1;
    vm->input_written = 0;
    vm->input_read = 0;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        vm->vcpus[i].vm = vm;
        vm->vcpus[i].index = i;
        vm->vcpus[i].state = STILE_VCPU_OFF;
        vm->vcpus[i].nr_calls = 0;
        reset_interrupts(&vm->vcpus[i]);
        fake_vm_reset_vcpu(&vm->vcpus[i]);
    }
    vm->state = STILE_VM_RUNNING;
    fill_page(vm);
    if (!vm->waits)
        start(vm);
}

void fake_vm_tell_peers(const struct fake_vm *of)
{
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (&fake.vms[i] != of && fake.vms[i].state != STILE_VM_ENDED)
            fake_event_virq(&fake.vms[i], STILE_VIRQ_PEER);
}

/* How soon a place is taken: one that nobody has had, then a maker's own, then others'. */
static uint64_t rank_of(const struct fake_vm *vm, uint32_t maker)
{
    bool is_own = maker != 0 && vm->maker == maker;

    if (vm->number == 0)
        return 0;
    return UINT64_C(1) << (is_own ? 32 : 33) | vm->ended;
}

struct fake_vm *fake_vm_free_place(uint32_t maker)
{
    struct fake_vm *found = NULL;

    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].state == STILE_VM_ENDED &&
            (!found || rank_of(&fake.vms[i], maker) < rank_of(found, maker)))
            found = &fake.vms[i];
    return found;
}

void fake_vm_off(struct fake_vm *vm)
{
    static uint32_t nr_ended;

    vm->state = STILE_VM_ENDED;
    vm->ended = ++nr_ended;
}

void fake_vm_furnish(struct fake_vm *vm, const struct stile_fake_config *config, const char *name)
{
    fake_give_number(vm);
    vm->config = *config;
    if (vm->config.nr_vcpus == 0)
        vm->config.nr_vcpus = 1;
    if (vm->config.nr_pages == 0)
        vm->config.nr_pages = 256;
    memset(vm->name, 0, sizeof(vm->name));
    if (name)
        (void)snprintf(vm->name, sizeof(vm->name), "%s", name);
    else
        (void)snprintf(vm->name, sizeof(vm->name), "vm%u", fake_place(vm->number) + 1);
    vm->status = 0;
    vm->console_written = 0;
    vm->message[0] = '\0';
    vm->end = STILE_FAKE_RETURNED;
    vm->weight = FAKE_WEIGHT;
    vm->affinity = UINT64_MAX;
    vm->maker = 0;
}

void fake_vm_begin(struct fake_vm *vm)
{
    begin(vm);
    fake_vm_tell_peers(vm);
}

uint32_t stile_fake_start(const struct stile_fake_config *config)
{
    static const struct stile_fake_config defaults;

    fake_lock();
    struct fake_vm *vm = fake_vm_free_place(0);
    if (!vm) {
        (void)fprintf(stderr, "stile fake: too many VMs\n");
        abort();
    }
    fake_vm_furnish(vm, config ? config : &defaults, config ? config->name : NULL);
    fake_vm_begin(vm);
    if (!fake_current)
        fake_current = &vm->vcpus[0];
    fake_unlock();
    return vm->number;
}

/* Ends the VMs that a VM has made and that wait for it to start them. */
static void end_orphans(uint32_t maker)
{
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].state != STILE_VM_ENDED && fake.vms[i].waits && fake.vms[i].maker == maker)
            fake_vm_end(&fake.vms[i], STILE_FAKE_DESTROYED);
}

/* What another VM makes is its to make anew. */
static bool begins_anew(const struct fake_vm *vm, enum stile_fake_end end)
{
    return end == STILE_FAKE_REBOOTED && (vm->maker == 0 || fake_running_vm(vm->maker));
}

void fake_vm_end(struct fake_vm *vm, enum stile_fake_end end)
{
    fake_console_drain(vm);
    fake_event_vm_gone(vm);
    fake_share_vm_gone(vm);
    fake_directory_vm_gone(vm);
    fake_pool_end(vm);
    fake_vm_off(vm);
    vm->end = end;
    vm->waits = false;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        vm->vcpus[i].state = STILE_VCPU_OFF;
        fake_wake(&vm->vcpus[i]);
    }
    if (begins_anew(vm, end))
        begin(vm);
    else
        end_orphans(vm->number);
    fake_vm_tell_peers(vm);
}

void stile_fake_become(uint32_t vm, uint32_t vcpu)
{
    fake_lock();
    fake_current = &fake_known_vm(vm)->vcpus[vcpu];
    fake_current->state = STILE_VCPU_RUNNING;
    fake_unlock();
}

enum stile_fake_end stile_fake_run(uint32_t vm, uint32_t vcpu, void (*function)(void *context),
                                   void *context)
{
    struct fake_vcpu *was = fake_current;
    jmp_buf *outer = fake_leave_to;
    jmp_buf here;

    fake_leave_to = &here;
    int end = setjmp(here);
    if (end == STILE_FAKE_RETURNED) {
        stile_fake_become(vm, vcpu);
        function(context);
    }
    fake_leave_to = outer;
    fake_current = was;
    return (enum stile_fake_end)end;
}

void stile_fake_use_threads(bool use)
{
    fake_lock();
    fake.use_threads = use;
    fake_unlock();
}

uint32_t stile_fake_status(uint32_t vm)
{
    return fake_known_vm(vm)->status;
}

const char *stile_fake_message(uint32_t vm)
{
    return fake_known_vm(vm)->message;
}

void stile_fake_set_clock(uint32_t vm, uint64_t wall_ns)
{
    fake_lock();
    fake_vm_set_wall(fake_known_vm(vm), wall_ns);
    fake_unlock();
}
