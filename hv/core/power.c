/* SPDX-License-Identifier: MIT */
/*
 * Powering off, in the ways there are to tell how it went.
 */
#include "core/power.h"

#include <stdbool.h>

#include "arch/psci.h"
#include "arch/semihosting.h"
#include "core/console.h"
#include "core/machine.h"

void power_off(uint32_t status)
{
    static bool has_tried; /* and come back by a panic: the word promised too much */

    console_panic_write("", 0);
    if (machine_option("stile.semihosting") && !has_tried) {
        has_tried = true;
        semihosting_exit(status);
    }
    psci_system_off();
}
