/* SPDX-License-Identifier: MIT */
/*
 * Powering off, in the ways there are to tell how it went.
 */
#include "watch/power.h"

#include <stdbool.h>

#include "arch/semihosting.h"
#include "console/console.h"
#include "dev/machine.h"
#include "dev/psci.h"

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
