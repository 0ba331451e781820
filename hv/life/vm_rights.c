/* SPDX-License-Identifier: MIT */
/*
 * Quotas, and what comes of having one. What is used of them is counted when it is asked for, so
 * that there are no books to keep.
 */
#include "life/vm_rights.h"

#include <string.h>

#include "memory/budget.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "vm/refusal.h"
#include "vm/vm.h"

/* What the VMs of a maker have together. */
struct use {
    uint64_t nr_pages;
    uint64_t nr_vcpus;
    uint64_t nr_hv_pages;
};

/* What is kept for a VM: of its tree, or more if others have donated it some. */
static uint64_t kept_of(const struct vm *vm)
{
    uint64_t kept = __atomic_load_n(&vm->stage2.kept, __ATOMIC_RELAXED);
    uint64_t configured = vm_config_pages(&vm->config);

    return kept > configured ? kept : configured;
}

/*
 * All but @besides: that is new. Those that end still have what they had. What the maker has beyond
 * its tree counts as well, or its VMs could donate it theirs, end, and be made again.
 */
static struct use use_of(const struct vm *maker, const struct vm *besides)
{
    struct use use = {.nr_pages = kept_of(maker) - vm_config_pages(&maker->config)};

    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *vm = vm_slot(id);

        if (vm == besides || vm->state == VM_OFF || vm->maker != maker->number)
            continue;
        use.nr_pages += kept_of(vm);
        use.nr_vcpus += vm->config.nr_vcpus;
        use.nr_hv_pages += page_budget(id).nr_pages;
    }
    return use;
}

/* Up to a whole MiB. */
static uint64_t mib_of(uint64_t nr_pages)
{
    return ((nr_pages << PAGE_SHIFT) + (1 << 20) - 1) >> 20;
}

const char *vm_rights_check_quota(const struct vm *maker, const struct vm *vm)
{
    const struct vm_quota *quota = &maker->config.quota;
    struct use use = use_of(maker, vm);
    uint64_t mib = mib_of(use.nr_pages + vm_config_pages(&vm->config));
    uint64_t nr_vcpus = use.nr_vcpus + vm->config.nr_vcpus;
    uint64_t kib = (use.nr_hv_pages + budget_nr_pages(vm)) << (PAGE_SHIFT - 10);

    if (maker->config.privileged)
        return NULL;
    if (mib > quota->memory_mib)
        return refusal("its maker's VMs would have %lu MiB, of a quota of %u", mib,
                       quota->memory_mib);
    if (nr_vcpus > quota->nr_vcpus)
        return refusal("its maker's VMs would have %lu vCPUs, of a quota of %u", nr_vcpus,
                       quota->nr_vcpus);
    if (kib > quota->hv_memory_kib)
        return refusal("its maker's VMs would have %lu KiB of the hypervisor's memory, of a quota "
                       "of %u",
                       kib, quota->hv_memory_kib);
    return NULL;
}

/*
 * A name is what others find a VM by, and trust with their memory (stile,backend): with a quota,
 * one gives none that another VM might have.
 */
static bool is_own_name(const struct vm *maker, const char *name)
{
    size_t length = strlen(maker->config.name);

    return strncmp(name, maker->config.name, length) == 0 && name[length] == '.';
}

/* Whether a maker with a quota gives nothing that it has not. NULL or what it is. */
static const char *check_rights(const struct vm *maker, struct vm *vm)
{
    struct vm_config *config = &vm->config;

    if (maker->config.privileged)
        return NULL;
    if (!is_own_name(maker, config->name))
        return refusal("its name does not begin with %s., as those of its maker's VMs do",
                       maker->config.name);
    if (vm_config_makes_vms(config) || config->pmu_el2)
        return "its maker may give it no privileges";
    if (config->weight > maker->config.weight)
        return refusal("its weight is %u, and its maker's %u", config->weight,
                       maker->config.weight);
    if (config->affinity == UINT64_MAX) /* all: of its maker's */
        config->affinity = maker->config.affinity;
    if (config->affinity & sched_online() & ~maker->config.affinity)
        return "its stile,affinity names CPUs that its maker may not use";
    return NULL;
}

/* What drives devices of the machine's begins at boot. */
const char *vm_rights_check(const struct vm *maker, struct vm *vm)
{
    if (vm->config.nr_devices > 0 || vm->config.one_to_one)
        return "devices of the machine's are for VMs of the bundle";
    return check_rights(maker, vm);
}
