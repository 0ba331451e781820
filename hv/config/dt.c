/* SPDX-License-Identifier: MIT */
/*
 * One pass over the tags of a device tree, and what is looked for without one.
 *
 * Of libfdt only the format's names are used: its functions take hundreds of instructions for each
 * tag, and more room than the rest of what reads device trees. Nothing here leaves the bounds that
 * the header gives, once dt_check() has found those in order.
 */
#include "config/dt.h"

#include <string.h>

#include <libfdt.h>

#define CELL_BYTES 4u

/* The version whose header says how large the structure block is; later ones are compatible. */
#define VERSION 17u

/* Devicetree Specification 2.3.5: what holds if a parent does not say. */
#define DEFAULT_ADDRESS_CELLS 2u
#define DEFAULT_SIZE_CELLS    1u

/* The GIC's binding: type, number, flags. */
#define INTERRUPT_CELLS 3u
#define INTERRUPT_SPI   0u
#define INTERRUPT_PPI   1u
#define FIRST_PPI       16u
#define FIRST_SPI       32u
#define NR_SPIS         988u

static const struct {
    const char *name;
    uint32_t bytes; /* with the terminator */
} prop_names[DT_NR_PROPS] = {
#define DT_PROP_NAME(identifier, name) {name, sizeof(name)},
    DT_PROPS(DT_PROP_NAME)
#undef DT_PROP_NAME
};

static uint32_t cell(const void *value, uint32_t index)
{
    return fdt32_ld((const fdt32_t *)value + index);
}

static uint32_t cells_or(const struct dt_prop *prop, uint32_t fallback)
{
    uint32_t cells;

    if (!prop->value)
        return fallback;
    cells = prop->bytes == CELL_BYTES ? cell(prop->value, 0) : 0;
    return cells <= 2 ? cells : 0;
}

/* Whether a block of a tree is where the header is not, within it. */
static bool is_inside(const void *fdt, uint32_t offset, uint32_t bytes)
{
    return offset >= sizeof(struct fdt_header) && offset <= fdt_totalsize(fdt) &&
           bytes <= fdt_totalsize(fdt) - offset;
}

enum dt_fault dt_check(const void *fdt, size_t bytes)
{
    if (bytes < sizeof(struct fdt_header))
        return DT_CUT_SHORT;
    if (fdt_magic(fdt) != FDT_MAGIC || fdt_version(fdt) < VERSION ||
        fdt_last_comp_version(fdt) > VERSION || fdt_off_mem_rsvmap(fdt) % sizeof(uint64_t) != 0 ||
        fdt_off_dt_struct(fdt) % CELL_BYTES != 0 || !is_inside(fdt, fdt_off_mem_rsvmap(fdt), 0) ||
        !is_inside(fdt, fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt)) ||
        !is_inside(fdt, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt)))
        return DT_NO_TREE;
    return fdt_totalsize(fdt) <= bytes ? DT_SOUND : DT_CUT_SHORT;
}

bool dt_reservation(const void *fdt, uint32_t index, uint64_t *base, uint64_t *bytes)
{
    uint64_t offset = fdt_off_mem_rsvmap(fdt) + index * sizeof(struct fdt_reserve_entry);
    const struct fdt_reserve_entry *entry = (const void *)((const char *)fdt + offset);

    if (offset + sizeof(*entry) > fdt_totalsize(fdt))
        return false;
    *base = fdt64_ld(&entry->address);
    *bytes = fdt64_ld(&entry->size);
    return *bytes != 0;
}

/** The structure block, and how far the walk has come in it; the block of names. */
struct cursor {
    const char *tags;
    size_t at; /* a multiple of 4 */
    size_t bytes;
    const char *strings;
    size_t strings_bytes;
};

static struct cursor cursor_of(const void *fdt)
{
    const char *start = fdt;

    return (struct cursor){start + fdt_off_dt_struct(fdt), 0, fdt_size_dt_struct(fdt),
                           start + fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt)};
}

/* Takes @bytes and their padding to a cell. Returns where they are, or NULL if the block ends. */
static const char *take(struct cursor *cursor, size_t bytes)
{
    const char *taken = cursor->tags + cursor->at;
    size_t padded = (bytes + CELL_BYTES - 1) & ~(size_t)(CELL_BYTES - 1);

    if (padded > cursor->bytes - cursor->at)
        return NULL;
    cursor->at += padded;
    return taken;
}

/* Takes a node's name. */
static const char *take_name(struct cursor *cursor)
{
    const char *name = cursor->tags + cursor->at;
    const char *end = memchr(name, '\0', cursor->bytes - cursor->at);

    return end ? take(cursor, (size_t)(end - name) + 1) : NULL;
}

/** A property as it is in the tree: @rest bytes from @name on are names. */
struct raw_prop {
    struct dt_prop prop;
    const char *name;
    size_t rest;
};

/* Takes a property: length, name, value. */
static bool take_prop(struct cursor *cursor, struct raw_prop *raw)
{
    const char *header = take(cursor, 2 * CELL_BYTES);
    uint32_t bytes = header ? cell(header, 0) : 0;
    const char *value = header ? take(cursor, bytes) : NULL;

    if (!value || cell(header, 1) >= cursor->strings_bytes)
        return false;
    *raw = (struct raw_prop){
        {value, bytes}, cursor->strings + cell(header, 1), cursor->strings_bytes - cell(header, 1)};
    return true;
}

/* The node keeps it if it is one of DT_PROPS. */
static void keep_prop(struct dt_node *node, const struct raw_prop *raw)
{
    for (unsigned i = 0; i < DT_NR_PROPS; i++) {
        if (*raw->name == prop_names[i].name[0] && prop_names[i].bytes <= raw->rest &&
            memcmp(prop_names[i].name, raw->name, prop_names[i].bytes) == 0) {
            node->props[i] = raw->prop;
            break;
        }
    }
}

/* Tells of the node whose properties have all been seen, if there is one. */
static void tell(struct dt_node **pending, dt_visit_t *visit, void *context)
{
    struct dt_node *node = *pending;

    *pending = NULL;
    if (!node)
        return;
    node->address_cells = cells_or(&node->props[DT_ADDRESS_CELLS], DEFAULT_ADDRESS_CELLS);
    node->size_cells = cells_or(&node->props[DT_SIZE_CELLS], DEFAULT_SIZE_CELLS);
    visit(context, node);
}

bool dt_walk(const void *fdt, dt_visit_t *visit, void *context)
{
    struct cursor cursor = cursor_of(fdt);
    struct dt_node path[DT_MAX_DEPTH];
    struct dt_node *pending = NULL; /* its properties are being gathered */
    int depth = -1;

    for (;;) {
        size_t offset = cursor.at;
        struct raw_prop raw;
        const char *tag = take(&cursor, CELL_BYTES);
        const char *name;

        switch (tag ? cell(tag, 0) : FDT_END) {
        case FDT_BEGIN_NODE:
            tell(&pending, visit, context);
            name = take_name(&cursor);
            if (!name)
                return false;
            if (++depth < DT_MAX_DEPTH) {
                pending = &path[depth];
                *pending = (struct dt_node){.name = name, .offset = offset};
                pending->parent = depth > 0 ? &path[depth - 1] : NULL;
            }
            break;
        case FDT_PROP:
            if (!take_prop(&cursor, &raw))
                return false;
            if (pending)
                keep_prop(pending, &raw);
            break;
        case FDT_END_NODE:
            tell(&pending, visit, context);
            if (--depth < 0)
                return depth == -1;
            break;
        case FDT_NOP:
            break;
        default:
            return false;
        }
    }
}

struct dt_prop dt_find(const void *fdt, const char *top, const char *name, size_t length)
{
    struct cursor cursor = cursor_of(fdt);
    struct raw_prop raw;
    const char *tag;
    const char *node;
    bool is_there = false;
    int depth = 0;

    while ((tag = take(&cursor, CELL_BYTES)) != NULL) {
        switch (cell(tag, 0)) {
        case FDT_BEGIN_NODE:
            node = take_name(&cursor);
            is_there = node && ++depth == 2 && strcmp(node, top) == 0;
            break;
        case FDT_PROP:
            if (take_prop(&cursor, &raw) && is_there && length < raw.rest &&
                memcmp(raw.name, name, length) == 0 && raw.name[length] == '\0')
                return raw.prop;
            break;
        case FDT_END_NODE:
            is_there = false;
            depth--;
            break;
        default:
            break;
        }
    }
    return (struct dt_prop){NULL, 0};
}

bool dt_is_at(const struct dt_node *node, const char *path, size_t length)
{
    size_t name;

    if (!node->parent)
        return length == 0;
    for (name = length; name > 0 && path[name - 1] != '/'; name--)
        ;
    return name > 0 && strncmp(node->name, path + name, length - name) == 0 &&
           (node->name[length - name] == '\0' || node->name[length - name] == '@') &&
           dt_is_at(node->parent, path, name - 1);
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

bool dt_is_string(const struct dt_prop *prop, const char *text)
{
    return prop->value && prop->bytes == strlen(text) + 1 &&
           memcmp(prop->value, text, prop->bytes) == 0;
}

bool dt_is_compatible(const struct dt_node *node, const char *text)
{
    const struct dt_prop *list = &node->props[DT_COMPATIBLE];

    size_t bytes = strlen(text) + 1;
    const char *at = list->value;
    const char *end = at + list->bytes;

    /* Each string begins after a terminator. */
    for (; at && (size_t)(end - at) >= bytes; at++)
        if ((at == list->value || at[-1] == '\0') && memcmp(at, text, bytes) == 0)
            return true;
    return false;
}

bool dt_is_okay(const struct dt_node *node)
{
    const struct dt_prop *status = &node->props[DT_STATUS];

    return !status->value || dt_is_string(status, "okay") || dt_is_string(status, "ok");
}

/* Reads a number of @cells cells, 0 to 2. */
static uint64_t number_at(const void *value, uint32_t index, uint32_t cells)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < cells; i++)
        number = number << 32 | cell(value, index + i);
    return number;
}

bool dt_number(const struct dt_prop *prop, uint64_t *out)
{
    if (!prop->value || (prop->bytes != CELL_BYTES && prop->bytes != 2 * CELL_BYTES))
        return false;
    *out = number_at(prop->value, 0, prop->bytes / CELL_BYTES);
    return true;
}

uint32_t dt_nr_regs(const struct dt_node *node)
{
    const struct dt_prop *reg = &node->props[DT_REG];
    uint32_t bytes;

    if (!reg->value || !node->parent || node->parent->address_cells == 0)
        return 0;
    bytes = (node->parent->address_cells + node->parent->size_cells) * CELL_BYTES;
    return reg->bytes % bytes == 0 ? reg->bytes / bytes : 0;
}

bool dt_reg(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes)
{
    uint32_t first;

    if (index >= dt_nr_regs(node))
        return false;
    first = index * (node->parent->address_cells + node->parent->size_cells);
    *base = number_at(node->props[DT_REG].value, first, node->parent->address_cells);
    *bytes = number_at(node->props[DT_REG].value, first + node->parent->address_cells,
                       node->parent->size_cells);
    return true;
}

uint32_t dt_interrupt(const struct dt_node *node)
{
    const struct dt_prop *prop = &node->props[DT_INTERRUPTS];
    uint32_t type;
    uint32_t number;

    if (!prop->value || prop->bytes < INTERRUPT_CELLS * CELL_BYTES)
        return 0;
    type = cell(prop->value, 0);
    number = cell(prop->value, 1);
    if (type == INTERRUPT_SPI && number < NR_SPIS)
        return FIRST_SPI + number;
    if (type == INTERRUPT_PPI && number < FIRST_SPI - FIRST_PPI)
        return FIRST_PPI + number;
    return 0;
}
