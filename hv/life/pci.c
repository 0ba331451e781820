/* SPDX-License-Identifier: MIT */
#include "life/pci.h"

#include <stdbool.h>

#include "dev/pci_config.h"
#include "mm/window.h"

#define NR_DEVICES   32u
#define NR_FUNCTIONS 8u

/** What was found where a function may be. */
struct found {
    bool is_there;
    bool has_more; /* functions beside the first */
    uint32_t nr_masters;
};

/* A virtual function that is disabled has nothing under way any more. Returns how many were not. */
static uint32_t disable_virtual(uintptr_t function)
{
    uint32_t sriov = pci_find_extended(function, PCI_EXT_SRIOV);
    uint16_t control = sriov ? io_read16(function + sriov + SRIOV_CONTROL) : 0;
    uint32_t nr;

    if (!(control & SRIOV_ENABLE))
        return 0;
    nr = io_read16(function + sriov + SRIOV_NUM_VFS);
    io_write16(function + sriov + SRIOV_CONTROL,
               (uint16_t)(control & ~(SRIOV_ENABLE | SRIOV_MEMORY_ENABLE)));
    return nr;
}

static struct found quiet_function(pa_t config)
{
    uintptr_t function = (uintptr_t)window_map(config, WINDOW_DEVICE);
    struct found found = {.is_there = io_read16(function + PCI_VENDOR_ID) != PCI_NO_VENDOR};

    if (found.is_there) {
        uint16_t command = io_read16(function + PCI_COMMAND);

        found.has_more = io_read8(function + PCI_HEADER_TYPE) & PCI_HEADER_MULTI_FUNCTION;
        found.nr_masters = disable_virtual(function);
        if (command & PCI_COMMAND_BUS_MASTER) {
            found.nr_masters++;
            io_write16(function + PCI_COMMAND, (uint16_t)(command & ~PCI_COMMAND_BUS_MASTER));
        }
    }
    window_unmap();
    return found;
}

uint32_t pci_quiet_bus(pa_t config)
{
    uint32_t nr = 0;

    for (uint32_t device = 0; device < NR_DEVICES; device++) {
        pa_t first = pa_add(config, device * NR_FUNCTIONS * PCI_FUNCTION_BYTES);
        struct found found = quiet_function(first);

        nr += found.nr_masters;
        for (uint32_t i = 1; i < NR_FUNCTIONS && found.has_more; i++)
            nr += quiet_function(pa_add(first, i * PCI_FUNCTION_BYTES)).nr_masters;
    }
    return nr;
}
