/* SPDX-License-Identifier: MIT */
/*
 * Buses of messages that the configured VMs offer.
 */
#ifndef BACKEND_BUSES_H
#define BACKEND_BUSES_H

#include <stdbool.h>

#include "config.h"

/** buses_look() - join those that are new, and leave those that have ended. Returns whether there
 * may be one whose key is not there yet */
bool buses_look(int stile, const struct config *config);

#endif
