/* SPDX-License-Identifier: MIT */
/*
 * A walk over libfdt's tags, and the properties that mean something together with others.
 */
#include "config/dt.h"

#include <string.h>

#include <libfdt.h>

#define CELL_BYTES 4u

/* Devicetree Specification 2.3.5: what holds if a parent does not say. */
#define DEFAULT_ADDRESS_CELLS 2u
#define DEFAULT_SIZE_CELLS    1u

/* The PCI binding: what kind of space, and a number of two cells. */
#define PCI_ADDRESS_CELLS 3u

/* The most cells that tell whose an interrupt of a map is. */
#define KEY_CELLS_MAX 6u

/* The GIC's binding: type, number, flags, perhaps more. */
#define INTERRUPT_CELLS 3u
#define INTERRUPT_SPI   0u
#define INTERRUPT_PPI   1u
#define FIRST_PPI       16u
#define FIRST_SPI       32u
#define NR_SPIS         988u
#define INTERRUPT_EDGE  3u /* of the flags: rising, falling */

/* The first whose properties are as they are today. */
#define OLDEST_VERSION 16u

/* Before this one libfdt takes all that is behind the beginning of the names for names. */
#define BOUNDED_VERSION 17u

static const struct {
    const char *name;
    uint32_t bytes; /* with the terminator */
} prop_names[DT_NR_PROPS] = {
#define DT_PROP_NAME(identifier, name) {name, sizeof(name)},
    DT_PROPS(DT_PROP_NAME)
#undef DT_PROP_NAME
};

/* --- the tree ------------------------------------------------------------------------------ */

bool dt_is_tree(const void *fdt)
{
    return fdt_check_header(fdt) == 0 && fdt_version(fdt) >= OLDEST_VERSION;
}

enum dt_fault dt_check(const void *fdt, size_t bytes)
{
    if (bytes < sizeof(struct fdt_header))
        return DT_CUT_SHORT;
    if (!dt_is_tree(fdt))
        return DT_NO_TREE;
    if (fdt_totalsize(fdt) > bytes)
        return DT_CUT_SHORT;
    return fdt_check_full(fdt, bytes) == 0 ? DT_SOUND : DT_BROKEN;
}

bool dt_has_short_names(const void *fdt, size_t bytes)
{
    const char *names = fdt;
    uint32_t run = 0, first, nr;

    if (bytes < sizeof(struct fdt_header))
        return true;
    first = fdt_off_dt_strings(fdt);
    nr = fdt_size_dt_strings(fdt);
    if (first > bytes || nr > bytes - first)
        return true;
    if (fdt_version(fdt) < BOUNDED_VERSION)
        nr = (uint32_t)bytes - first;
    for (uint32_t i = 0; i < nr && run <= DT_NAME_MAX; i++)
        run = names[first + i] == '\0' ? 0 : run + 1;
    return run <= DT_NAME_MAX;
}

/* Which of DT_PROPS has its name at @offset of the tree's strings, or DT_NR_PROPS. */
static uint32_t prop_named(uint64_t letters, const void *fdt, uint32_t offset)
{
    const char *name = (const char *)fdt + fdt_off_dt_strings(fdt) + offset;
    uint64_t rest = fdt_totalsize(fdt) - fdt_off_dt_strings(fdt);
    uint32_t i;

    if (offset >= rest)
        return DT_NR_PROPS;
    if (!(letters >> (*name & 63) & 1))
        return DT_NR_PROPS;
    for (i = 0; i < DT_NR_PROPS; i++)
        if (*name == *prop_names[i].name && prop_names[i].bytes <= rest - offset &&
            memcmp(prop_names[i].name, name, prop_names[i].bytes) == 0)
            break;
    return i;
}

/**
 * Names that were looked for, by where they are in the tree's strings: mostly, all properties of a
 * name share one. So a name is compared once, however many nodes have it.
 */
#define NR_KNOWN 128u
struct known {
    uint64_t letters; /* the first ones of DT_PROPS, a bit for each, by its lowest six bits */
    uint32_t offset[NR_KNOWN]; /* and 1; 0: none */
    uint8_t index[NR_KNOWN];   /* as of prop_named() */
};

_Static_assert(DT_NR_PROPS <= UINT8_MAX, "an index is a byte");

static uint32_t prop_known(struct known *known, const void *fdt, uint32_t offset)
{
    uint32_t slot = (offset ^ offset / NR_KNOWN) % NR_KNOWN;

    if (known->offset[slot] != offset + 1 || offset == UINT32_MAX) {
        known->index[slot] = (uint8_t)prop_named(known->letters, fdt, offset);
        known->offset[slot] = offset + 1;
    }
    return known->index[slot];
}

/* What is at an offset where fdt_next_tag() has found a tag, and all that belongs to it. */
static const char *in_struct(const void *fdt, int offset)
{
    return (const char *)fdt + fdt_off_dt_struct(fdt) + offset;
}

/* The node keeps the property at @offset, where fdt_next_tag() found it, if it is one of DT_PROPS.
 */
static void keep_prop(struct known *known, struct dt_node *node, int offset)
{
    const struct fdt_property *prop = (const void *)in_struct(node->fdt, offset);
    uint32_t index = prop_known(known, node->fdt, fdt32_ld(&prop->nameoff));

    if (index == DT_NR_PROPS)
        return;
    node->props[index] = (uint32_t)(prop->data - (const char *)node->fdt);
}

/* Tells of the node whose properties have all been seen, if there is one. */
static void tell(struct dt_node **pending, dt_visit_t *visit, void *context)
{
    struct dt_node *node = *pending;

    *pending = NULL;
    if (node)
        visit(context, node);
}

bool dt_walk_some(const void *fdt, dt_visit_t *visit, void *context, uint32_t nr_looks)
{
    struct dt_node path[DT_MAX_DEPTH];
    struct known known = {0};
    struct dt_node *pending = NULL; /* its properties are being gathered */
    int depth = -1;
    int next;

    for (uint32_t i = 0; i < DT_NR_PROPS; i++)
        known.letters |= UINT64_C(1) << (*prop_names[i].name & 63);
    for (int offset = 0; offset >= 0; offset = next) {
        switch (fdt_next_tag(fdt, offset, &next)) {
        case FDT_BEGIN_NODE:
            tell(&pending, visit, context);
            if (++depth < DT_MAX_DEPTH) {
                pending = &path[depth];
                *pending = (struct dt_node){.fdt = fdt, .offset = offset, .looks_left = &nr_looks};
                pending->parent = depth > 0 ? &path[depth - 1] : NULL;
                pending->name = in_struct(fdt, offset) + FDT_TAGSIZE;
            }
            break;
        case FDT_PROP:
            if (pending)
                keep_prop(&known, pending, offset);
            break;
        case FDT_END_NODE:
            tell(&pending, visit, context);
            if (--depth < 0)
                return depth == -1 && nr_looks > 0;
            break;
        case FDT_NOP:
            break;
        default:
            return false;
        }
    }
    return false;
}

bool dt_walk(const void *fdt, dt_visit_t *visit, void *context)
{
    return dt_walk_some(fdt, visit, context, UINT32_MAX);
}

/* --- names and strings --------------------------------------------------------------------- */

struct dt_prop dt_rare_prop(const struct dt_node *node, const char *name)
{
    int bytes = 0;
    const void *value = fdt_getprop(node->fdt, node->offset, name, &bytes);

    return (struct dt_prop){value, value ? (uint32_t)bytes : 0};
}

bool dt_is_named(const struct dt_node *node, const char *name)
{
    const char *at = node->name;

    while (*name != '\0' && *at == *name) {
        at++;
        name++;
    }
    return *name == '\0' && (*at == '\0' || *at == '@');
}

bool dt_is_top(const struct dt_node *node, const char *name)
{
    return node->parent && !node->parent->parent && dt_is_named(node, name);
}

/* Named so, or of this type: Linux knows it by the type, many small trees leave that out. */
bool dt_is_memory(const struct dt_node *node)
{
    return node->parent && !node->parent->parent &&
           (dt_is_named(node, "memory") || dt_is_string(dt_prop(node, DT_DEVICE_TYPE), "memory"));
}

bool dt_is_string(struct dt_prop prop, const char *text)
{
    return prop.value && prop.bytes == strlen(text) + 1 &&
           memcmp(prop.value, text, prop.bytes) == 0;
}

uint32_t dt_compatible(const struct dt_node *node, const char *const names[], uint32_t nr)
{
    struct dt_prop list = dt_prop(node, DT_COMPATIBLE);
    const char *at = list.value;
    const char *last = at ? at + list.bytes : NULL;
    const char *end;

    for (; at < last && (end = memchr(at, '\0', (size_t)(last - at))) != NULL; at = end + 1)
        for (uint32_t i = 0; i < nr; i++)
            if (*at == *names[i] && strcmp(at, names[i]) == 0)
                return i;
    return nr;
}

bool dt_is_okay(const struct dt_node *node)
{
    for (; node; node = node->parent) {
        struct dt_prop status = dt_prop(node, DT_STATUS);

        if (status.value && !dt_is_string(status, "okay") && !dt_is_string(status, "ok"))
            return false;
    }
    return true;
}

/* --- cells --------------------------------------------------------------------------------- */

static uint32_t cell(struct dt_prop prop, uint32_t index)
{
    return fdt32_ld((const fdt32_t *)prop.value + index);
}

static uint32_t nr_cells(struct dt_prop prop)
{
    return prop.bytes / CELL_BYTES;
}

uint64_t dt_number_at(struct dt_prop prop, uint32_t index, uint32_t cells)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < cells; i++)
        number = number << 32 | cell(prop, index + i);
    return number;
}

bool dt_number(struct dt_prop prop, uint64_t *out)
{
    if (!prop.value || (prop.bytes != CELL_BYTES && prop.bytes != 2 * CELL_BYTES))
        return false;
    *out = dt_number_at(prop, 0, nr_cells(prop));
    return true;
}

static uint32_t cells_or(struct dt_prop prop, uint32_t fallback)
{
    if (!prop.value)
        return fallback;
    return prop.bytes == CELL_BYTES ? cell(prop, 0) : UINT32_MAX;
}

struct dt_cells dt_cells(const struct dt_node *bus)
{
    return (struct dt_cells){cells_or(dt_prop(bus, DT_ADDRESS_CELLS), DEFAULT_ADDRESS_CELLS),
                             cells_or(dt_prop(bus, DT_SIZE_CELLS), DEFAULT_SIZE_CELLS)};
}

/* Whether they make numbers of 64 bits: not those of PCI, which are not addresses alone. */
static bool are_numbers(struct dt_cells cells)
{
    return cells.address - 1 < 2 && cells.size <= 2;
}

bool dt_has_cells(const struct dt_node *node)
{
    struct dt_cells cells = dt_cells(node);

    return are_numbers(cells) && cells.size > 0;
}

/* How many addresses and sizes of @cells a property has. */
static uint32_t nr_regs(struct dt_prop reg, struct dt_cells cells)
{
    uint32_t bytes;

    if (!reg.value || !are_numbers(cells))
        return 0;
    bytes = (cells.address + cells.size) * CELL_BYTES;
    return reg.bytes % bytes == 0 ? reg.bytes / bytes : 0;
}

uint32_t dt_nr_regs(const struct dt_node *node)
{
    return node->parent ? nr_regs(dt_prop(node, DT_REG), dt_cells(node->parent)) : 0;
}

bool dt_reg(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes)
{
    struct dt_prop reg = dt_prop(node, DT_REG);
    struct dt_cells cells;
    uint32_t first;

    if (!node->parent)
        return false;
    cells = dt_cells(node->parent);
    if (index >= nr_regs(reg, cells))
        return false;
    first = index * (cells.address + cells.size);
    *base = dt_number_at(reg, first, cells.address);
    *bytes = dt_number_at(reg, first + cells.address, cells.size);
    return true;
}

/* From an address on a bus to one of its parent's (Devicetree Specification 2.3.8). */
static bool translate(const struct dt_node *bus, uint64_t *base, uint64_t bytes)
{
    struct dt_prop ranges = dt_prop(bus, DT_RANGES);
    struct dt_cells inner = dt_cells(bus);
    struct dt_cells outer = dt_cells(bus->parent);
    uint32_t step = inner.address + outer.address + inner.size;

    if (!ranges.value || ranges.bytes == 0)
        return ranges.value != NULL; /* none: the bus has addresses of its own; empty: the same */
    if (!are_numbers(inner) || !are_numbers(outer))
        return false;
    for (uint32_t at = 0; at + step <= nr_cells(ranges); at += step) {
        if (*bus->looks_left == 0)
            return false;
        --*bus->looks_left;
        uint64_t offset = *base - dt_number_at(ranges, at, inner.address);
        uint64_t room = dt_number_at(ranges, at + inner.address + outer.address, inner.size);

        if (offset < room && bytes <= room - offset) {
            *base = dt_number_at(ranges, at + inner.address, outer.address) + offset;
            return true;
        }
    }
    return false;
}

/* From an address on @bus to one of the CPU's. */
static bool translate_up(const struct dt_node *bus, uint64_t *base, uint64_t bytes)
{
    for (; bus->parent; bus = bus->parent)
        if (!translate(bus, base, bytes))
            return false;
    return true;
}

bool dt_address(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes)
{
    return dt_reg(node, index, base, bytes) && translate_up(node->parent, base, *bytes);
}

bool dt_window(const struct dt_node *bridge, uint32_t index, struct dt_window *out)
{
    struct dt_prop ranges = dt_prop(bridge, DT_RANGES);
    struct dt_cells inner = dt_cells(bridge);
    struct dt_cells outer = dt_cells(bridge->parent);
    uint32_t at = index * (PCI_ADDRESS_CELLS + outer.address + inner.size);

    if (!ranges.value || inner.address != PCI_ADDRESS_CELLS || inner.size > 2 ||
        !are_numbers(outer) ||
        at + PCI_ADDRESS_CELLS + outer.address + inner.size > nr_cells(ranges))
        return false;
    out->space = cell(ranges, at) & DT_PCI_SPACE;
    out->pci = dt_number_at(ranges, at + 1, PCI_ADDRESS_CELLS - 1);
    out->base = dt_number_at(ranges, at + PCI_ADDRESS_CELLS, outer.address);
    out->bytes = dt_number_at(ranges, at + PCI_ADDRESS_CELLS + outer.address, inner.size);
    if (!translate_up(bridge->parent, &out->base, out->bytes))
        out->bytes = 0;
    return true;
}

/* --- interrupts ---------------------------------------------------------------------------- */

/* The phandle that a property is, or 0. */
static uint32_t phandle_in(struct dt_prop prop)
{
    return prop.value && prop.bytes == CELL_BYTES ? cell(prop, 0) : 0;
}

uint32_t dt_phandle(const struct dt_node *node)
{
    return phandle_in(dt_prop(node, DT_PHANDLE));
}

/* Devicetree Specification 2.4.3: whose it is, the controller, its address, the interrupt. */
struct dt_interrupts dt_interrupt_map(const struct dt_node *node)
{
    uint32_t address = cells_or(dt_prop(node, DT_ADDRESS_CELLS), 0);
    uint32_t interrupt = cells_or(dt_prop(node, DT_INTERRUPT_CELLS), 0);

    if (address > KEY_CELLS_MAX || interrupt > KEY_CELLS_MAX || address + interrupt > KEY_CELLS_MAX)
        return (struct dt_interrupts){.extended = true};
    return (struct dt_interrupts){dt_prop(node, DT_INTERRUPT_MAP), address + interrupt, true, 0};
}

/* Linux, Documentation/devicetree/bindings/pci/pci-iommu.txt: id, IOMMU, stream, how many. */
#define IOMMU_MAP_CELLS 4u

static struct dt_streams first_of(struct dt_prop map)
{
    return (struct dt_streams){cell(map, 1), cell(map, 0), cell(map, 2), cell(map, 3),
                               nr_cells(map) > IOMMU_MAP_CELLS};
}

struct dt_streams dt_msis(const struct dt_node *node)
{
    struct dt_prop map = dt_rare_prop(node, "msi-map");
    bool is_plain = !dt_rare_prop(node, "msi-map-mask").value;

    if (!is_plain || !map.value || nr_cells(map) < IOMMU_MAP_CELLS)
        return (struct dt_streams){0};
    return first_of(map);
}

struct dt_streams dt_streams(const struct dt_node *node)
{
    struct dt_prop map = dt_prop(node, DT_IOMMU_MAP);
    struct dt_prop own = dt_prop(node, DT_IOMMUS);

    if (map.value && nr_cells(map) >= IOMMU_MAP_CELLS)
        return first_of(map);
    if (own.value && nr_cells(own) >= 2)
        return (struct dt_streams){cell(own, 0), 0, cell(own, 1), 1, nr_cells(own) > 2};
    return (struct dt_streams){0};
}

struct dt_interrupts dt_interrupts(const struct dt_node *node)
{
    struct dt_interrupts found = {dt_prop(node, DT_INTERRUPTS_EXTENDED), 0, true, 0};

    if (found.cells.value)
        return found;
    found = (struct dt_interrupts){dt_prop(node, DT_INTERRUPTS), 0, false, 0};
    for (; node && found.controller == 0; node = node->parent)
        found.controller = phandle_in(dt_prop(node, DT_INTERRUPT_PARENT));
    return found;
}

struct dt_gic dt_gic(const struct dt_node *node)
{
    uint32_t cells = cells_or(dt_prop(node, DT_INTERRUPT_CELLS), INTERRUPT_CELLS);
    bool is_plausible = cells >= INTERRUPT_CELLS && cells <= 2 * INTERRUPT_CELLS;
    uint32_t address = cells_or(dt_prop(node, DT_ADDRESS_CELLS), 0);

    return (struct dt_gic){dt_phandle(node), is_plausible ? cells : INTERRUPT_CELLS,
                           address <= 2 ? address : 0};
}

/* How many cells are before the interrupt itself: of those, the first are the key's. */
static uint32_t before_interrupt(const struct dt_interrupts *from, const struct dt_gic *gic)
{
    return from->key + from->extended + (from->key > 0 ? gic->address : 0);
}

/* How many cells an interrupt takes. */
static uint32_t interrupt_step(const struct dt_interrupts *from, const struct dt_gic *gic)
{
    return (gic->cells != 0 ? gic->cells : INTERRUPT_CELLS) + before_interrupt(from, gic);
}

uint32_t dt_nr_interrupts(const struct dt_interrupts *from, const struct dt_gic *gic)
{
    return nr_cells(from->cells) / interrupt_step(from, gic);
}

bool dt_may_have_spi(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t intid)
{
    uint32_t nr = nr_cells(from->cells);
    uint32_t skip = from->key > 0 ? gic->address : 0;

    for (uint32_t i = 0; !from->extended && i < dt_nr_interrupts(from, gic); i++)
        if (dt_intid(from, gic, i) == intid)
            return true;
    for (uint32_t at = 0; from->extended && at + skip + 2 < nr; at++)
        if (cell(from->cells, at) == gic->phandle &&
            cell(from->cells, at + skip + 1) == INTERRUPT_SPI &&
            cell(from->cells, at + skip + 2) == intid - FIRST_SPI)
            return true;
    return false;
}

bool dt_has_key(const struct dt_interrupts *a, const struct dt_interrupts *b,
                const struct dt_gic *gic_of_a, const struct dt_gic *gic_of_b, uint32_t index)
{
    bool is_same = a->key == b->key;

    for (uint32_t i = 0; i < a->key && is_same; i++)
        is_same = cell(a->cells, index * interrupt_step(a, gic_of_a) + i) ==
                  cell(b->cells, index * interrupt_step(b, gic_of_b) + i);
    return is_same;
}

bool dt_is_edge(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t index)
{
    uint32_t first = index * interrupt_step(from, gic) + before_interrupt(from, gic);

    return (cell(from->cells, first + 2) & INTERRUPT_EDGE) != 0;
}

uint32_t dt_intid(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t index)
{
    uint32_t step = interrupt_step(from, gic);
    uint32_t first = index * step + before_interrupt(from, gic);
    uint32_t controller = from->controller;
    uint32_t type;
    uint32_t number;

    if (nr_cells(from->cells) / step <= index)
        return 0;
    if (from->extended)
        controller = cell(from->cells, index * step + from->key);
    if (controller != 0 && gic->phandle != 0 && controller != gic->phandle)
        return 0;
    type = cell(from->cells, first);
    number = cell(from->cells, first + 1);
    if (type == INTERRUPT_SPI && number < NR_SPIS)
        return FIRST_SPI + number;
    if (type == INTERRUPT_PPI && number < FIRST_SPI - FIRST_PPI)
        return FIRST_PPI + number;
    return 0;
}

/* --- reserved memory ----------------------------------------------------------------------- */

void dt_each_reservation(const void *fdt, dt_range_t *take, void *context)
{
    int nr = fdt_num_mem_rsv(fdt);
    uint64_t base;
    uint64_t bytes;

    for (int i = 0; i < nr; i++)
        if (fdt_get_mem_rsv(fdt, i, &base, &bytes) == 0 && bytes > 0)
            take(context, base, bytes);
}

/* As in Linux, the ranges of /reserved-memory itself do not matter: its addresses are memory's. */
bool dt_each_reserved(const struct dt_node *node, dt_range_t *take, void *context)
{
    uint64_t base;
    uint64_t bytes;

    if (!node->parent || !dt_is_top(node->parent, "reserved-memory"))
        return false;
    for (uint32_t i = 0; dt_reg(node, i, &base, &bytes) && dt_is_okay(node); i++)
        if (bytes > 0)
            take(context, base, bytes);
    return true;
}
