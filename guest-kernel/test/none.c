/* SPDX-License-Identifier: MIT */
/*
 * An image without tests.
 */
#include "lib/printk.h"
#include "test/test.h"

uint32_t test_run(void)
{
    printk("guest: this image has no tests; guest-test.img has\n");
    return 1;
}
