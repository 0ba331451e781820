/* SPDX-License-Identifier: MIT */
/*
 * A VM that has memory and no more, for one suite at EL2.
 */
#ifndef ONE_VM_H
#define ONE_VM_H

#include <string.h>

#include "ktf.h"
#include "mm/page.h"
#include "whole.h"

#define MEMORY_IPA   UINT64_C(0x40000000)
#define MEMORY_BYTES (4 * BLOCK_2M)

static struct vm vm;

static void make_vm(void)
{
    memset(&vm, 0, sizeof(vm));
    vm.id = 1;
    vm.config.nr_memory = 1;
    vm.config.memory[0] = (struct ipa_range){ipa_make(MEMORY_IPA), MEMORY_BYTES};
    ASSERT_TRUE(page_reserve(vm.id, 64));
    ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
}

static void destroy_vm(void)
{
    whole_destroy(&vm);
    vmem_forget(&vm);
    page_unreserve(vm.id);
}

#endif
