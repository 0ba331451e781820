/* SPDX-License-Identifier: MIT */
/*
 * What the packaged libfdt was compiled to expect: a canary in its stack frames, and somebody to
 * tell when one is gone. The hypervisor's own code has guard pages instead.
 */
#include <stdint.h>

#include "lib/printk.h"

/* Zero bytes at the low end stop an overrun string. */
extern const uint64_t __stack_chk_guard;
const uint64_t __stack_chk_guard = UINT64_C(0x9D3B61F0A75C0000);

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
    panic("libfdt overran its stack frame");
}
