/* SPDX-License-Identifier: MIT */
/*
 * Two walks over the machine's tree: one finds the device, the other who else has its pages or its
 * interrupts. A page of registers is the smallest that stage 2 can give, and an interrupt that two
 * devices share would be handled by one VM and hold up the other.
 */
#include "config/machine_device.h"

#include <string.h>

#include <libfdt.h>

#include "arm64/io.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "lib/is_enabled.h"
#include "mm/window.h"
#include "vm/refusal.h"

/** What is kept while the tree is walked. */
struct search {
    struct dt_prop path;
    bool alone;
    struct machine_device *device;
    int offset; /* its node's; -1: not found yet */
    bool is_okay;
    bool is_plumbing; /* it carries other devices' interrupts or accesses, and makes some itself */
    bool has_odd;     /* a range that no bus passes on, or an interrupt that is no SPI */
    bool has_more;
    const char *other; /* who has the same page, or interrupt */
};

/* Takes the last component off a path of @length characters, if it is @name. */
static bool take_last(const char *path, size_t *length, const char *name)
{
    size_t bytes = strlen(name);

    if (*length < bytes + 1 || memcmp(path + *length - bytes, name, bytes) != 0 ||
        path[*length - bytes - 1] != '/')
        return false;
    *length -= bytes + 1;
    return true;
}

static bool is_at(const struct dt_node *node, struct dt_prop path)
{
    size_t length = path.bytes - 1;

    for (; node->parent; node = node->parent)
        if (!take_last(path.value, &length, node->name))
            return false;
    return length == 0;
}

/* The whole pages around some registers; empty if there are none, or they wrap. */
static struct pa_range pages_around(uint64_t base, uint64_t bytes)
{
    uint64_t start = align_down(base, PAGE_SIZE);

    if (bytes == 0 || base + bytes < base || base + bytes > UINT64_MAX - PAGE_SIZE)
        return (struct pa_range){pa_make(0), 0};
    return (struct pa_range){pa_make(start), align_up(base + bytes, PAGE_SIZE) - start};
}

static bool pages_overlap(const struct pa_range *a, const struct pa_range *b)
{
    return a->bytes > 0 && b->bytes > 0 && a->base.pa < b->base.pa + b->bytes &&
           b->base.pa < a->base.pa + a->bytes;
}

static void take_range(struct search *search, uint64_t base, uint64_t bytes,
                       const struct dt_window *window)
{
    struct machine_device *device = search->device;

    if (device->nr_ranges == MACHINE_DEVICE_RANGES) {
        search->has_more = true;
        return;
    }
    device->ranges[device->nr_ranges] = (struct machine_device_range){
        pages_around(base, bytes), (uint32_t)(base % PAGE_SIZE), *window};
    search->has_odd |= device->ranges[device->nr_ranges].pages.bytes == 0;
    device->nr_ranges++;
}

static void take_ranges(struct search *search, const struct dt_node *node)
{
    struct machine_device *device = search->device;
    struct dt_window window = {.bytes = 0};
    uint64_t base, bytes;

    device->nr_regs = dt_nr_regs(node);
    for (uint32_t i = 0; i < device->nr_regs; i++) {
        bool is_passed_on = dt_address(node, i, &base, &bytes);

        take_range(search, base, is_passed_on ? bytes : 0, &window);
    }
    for (uint32_t i = 0; device->is_pci && dt_window(node, i, &window); i++)
        take_range(search, window.base, window.bytes, &window);
}

/* Whoever has one of these has other VMs' interrupts, or writes to any memory by it. GICs first. */
#define NR_GICS 3
static const char *const plumbing[] = {
    "arm,gic-v3",  "arm,cortex-a15-gic", "arm,gic-400", "arm,gic-v3-its", "arm,gic-v2m-frame",
    "arm,smmu-v3", "arm,mmu-500",        "arm,smmu-v2", "arm,smmu-v1",    "qemu,fw-cfg-mmio",
};

static bool is_plumbing(const struct dt_node *node)
{
    const uint32_t nr = sizeof(plumbing) / sizeof(plumbing[0]);

    for (; node; node = node->parent)
        if (dt_compatible(node, plumbing, nr) < nr)
            return true;
    return false;
}

static const char *const bridge = "pci-host-ecam-generic";
static const char *const translator = "arm,gic-v3-its";
static const char *const frame = "arm,gic-v2m-frame";

/* Arm's Server Base System Architecture, appendix on GICv2m: what its SPIs are. */
#define MSI_TYPER           0x008u
#define MSI_TYPER_SPI(t)    ((t) >> 16 & 0x3FF)
#define MSI_TYPER_NR_SPI(t) ((t)&0x3FF)

/* By the tree, where it says so since the register does not tell the truth; 0: by the register. */
static void take_msis(struct search *search, const struct dt_node *node)
{
    uint64_t first, nr;

    search->has_odd = search->has_odd || search->device->nr_ranges == 0;
    if (!dt_number(dt_rare_prop(node, "arm,msi-base-spi"), &first) ||
        !dt_number(dt_rare_prop(node, "arm,msi-num-spis"), &nr))
        return;
    if (first >= GIC_INTID_SPECIAL || nr >= GIC_INTID_SPECIAL) {
        search->has_odd = true;
        return;
    }
    search->device->first_msi = (uint32_t)first;
    search->device->nr_msis = (uint32_t)nr;
}

static void find_device(void *context, const struct dt_node *node)
{
    struct search *search = context;

    if (dt_compatible(node, plumbing, NR_GICS) < NR_GICS && dt_is_okay(node))
        search->device->gic = dt_gic(node);
    if (search->offset >= 0 || !node->parent || !is_at(node, search->path))
        return;
    search->offset = node->offset;
    search->is_okay = dt_is_okay(node);
    search->device->is_msi = dt_compatible(node, &frame, 1) == 0;
    search->device->is_its = IS_ENABLED(CONFIG_ITS) && dt_compatible(node, &translator, 1) == 0;
    search->is_plumbing = !search->device->is_msi && !search->device->is_its && is_plumbing(node);
    if (IS_ENABLED(CONFIG_ITS)) {
        search->device->phandle = dt_phandle(node);
        search->device->msis = dt_msis(node);
    }
    search->device->streams = dt_streams(node);
    search->device->name = node->name;
    search->device->is_pci = dt_compatible(node, &bridge, 1) == 0;
    search->device->interrupts =
        search->device->is_pci ? dt_interrupt_map(node) : dt_interrupts(node);
    search->device->has_clocks = fdt_getprop(node->fdt, node->offset, "clocks", NULL) != NULL;
    take_ranges(search, node);
    if (search->device->is_msi)
        take_msis(search, node);
}

/* Returns whether there are any, all of them SPIs. */
static bool read_msis(struct machine_device *device)
{
    if (device->nr_msis == 0) {
        uintptr_t at = (uintptr_t)window_map(device->ranges[0].pages.base, WINDOW_DEVICE);
        uint32_t typer = io_read32(at + device->ranges[0].offset + MSI_TYPER);

        window_unmap();
        device->first_msi = MSI_TYPER_SPI(typer);
        device->nr_msis = MSI_TYPER_NR_SPI(typer);
    }
    return device->first_msi >= GIC_FIRST_SPI && device->first_msi < GIC_INTID_SPECIAL &&
           device->nr_msis > 0 && device->nr_msis <= GIC_INTID_SPECIAL - device->first_msi;
}

static bool lists_spi(const struct machine_device *device, uint32_t intid)
{
    for (uint32_t i = 0; i < device->nr_spis; i++)
        if (device->spis[i].intid == intid)
            return true;
    return false;
}

/* Once the GIC is known. The devices behind a bridge share its few. */
static void take_spis(struct search *search)
{
    struct machine_device *device = search->device;
    const struct dt_interrupts *from = &device->interrupts;
    uint32_t nr = dt_nr_interrupts(from, &device->gic);

    search->has_odd |= nr == 0 && from->cells.bytes > 0;
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t intid = dt_intid(from, &device->gic, i);

        search->has_odd |= intid < GIC_FIRST_SPI; /* or another controller's */
        if (lists_spi(device, intid))
            continue;
        search->has_more |= device->nr_spis == MACHINE_DEVICE_SPIS;
        if (search->has_more)
            return;
        device->spis[device->nr_spis].intid = intid;
        device->spis[device->nr_spis].edge = dt_is_edge(from, &device->gic, i);
        device->nr_spis++;
    }
}

static bool has_page_in(const struct machine_device *device, uint64_t base, uint64_t bytes)
{
    struct pa_range its = pages_around(base, bytes);

    for (uint32_t i = 0; i < device->nr_ranges; i++)
        if (pages_overlap(&its, &device->ranges[i].pages))
            return true;
    return false;
}

static bool has_page_of(const struct machine_device *device, const struct dt_node *node)
{
    uint32_t nr = dt_nr_regs(node);
    struct dt_window window;
    uint64_t base, bytes;

    for (uint32_t i = 0; i < nr; i++)
        if (dt_address(node, i, &base, &bytes) && has_page_in(device, base, bytes))
            return true;
    for (uint32_t i = 0; node->parent && dt_window(node, i, &window); i++)
        if (has_page_in(device, window.base, window.bytes))
            return true;
    return false;
}

/* All of them, MSIs too. */
static uint32_t nr_spis(const struct machine_device *device)
{
    return device->nr_spis + device->nr_msis;
}

static uint32_t nth_spi(const struct machine_device *device, uint32_t i)
{
    return i < device->nr_spis ? device->spis[i].intid : device->first_msi + (i - device->nr_spis);
}

static bool has_spi_of(const struct search *search, const struct dt_node *node)
{
    struct dt_interrupts interrupts = dt_interrupts(node);
    struct dt_interrupts map = dt_interrupt_map(node);

    for (uint32_t i = 0; i < nr_spis(search->device); i++) {
        uint32_t intid = nth_spi(search->device, i);

        if (dt_may_have_spi(&interrupts, &search->device->gic, intid) ||
            dt_may_have_spi(&map, &search->device->gic, intid))
            return true;
    }
    return false;
}

/* On QEMU's virt its interrupts are among those of the GICv2m. It does not mind (exits/irq.c). */
static bool is_the_smmu(const struct dt_node *node)
{
    uint64_t base, bytes;

    return machine.smmu.bytes > 0 && dt_address(node, 0, &base, &bytes) &&
           base == machine.smmu.base.pa;
}

/* Also of a node that is not in use: what firmware does with it is not known. */
static void look_for_other(void *context, const struct dt_node *node)
{
    struct search *search = context;

    if (search->other || !node->parent || node->offset == search->offset)
        return;
    if ((has_spi_of(search, node) && !(search->device->is_msi && is_the_smmu(node))) ||
        (has_page_of(search->device, node) && (search->alone || is_plumbing(node))))
        search->other = node->name;
}

static bool overlaps_any(const struct pa_range *range, const struct pa_range others[], size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        if (pages_overlap(range, &others[i]))
            return true;
    return false;
}

/* What it drives, and all memory, with what firmware keeps of it. */
static bool is_the_hypervisors(const struct machine_device *device)
{
    const struct pa_range own[] = {machine.uart, machine.rtc,  machine.gicd, machine.gicc,
                                   machine.gich, machine.gicv, machine.smmu};

    for (uint32_t i = 0; i < device->nr_ranges; i++) {
        const struct pa_range *its = &device->ranges[i].pages;
        if (overlaps_any(its, own, sizeof(own) / sizeof(own[0])) ||
            overlaps_any(its, machine.gicr, machine.nr_gicr) ||
            overlaps_any(its, machine.memory.at, machine.memory.nr) ||
            overlaps_any(its, machine.reserved.at, machine.reserved.nr))
            return true;
    }
    for (uint32_t i = 0; i < nr_spis(device); i++)
        if (nth_spi(device, i) == machine.uart_intid)
            return true;
    return false;
}

const char *machine_device_find(const char *for_node, struct dt_prop path, bool alone,
                                struct machine_device *device)
{
    const void *tree = (const void *)(uintptr_t)machine.dtb.base.pa;
    struct search search = {.path = path, .alone = alone, .device = device, .offset = -1};

    *device = (struct machine_device){0};
    if (path.bytes < 2 ||
        memchr(path.value, '\0', path.bytes) != (const char *)path.value + path.bytes - 1)
        return refusal("vm.dtb: %s: its stile,device is no path", for_node);
    if (!dt_walk(tree, find_device, &search) || search.offset < 0)
        return refusal("vm.dtb: %s: the machine has no %s", for_node, (const char *)path.value);
    take_spis(&search);
    if (!search.is_okay)
        return refusal("vm.dtb: %s: the machine's %s is not in use", for_node, device->name);
    if (device->is_msi && !search.has_odd && !is_the_hypervisors(device))
        search.has_odd = !read_msis(device);
    if (search.has_odd || search.has_more)
        return refusal(
            "vm.dtb: %s: the machine's %s has registers or interrupts that cannot be given",
            for_node, device->name);
    if (search.is_plumbing || is_the_hypervisors(device))
        return refusal("vm.dtb: %s: the machine's %s is the hypervisor's", for_node, device->name);
    (void)dt_walk(tree, look_for_other, &search);
    if (search.other)
        return refusal("vm.dtb: %s: the machine's %s shares a page or an interrupt with its %s",
                       for_node, device->name, search.other);
    return NULL;
}
