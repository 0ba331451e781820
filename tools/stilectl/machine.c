/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Of a node that is compatible with such a controller; its most compatible name comes first. */
static unsigned gic_of(const char *folder)
{
    char path[300], compatible[64] = "";
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/device-tree/%s/compatible", folder);
    file = fopen(path, "re");
    if (!file)
        return 0;
    (void)fread(compatible, 1, sizeof(compatible) - 1, file);
    (void)fclose(file);
    if (strcmp(compatible, "arm,gic-v3") == 0)
        return 3;
    return strcmp(compatible, "arm,cortex-a15-gic") == 0 || strcmp(compatible, "arm,gic-400") == 0
               ? 2
               : 0;
}

unsigned machine_gic(void)
{
    DIR *root = opendir("/proc/device-tree");
    struct dirent *node;
    unsigned gic_version = 0;

    while (root && gic_version == 0 && (node = readdir(root)) != NULL)
        gic_version = gic_of(node->d_name);
    if (root)
        (void)closedir(root);
    return gic_version;
}
