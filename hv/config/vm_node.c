/* SPDX-License-Identifier: MIT */
/*
 * The node in a VM's tree that says that there is Stile: docs/bindings/stile,hypervisor.yaml. It is
 * put in as a whole, as the root's last: libfdt's calls, which move all that is behind for each
 * property, took a fifth of the time from power-on to a VM's first instruction.
 */
#include "config/vm_node.h"

#include <string.h>

#include <libfdt.h>

#include "memory/vm_pages.h"
#include "vm/vgic_state.h"

/* Its unit address is that of the first page. */
#define NODE_NAME "hypervisor@b000000"
_Static_assert(VM_PAGE_IPA == 0x0B000000, "the node's unit address");

/* An interrupt as the GICs' bindings have it: a PPI, its number, rising edge, perhaps more: 0. */
#define GIC_PPI         1
#define GIC_FIRST_PPI   16
#define GIC_EDGE_RISING 1
#define GIC_CELLS_LEAST 3
#define GIC_CELLS_MAX   6

#define NODE_RANGES 4
#define MAX_CELLS   2

/* The names of its properties, which are appended to the tree's strings. */
static const struct names {
    char compatible[sizeof("compatible")];
    char method[sizeof("method")];
    char reg[sizeof("reg")];
    char reg_names[sizeof("reg-names")];
    char interrupts[sizeof("interrupts")];
} node_names = {"compatible", "method", "reg", "reg-names", "interrupts"};

/* The first version whose header tells how long the structure block is. */
#define OLDEST_WRITTEN 17

#define WORD_BYTES ((uint32_t)FDT_TAGSIZE)

/* What a tree's structure ends with: the root's end, and its own. */
#define LAST_TAGS 2

/** The node, in the structure block's words. */
struct node {
    uint32_t strings; /* where the names are in the tree's strings */
    uint32_t nr_words;
    fdt32_t words[64];
};

/* --- the node ------------------------------------------------------------------------------ */

static void put_word(struct node *node, uint32_t word)
{
    node->words[node->nr_words++] = cpu_to_fdt32(word);
}

/* What is not a multiple of four bytes is filled up with zeros. */
static void put_bytes(struct node *node, const void *from, uint32_t bytes)
{
    memcpy(&node->words[node->nr_words], from, bytes);
    node->nr_words += (bytes + WORD_BYTES - 1) / WORD_BYTES;
}

/* Begins a property. @name: of struct names, by its offset. */
static void put_prop(struct node *node, size_t name, uint32_t bytes)
{
    put_word(node, FDT_PROP);
    put_word(node, bytes);
    put_word(node, node->strings + (uint32_t)name);
}

/* A number, in as many cells as numbers have here. */
static void put_number(struct node *node, uint32_t cells, uint64_t number)
{
    if (cells == MAX_CELLS)
        put_word(node, (uint32_t)(number >> 32));
    put_word(node, (uint32_t)number);
}

static void put_ranges(struct node *node, const struct vm_config *config)
{
    static const char list[] = "vm\0vcpus\0console\0mailboxes";
    const uint64_t ranges[NODE_RANGES][2] = {
        {VM_PAGE_IPA, PAGE_SIZE},
        {VM_VCPU_PAGE_IPA(0), config->nr_vcpus * PAGE_SIZE},
        {VM_RING_IPA, PAGE_SIZE},
        {VM_MAILBOX_IPA(0), config->nr_vcpus * PAGE_SIZE},
    };
    uint32_t cells = NODE_RANGES * (config->address_cells + config->size_cells);

    put_prop(node, offsetof(struct names, reg), cells * WORD_BYTES);
    for (int i = 0; i < NODE_RANGES; i++) {
        put_number(node, config->address_cells, ranges[i][0]);
        put_number(node, config->size_cells, ranges[i][1]);
    }
    put_prop(node, offsetof(struct names, reg_names), sizeof(list));
    put_bytes(node, list, sizeof(list));
}

/* Where the GIC is the root's interrupt parent, as in most trees; else the node has none. */
static void put_interrupt(struct node *node, const struct vm_config *config)
{
    const fdt32_t cells[GIC_CELLS_MAX] = {cpu_to_fdt32(GIC_PPI),
                                          cpu_to_fdt32(VGIC_EVENT_INTID - GIC_FIRST_PPI),
                                          cpu_to_fdt32(GIC_EDGE_RISING)};
    uint32_t nr = config->interrupt_cells; /* anything, as the tree has it */

    if (nr < GIC_CELLS_LEAST || nr > GIC_CELLS_MAX)
        return;
    put_prop(node, offsetof(struct names, interrupts), nr * WORD_BYTES);
    put_bytes(node, cells, nr * WORD_BYTES);
}

static void fill(struct node *node, const struct vm_config *config)
{
    static const char compatible[] = "stile,hypervisor";
    static const char method[] = "hvc";

    put_word(node, FDT_BEGIN_NODE);
    put_bytes(node, NODE_NAME, sizeof(NODE_NAME));
    put_prop(node, offsetof(struct names, compatible), sizeof(compatible));
    put_bytes(node, compatible, sizeof(compatible));
    put_prop(node, offsetof(struct names, method), sizeof(method));
    put_bytes(node, method, sizeof(method));
    put_ranges(node, config);
    put_interrupt(node, config);
    put_word(node, FDT_END_NODE);
}

/* --- the tree ------------------------------------------------------------------------------ */

/*
 * Where the node goes: before the end of the root, which is the last of the structure block. 0 if
 * the blocks are not in the order that dtc and libfdt have them in, or there are tags behind.
 */
static uint32_t node_place(const char *tree)
{
    uint32_t end = fdt_off_dt_struct(tree) + fdt_size_dt_struct(tree);
    const fdt32_t last[LAST_TAGS] = {cpu_to_fdt32(FDT_END_NODE), cpu_to_fdt32(FDT_END)};

    if (fdt_version(tree) < OLDEST_WRITTEN || fdt_size_dt_struct(tree) < sizeof(last) ||
        fdt_off_mem_rsvmap(tree) > fdt_off_dt_struct(tree) || fdt_off_dt_strings(tree) < end ||
        memcmp(tree + end - sizeof(last), last, sizeof(last)) != 0)
        return 0;
    return end - (uint32_t)sizeof(last);
}

void vm_node_add(const struct vm_config *config, void *tree)
{
    uint32_t strings_end = fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree);
    struct node node = {.strings = fdt_size_dt_strings(tree)};
    char *at = (char *)tree + node_place(tree);
    uint32_t bytes;

    if (at == tree || config->has_node)
        return;
    fill(&node, config);
    bytes = node.nr_words * WORD_BYTES;
    if (fdt_totalsize(tree) - strings_end < bytes + sizeof(node_names))
        return;
    memmove(at + bytes, at, (size_t)((char *)tree + strings_end - at));
    memcpy(at, node.words, bytes);
    memcpy((char *)tree + strings_end + bytes, &node_names, sizeof(node_names));
    fdt_set_size_dt_struct(tree, fdt_size_dt_struct(tree) + bytes);
    fdt_set_off_dt_strings(tree, fdt_off_dt_strings(tree) + bytes);
    fdt_set_size_dt_strings(tree, fdt_size_dt_strings(tree) + (uint32_t)sizeof(node_names));
}
