/* SPDX-License-Identifier: MIT */
/*
 * See vm_its.h. What a device behind a bridge is called is said by two maps of its requester id:
 * the machine's and the VM's. Those ids that both have are the VM's, for the bridge is its alone.
 */
#include "config/vm_its.h"

#include "dev/its_regs.h"
#include "vm/refusal.h"

void vm_its_note(struct vm_device_node *node, const struct machine_device *device)
{
    node->is_pci = device->is_pci;
    node->machine_phandle = device->phandle;
    node->machine_msis = device->msis;
}

const char *vm_its_add(struct vm_config *config, const struct vm_device_node *node,
                       const struct machine_device *device)
{
    const struct machine_device_range *range = &device->ranges[0];
    const struct ipa_range *wanted = &node->regs[0];

    if (vm_config_its(config) || config->gic_version != 3 || node->nr_regs != 1 ||
        device->nr_regs != 1 || wanted->bytes < GITS_BYTES ||
        !is_aligned(wanted->base.ipa, GITS_DOORBELL) || range->offset != 0 ||
        range->pages.bytes < GITS_BYTES)
        return refusal("vm.dtb: %s: it, or the machine's %s, is not the one ITS of a GICv3, of 128 "
                       "KiB",
                       node->name, device->name);
    if (config->nr_device_ranges == VM_NR_DEVICE_RANGES)
        return refusal("vm.dtb: %s: more than %d ranges of devices", node->name,
                       VM_NR_DEVICE_RANGES);
    config->device_ranges[config->nr_device_ranges++] =
        (struct vm_device_range){.at = {wanted->base, GITS_BYTES},
                                 .pa = range->pages.base,
                                 .device = config->nr_devices,
                                 .is_its = true};
    return NULL;
}

/* The ids that both maps have. Returns false if there are none, or not all can be told. */
static bool join_maps(struct vm_config *config, const struct dt_streams *own,
                      const struct dt_streams *machines)
{
    uint64_t first = own->id > machines->id ? own->id : machines->id;
    uint64_t own_end = (uint64_t)own->id + own->nr;
    uint64_t machines_end = (uint64_t)machines->id + machines->nr;
    uint64_t end = own_end < machines_end ? own_end : machines_end;
    uint64_t called = own->first + (first - own->id);
    uint64_t phys = machines->first + (first - machines->id);

    if (own->has_more || machines->has_more || first >= end ||
        called + (end - first) > UINT32_MAX || phys + (end - first) > UINT32_MAX)
        return false;
    config->its_devices.first = (uint32_t)called;
    config->its_devices.nr = (uint32_t)(end - first);
    config->its_devices.phys = (uint32_t)phys;
    return true;
}

/*
 * Of virtual functions, whose ids are others in the VM. Those of the VM's and of the machine's that
 * are not among them are told apart where the guest names one.
 */
static bool join_virtual(struct vm_config *config, const struct dt_streams *own,
                         const struct dt_streams *machines)
{
    const struct vm_virtual *virtuals = &config->virtuals;
    uint32_t nr = virtuals->nr * VM_VIRTUAL_STEP;

    for (uint32_t i = 0; i < virtuals->nr; i++)
        if (virtuals->ids[i] >= machines->nr)
            return false;
    if (own->has_more || machines->has_more || own->id != 0 || machines->id != 0 || own->nr < nr ||
        own->first > UINT32_MAX - nr || machines->first > UINT32_MAX - machines->nr)
        return false;
    config->its_devices.first = own->first;
    config->its_devices.nr = nr;
    config->its_devices.phys = machines->first;
    config->its_devices.is_virtual = true;
    return true;
}

static const char *add_bridge(struct vm_config *config, const struct vm_device_node *its,
                              const struct vm_device_node *nodes, uint32_t device)
{
    const struct vm_device_node *node = &nodes[device];
    bool is_virtual = vm_config_nr_virtual(config) > 0 && config->virtuals.device == device;

    if (node->msis.iommu == 0)
        return NULL; /* its devices interrupt by their pins */
    if (vm_config_nr_physical(config) > 0 &&
        config->device_ranges[config->physical_range].device == device)
        return refusal("vm.dtb: %s: with stile,physical-functions what is behind the machine's %s "
                       "interrupts by its pins: no msi-map",
                       node->name, config->devices[device].name);
    if (config->its_devices.nr > 0 || node->msis.iommu != its->phandle ||
        node->machine_msis.iommu == 0 || node->machine_msis.iommu != its->machine_phandle ||
        !(is_virtual ? join_virtual : join_maps)(config, &node->msis, &node->machine_msis))
        return refusal(
            "vm.dtb: %s: its msi-map, or that of the machine's %s, is not one entry that "
            "leads to the ITS, or not the only one",
            node->name, config->devices[device].name);
    return NULL;
}

const char *vm_its_check(struct vm_config *config, const struct vm_device_node *nodes)
{
    const struct vm_device_range *range = vm_config_its(config);
    const char *fault = NULL;
    uint32_t its;

    if (!range)
        return NULL;
    its = range->device;
    if (config->one_to_one && range->at.base.ipa != range->pa.pa)
        return refusal("vm.dtb: %s: devices do not reach the machine's %s there", nodes[its].name,
                       config->devices[its].name);
    for (uint32_t i = 0; i < config->nr_devices && !fault; i++)
        if (nodes[i].is_pci)
            fault = add_bridge(config, &nodes[its], nodes, i);
    return fault;
}
