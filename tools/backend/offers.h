/* SPDX-License-Identifier: MIT */
/*
 * Devices that the hypervisor offers, each by a page.
 */
#ifndef BACKEND_OFFERS_H
#define BACKEND_OFFERS_H

#include <stdbool.h>

#include "config.h"

/** offers_init() - before the first look: /dev/stile, and what is to be served */
void offers_init(int file, const struct config *wanted);

/** offers_look() - serve what is offered, and leave what has ended. Returns whether there is
 * something that could not be served, and may be later */
bool offers_look(void);

#endif
