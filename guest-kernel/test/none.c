/* SPDX-License-Identifier: MIT */
/*
 * An image without tests.
 */
#include "lib/printk.h"
#include "test/test.h"

void test_run(void)
{
    printk("guest: this image has no tests; guest-test.img has\n");
}
