/* SPDX-License-Identifier: MIT */
/*
 * See image.h. The trees are made once: an input has many images.
 */
#include "image.h"

#include <string.h>

#include "config/image.h"
#include "fakes/tree.h"
#include "ktf.h"
#include "world.h"

#define FILE_BYTES 0x3000

static const struct tree_node memory_node = {
    .name = "memory@40000000", .reg = {WORLD_RAM, IMAGE_PLAIN_BYTES}, .nr_regs = 1};
static const struct tree_node gic_node = {
    .name = "intc@8000000",
    .compatible = "arm,gic-v3",
    .reg = {0x08000000, 0x10000, 0x080A0000, 0x40000},
    .nr_regs = 2,
};
static const struct tree_node uart_node = {.name = "pl011@9000000",
                                           .compatible = "arm,pl011",
                                           .reg = {0x09000000, 0x1000},
                                           .nr_regs = 1,
                                           .interrupt = {0, 1, 4}};

/* Served by the second VM, and by one that there may be. */
static const struct tree_node served_nodes[] = {
    {.name = "virtio_mmio@a000000",
     .compatible = "virtio,mmio",
     .reg = {0x0A000000, 0x200},
     .nr_regs = 1,
     .interrupt = {0, 16, 1},
     .backend = "second"},
    {.name = "virtio_mmio@a000200",
     .compatible = "virtio,mmio",
     .reg = {0x0A000200, 0x200},
     .nr_regs = 1,
     .interrupt = {0, 17, 1},
     .backend = "b"},
};

static struct tree tree_of(enum image_kind kind)
{
    struct tree tree = {
        .mode = "paravirtual",
        .cells = {2, 2},
        .nr_cpus = 1,
        .initrd = 1,
        .privileged = kind == IMAGE_PRIVILEGED,
        .nodes = {memory_node},
    };

    if (kind == IMAGE_GIC || kind == IMAGE_SERVED) {
        tree.mode = "trap";
        tree.nr_cpus = 2;
        tree.nodes[1] = gic_node;
        tree.nodes[2] = uart_node;
    }
    if (kind == IMAGE_SERVED) {
        tree.nodes[3] = served_nodes[0];
        tree.nodes[4] = served_nodes[1];
    }
    if (kind == IMAGE_PLACED)
        tree.numbers[0] = (struct tree_number){"stile,kernel-address", WORLD_RAM + 0x1000};
    if (kind == IMAGE_LARGE)
        tree.nodes[0].reg[1] = WORLD_QUOTA_MIB * UINT64_C(0x100000) + STILE_PAGE_SIZE;
    if (kind == IMAGE_LITTLE)
        tree.hv_memory_kib = WORLD_LITTLE_KIB / 2;
    if (kind == IMAGE_HEAVY) {
        tree.has_sharing = 1;
        tree.weight = 1000;
        tree.affinity = 2;
        tree.affinity_bytes = sizeof(tree.affinity);
    }
    return tree;
}

/* A tree, whose length is set. */
static const void *tree_made(enum image_kind kind, size_t *bytes)
{
    static _Alignas(8) char trees[IMAGE_NR_KINDS][TREE_BYTES];
    static size_t lengths[IMAGE_NR_KINDS];

    if (lengths[kind] == 0) {
        struct tree tree = tree_of(kind);

        lengths[kind] = tree_make(trees[kind], &tree);
        if (kind == IMAGE_QUOTA)
            lengths[kind] = world_limit(trees[kind]);
    }
    *bytes = lengths[kind];
    return trees[kind];
}

size_t image_make(void *image, enum image_kind kind, unsigned name)
{
    /* "third" has a quota: names of what it makes begin so. */
    static const char *const names[] = {"a",       "b",       "c",       "d",
                                        "third.a", "third.b", "third.c", "third.d",
                                        "third.",  "second",  "third",   "vm"};
    static const struct image_header kernel = {.image_size = FILE_BYTES, .magic = IMAGE_MAGIC};
    struct stile_vm_image made = {.kernel_bytes = FILE_BYTES};
    size_t bytes;
    const void *tree = tree_made(kind, &bytes);

    EXPECT_LE(sizeof(made) + bytes, IMAGE_BYTES_MAX);
    strcpy(made.name, names[name % (sizeof(names) / sizeof(names[0]))]);
    if (kind != IMAGE_PLACED)
        memcpy(made.kernel_start, &kernel, sizeof(kernel));
    if (kind == IMAGE_GIC)
        made.initrd_bytes = FILE_BYTES;
    memcpy(image, &made, sizeof(made));
    memcpy((char *)image + sizeof(made), tree, bytes);
    return sizeof(made) + bytes;
}
