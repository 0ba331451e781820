/* SPDX-License-Identifier: MIT */
/*
 * The one struct machine, and looking things up in it.
 */
#include "dev/machine.h"

#include <string.h>

struct machine machine;

bool machine_option(const char *word)
{
    size_t length = strlen(word);
    const char *at = machine.bootargs;

    if (!at)
        return false; /* the tree has not been read */
    while (strncmp(at, word, length) != 0 || (at[length] != ' ' && at[length] != '\0')) {
        at = strchr(at, ' ');
        if (!at)
            return false;
        at++;
    }
    return true;
}
