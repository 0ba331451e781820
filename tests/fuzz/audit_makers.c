/* SPDX-License-Identifier: MIT */
/*
 * VMs that others make: who waits for whom, and who has what of whose quota.
 */
#include <string.h>

#include "audit.h"
#include "ktf.h"
#include "machine.h"
#include "mm/page.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* What a maker's VMs have together. */
struct sums {
    uint64_t nr_pages;
    uint64_t nr_vcpus;
    uint64_t nr_hv_pages;
};

static void add(const struct vm *vm, struct sums *sums)
{
    sums->nr_pages += vm_config_pages(&vm->config);
    sums->nr_vcpus += vm->config.nr_vcpus;
    sums->nr_hv_pages += page_budget(vm->id).nr_pages;
}

/* Made by one with a quota, it has no more rights, nor a name that another VM might have. */
static void audit_rights(const struct vm *maker, const struct vm *vm)
{
    size_t length = strlen(maker->config.name);

    EXPECT_TRUE(!vm_config_makes_vms(&vm->config) && !vm->config.pmu_el2);
    EXPECT_EQ(strncmp(vm->config.name, maker->config.name, length), 0);
    EXPECT_EQ(vm->config.name[length], '.');
}

static void audit_quota(const struct vm *maker)
{
    const struct vm_quota *quota = &maker->config.quota;
    struct sums sums = {0};

    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *vm = vm_slot(id);

        if (vm->state == VM_OFF || vm->maker != maker->number)
            continue;
        audit_rights(maker, vm);
        add(vm, &sums);
    }
    EXPECT_LE(sums.nr_pages << PAGE_SHIFT, (uint64_t)quota->memory_mib << 20);
    EXPECT_LE(sums.nr_vcpus, quota->nr_vcpus);
    EXPECT_LE(sums.nr_hv_pages << PAGE_SHIFT, (uint64_t)quota->hv_memory_kib << 10);
}

/* It has nothing loaded, and its maker may come. */
static void audit_waiting(struct vm *vm)
{
    struct stile_vm_info info = vm_describe(vm);

    EXPECT_TRUE(vm->maker != 0 && vm_exists(vm->maker));
    EXPECT_EQ(info.state, STILE_VM_MADE);
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        EXPECT_TRUE(!vm->vcpus[i]->loaded && vm->vcpus[i]->state != VCPU_READY);
}

/* It takes locks, and nothing is to happen where it lets go of them. */
void audit_makers(void)
{
    uint32_t countdown = fake.countdown;

    fake.countdown = 0;
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        struct vm *vm = vm_slot(id);

        /* In the midst of a maker's end it may be about to be ended, too. */
        if (vm->state == VM_RUNNING && vm->start == VM_START_WAITS && !fake.is_between)
            audit_waiting(vm);
        if (vm->state != VM_OFF && vm->maker != 0)
            EXPECT_TRUE(vm->config.nr_devices == 0 && !vm->config.one_to_one);
        if (vm->state != VM_OFF && vm->config.quota.is_there)
            audit_quota(vm);
    }
    fake.countdown = countdown;
}
