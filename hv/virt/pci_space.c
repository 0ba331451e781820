/* SPDX-License-Identifier: MIT */
#include "virt/pci_space.h"

#include "arm64/io.h"
#include "dev/pci_config.h"
#include "lib/cold.h"
#include "mm/window.h"

COLD uint32_t pci_read(pa_t function, uint32_t at, uint32_t bytes)
{
    uintptr_t address = (uintptr_t)window_map(function, WINDOW_DEVICE) + at;
    uint32_t value = bytes == 4   ? io_read32(address)
                     : bytes == 2 ? io_read16(address)
                                  : io_read8(address);

    window_unmap();
    return value;
}

COLD void pci_write(pa_t function, uint32_t at, uint32_t bytes, uint32_t value)
{
    uintptr_t address = (uintptr_t)window_map(function, WINDOW_DEVICE) + at;

    if (bytes == 4)
        io_write32(address, value);
    else if (bytes == 2)
        io_write16(address, (uint16_t)value);
    else
        io_write8(address, (uint8_t)value);
    window_unmap();
}

COLD uint32_t pci_find(pa_t function, uint32_t id)
{
    uint32_t at = pci_find_extended((uintptr_t)window_map(function, WINDOW_DEVICE), id);

    window_unmap();
    return at;
}
