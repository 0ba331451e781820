/* SPDX-License-Identifier: MIT */
/*
 * What network cards have in common, whoever serves their queues.
 */
#ifndef BACKEND_NET_H
#define BACKEND_NET_H

#include <stdint.h>

#include "device.h"

/** net_open_tap() - the TAP device that the configuration names, or -1, and has told why */
int net_open_tap(const struct config_device *config);

/** net_offer() - fill @page's config. Returns the features that a TAP device can have */
uint64_t net_offer(const struct config_device *config, struct stile_virtio_page *page);

/** net_share_work() - tell the TAP device what need not be done to packets for this driver */
void net_share_work(const struct device *device, int tap);

#endif
