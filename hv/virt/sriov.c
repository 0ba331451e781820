/* SPDX-License-Identifier: MIT */
/*
 * The capability as its owner sees it: VF BARs hold what it writes and place nothing; what does is
 * written when it enables virtual functions, for a reset of the physical function forgets it.
 */
#include "virt/sriov.h"

#include "dev/smmu.h"
#include "lib/spinlock.h"
#include "mm/page.h"
#include "virt/pci_space.h"
#include "vm/refusal.h"

/* What a VM's vCPU maps and unmaps at once. */
#define BAR_BYTES_MOST BLOCK_2M

#define NR_TAKEN 4u

static struct sriov {
    pa_t bridge; /* the configuration space of its bridge */
    uint16_t id;
    uint16_t at; /* of its capability */
    uint16_t first;
    uint16_t stride;
    uint16_t nr; /* of its virtual functions */
    uint32_t ids;
    uint64_t pci; /* as its owner's tree says */
    struct {
        uint32_t type;
        bool is_upper;
        uint64_t bytes;
        uint64_t pci;
        pa_t pa;        /* of the first virtual function's */
        uint32_t shown; /* what the owner has written */
    } bars[PCI_NR_BARS];
} taken[NR_TAKEN];
static uint32_t nr_taken;
static struct spinlock lock; /* of what is written to capabilities, and of bars[].shown */

static pa_t config_of(const struct sriov *physical)
{
    return pa_add(physical->bridge, physical->id * PCI_FUNCTION_BYTES);
}

static uint32_t read16(const struct sriov *physical, uint32_t reg)
{
    return pci_read(config_of(physical), physical->at + reg, 2);
}

static void write16(const struct sriov *physical, uint32_t reg, uint32_t value)
{
    pci_write(config_of(physical), physical->at + reg, 2, value);
}

static uint32_t read_bar(const struct sriov *physical, uint32_t index)
{
    return pci_read(config_of(physical), physical->at + SRIOV_BARS + 4 * index, 4);
}

static void write_bar(const struct sriov *physical, uint32_t index, uint32_t value)
{
    pci_write(config_of(physical), physical->at + SRIOV_BARS + 4 * index, 4, value);
}

/* --- taking ---------------------------------------------------------------------------------- */

struct sriov *sriov_find_physical(pa_t bridge, uint32_t id)
{
    for (uint32_t i = 0; i < nr_taken; i++)
        if (taken[i].bridge.pa == bridge.pa && taken[i].id == id)
            return &taken[i];
    return NULL;
}

bool sriov_find(pa_t bridge, uint32_t id, struct sriov_virtual *found)
{
    for (uint32_t i = 0; i < nr_taken; i++) {
        const struct sriov *physical = &taken[i];
        uint32_t behind = id - physical->id - physical->first;

        if (physical->bridge.pa != bridge.pa || id < (uint32_t)physical->id + physical->first ||
            behind % physical->stride != 0 || behind / physical->stride >= physical->nr)
            continue;
        *found = (struct sriov_virtual){physical, behind / physical->stride};
        return true;
    }
    return false;
}

/* A bridge is given as it was before: VMs may have virtual functions from behind it. */
static bool has_bridge_as_taken(const struct vm_config *config, const struct sriov *physical)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *range = &config->device_ranges[i];
        bool is_same = false;

        if (!range->is_config || range->pa.pa != physical->bridge.pa)
            continue;
        for (uint32_t j = 0; j < config->nr_physical; j++)
            is_same = is_same || (config->physical[j].id == physical->id &&
                                  config->physical[j].pci == physical->pci);
        return is_same;
    }
    return true;
}

const char *sriov_check(const struct vm_config *config)
{
    struct sriov_virtual found;

    for (uint32_t i = 0; i < nr_taken; i++)
        if (!has_bridge_as_taken(config, &taken[i]))
            return refusal("vm.dtb: the machine's %s is given with %x of stile,physical-functions "
                           "at %lx, as before, or not at all",
                           config->devices[0].name, taken[i].id, taken[i].pci);
    for (uint32_t i = 0; i < config->virtuals.nr; i++)
        if (!sriov_find(config->virtuals.machine, config->virtuals.ids[i], &found))
            return refusal("vm.dtb: no VM has left virtual function %x of the machine's %s to "
                           "others: by stile,physical-functions, and before",
                           config->virtuals.ids[i], config->devices[0].name);
    return NULL;
}

/* PCI Local Bus 6.2.5.1: which bits of a BAR can be written tells how large it is. */
static void size_bar(struct sriov *physical, uint32_t index)
{
    uint32_t low = read_bar(physical, index);
    uint64_t mask;

    write_bar(physical, index, UINT32_MAX);
    mask = read_bar(physical, index) & ~PCI_BAR_TYPE;
    physical->bars[index].type = low & PCI_BAR_TYPE;
    if (mask != 0)
        physical->bars[index].bytes = (~mask & UINT32_MAX) + 1;
    if (PCI_BAR_IS_64(low) && index + 1 < PCI_NR_BARS)
        physical->bars[index + 1].is_upper = true;
}

/* One behind the other; false if one cannot be given, or there is no room. */
static bool place_bars(struct sriov *physical, const struct vm_physical *from)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i < PCI_NR_BARS; i++) {
        uint64_t bytes;

        if (!physical->bars[i].is_upper)
            size_bar(physical, i);
        bytes = physical->bars[i].bytes;
        if (bytes == 0 && physical->bars[i].type == 0)
            continue;
        used = align_up(from->pci + used, bytes) - from->pci;
        physical->bars[i].pci = from->pci + used;
        physical->bars[i].pa = pa_add(from->pa, used);
        used += bytes * physical->nr;
        if ((physical->bars[i].type & PCI_BAR_IS_IO) || bytes < PAGE_SIZE ||
            bytes > BAR_BYTES_MOST || used > from->bytes ||
            (!PCI_BAR_IS_64(physical->bars[i].type) && from->pci + used - 1 > UINT32_MAX))
            return false;
    }
    return true;
}

static bool overlaps(const struct sriov *physical, uint64_t pa, uint64_t bytes)
{
    for (uint32_t i = 0; i < PCI_NR_BARS; i++) {
        uint64_t all = physical->bars[i].bytes * physical->nr;

        if (all > 0 && physical->bars[i].pa.pa < pa + bytes && pa < physical->bars[i].pa.pa + all)
            return true;
    }
    return false;
}

/* Whether what its owner maps, or another one's virtual functions, are where its own are to be. */
static bool is_in_use(const struct vm_config *config, const struct sriov *physical,
                      const struct sriov *known)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++)
        if (overlaps(physical, config->device_ranges[i].pa.pa, config->device_ranges[i].at.bytes))
            return true;
    for (uint32_t i = 0; i < nr_taken; i++)
        for (uint32_t j = 0; j < PCI_NR_BARS && &taken[i] != known; j++)
            if (overlaps(physical, taken[i].bars[j].pa.pa, taken[i].bars[j].bytes * taken[i].nr))
                return true;
    return false;
}

/* Whether a physical function is what it was: VMs may have virtual ones. */
static bool is_same(const struct sriov *a, const struct sriov *b)
{
    bool same = a->at == b->at && a->first == b->first && a->stride == b->stride &&
                a->nr == b->nr && a->ids == b->ids;

    for (uint32_t i = 0; i < PCI_NR_BARS; i++)
        same = same && a->bars[i].pci == b->bars[i].pci && a->bars[i].bytes == b->bars[i].bytes;
    return same;
}

/* Reads what the capability says if all virtual functions were enabled. Returns NULL, or what is
 * wrong with it. */
static const char *look_at(struct sriov *physical)
{
    pa_t config = config_of(physical);
    uint32_t last;

    if (pci_read(config, PCI_VENDOR_ID, 2) != PCI_NO_VENDOR)
        physical->at = (uint16_t)pci_find(config, PCI_EXT_SRIOV);
    if (physical->at == 0)
        return "is no physical function";
    if (pci_find(config, PCI_EXT_VF_RESIZABLE_BAR) != 0)
        return "has VF BARs that can be resized";
    write16(physical, SRIOV_CONTROL, 0);
    physical->nr = (uint16_t)read16(physical, SRIOV_TOTAL_VFS);
    write16(physical, SRIOV_NUM_VFS, physical->nr);
    physical->first = (uint16_t)read16(physical, SRIOV_FIRST_VF);
    physical->stride = physical->nr > 1 ? (uint16_t)read16(physical, SRIOV_STRIDE) : 1;
    write16(physical, SRIOV_NUM_VFS, 0);
    pci_write(config, physical->at + SRIOV_PAGE_SIZE, 4, SRIOV_PAGE_4K);
    physical->ids = pci_read(config, PCI_VENDOR_ID, 2) | read16(physical, SRIOV_DEVICE_ID) << 16;
    last = physical->id + physical->first + (physical->nr - 1u) * physical->stride;
    if (physical->nr == 0 || physical->first == 0 || physical->stride == 0 ||
        last / SMMU_BUS_STREAMS != physical->id / SMMU_BUS_STREAMS)
        return "has virtual functions on other buses, or none";
    return NULL;
}

static bool lend(const struct vm_config *config, const struct sriov *physical)
{
    for (uint32_t i = 0; i < physical->nr; i++)
        if (!smmu_lend(config->first_stream + physical->id + physical->first +
                       i * physical->stride))
            return false;
    return true;
}

static const char *take(const struct vm_config *config, const struct vm_physical *from)
{
    const struct vm_device_range *bridge = &config->device_ranges[config->physical_range];
    struct sriov physical = {.bridge = bridge->pa, .id = from->id, .pci = from->pci};
    struct sriov *known = sriov_find_physical(physical.bridge, physical.id);
    const char *fault = look_at(&physical);

    if (!fault && !place_bars(&physical, from))
        fault = "has VF BARs that are no memory of 4 KiB to 2 MiB, or have no room";
    if (!fault && is_in_use(config, &physical, known))
        fault = "would have its VF BARs where something else is";
    if (!fault && known && !is_same(known, &physical))
        fault = "is not what it was";
    if (!fault && !known && nr_taken == NR_TAKEN)
        fault = "is one too many";
    if (!fault && !lend(config, &physical))
        fault = "has streams of another bus than others that are lent";
    if (fault)
        return refusal("vm.dtb: of stile,physical-functions, %x of the machine's %s %s", from->id,
                       config->devices[bridge->device].name, fault);
    if (!known)
        taken[nr_taken++] = physical;
    return NULL;
}

const char *sriov_take(const struct vm_config *config)
{
    const char *fault = NULL;

    for (uint32_t i = 0; i < vm_config_nr_physical(config) && !fault; i++)
        fault = take(config, &config->physical[i]);
    return fault;
}

/* --- a virtual function ---------------------------------------------------------------------- */

bool sriov_is_enabled(const struct sriov_virtual *function)
{
    return (read16(function->physical, SRIOV_CONTROL) & SRIOV_ENABLE) &&
           function->index < read16(function->physical, SRIOV_NUM_VFS);
}

uint32_t sriov_ids(const struct sriov_virtual *function)
{
    return function->physical->ids;
}

struct sriov_bar sriov_bar(const struct sriov_virtual *function, uint32_t index)
{
    const struct sriov *physical = function->physical;

    return (struct sriov_bar){
        .type = physical->bars[index].type,
        .is_upper = physical->bars[index].is_upper,
        .bytes = physical->bars[index].bytes,
        .pa = pa_add(physical->bars[index].pa, function->index * physical->bars[index].bytes),
    };
}

uint32_t sriov_bar_value(const struct sriov *physical, uint32_t index, uint32_t value)
{
    if (physical->bars[index].is_upper)
        return value;
    if (physical->bars[index].bytes == 0)
        return 0;
    return (value & ~(uint32_t)(physical->bars[index].bytes - 1)) | physical->bars[index].type;
}

/* --- the owner's view ------------------------------------------------------------------------ */

bool sriov_shows(const struct sriov *physical, uint32_t at)
{
    return at - physical->at < SRIOV_BYTES;
}

/* Which VF BAR a register of the capability is; PCI_NR_BARS or more: none. */
static uint32_t bar_of(const struct sriov *physical, uint32_t at)
{
    return (at - physical->at - SRIOV_BARS) / 4;
}

uint32_t sriov_read(const struct sriov *physical, uint32_t at)
{
    uint32_t bar = bar_of(physical, at);

    if (bar < PCI_NR_BARS)
        return sriov_bar_value(physical, bar, physical->bars[bar].shown);
    return pci_read(config_of(physical), at, 4);
}

/* What a VF BAR is to hold, or its upper half. */
static uint32_t placed(const struct sriov *physical, uint32_t bar)
{
    if (physical->bars[bar].is_upper)
        return (uint32_t)(physical->bars[bar - 1].pci >> 32);
    return (uint32_t)physical->bars[bar].pci | physical->bars[bar].type;
}

/* Whether virtual functions are, or would be, where they are to be, by address and by ID. */
static bool is_placed(const struct sriov *physical)
{
    uint32_t nr = read16(physical, SRIOV_NUM_VFS);
    bool all = true;

    for (uint32_t i = 0; i < PCI_NR_BARS; i++)
        all = all && read_bar(physical, i) == placed(physical, i);
    return all && nr <= physical->nr && read16(physical, SRIOV_FIRST_VF) == physical->first &&
           (nr < 2 || read16(physical, SRIOV_STRIDE) == physical->stride);
}

/* The owner may be resetting the physical function at the same time, so it is looked at again. */
static void place_and_enable(const struct sriov *physical, uint32_t value)
{
    write16(physical, SRIOV_CONTROL, 0);
    pci_write(config_of(physical), physical->at + SRIOV_PAGE_SIZE, 4, SRIOV_PAGE_4K);
    for (uint32_t i = 0; i < PCI_NR_BARS; i++)
        write_bar(physical, i, placed(physical, i));
    if (!is_placed(physical))
        return;
    write16(physical, SRIOV_CONTROL, value);
    if (!is_placed(physical))
        write16(physical, SRIOV_CONTROL, 0);
}

static void set_control(const struct sriov *physical, uint32_t value)
{
    value &= SRIOV_ENABLE | SRIOV_MEMORY_ENABLE;
    if ((value & SRIOV_ENABLE) && !(read16(physical, SRIOV_CONTROL) & SRIOV_ENABLE))
        place_and_enable(physical, value);
    else
        write16(physical, SRIOV_CONTROL, value);
}

void sriov_write(struct sriov *physical, uint32_t at, uint32_t value)
{
    uint32_t bar = bar_of(physical, at);

    spin_lock(&lock);
    if (bar < PCI_NR_BARS)
        physical->bars[bar].shown = value;
    else if (at - physical->at == SRIOV_CONTROL)
        set_control(physical, value);
    else if (at - physical->at == SRIOV_NUM_VFS &&
             !(read16(physical, SRIOV_CONTROL) & SRIOV_ENABLE))
        write16(physical, SRIOV_NUM_VFS, value);
    spin_unlock(&lock);
}
