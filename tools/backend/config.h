/* SPDX-License-Identifier: MIT */
/*
 * What is served to whom: a file of lines
 *
 *     disk      VM INDEX FILE [read-only] [queues=N]
 *     net       VM INDEX TAP  [MAC] [queues=N]
 *     vhost-net VM INDEX TAP  [MAC]
 *
 * of words, in which # begins a comment. INDEX counts the VM's devices by their addresses, from 0.
 * A disk has one queue, or N, up to 8, and a network card one pair of them, or N, up to 3: as many
 * as the VM has vCPUs let each of them submit without waiting for another one. They are served by
 * one thread, in turns. A TAP device of several queues is made, and stays, if there is none.
 */
#ifndef BACKEND_CONFIG_H
#define BACKEND_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define SERVED_MAX 32

struct kind;

struct config_device {
    const struct kind *kind; /* device.h */
    char vm[32];
    uint32_t index;
    char file[128]; /* of a disk; or the name of a TAP device */
    bool is_read_only;
    uint32_t nr_queues; /* of a disk; or pairs of them */
    bool has_mac;
    uint8_t mac[6];
};

struct config {
    unsigned nr;
    struct config_device devices[SERVED_MAX];
};

/** config_read() - read the file; what is wrong with it is told, and is the end */
void config_read(struct config *config, const char *path);

#endif
