/* SPDX-License-Identifier: MIT */
/*
 * Finding the VM that a test is about. A VM's number says nothing, so the command line has its
 * name.
 */
#include <string.h>

#include "stile/stubs.h"
#include "test/test.h"
#include "threads/thread.h"

#define TRY_EVERY_MS 1
#define NR_TRIES     10000

uint32_t test_find_peer(const char *name)
{
    uint64_t words[STILE_VM_NAME_BYTES / sizeof(uint64_t)] = {0};
    struct stile_result found = {STILE_NOT_FOUND, {0, 0, 0}};
    size_t length = 0;

    while (length < STILE_VM_NAME_BYTES - 1 && name[length] > ' ' && name[length] != ':')
        length++;
    memcpy(words, name, length);
    for (uint32_t i = 0; i < NR_TRIES && found.status != STILE_SUCCESS; i++) {
        if (i > 0)
            thread_sleep_ms(TRY_EVERY_MS);
        found = stile_directory_find_vm(words[0], words[1], words[2], words[3]);
    }
    return (uint32_t)found.value[0];
}
