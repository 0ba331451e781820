/* SPDX-License-Identifier: MIT */
/*
 * Devices given to VMs. They are for one at a time, for as long as there is the VM.
 */
#include "life/vm_devices.h"

#include "life/pci.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "mm/stage2.h"
#include "vgic/vgic.h"
#include "vm/refusal.h"
#include "vm/vm.h"

/* Which device of @config's has registers or an interrupt of one of @other's; NULL if none. */
static const char *find_common(const struct vm_config *config, const struct vm_config *other)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *range = &config->device_ranges[i];

        for (uint32_t j = 0; j < other->nr_device_ranges; j++) {
            const struct vm_device_range *taken = &other->device_ranges[j];
            if (range->pa.pa < taken->pa.pa + taken->at.bytes &&
                taken->pa.pa < range->pa.pa + range->at.bytes)
                return config->devices[range->device].name;
        }
    }
    for (uint32_t i = 0; i < config->nr_device_spis; i++)
        for (uint32_t j = 0; j < other->nr_device_spis; j++)
            if (config->device_spis[i].phys == other->device_spis[j].phys)
                return config->devices[config->device_spis[i].device].name;
    return NULL;
}

const char *vm_devices_check(const struct vm *vm)
{
    if (!IS_ENABLED(CONFIG_DEVICES) || vm->config.nr_devices == 0)
        return NULL;
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        const struct vm *other = vm_slot(id);
        const char *common;

        if (other == vm || other->state == VM_OFF)
            continue;
        common = find_common(&vm->config, &other->config);
        if (common)
            return refusal("vm.dtb: the machine's %s is %s's", common, other->config.name);
    }
    return NULL;
}

void vm_devices_say(const struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_devices; i++) {
        const struct vm_device *device = &vm->config.devices[i];

        log_info("%s: has the machine's %s%s", vm->config.name, device->name,
                 device->has_clocks ? ", whose clocks stay as they are" : "");
        if (device->has_dma)
            log_warn("%s: by DMA of %s it can write to all memory, the hypervisor's too",
                     vm->config.name, device->name);
    }
}

const char *vm_devices_map(struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_device_ranges; i++) {
        const struct vm_device_range *range = &vm->config.device_ranges[i];

        if (stage2_map(&vm->stage2, range->at.base, range->pa, range->at.bytes,
                       STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE) != STILE_SUCCESS)
            return refusal("the machine's %s cannot be mapped for it",
                           vm->config.devices[range->device].name);
    }
    return NULL;
}

/* The @index-th bus of those behind all bridges; false if there are fewer. */
static bool find_bus(const struct vm_config *config, uint32_t index, pa_t *bus)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *range = &config->device_ranges[i];
        uint64_t nr = range->is_config ? range->at.bytes / PCI_BUS_BYTES : 0;

        if (index < nr) {
            *bus = pa_add(range->pa, index * PCI_BUS_BYTES);
            return true;
        }
        index -= (uint32_t)nr;
    }
    return false;
}

bool vm_devices_quiet(const struct vm *vm, uint32_t *done)
{
    uint32_t nr;
    pa_t bus;

    if (!IS_ENABLED(CONFIG_DEVICES) || !find_bus(&vm->config, *done, &bus))
        return false;
    nr = pci_quiet_bus(bus);
    if (nr > 0)
        log_info("%s: PCI functions that were bus masters, of bus %u: %u", vm->config.name, *done,
                 nr);
    ++*done;
    return true;
}

void vm_devices_start(struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_device_spis; i++) {
        const struct vm_device_spi *spi = &vm->config.device_spis[i];

        vgic_link(vm, spi->intid, spi->phys, spi->edge);
    }
}

void vm_devices_stop(struct vm *vm)
{
    if (IS_ENABLED(CONFIG_DEVICES) && vm->config.nr_device_spis > 0)
        vgic_unlink(vm);
}
