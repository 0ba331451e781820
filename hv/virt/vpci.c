/* SPDX-License-Identifier: MIT */
/*
 * A virtual function implements part of a configuration space (PCI Express Base 9.3.4): it has no
 * Vendor ID, no BARs and no memory enable, which are EL2's. The rest is its own, of which its VM
 * may write what is for the function alone: whether it is a bus master, its MSIs, and its reset.
 */
#include "virt/vpci.h"

#include "arch/clamp.h"
#include "dev/smmu.h"
#include "lib/spinlock.h"
#include "mm/stage2.h"
#include "virt/pci_space.h"
#include "virt/sriov.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define FUNCTION_MASK ((uint32_t)PCI_FUNCTION_BYTES - 1)

/* PCI Express Base 7.5.3.4: Device Control. */
#define EXPRESS_CONTROL 8u
#define EXPRESS_RESET   (1u << 15)

/* The VM's bus has a virtual function in each device's place of function 0. */
#define DEVICE_BYTES (VM_VIRTUAL_STEP * PCI_FUNCTION_BYTES)

/* By number - 1: what EL2 has of a virtual function. */
static struct shown {
    bool has_memory; /* its BARs are to be mapped, */
    bool is_mapped[PCI_NR_BARS];
    uint64_t mapped_at[PCI_NR_BARS]; /* and where they are */
    uint32_t bars[PCI_NR_BARS];
} functions[CONFIG_NR_VMS][VM_NR_VIRTUAL];

/* Of what is shown, and of writes to an owner's bridge. */
static struct spinlock locks[CONFIG_NR_VMS];

/* --- words ----------------------------------------------------------------------------------- */

/** A view of a configuration space: how it reads, by words, and is written to. */
struct view {
    uint32_t (*read)(const struct vm *vm, uint32_t offset);
    void (*write)(struct vm *vm, uint32_t offset, uint32_t bytes, uint32_t value);
};

/* Of the word at @offset the part that an access is about. */
static uint64_t read_view(struct vcpu *vcpu, const struct view *view, uint32_t offset,
                          uint32_t bytes)
{
    uint64_t value = view->read(vcpu->vm, offset & ~3u);

    if (bytes == 8)
        return value | (uint64_t)view->read(vcpu->vm, offset + 4) << 32;
    return value >> 8 * (offset & 3u);
}

static void write_view(struct vcpu *vcpu, const struct view *view, uint32_t offset, uint32_t bytes,
                       uint64_t value)
{
    spin_lock(&locks[vcpu->vm->id - 1]);
    view->write(vcpu->vm, offset, bytes == 8 ? 4 : bytes, (uint32_t)value);
    if (bytes == 8)
        view->write(vcpu->vm, offset + 4, 4, (uint32_t)(value >> 32));
    spin_unlock(&locks[vcpu->vm->id - 1]);
}

/* A word after a part of it was written. */
static uint32_t merge(uint32_t word, uint32_t offset, uint32_t bytes, uint32_t value)
{
    uint32_t shift = 8 * (offset & 3u);
    uint32_t mask = (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1) << shift;

    return (word & ~mask) | (value << shift & mask);
}

/* --- the owner's bridge ---------------------------------------------------------------------- */

static pa_t bridge_of(const struct vm *vm)
{
    return vm->config.device_ranges[vm->config.physical_range].pa;
}

static uint32_t owner_read(const struct vm *vm, uint32_t offset)
{
    uint32_t at = offset & FUNCTION_MASK;
    const struct sriov *physical = sriov_find_physical(bridge_of(vm), offset / PCI_FUNCTION_BYTES);

    if (physical && sriov_shows(physical, at))
        return sriov_read(physical, at);
    return pci_read(pa_add(bridge_of(vm), offset - at), at, 4);
}

/* By the numbers of buses a function of the owner's would come to a stream that is lent. */
static bool are_bus_numbers(pa_t function, uint32_t at)
{
    return (at & ~3u) == PCI_BUS_NUMBERS && (pci_read(function, PCI_HEADER_TYPE, 1) &
                                             ~PCI_HEADER_MULTI_FUNCTION) == PCI_HEADER_BRIDGE;
}

/* What belongs to a virtual function, it may read. */
static void owner_write(struct vm *vm, uint32_t offset, uint32_t bytes, uint32_t value)
{
    uint32_t at = offset & FUNCTION_MASK;
    uint32_t id = offset / PCI_FUNCTION_BYTES;
    pa_t config = pa_add(bridge_of(vm), offset - at);
    struct sriov *physical = sriov_find_physical(bridge_of(vm), id);
    struct sriov_virtual function;

    if (sriov_find(bridge_of(vm), id, &function) || are_bus_numbers(config, at))
        return;
    if (physical && sriov_shows(physical, at & ~3u))
        sriov_write(physical, at & ~3u,
                    merge(sriov_read(physical, at & ~3u), offset, bytes, value));
    else
        pci_write(config, at, bytes, value);
}

static const struct view owner_view = {owner_read, owner_write};

static uint64_t owner_mmio_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    return read_view(vcpu, &owner_view, offset, bytes);
}

static void owner_mmio_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    write_view(vcpu, &owner_view, offset, bytes, value);
}

static const struct mmio_ops owner_ops = {owner_mmio_read, owner_mmio_write, EXIT_DEVICE};

/* --- virtual functions ----------------------------------------------------------------------- */

/** One of a VM's. */
struct function {
    struct sriov_virtual is;
    pa_t config;
    struct shown *shown;
};

/* The @index-th of a VM's. Those it has were taken, which stays so. */
static struct function nth(const struct vm *vm, uint32_t index)
{
    const struct vm_virtual *virtuals = &vm->config.virtuals;
    struct function function = {
        .config = pa_add(virtuals->machine, virtuals->ids[index] * PCI_FUNCTION_BYTES),
        .shown = &functions[vm->id - 1][index],
    };

    (void)sriov_find(virtuals->machine, virtuals->ids[index], &function.is);
    return function;
}

/* Whose register one is; false if that is nobody's, or its owner has not enabled it. */
static bool find(const struct vm *vm, uint32_t offset, struct function *function)
{
    uint32_t index = offset / DEVICE_BYTES;

    if (index >= vm->config.virtuals.nr || offset % DEVICE_BYTES >= PCI_FUNCTION_BYTES)
        return false;
    *function = nth(vm, (uint32_t)clamp(index, VM_NR_VIRTUAL));
    return sriov_is_enabled(&function->is);
}

/* Where the VM has put a BAR; false: nowhere in its window. */
static bool find_ipa(const struct vm *vm, const struct shown *shown, uint32_t bar,
                     const struct sriov_bar *what, ipa_t *ipa)
{
    const struct vm_virtual *virtuals = &vm->config.virtuals;
    uint64_t pci = shown->bars[bar];

    if (PCI_BAR_IS_64(what->type) && bar + 1 < PCI_NR_BARS)
        pci |= (uint64_t)shown->bars[bar + 1] << 32;
    pci = align_down(pci, what->bytes) - virtuals->window_pci;
    *ipa = ipa_add(virtuals->window.base, pci);
    return pci < virtuals->window.bytes && what->bytes <= virtuals->window.bytes - pci;
}

static void unmap(struct vm *vm, struct shown *shown, uint32_t bar, uint64_t bytes)
{
    if (shown->is_mapped[bar])
        (void)stage2_unmap(&vm->stage2, ipa_make(shown->mapped_at[bar]), bytes);
    shown->is_mapped[bar] = false;
}

/* What cannot be mapped, since something is there or tables lack, is not there. */
static void map(struct vm *vm, const struct function *function, uint32_t bar)
{
    const uint32_t attrs = STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE;
    struct sriov_bar what = sriov_bar(&function->is, bar);
    struct shown *shown = function->shown;
    ipa_t ipa;

    if (what.bytes == 0)
        return;
    unmap(vm, shown, bar, what.bytes);
    if (!shown->has_memory || !find_ipa(vm, shown, bar, &what, &ipa))
        return;
    shown->mapped_at[bar] = ipa.ipa;
    shown->is_mapped[bar] =
        stage2_map(&vm->stage2, ipa, what.pa, what.bytes, attrs) == STILE_SUCCESS;
}

static void map_all(struct vm *vm, const struct function *function)
{
    for (uint32_t bar = 0; bar < PCI_NR_BARS; bar++)
        map(vm, function, bar);
}

static uint32_t virtual_read(const struct vm *vm, uint32_t offset)
{
    uint32_t at = offset & FUNCTION_MASK;
    struct function function;
    uint32_t value, bar = (at - PCI_BARS) / 4;

    if (!find(vm, offset, &function))
        return UINT32_MAX;
    if (at == PCI_VENDOR_ID)
        return sriov_ids(&function.is);
    if (bar < PCI_NR_BARS)
        return function.shown->bars[bar];
    if (at == PCI_ROM)
        return 0;
    value = pci_read(function.config, at, 4);
    if (at == PCI_COMMAND)
        value =
            (value & ~PCI_COMMAND_MEMORY) | (function.shown->has_memory ? PCI_COMMAND_MEMORY : 0);
    return value;
}

/* Memory is enabled in the function, too: some (QEMU's) have the bit, and go by it. */
static void set_command(struct vm *vm, const struct function *function, uint32_t value)
{
    pci_write(function->config, PCI_COMMAND, 2,
              value & (PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER));
    function->shown->has_memory = value & PCI_COMMAND_MEMORY;
    map_all(vm, function);
}

static void set_bar(struct vm *vm, const struct function *function, uint32_t bar, uint32_t value)
{
    function->shown->bars[bar] = sriov_bar_value(function->is.physical, bar, value);
    map(vm, function, bar);
    if (bar > 0)
        map(vm, function, bar - 1); /* of which it may be the upper half */
}

/* The capability that a register is in, by the list; its first word is @word. */
static uint32_t find_capability(pa_t config, uint32_t at, uint32_t *word)
{
    uint32_t found = 0;
    uint32_t next = pci_read(config, PCI_CAPABILITIES, 1) & 0xFC;

    for (uint32_t i = 0; i < (PCI_EXT_FIRST - PCI_CAP_FIRST) / 4 && next >= PCI_CAP_FIRST; i++) {
        uint32_t capability = pci_read(config, next, 4);

        if (next <= at && next > found) {
            found = next;
            *word = capability;
        }
        next = PCI_CAP_NEXT(capability);
    }
    return found;
}

/* PCI Local Bus 6.8.1: Message Control tells how long the capability is. */
static uint32_t msi_bytes(uint32_t word)
{
    bool has_64 = word & 1u << 23;
    bool has_masks = word & 1u << 24;

    return 10u + (has_64 ? 4 : 0) + (has_masks ? 10 : 0);
}

static void reset(struct vm *vm, const struct function *function)
{
    function->shown->has_memory = false;
    map_all(vm, function);
    for (uint32_t bar = 0; bar < PCI_NR_BARS; bar++)
        function->shown->bars[bar] = sriov_bar_value(function->is.physical, bar, 0);
}

static void write_capability(struct vm *vm, const struct function *function, uint32_t at,
                             uint32_t bytes, uint32_t value)
{
    uint32_t word = 0;
    uint32_t capability = find_capability(function->config, at, &word);
    uint32_t inside = at - capability;
    uint32_t end = inside + bytes;

    if (capability == 0 || at >= PCI_EXT_FIRST)
        return;
    if ((PCI_CAP_ID(word) == PCI_CAP_MSIX && inside >= 2 && end <= 4) ||
        (PCI_CAP_ID(word) == PCI_CAP_MSI && inside >= 2 && end <= msi_bytes(word))) {
        pci_write(function->config, at, bytes, value);
    } else if (PCI_CAP_ID(word) == PCI_CAP_EXPRESS && inside == EXPRESS_CONTROL && bytes == 2 &&
               (value & EXPRESS_RESET)) {
        pci_write(function->config, at, 2, EXPRESS_RESET);
        reset(vm, function);
    }
}

static void virtual_write(struct vm *vm, uint32_t offset, uint32_t bytes, uint32_t value)
{
    uint32_t at = offset & FUNCTION_MASK;
    uint32_t word = at & ~3u;
    struct function function;
    uint32_t bar = (word - PCI_BARS) / 4;

    if (!find(vm, offset, &function))
        return;
    if (word == PCI_COMMAND)
        set_command(vm, &function, merge(virtual_read(vm, offset & ~3u), at, bytes, value));
    else if (bar < PCI_NR_BARS)
        set_bar(vm, &function, bar, merge(function.shown->bars[bar], at, bytes, value));
    else if (at >= PCI_CAP_FIRST)
        write_capability(vm, &function, at, bytes, value);
}

static const struct view virtual_view = {virtual_read, virtual_write};

static uint64_t virtual_mmio_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    return read_view(vcpu, &virtual_view, offset, bytes);
}

static void virtual_mmio_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    write_view(vcpu, &virtual_view, offset, bytes, value);
}

static const struct mmio_ops virtual_ops = {virtual_mmio_read, virtual_mmio_write, EXIT_DEVICE};

/* --- a VM's life ----------------------------------------------------------------------------- */

uint32_t vpci_quiet(const struct vm *vm)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < vm_config_nr_virtual(&vm->config); i++) {
        struct function function = nth(vm, i);
        uint32_t command;

        if (!sriov_is_enabled(&function.is))
            continue;
        command = pci_read(function.config, PCI_COMMAND, 2);
        nr += (command & PCI_COMMAND_BUS_MASTER) != 0;
        pci_write(function.config, PCI_COMMAND, 2, command & ~PCI_COMMAND_BUS_MASTER);
    }
    return nr;
}

static void show_virtual(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.virtuals.nr; i++) {
        struct function function = nth(vm, i);

        *function.shown = (struct shown){0};
        for (uint32_t bar = 0; bar < PCI_NR_BARS; bar++)
            function.shown->bars[bar] = sriov_bar_value(function.is.physical, bar, 0);
    }
    mmio_add(&vm->mmio, vm->config.virtuals.config.base, vm->config.virtuals.config.bytes,
             &virtual_ops);
}

const char *vpci_init(struct vm *vm)
{
    const struct vm_device_range *bridge = &vm->config.device_ranges[vm->config.physical_range];

    if (vm_config_nr_virtual(&vm->config) > 0)
        show_virtual(vm);
    if (vm_config_nr_physical(&vm->config) == 0)
        return NULL;
    mmio_add(&vm->mmio, bridge->at.base, bridge->at.bytes, &owner_ops);
    return sriov_take(&vm->config);
}

void vpci_attach(const struct vm *vm, void *context)
{
    const struct vm_config *config = &vm->config;

    for (uint32_t i = 0; i < vm_config_nr_virtual(config); i++)
        smmu_attach_stream(vm->id, config->first_stream + config->virtuals.ids[i], context,
                           stage2_dma_root(&vm->stage2));
}
