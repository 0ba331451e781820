/* SPDX-License-Identifier: MIT */
/*
 * What a VM's tree says of a device, beside what the machine's says of it.
 */
#include "config/vm_device.h"

#include "config/vm_its.h"
#include "config/vm_range.h"
#include "config/vm_sriov.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "dev/smmu.h"
#include "lib/is_enabled.h"
#include "virt/vconsole.h"
#include "vm/refusal.h"
#include "vm/vgic_state.h"

void vm_device_read(struct vm_device_node *kept, const struct dt_node *node)
{
    uint32_t nr = dt_nr_regs(node);

    *kept = (struct vm_device_node){
        .name = node->name,
        .path = dt_prop(node, DT_STILE_DEVICE),
        .has_no_dma = dt_prop(node, DT_STILE_NO_DMA).value != NULL,
        .has_dma = dt_prop(node, DT_STILE_TRUSTED_DMA).value != NULL,
        .nr_regs = nr,
        .interrupts = dt_interrupts(node),
        .map = dt_interrupt_map(node),
        .first_msi = dt_rare_prop(node, "arm,msi-base-spi"),
        .nr_msis = dt_rare_prop(node, "arm,msi-num-spis"),
        .physical = dt_rare_prop(node, "stile,physical-functions"),
        .virtuals = dt_rare_prop(node, "stile,virtual-functions"),
    };
    if (IS_ENABLED(CONFIG_ITS)) {
        kept->phandle = dt_phandle(node);
        kept->msis = dt_msis(node);
    }
    for (uint32_t i = 0; i < nr && i < MACHINE_DEVICE_RANGES; i++)
        if (!dt_address(node, i, &kept->regs[i].base.ipa, &kept->regs[i].bytes))
            kept->regs[i].bytes = 0;
    for (struct dt_window window; dt_window(node, kept->nr_windows, &window); kept->nr_windows++)
        if (kept->nr_windows < MACHINE_DEVICE_RANGES)
            kept->windows[kept->nr_windows] = window;
}

/* What a range is as far into as in the machine: large ones are mapped in blocks, by few tables. */
static uint64_t unit_of(uint64_t bytes)
{
    return bytes < BLOCK_2M ? PAGE_SIZE : BLOCK_2M;
}

/* Where the VM has a range: the registers are as far into a page as in the machine. */
static bool place_range(struct ipa_range *at, const struct ipa_range *wanted,
                        const struct machine_device_range *range)
{
    uint64_t unit = unit_of(range->pages.bytes);

    if (wanted->bytes == 0 || wanted->bytes > range->pages.bytes - range->offset ||
        wanted->base.ipa % unit != (range->pages.base.pa + range->offset) % unit)
        return false;
    *at = (struct ipa_range){ipa_make(wanted->base.ipa - range->offset),
                             align_up(range->offset + wanted->bytes, PAGE_SIZE)};
    return true;
}

static const char *add_ranges(struct vm_config *config, const struct vm_device_node *node,
                              const struct machine_device *device)
{
    const char *fault = NULL;

    if (node->nr_regs != device->nr_regs)
        return refusal("vm.dtb: %s: its reg has %u ranges, that of the machine's %s %u", node->name,
                       node->nr_regs, device->name, device->nr_regs);
    for (uint32_t i = 0; i < device->nr_regs && !fault; i++) {
        struct vm_device_range range = {.pa = device->ranges[i].pages.base,
                                        .device = config->nr_devices,
                                        .is_config = device->is_pci && i == 0,
                                        .is_doorbell = device->is_msi};

        if (!place_range(&range.at, &node->regs[i], &device->ranges[i]))
            return refusal("vm.dtb: %s: its range %u is larger than that of the machine's %s, or "
                           "elsewhere in %lu KiB",
                           node->name, i, device->name,
                           unit_of(device->ranges[i].pages.bytes) >> 10);
        if (range.is_config && range.at.bytes % PCI_BUS_BYTES != 0)
            return refusal("vm.dtb: %s: its configuration space is not of whole buses", node->name);
        fault = vm_range_add(config, &range, node->name);
    }
    return fault;
}

/* The window of the machine's bridge that a VM's begins with, and is no larger than; or NULL. */
static const struct machine_device_range *find_window(const struct machine_device *device,
                                                      const struct dt_window *wanted)
{
    for (uint32_t i = device->nr_regs; i < device->nr_ranges; i++) {
        const struct dt_window *window = &device->ranges[i].window;

        if (window->space == wanted->space && window->pci == wanted->pci && wanted->bytes > 0 &&
            wanted->bytes <= window->bytes)
            return &device->ranges[i];
    }
    return NULL;
}

/* PCI addresses are as in the machine. Large windows are mapped in blocks, which few tables need.
 */
static const char *add_windows(struct vm_config *config, const struct vm_device_node *node,
                               const struct machine_device *device)
{
    const char *fault = NULL;

    if (device->is_pci && node->nr_windows > MACHINE_DEVICE_RANGES)
        return refusal("vm.dtb: %s: more than %d windows", node->name, MACHINE_DEVICE_RANGES);
    for (uint32_t i = 0; device->is_pci && i < node->nr_windows && !fault; i++) {
        const struct dt_window *wanted = &node->windows[i];
        const struct machine_device_range *found = find_window(device, wanted);
        uint64_t unit = unit_of(wanted->bytes);
        struct vm_device_range range = {.device = config->nr_devices};

        if (!found || (found->pages.base.pa + found->offset - wanted->base) % unit != 0)
            return refusal("vm.dtb: %s: its window %u is none of the machine's %s, or elsewhere in "
                           "%lu KiB",
                           node->name, i, device->name, unit >> 10);
        range.pa = found->pages.base;
        range.at = (struct ipa_range){ipa_make(wanted->base - found->offset),
                                      align_up(found->offset + wanted->bytes, PAGE_SIZE)};
        fault = vm_range_add(config, &range, node->name);
    }
    return fault;
}

static bool has_spi(const struct vm_config *config, uint32_t intid)
{
    for (uint32_t i = 0; i < config->nr_device_spis; i++)
        if (config->device_spis[i].intid == intid)
            return true;
    return intid == config->uart_intid || intid == VCONSOLE_INTID;
}

/* The machine's @phys, which is the @index-th of the device's. */
static const char *add_spi(struct vm_config *config, const struct vm_device_node *node,
                           const struct machine_device *device, uint32_t index, uint32_t intid,
                           uint32_t phys, bool edge)
{
    if (intid < GIC_FIRST_SPI || intid >= VGIC_NR_INTIDS || has_spi(config, intid))
        return refusal("vm.dtb: %s: its interrupt %u, of the machine's %s, is no SPI below %d, "
                       "or another device's",
                       node->name, index, device->name, VGIC_NR_SPIS);
    if (config->nr_device_spis == VM_NR_DEVICE_SPIS)
        return refusal("vm.dtb: %s: more than %d interrupts of devices", node->name,
                       VM_NR_DEVICE_SPIS);
    config->device_spis[config->nr_device_spis++] = (struct vm_device_spi){
        .phys = (uint16_t)phys,
        .intid = (uint8_t)intid,
        .device = config->nr_devices & 0x7F,
        .edge = edge,
    };
    return NULL;
}

static const char *add_spis(struct vm_config *config, const struct vm_device_node *node,
                            const struct machine_device *device, const struct dt_gic *controller)
{
    const char *fault = NULL;

    if (dt_intid(&node->interrupts, controller, device->nr_spis) != 0)
        return refusal("vm.dtb: %s: it has more interrupts than the machine's %s", node->name,
                       device->name);
    for (uint32_t i = 0; i < device->nr_spis && !fault; i++) {
        uint32_t intid = dt_intid(&node->interrupts, controller, i);

        if (intid == 0 && i > 0)
            break; /* it does without the others */
        fault =
            add_spi(config, node, device, i, intid, device->spis[i].intid, device->spis[i].edge);
    }
    return fault;
}

/* Which of the SPIs of a machine's device an entry of its map is. */
static uint32_t index_of_spi(const struct machine_device *device, uint32_t entry)
{
    uint32_t intid = dt_intid(&device->interrupts, &device->gic, entry);
    uint32_t i = 0;

    while (device->spis[i].intid != intid)
        i++;
    return i;
}

/* Each entry of the VM's map is the same device's as in the machine's; it may have fewer. */
static const char *add_map(struct vm_config *config, const struct vm_device_node *node,
                           const struct machine_device *device, const struct dt_gic *controller)
{
    uint32_t nr = dt_nr_interrupts(&node->map, controller);
    uint32_t intids[MACHINE_DEVICE_SPIS] = {0};
    const char *fault = NULL;

    for (uint32_t i = 0; i < nr && !fault; i++) {
        uint32_t intid = dt_intid(&node->map, controller, i);
        uint32_t index;

        if (i >= dt_nr_interrupts(&device->interrupts, &device->gic) ||
            !dt_has_key(&node->map, &device->interrupts, controller, &device->gic, i))
            return refusal("vm.dtb: %s: entry %u of its interrupt-map is another device's than in "
                           "that of the machine's %s",
                           node->name, i, device->name);
        index = index_of_spi(device, i);
        if (intids[index] == 0)
            fault = add_spi(config, node, device, index, intid, device->spis[index].intid,
                            device->spis[index].edge);
        else if (intids[index] != intid)
            return refusal("vm.dtb: %s: entry %u of its interrupt-map names another interrupt than "
                           "one before, which is the same of the machine's %s",
                           node->name, i, device->name);
        intids[index] = intid;
    }
    return fault;
}

/* As the VM's numbers are the machine's; 0 for what is none of the frame's, or EL2's. */
static uint32_t msi_or_none(const struct machine_device *device, uint64_t intid)
{
    if (intid < device->first_msi || intid - device->first_msi >= device->nr_msis ||
        intid == machine.smmu_event_intid || intid == machine.smmu_error_intid)
        return 0;
    return (uint32_t)intid;
}

/*
 * A GICv2m's. What a device writes to it is the machine's INTID, and the guest says what: so the
 * VM's are the same. All, unless both numbers are there, which is how guests read them.
 */
static const char *add_msis(struct vm_config *config, const struct vm_device_node *node,
                            const struct machine_device *device)
{
    uint64_t first, nr;
    const char *fault = NULL;

    if (!dt_number(node->first_msi, &first) || !dt_number(node->nr_msis, &nr)) {
        first = device->first_msi;
        nr = device->nr_msis;
    }
    for (uint32_t i = 0; i < nr && !fault; i++) {
        uint32_t intid = msi_or_none(device, first + i);

        fault = add_spi(config, node, device, i, intid, intid, true);
    }
    return fault;
}

/* Names are in the machine's tree: the same one is the same node's. */
static bool has_device(const struct vm_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->nr_devices; i++)
        if (config->devices[i].name == name)
            return true;
    return false;
}

/* Whole buses of the SMMU's streams, as PCI has them, which nobody else has. */
static const char *add_streams(struct vm_config *config, const struct vm_device_node *node,
                               const struct machine_device *device)
{
    const struct dt_streams *streams = &device->streams;

    if (streams->has_more || streams->id != 0 || vm_config_has_streams(config) ||
        streams->nr == 0 || (streams->first | streams->nr) % SMMU_BUS_STREAMS != 0 ||
        streams->first >= smmu_nr_streams() || streams->nr > smmu_nr_streams() - streams->first)
        return refusal("vm.dtb: %s: the streams of the machine's %s are not whole buses of its "
                       "SMMU, or not the only ones of the VM",
                       node->name, device->name);
    config->first_stream = streams->first;
    config->nr_streams = node->virtuals.value ? 0 : streams->nr;
    return NULL;
}

/* What keeps its DMA to the VM's memory: that it does none, trust, or the SMMU. */
static const char *add_dma(struct vm_config *config, const struct vm_device_node *node,
                           const struct machine_device *device)
{
    if ((device->is_msi || device->is_its) && (node->has_no_dma || node->has_dma))
        return refusal("vm.dtb: %s: the machine's %s has no DMA: neither stile,no-dma nor "
                       "stile,trusted-dma is for it",
                       node->name, device->name);
    if (device->is_msi || device->is_its)
        return NULL;
    bool has_smmu = smmu_is_there() && device->streams.iommu != 0 &&
                    device->streams.iommu == machine.smmu_phandle;

    if (node->has_no_dma && device->is_pci)
        return refusal("vm.dtb: %s: what is behind the machine's %s reads and writes memory",
                       node->name, device->name);
    if (node->has_no_dma)
        return NULL;
    if (node->has_dma && has_smmu)
        return refusal("vm.dtb: %s: the machine's %s is behind an SMMU: it needs no trust, and "
                       "has none",
                       node->name, device->name);
    if (!node->has_dma && !has_smmu)
        return refusal("vm.dtb: %s: nothing keeps DMA of the machine's %s from others' memory: "
                       "stile,no-dma or stile,trusted-dma must be there",
                       node->name, device->name);
    if (has_smmu)
        return add_streams(config, node, device);
    config->one_to_one = true;
    return NULL;
}

/* Registers and interrupts. */
static const char *add_all(struct vm_config *config, const struct vm_device_node *node,
                           const struct machine_device *device, const struct dt_gic *controller)
{
    const char *fault;

    if (!vm_config_has_gic(config) && (device->nr_spis > 0 || device->is_msi))
        return refusal("vm.dtb: %s: the machine's %s has interrupts, which need a GIC", node->name,
                       device->name);
    fault = IS_ENABLED(CONFIG_ITS) && device->is_its ? vm_its_add(config, node, device)
                                                     : add_ranges(config, node, device);
    if (!fault)
        fault = add_windows(config, node, device);
    if (fault)
        return fault;
    if (device->is_pci)
        return add_map(config, node, device, controller);
    if (device->is_msi)
        return add_msis(config, node, device);
    return add_spis(config, node, device, controller);
}

const char *vm_device_add(struct vm_config *config, struct vm_device_node *node,
                          const struct dt_gic *controller)
{
    struct machine_device device;
    const char *fault;

    if (node->has_no_dma && node->has_dma)
        return refusal("vm.dtb: %s: it says both stile,no-dma and stile,trusted-dma", node->name);
    fault = machine_device_find(node->name, node->path, !node->has_dma, &device);
    if (fault)
        return fault;
    if (has_device(config, device.name))
        return refusal("vm.dtb: %s: the machine's %s is another node's already", node->name,
                       device.name);
    fault = add_dma(config, node, &device);
    if (fault)
        return fault;
    fault = node->virtuals.value ? vm_sriov_add_virtual(config, node, &device)
                                 : add_all(config, node, &device, controller);
    if (!fault && node->physical.value)
        fault = vm_sriov_add_physical(config, node, &device);
    if (IS_ENABLED(CONFIG_ITS))
        vm_its_note(node, &device);
    config->devices[config->nr_devices++] = (struct vm_device){
        .name = device.name, .has_clocks = device.has_clocks, .has_dma = node->has_dma};
    return fault;
}

/* Devices that are trusted write to where the machine has the doorbell. */
const char *vm_device_check(struct vm_config *config, const struct vm_device_node *nodes)
{
    for (uint32_t i = 0; config->one_to_one && i < config->nr_device_ranges; i++) {
        const struct vm_device_range *range = &config->device_ranges[i];

        if (range->is_doorbell && range->at.base.ipa != range->pa.pa)
            return refusal("vm.dtb: %s: its address is not that of the machine's %s",
                           nodes[range->device].name, config->devices[range->device].name);
    }
    return IS_ENABLED(CONFIG_ITS) ? vm_its_check(config, nodes) : NULL;
}
