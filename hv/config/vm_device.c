/* SPDX-License-Identifier: MIT */
/*
 * What a VM's tree says of a device, beside what the machine's says of it.
 */
#include "config/vm_device.h"

#include "dev/gic.h"
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
        .nr_ranges = nr,
        .interrupts = dt_interrupts(node),
    };
    for (uint32_t i = 0; i < nr && i < MACHINE_DEVICE_RANGES; i++)
        if (!dt_address(node, i, &kept->ranges[i].base.ipa, &kept->ranges[i].bytes))
            kept->ranges[i].bytes = 0;
}

/* Where the VM has a range: the registers are as far into a page as in the machine. */
static bool place_range(struct ipa_range *at, const struct ipa_range *wanted, uint64_t offset,
                        uint64_t bytes)
{
    if (wanted->bytes == 0 || wanted->base.ipa % PAGE_SIZE != offset ||
        wanted->bytes > bytes - offset)
        return false;
    *at = (struct ipa_range){ipa_make(wanted->base.ipa - offset), bytes};
    return true;
}

/* Whether the VM has the same pages, at the same place, for a device that has others' beside it. */
static bool has_range(const struct vm_config *config, const struct vm_device_range *range)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *had = &config->device_ranges[i];

        if (had->pa.pa == range->pa.pa && had->at.base.ipa == range->at.base.ipa &&
            had->at.bytes == range->at.bytes)
            return true;
    }
    return false;
}

static const char *add_range(struct vm_config *config, const struct vm_device_range *range,
                             const char *name)
{
    if (has_range(config, range))
        return NULL;
    if (config->nr_device_ranges == VM_NR_DEVICE_RANGES)
        return refusal("vm.dtb: %s: more than %d ranges of devices", name, VM_NR_DEVICE_RANGES);
    config->device_ranges[config->nr_device_ranges++] = *range;
    return NULL;
}

static const char *add_ranges(struct vm_config *config, const struct vm_device_node *node,
                              const struct machine_device *device)
{
    const char *fault = NULL;

    if (node->nr_ranges != device->nr_ranges)
        return refusal("vm.dtb: %s: its reg has %u ranges, that of the machine's %s %u", node->name,
                       node->nr_ranges, device->name, device->nr_ranges);
    for (uint32_t i = 0; i < device->nr_ranges && !fault; i++) {
        struct vm_device_range range = {.pa = device->ranges[i].pages.base,
                                        .device = config->nr_devices};

        if (!place_range(&range.at, &node->ranges[i], device->ranges[i].offset,
                         device->ranges[i].pages.bytes))
            return refusal("vm.dtb: %s: its range %u is larger than that of the machine's %s, or "
                           "elsewhere in a page",
                           node->name, i, device->name);
        fault = add_range(config, &range, node->name);
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

static const char *add_spis(struct vm_config *config, const struct vm_device_node *node,
                            const struct machine_device *device, const struct dt_gic *controller)
{
    if (dt_intid(&node->interrupts, controller, device->nr_spis) != 0)
        return refusal("vm.dtb: %s: it has more interrupts than the machine's %s", node->name,
                       device->name);
    for (uint32_t i = 0; i < device->nr_spis; i++) {
        uint32_t intid = dt_intid(&node->interrupts, controller, i);

        if (intid == 0 && i > 0)
            break; /* it does without the others */
        if (intid < GIC_FIRST_SPI || intid >= VGIC_NR_INTIDS || has_spi(config, intid))
            return refusal("vm.dtb: %s: its interrupt %u, of the machine's %s, is no SPI below %d, "
                           "or another device's",
                           node->name, i, device->name, VGIC_NR_SPIS);
        if (config->nr_device_spis == VM_NR_DEVICE_SPIS)
            return refusal("vm.dtb: %s: more than %d interrupts of devices", node->name,
                           VM_NR_DEVICE_SPIS);
        config->device_spis[config->nr_device_spis++] = (struct vm_device_spi){
            .intid = (uint16_t)intid,
            .phys = (uint16_t)device->spis[i].intid,
            .edge = device->spis[i].edge,
            .device = config->nr_devices,
        };
    }
    return NULL;
}

/* Names are in the machine's tree: the same one is the same node's. */
static bool has_device(const struct vm_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->nr_devices; i++)
        if (config->devices[i].name == name)
            return true;
    return false;
}

const char *vm_device_add(struct vm_config *config, const struct vm_device_node *node,
                          const struct dt_gic *controller)
{
    struct machine_device device;
    const char *fault;

    if (node->has_no_dma == node->has_dma)
        return refusal("vm.dtb: %s: it says neither stile,no-dma nor stile,trusted-dma, or both",
                       node->name);
    fault = machine_device_find(node->name, node->path, node->has_no_dma, &device);
    if (fault)
        return fault;
    if (has_device(config, device.name))
        return refusal("vm.dtb: %s: the machine's %s is another node's already", node->name,
                       device.name);
    if (!vm_config_has_gic(config) && device.nr_spis > 0)
        return refusal("vm.dtb: %s: the machine's %s has interrupts, which need a GIC", node->name,
                       device.name);
    fault = add_ranges(config, node, &device);
    if (!fault)
        fault = add_spis(config, node, &device, controller);
    config->devices[config->nr_devices++] = (struct vm_device){
        .name = device.name, .has_clocks = device.has_clocks, .has_dma = node->has_dma};
    config->one_to_one |= node->has_dma;
    return fault;
}
