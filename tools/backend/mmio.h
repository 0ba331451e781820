/* SPDX-License-Identifier: MIT */
/*
 * Devices whose registers the hypervisor keeps in a page that it shares (stile/virtio.h).
 */
#ifndef BACKEND_MMIO_H
#define BACKEND_MMIO_H

#include "device.h"

/** mmio_start() - serve a device of such a page. NULL: it has told why */
struct device *mmio_start(const struct config_device *config, struct stile_virtio_page *page,
                          const struct memory *memory);

#endif
