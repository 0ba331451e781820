/* SPDX-License-Identifier: MIT */
#include "config/vm_sriov.h"

#include "config/vm_range.h"
#include "dev/pci_config.h"
#include "lib/is_enabled.h"
#include "vm/refusal.h"

#define CELL_BYTES 4u

/* stile,physical-functions: a routing ID, and an address of two cells. */
#define PHYSICAL_CELLS 3u

/* Memory, whether of 32 or of 64 bits. */
#define SPACE_MEMORY UINT32_C(0x02000000)

/* What both properties are refused for. */
static const char *check_node(const struct vm_device_node *node,
                              const struct machine_device *device)
{
    if (!IS_ENABLED(CONFIG_SRIOV))
        return refusal("vm.dtb: %s: the hypervisor was built without virtual functions for VMs, "
                       "of the machine's %s",
                       node->name, device->name);
    if (!device->is_pci || node->has_dma)
        return refusal("vm.dtb: %s: the machine's %s is no PCI host bridge behind an SMMU, which "
                       "functions of several VMs need",
                       node->name, device->name);
    if (node->physical.value && node->virtuals.value)
        return refusal("vm.dtb: %s: the machine's %s has both stile,physical-functions and "
                       "stile,virtual-functions here",
                       node->name, device->name);
    return NULL;
}

/* --- a bridge less some functions ------------------------------------------------------------ */

/* The window of the machine's bridge that an address is in, or NULL. */
static const struct machine_device_range *window_with(const struct machine_device *device,
                                                      uint64_t pci)
{
    for (uint32_t i = device->nr_regs; i < device->nr_ranges; i++) {
        const struct dt_window *window = &device->ranges[i].window;

        if ((window->space & SPACE_MEMORY) && pci - window->pci < window->bytes)
            return &device->ranges[i];
    }
    return NULL;
}

/* Whether a function is in the configuration space that the VM has, and a stream. */
static bool is_behind(const struct vm_config *config, uint32_t id)
{
    const struct vm_device_range *range = &config->device_ranges[config->physical_range];

    return id < range->at.bytes / PCI_FUNCTION_BYTES && id < config->nr_streams;
}

static const char *add_one(struct vm_config *config, const struct vm_device_node *node,
                           const struct machine_device *device, uint32_t id, uint64_t pci)
{
    const struct machine_device_range *range = window_with(device, pci);
    uint64_t inside = range ? pci - range->window.pci : 0;

    if (!range || (range->pages.base.pa + range->offset + inside) % PAGE_SIZE != 0 ||
        pci % PAGE_SIZE != 0)
        return refusal("vm.dtb: %s: of its stile,physical-functions, %lx is no page of a window of "
                       "the machine's %s",
                       node->name, pci, device->name);
    if (!is_behind(config, id))
        return refusal("vm.dtb: %s: of its stile,physical-functions, %x is not behind the part of "
                       "the machine's %s that the VM has",
                       node->name, id, device->name);
    config->physical[config->nr_physical++] = (struct vm_physical){
        .id = (uint16_t)id,
        .pci = pci,
        .pa = pa_add(range->pages.base, range->offset + inside),
        .bytes = range->window.bytes - inside,
    };
    return NULL;
}

const char *vm_sriov_add_physical(struct vm_config *config, const struct vm_device_node *node,
                                  const struct machine_device *device)
{
    uint32_t nr = node->physical.bytes / (PHYSICAL_CELLS * CELL_BYTES);
    const char *fault = check_node(node, device);

    if (fault)
        return fault;
    if (nr == 0 || nr > VM_NR_PHYSICAL || node->physical.bytes % (PHYSICAL_CELLS * CELL_BYTES) != 0)
        return refusal("vm.dtb: %s: its stile,physical-functions, behind the machine's %s, are not "
                       "1 to %d of %u cells",
                       node->name, device->name, VM_NR_PHYSICAL, PHYSICAL_CELLS);
    for (uint32_t i = 0; i < config->nr_device_ranges; i++)
        if (config->device_ranges[i].is_config &&
            config->device_ranges[i].device == config->nr_devices)
            config->physical_range = i;
    for (uint32_t i = 0; i < nr && !fault; i++)
        fault = add_one(config, node, device,
                        (uint32_t)dt_number_at(node->physical, i * PHYSICAL_CELLS, 1),
                        dt_number_at(node->physical, i * PHYSICAL_CELLS + 1, 2));
    return fault;
}

/* --- virtual functions ----------------------------------------------------------------------- */

static const char *add_ids(struct vm_virtual *virtuals, const struct vm_device_node *node,
                           const struct machine_device *device)
{
    uint32_t nr = node->virtuals.bytes / CELL_BYTES;

    if (nr == 0 || nr > VM_NR_VIRTUAL || node->virtuals.bytes % CELL_BYTES != 0)
        return refusal("vm.dtb: %s: its stile,virtual-functions, behind the machine's %s, are not "
                       "1 to %d",
                       node->name, device->name, VM_NR_VIRTUAL);
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t id = (uint32_t)dt_number_at(node->virtuals, i, 1);

        for (uint32_t j = 0; j < i; j++)
            if (virtuals->ids[j] == id)
                id = UINT32_MAX;
        if (id >= device->streams.nr || id >= device->ranges[0].pages.bytes / PCI_FUNCTION_BYTES)
            return refusal("vm.dtb: %s: its virtual function %u is not behind the machine's %s, or "
                           "is another one, too",
                           node->name, i, device->name);
        virtuals->ids[i] = (uint16_t)id;
    }
    virtuals->nr = nr;
    return NULL;
}

/* Where the VM has its bridge's configuration space and window, which the machine's says nothing
 * of. */
static const char *place_bridge(struct vm_virtual *virtuals, const struct vm_device_node *node,
                                const struct machine_device *device)
{
    const struct dt_window *window = &node->windows[0];

    virtuals->config = node->regs[0];
    virtuals->window = (struct ipa_range){ipa_make(window->base), window->bytes};
    virtuals->window_pci = window->pci;
    if (node->nr_regs != 1 || virtuals->config.bytes == 0 ||
        (virtuals->config.base.ipa % PAGE_SIZE | virtuals->config.bytes % PCI_BUS_BYTES) != 0)
        return refusal("vm.dtb: %s: its configuration space, for functions of the machine's %s, is "
                       "not of whole buses",
                       node->name, device->name);
    if (node->nr_windows != 1 || !(window->space & SPACE_MEMORY) || window->bytes == 0 ||
        (window->base | window->pci | window->bytes) % PAGE_SIZE != 0)
        return refusal("vm.dtb: %s: for functions of the machine's %s it has not one window, of "
                       "memory in whole pages",
                       node->name, device->name);
    return NULL;
}

const char *vm_sriov_add_virtual(struct vm_config *config, const struct vm_device_node *node,
                                 const struct machine_device *device)
{
    struct vm_virtual virtuals = {.device = config->nr_devices,
                                  .machine = device->ranges[0].pages.base};
    struct vm_device_range range = {.device = config->nr_devices, .is_shown = true};
    const char *fault = check_node(node, device);

    if (!fault)
        fault = add_ids(&virtuals, node, device);
    if (!fault)
        fault = place_bridge(&virtuals, node, device);
    if (fault)
        return fault;
    config->virtuals = virtuals;
    range.at = virtuals.config;
    fault = vm_range_add(config, &range, node->name);
    range.at = virtuals.window;
    return fault ? fault : vm_range_add(config, &range, node->name);
}
