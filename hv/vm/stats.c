/* SPDX-License-Identifier: MIT */
#include "vm/stats.h"

static const char *const names[] = {
#define EXIT(kind, counter, name) [EXIT_##kind] = (name),
    STATS_EXITS(EXIT)
#undef EXIT
};

const char *stats_exit_name(enum stats_exit exit)
{
    return names[exit];
}
