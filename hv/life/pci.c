/* SPDX-License-Identifier: MIT */
#include "life/pci.h"

#include <stdbool.h>

#include "arm64/io.h"
#include "mm/window.h"

#define NR_DEVICES   32u
#define NR_FUNCTIONS 8u

/* PCI Local Bus 6.1: the header of a function. */
#define VENDOR_ID             0x00u
#define COMMAND               0x04u
#define HEADER_TYPE           0x0Eu
#define NO_VENDOR             0xFFFFu
#define COMMAND_BUS_MASTER    (1u << 2)
#define HEADER_MULTI_FUNCTION (1u << 7)

/** What was found where a function may be. */
struct found {
    bool is_there;
    bool has_more; /* functions beside the first */
    bool was_master;
};

static struct found quiet_function(pa_t config)
{
    uintptr_t function = (uintptr_t)window_map(config, WINDOW_DEVICE);
    struct found found = {.is_there = io_read16(function + VENDOR_ID) != NO_VENDOR};

    if (found.is_there) {
        uint16_t command = io_read16(function + COMMAND);

        found.has_more = io_read8(function + HEADER_TYPE) & HEADER_MULTI_FUNCTION;
        found.was_master = command & COMMAND_BUS_MASTER;
        if (found.was_master)
            io_write16(function + COMMAND, (uint16_t)(command & ~COMMAND_BUS_MASTER));
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

        nr += found.was_master;
        for (uint32_t i = 1; i < NR_FUNCTIONS && found.has_more; i++)
            nr += quiet_function(pa_add(first, i * PCI_FUNCTION_BYTES)).was_master;
    }
    return nr;
}
