/* SPDX-License-Identifier: MIT */
/*
 * Powering off, in the ways there are to tell how it went.
 */
#include "watch/power.h"

#include <stdbool.h>

#include "arch/semihosting.h"
#include "console/console_write.h"
#include "console/serial.h"
#include "dev/machine.h"
#include "dev/psci.h"

/* Whether an emulator may be listening: its word says so, or there is no tree to have the word. */
static bool may_have_semihosting(void)
{
    return machine.dtb.bytes == 0 || machine_option("stile.semihosting");
}

void power_off(uint32_t status)
{
    static bool has_tried; /* and come back by a panic: nobody listened */
    char kept;

    console_panic_write("", 0);
    if (may_have_semihosting() && !has_tried) {
        has_tried = true;
        while (serial_take_kept(&kept))
            semihosting_write(kept);
        semihosting_exit(status);
    }
    if (machine.has_psci || machine.dtb.bytes == 0)
        psci_system_off();
}
