/* SPDX-License-Identifier: MIT */
/*
 * What libfdt.a, which Debian builds with a stack protector, expects of its surroundings.
 */
#include <stdint.h>

#include "lib/panic.h"

extern const uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

const uintptr_t __stack_chk_guard = 0x5374696C65536E74;

void __stack_chk_fail(void)
{
    panic("a function wrote past its locals");
}
