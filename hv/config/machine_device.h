/* SPDX-License-Identifier: MIT */
/*
 * What the machine's device tree says of a device that a VM is to have.
 */
#ifndef CONFIG_MACHINE_DEVICE_H
#define CONFIG_MACHINE_DEVICE_H

#include "config/dt.h"
#include "dev/ranges.h"

/** The most of each that a device may have, beside MSIs. */
#define MACHINE_DEVICE_RANGES 4
#define MACHINE_DEVICE_SPIS   8

/** Whole pages around registers, or around a window of a PCI host bridge. */
struct machine_device_range {
    struct pa_range pages;
    uint32_t offset;         /* of the registers in the first one */
    struct dt_window window; /* bytes 0: it is none */
};

/** A device, as its node says. */
struct machine_device {
    const char *name; /* with its unit address; in the tree, which stays where it is */
    bool has_clocks;
    bool is_pci; /* a host bridge: the first range is its configuration space */
    bool is_msi; /* a GICv2m: whoever writes to it makes an SPI pending */
    bool is_its; /* whoever writes to it makes an LPI pending */
    uint32_t phandle;
    struct dt_streams msis; /* a bridge's msi-map */
    uint32_t first_msi;     /* INTID, of those */
    uint32_t nr_msis;
    uint32_t nr_regs;
    uint32_t nr_ranges; /* registers, and then windows */
    uint32_t nr_spis;
    struct machine_device_range ranges[MACHINE_DEVICE_RANGES];
    struct dt_streams streams;
    struct dt_interrupts interrupts; /* of a bridge: which device's is which of the SPIs */
    struct dt_gic gic;
    struct {
        uint32_t intid;
        bool edge;
    } spis[MACHINE_DEVICE_SPIS];
};

/**
 * machine_device_find() - look a device up, and whether it can be given away
 * @for_node: the name of the node that asks for it, for texts
 * @path: a string property: the node's path from the root, with all unit addresses
 * @alone: whether its pages are to be its alone; else devices there may be others' beside it that
 *         carry nothing for others
 * @device: where to put it
 *
 * Of a PCI host bridge with the generic configuration space (ECAM) the windows are taken, too, and
 * the interrupts are those of its interrupt-map, each once.
 *
 * A frame of a GICv2m has SPIs that the tree or its MSI_TYPER says.
 *
 * A device is refused if it is not in use, if its interrupts, or its pages, are not its alone in
 * the tree, or if they are the hypervisor's. Returns NULL, or a text that says why and names both
 * nodes, as long-lived as a refusal()'s.
 */
const char *machine_device_find(const char *for_node, struct dt_prop path, bool alone,
                                struct machine_device *device);

#endif
