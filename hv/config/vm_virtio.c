/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices that other VMs serve, as a VM's tree asks for them.
 */
#include "config/vm_virtio.h"

#include <string.h>

#include "stile/abi.h"
#include "virt/vconsole.h"
#include "vm/refusal.h"
#include "vm/vgic_state.h"

#define FIRST_SPI 32u

/* Registers, and a configuration behind them (virtio 1.2, 4.2.2); a page at most, as is usual. */
#define LEAST_BYTES UINT64_C(0x200)
#define MOST_BYTES  PAGE_SIZE

void vm_virtio_read(struct vm_virtio_nodes *kept, const struct dt_node *node)
{
    struct vm_virtio_node read = {
        .name = node->name,
        .backend = dt_rare_prop(node, "stile,backend"),
        .interrupts = dt_interrupts(node),
        .region = dt_rare_prop(node, "memory-region"),
    };
    uint32_t at = kept->nr;

    if (kept->nr == VM_NR_VIRTIO) {
        kept->fault = refusal("vm.dtb: %s: more than %d virtio devices that other VMs serve",
                              node->name, VM_NR_VIRTIO);
        return;
    }
    if (!dt_address(node, 0, &read.at.base.ipa, &read.at.bytes))
        read.at.bytes = 0;
    for (; at > 0 && kept->nodes[at - 1].at.base.ipa > read.at.base.ipa; at--)
        kept->nodes[at] = kept->nodes[at - 1];
    kept->nodes[at] = read;
    kept->nr++;
}

void vm_virtio_read_pool(struct vm_virtio_nodes *kept, const struct dt_node *node)
{
    struct vm_virtio_pool pool = {.phandle = dt_phandle(node)};

    if (dt_reg(node, 0, &pool.at.base.ipa, &pool.at.bytes) && kept->nr_pools < VM_VIRTIO_POOLS)
        kept->pools[kept->nr_pools++] = pool;
}

/* --- checks --------------------------------------------------------------------------------- */

static const char *check_place(const struct vm_virtio_nodes *nodes, uint32_t index)
{
    const struct vm_virtio_node *node = &nodes->nodes[index];
    const struct ipa_range *first = &nodes->nodes[0].at;

    if (node->at.bytes < LEAST_BYTES || node->at.bytes > MOST_BYTES)
        return refusal("vm.dtb: %s: its registers do not take 512 to 4096 bytes", node->name);
    if (node->at.bytes != first->bytes)
        return refusal("vm.dtb: %s: devices with stile,backend are not of one size", node->name);
    if (node->at.base.ipa - first->base.ipa != index * first->bytes)
        return refusal("vm.dtb: %s: devices with stile,backend are not one behind the other",
                       node->name);
    return NULL;
}

static const char *take_backend(struct vm_config *config, const struct vm_virtio_node *node,
                                struct vm_virtio *device)
{
    const char *name = node->backend.value;
    uint32_t bytes = node->backend.bytes;

    if (bytes < 2 || bytes > sizeof(device->backend) ||
        memchr(name, '\0', bytes) != name + bytes - 1)
        return refusal("vm.dtb: %s: stile,backend is not the name of a VM", node->name);
    memcpy(device->backend, name, bytes);
    if (strcmp(device->backend, config->name) == 0)
        return refusal("vm.dtb: %s: its stile,backend is the VM itself", node->name);
    return NULL;
}

/* Whether another device of the VM's has an interrupt. */
static bool is_taken(const struct vm_config *config, uint32_t intid)
{
    if (intid == config->uart_intid || intid == VCONSOLE_INTID)
        return true;
    for (uint32_t i = 0; i < config->nr_virtio; i++)
        if (config->virtio[i].intid == intid)
            return true;
    for (uint32_t i = 0; i < config->nr_device_spis; i++)
        if (config->device_spis[i].intid == intid)
            return true;
    return false;
}

static const char *take_interrupt(const struct vm_config *config, const struct vm_virtio_node *node,
                                  const struct dt_gic *controller, struct vm_virtio *device)
{
    device->intid = dt_intid(&node->interrupts, controller, 0);
    if (device->intid < FIRST_SPI || device->intid >= VGIC_NR_INTIDS)
        return refusal("vm.dtb: %s: it has no SPI that the GIC has", node->name);
    if (is_taken(config, device->intid))
        return refusal("vm.dtb: %s: its SPI %u is another device's", node->name,
                       device->intid - FIRST_SPI);
    return NULL;
}

static bool is_memory(const struct vm_config *config, const struct ipa_range *range)
{
    if (range->bytes == 0 || !is_aligned(range->base.ipa | range->bytes, PAGE_SIZE))
        return false;
    for (uint32_t i = 0; i < config->nr_memory; i++) {
        const struct ipa_range *memory = &config->memory[i];

        if (range->base.ipa >= memory->base.ipa && range->bytes <= memory->bytes &&
            range->base.ipa - memory->base.ipa <= memory->bytes - range->bytes)
            return true;
    }
    return false;
}

/* All the VM's memory is what its back end sees, unless it names a pool. */
static const char *take_memory(const struct vm_config *config, const struct vm_virtio_nodes *nodes,
                               const struct vm_virtio_node *node, struct vm_virtio *device)
{
    uint64_t phandle;

    device->memory = (struct ipa_range){ipa_make(0), 0};
    if (!node->region.value)
        return NULL;
    if (!dt_number(node->region, &phandle))
        phandle = 0;
    for (uint32_t i = 0; i < nodes->nr_pools && phandle != 0; i++)
        if (nodes->pools[i].phandle == phandle)
            device->memory = nodes->pools[i].at;
    if (!is_memory(config, &device->memory))
        return refusal("vm.dtb: %s: its memory-region is no restricted-dma-pool with a reg, of "
                       "whole pages in one range of /memory",
                       node->name);
    return NULL;
}

/* How many shares offer all of it: a page each, and the memory once to each back end that sees it.
 */
static uint32_t nr_shares(const struct vm_config *config)
{
    uint32_t nr = config->nr_virtio;

    for (uint32_t i = 0; i < config->nr_virtio; i++) {
        const struct vm_virtio *device = &config->virtio[i];
        uint32_t j = 0;

        while (!(strcmp(config->virtio[j].backend, device->backend) == 0 &&
                 config->virtio[j].memory.base.ipa == device->memory.base.ipa &&
                 config->virtio[j].memory.bytes == device->memory.bytes))
            j++;
        if (j == i)
            nr += device->memory.bytes > 0 ? 1 : config->nr_memory;
    }
    return nr;
}

static const char *add(struct vm_config *config, const struct vm_virtio_nodes *nodes,
                       uint32_t index, const struct dt_gic *controller)
{
    const struct vm_virtio_node *node = &nodes->nodes[index];
    struct vm_virtio *device = &config->virtio[index];
    const char *fault = check_place(nodes, index);

    if (!fault)
        fault = take_backend(config, node, device);
    if (!fault)
        fault = take_interrupt(config, node, controller, device);
    if (!fault)
        fault = take_memory(config, nodes, node, device);
    config->nr_virtio = index + 1;
    return fault;
}

const char *vm_virtio_add(struct vm_config *config, const struct vm_virtio_nodes *nodes,
                          const struct dt_gic *controller)
{
    const char *fault = nodes->fault;

    for (uint32_t i = 0; i < nodes->nr && !fault; i++)
        fault = add(config, nodes, i, controller);
    config->nr_virtio_shares = nr_shares(config);
    if (!fault && config->nr_virtio_shares > STILE_SHARES_MAX)
        fault = refusal("vm.dtb: its virtio devices need %u shares, of %u",
                        config->nr_virtio_shares, STILE_SHARES_MAX);
    if (nodes->nr > 0) {
        config->virtio_bytes = (uint32_t)nodes->nodes[0].at.bytes;
        config->virtio_at =
            (struct ipa_range){nodes->nodes[0].at.base, nodes->nr * nodes->nodes[0].at.bytes};
    }
    return fault;
}
