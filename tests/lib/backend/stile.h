/* SPDX-License-Identifier: MIT */
/*
 * A VM of the fake hypervisor that runs tools/backend: threads of the host, and /dev/stile over the
 * fake's calls.
 */
#ifndef TESTS_LIB_BACKEND_STILE_H
#define TESTS_LIB_BACKEND_STILE_H

#include <stdint.h>

#include "../../../tools/backend/config.h"

/** backend_start() - start the back end in a VM of the fake, whose threads sleep */
void backend_start(uint32_t vm, const struct config *config);

/** backend_die() - end it, with all that it had of the VM's: ports and shares */
void backend_die(void);

#endif
