/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CPU_MAX 63

static char said[160];

static const char *refuse(const char *text, const char *why)
{
    (void)snprintf(said, sizeof(said), "%.80s %s", text, why);
    return said;
}

/* Moves *at behind a number. */
static bool take_cpu(const char **at, uint64_t *cpu)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *cpu = strtoul(*at, &end, 10);
    *at = end;
    return errno == 0 && *cpu <= CPU_MAX;
}

const char *cpus_read(const char *list, uint64_t *cpus)
{
    const char *at = list;

    *cpus = 0;
    do {
        const char *from = at;
        uint64_t first, last;

        if (!take_cpu(&at, &first))
            return refuse(from, "is no number up to 63");
        last = first;
        if (*at == '-') {
            from = ++at;
            if (!take_cpu(&at, &last))
                return refuse(from, "is no number up to 63");
        }
        if (last < first)
            return refuse(list, "is no list of CPUs: a range of CPUs goes up, as 0-2,5");
        for (; first <= last; first++)
            *cpus |= UINT64_C(1) << first;
    } while (*at++ == ',');
    return at[-1] == '\0' ? NULL : refuse(list, "is no list of CPUs, as 0-2,5");
}
