/* SPDX-License-Identifier: MIT */
/*
 * Devices given to VMs. They are for one at a time, for as long as there is the VM.
 */
#include "life/vm_devices.h"

#include "life/pci.h"
#include "life/vm_msi.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/pcpu.h"
#include "dev/smmu.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vgic/vgic.h"
#include "virt/sriov.h"
#include "virt/vpci.h"
#include "vm/refusal.h"
#include "vm/vm.h"

static bool have_common_streams(const struct vm_config *a, const struct vm_config *b)
{
    return a->nr_streams > 0 && b->nr_streams > 0 &&
           a->first_stream < b->first_stream + b->nr_streams &&
           b->first_stream < a->first_stream + a->nr_streams;
}

static bool have_common_functions(const struct vm_config *a, const struct vm_config *b)
{
    for (uint32_t i = 0; i < vm_config_nr_virtual(a); i++)
        for (uint32_t j = 0; j < vm_config_nr_virtual(b); j++)
            if (a->virtuals.machine.pa == b->virtuals.machine.pa &&
                a->virtuals.ids[i] == b->virtuals.ids[j])
                return true;
    return false;
}

/*
 * Which device of @config's has registers, an interrupt, a stream or a function of one of @other's,
 * or NULL.
 */
static const char *find_common(const struct vm_config *config, const struct vm_config *other)
{
    if (have_common_streams(config, other) || have_common_functions(config, other))
        return config->devices[0].name;
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *range = &config->device_ranges[i];

        for (uint32_t j = 0; j < other->nr_device_ranges; j++) {
            const struct vm_device_range *taken = &other->device_ranges[j];
            if (!range->is_its && !range->is_shown && !taken->is_shown &&
                range->pa.pa < taken->pa.pa + taken->at.bytes &&
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
    const char *fault;

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
    fault = IS_ENABLED(CONFIG_ITS) ? vm_msi_check(&vm->config) : NULL;
    return fault || !IS_ENABLED(CONFIG_SRIOV) ? fault : sriov_check(&vm->config);
}

void vm_devices_say(const struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_devices; i++) {
        const struct vm_device *device = &vm->config.devices[i];

        log_info("%s: has %sthe machine's %s%s", vm->config.name,
                 vm_config_nr_virtual(&vm->config) > 0 && vm->config.virtuals.device == i
                     ? "virtual functions behind "
                     : "",
                 device->name, device->has_clocks ? ", whose clocks stay as they are" : "");
        if (device->has_dma)
            log_warn("%s: by DMA of %s it can write to all memory, the hypervisor's too",
                     vm->config.name, device->name);
    }
}

/* So that EL2 is not held long. */
#define FAULTS_A_TURN 32u

/* By number - 1. */
static struct dma {
    struct smmu_tables tables;
    uint32_t nr_faults;
    bool is_told; /* that streams are ended */
} dma[CONFIG_NR_VMS];

static bool has_streams(const struct vm *vm)
{
    return vm_config_has_streams(&vm->config);
}

bool vm_devices_alloc(struct vm *vm)
{
    struct smmu_tables *tables = &dma[vm->id - 1].tables;

    if (IS_ENABLED(CONFIG_ITS) && !vm_msi_alloc(vm))
        return false;

    *tables = (struct smmu_tables){NULL, NULL};
    if (!has_streams(vm))
        return true;
    tables->context = page_alloc(vm->id, PAGE_ORDER_4K);
    if (vm->config.nr_streams > 0)
        tables->streams = page_alloc(vm->id, SMMU_TABLE_ORDER);
    return tables->context && (tables->streams || vm->config.nr_streams == 0);
}

void vm_devices_free(struct vm *vm)
{
    struct smmu_tables *tables = &dma[vm->id - 1].tables;

    if (IS_ENABLED(CONFIG_ITS))
        vm_msi_free(vm);

    if (tables->streams)
        page_free(tables->streams, SMMU_TABLE_ORDER);
    if (tables->context)
        page_free(tables->context, PAGE_ORDER_4K);
    *tables = (struct smmu_tables){NULL, NULL};
}

static void attach(struct vm *vm)
{
    struct dma *its = &dma[vm->id - 1];

    its->nr_faults = 0;
    its->is_told = false;
    if (vm->config.nr_streams > 0)
        smmu_attach(vm->id, vm->config.first_stream, vm->config.nr_streams, &its->tables,
                    stage2_dma_root(&vm->stage2));
    vpci_attach(vm, its->tables.context);
}

static const char *name_of(uint32_t type)
{
    if (type == SMMU_NOT_ALLOWED)
        return "not allowed";
    return type == SMMU_NOT_MAPPED || type == SMMU_NO_ADDRESS ? "nothing is there" : "refused";
}

/* Of a VM that may be about to end, but whose streams are its own still. */
static void fault(const struct smmu_event *event)
{
    const struct console_port *port = &vm_slot(event->vm_id)->console.port;
    const char *name = vm_slot(event->vm_id)->config.name;
    struct dma *its = &dma[event->vm_id - 1];

    its->nr_faults++;
    if (its->nr_faults == 1 && !port->quiet)
        printk_guest("%s: a device, stream %x, wanted to %s %lx: %s (%x)", name, event->stream,
                     event->is_write ? "write" : "read", event->address, name_of(event->type),
                     event->type);
    if (its->nr_faults <= VM_DEVICES_FAULTS || !smmu_end_stream(event->stream))
        return;
    if (!its->is_told && !port->quiet)
        printk_guest("%s: %u times by now, and stream %x again: it is ended, as others will be",
                     name, VM_DEVICES_FAULTS, event->stream);
    its->is_told = true;
}

bool vm_devices_faults(void)
{
    struct smmu_event event;

    for (unsigned i = 0; i < FAULTS_A_TURN; i++) {
        if (!smmu_next_event(&event))
            return i > 0;
        if (event.vm_id != 0)
            fault(&event);
    }
    gic_send_sgi(pcpu_self()->index, IRQ_DEVICES);
    return true;
}

/* Of a doorbell, that is in the first page. */
static bool map_range(struct vm *vm, const struct vm_device_range *range)
{
    const uint32_t rights = STAGE2_READ | STAGE2_WRITE;
    uint64_t before = range->is_doorbell ? PAGE_SIZE : 0;

    if (before > 0 &&
        stage2_map_doorbell(&vm->stage2, range->at.base, range->pa, rights) != STILE_SUCCESS)
        return false;
    return before == range->at.bytes ||
           stage2_map(&vm->stage2, ipa_make(range->at.base.ipa + before), pa_add(range->pa, before),
                      range->at.bytes - before, STAGE2_DEVICE | rights) == STILE_SUCCESS;
}

/* Not mapped, or mapped later: virt/vpci.h. */
static bool is_shown(const struct vm_config *config, uint32_t range)
{
    return config->device_ranges[range].is_shown ||
           (vm_config_nr_physical(config) > 0 && range == config->physical_range);
}

const char *vm_devices_map(struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_device_ranges; i++) {
        const struct vm_device_range *range = &vm->config.device_ranges[i];

        if (!range->is_its && !is_shown(&vm->config, i) && !map_range(vm, range))
            return refusal("the machine's %s cannot be mapped for it",
                           vm->config.devices[range->device].name);
    }
    if (IS_ENABLED(CONFIG_ITS) && !vm_msi_map(vm))
        return "the ITS's doorbell cannot be mapped for it";
    return IS_ENABLED(CONFIG_SRIOV) ? vpci_init(vm) : NULL;
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

static void quiet_virtual(const struct vm *vm)
{
    uint32_t nr = vpci_quiet(vm);

    if (nr > 0 && !vm->console.port.quiet)
        printk_guest("%s: virtual functions that were bus masters: %u", vm->config.name, nr);
}

bool vm_devices_quiet(const struct vm *vm, uint32_t *done)
{
    uint32_t nr;
    pa_t bus;

    if (vm_config_nr_virtual(&vm->config) > 0)
        quiet_virtual(vm);
    if (!IS_ENABLED(CONFIG_DEVICES) || !find_bus(&vm->config, *done, &bus))
        return false;
    nr = pci_quiet_bus(bus);
    if (nr > 0 && !vm->console.port.quiet)
        printk_guest("%s: PCI functions that were bus masters, of bus %u: %u", vm->config.name,
                     *done, nr);
    ++*done;
    return true;
}

void vm_devices_start(struct vm *vm)
{
    if (has_streams(vm))
        attach(vm);
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < vm->config.nr_device_spis; i++) {
        const struct vm_device_spi *spi = &vm->config.device_spis[i];

        vgic_link(vm, spi->intid, spi->phys, spi->edge);
    }
}

void vm_devices_stop(struct vm *vm)
{
    if (IS_ENABLED(CONFIG_DEVICES) && vm->config.nr_device_spis > 0)
        vgic_unlink(vm);
    if (IS_ENABLED(CONFIG_ITS))
        vm_msi_stop(vm);
    if (!has_streams(vm))
        return;
    if (vm_config_nr_virtual(&vm->config) > 0)
        quiet_virtual(vm);
    smmu_detach(vm->id);
    if (dma[vm->id - 1].nr_faults > 0 && !vm->console.port.quiet)
        printk_guest("%s: accesses of its devices that were refused: %u", vm->config.name,
                     dma[vm->id - 1].nr_faults);
}
