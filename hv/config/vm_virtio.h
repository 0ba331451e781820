/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a VM's tree that stand for virtio devices which other VMs serve: stile,backend.
 */
#ifndef CONFIG_VM_VIRTIO_H
#define CONFIG_VM_VIRTIO_H

#include "config/dt.h"
#include "vm/vm_config.h"

/** The most pools of memory that drivers bounce through (restricted-dma-pool) that are looked at.
 */
#define VM_VIRTIO_POOLS 4

/** Such nodes, until all of the tree is read, which is as long as the tree is there. */
struct vm_virtio_nodes {
    const char *fault; /* the first, or NULL */
    uint32_t nr;
    struct vm_virtio_node {
        const char *name; /* with its unit address */
        struct ipa_range at;
        struct dt_prop backend;
        struct dt_interrupts interrupts;
        struct dt_prop region; /* memory-region: a pool's phandle */
    } nodes[VM_NR_VIRTIO];     /* by their addresses */
    uint32_t nr_pools;
    struct vm_virtio_pool {
        uint32_t phandle;
        struct ipa_range at;
    } pools[VM_VIRTIO_POOLS];
};

/** vm_virtio_read() - keep what there is of a virtio,mmio node with stile,backend */
void vm_virtio_read(struct vm_virtio_nodes *kept, const struct dt_node *node);

/** vm_virtio_read_pool() - keep a restricted-dma-pool */
void vm_virtio_read_pool(struct vm_virtio_nodes *kept, const struct dt_node *node);

/**
 * vm_virtio_add() - add all that was read to what a VM has
 * @config:     has its memory, its UART and its devices of the machine's
 * @controller: the VM's
 *
 * Returns NULL, or a text that says why it cannot be and names the node.
 */
const char *vm_virtio_add(struct vm_config *config, const struct vm_virtio_nodes *nodes,
                          const struct dt_gic *controller);

#endif
