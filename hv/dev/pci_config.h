/* SPDX-License-Identifier: MIT */
/*
 * Registers of a PCI function's configuration space (PCI Express Base 7.5, 7.8 and 9.3.3), as far
 * as EL2 reads or writes them, and how capabilities are found.
 */
#ifndef DEV_PCI_CONFIG_H
#define DEV_PCI_CONFIG_H

#include <stdint.h>

#include "arm64/io.h"

/** How much of a bus's configuration space a function takes. */
#define PCI_FUNCTION_BYTES UINT64_C(0x1000)

#define PCI_VENDOR_ID             0x00u
#define PCI_NO_VENDOR             0xFFFFu
#define PCI_COMMAND               0x04u
#define PCI_COMMAND_MEMORY        (1u << 1)
#define PCI_COMMAND_BUS_MASTER    (1u << 2)
#define PCI_HEADER_TYPE           0x0Eu
#define PCI_HEADER_MULTI_FUNCTION (1u << 7)
#define PCI_HEADER_BRIDGE         1u    /* but for that bit */
#define PCI_BUS_NUMBERS           0x18u /* of a bridge to other buses */
#define PCI_BARS                  0x10u
#define PCI_NR_BARS               6u
#define PCI_BAR_IS_IO             (1u << 0)
#define PCI_BAR_TYPE              0xFu
#define PCI_BAR_IS_64(bar)        (((bar)&0x6u) == 0x4u)
#define PCI_ROM                   0x30u
#define PCI_CAPABILITIES          0x34u

/** Where capabilities are, and what the first bytes of one say. */
#define PCI_CAP_FIRST   0x40u
#define PCI_CAP_NEXT(c) ((c) >> 8 & 0xFCu)
#define PCI_CAP_ID(c)   ((c)&0xFFu)
#define PCI_CAP_MSI     0x05u
#define PCI_CAP_EXPRESS 0x10u
#define PCI_CAP_MSIX    0x11u

/** The same of extended ones. */
#define PCI_EXT_FIRST            0x100u
#define PCI_EXT_NEXT(c)          ((c) >> 20 & 0xFFCu)
#define PCI_EXT_ID(c)            ((c)&0xFFFFu)
#define PCI_EXT_SRIOV            0x10u
#define PCI_EXT_VF_RESIZABLE_BAR 0x24u

/** The SR-IOV capability, by the offset in it. */
#define SRIOV_CONTROL       0x08u
#define SRIOV_ENABLE        (1u << 0)
#define SRIOV_MEMORY_ENABLE (1u << 3)
#define SRIOV_TOTAL_VFS     0x0Eu
#define SRIOV_NUM_VFS       0x10u
#define SRIOV_FIRST_VF      0x14u
#define SRIOV_STRIDE        0x16u
#define SRIOV_DEVICE_ID     0x1Au
#define SRIOV_PAGE_SIZE     0x20u
#define SRIOV_PAGE_4K       1u
#define SRIOV_BARS          0x24u
#define SRIOV_BYTES         0x40u

/**
 * pci_find_extended() - find an extended capability
 * @function: where the function's configuration space is mapped
 *
 * Returns its offset, or 0 if there is none. However the list goes, no more is read than could be
 * capabilities.
 */
static inline uint32_t pci_find_extended(uintptr_t function, uint32_t id)
{
    uint32_t at = PCI_EXT_FIRST;

    for (uint32_t i = 0; i < (PCI_FUNCTION_BYTES - PCI_EXT_FIRST) / 8 && at >= PCI_EXT_FIRST; i++) {
        uint32_t capability = io_read32(function + at);

        if (capability == 0 || capability == UINT32_MAX)
            return 0;
        if (PCI_EXT_ID(capability) == id)
            return at;
        at = PCI_EXT_NEXT(capability);
    }
    return 0;
}

#endif
