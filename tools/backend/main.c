/* SPDX-License-Identifier: MIT */
/*
 * The back end of other VMs' virtio devices: disks from files and block devices, network cards by
 * TAP devices.
 *
 *   stile-backend CONFIG
 *
 * CONFIG is described in config.h. A device that is offered and that CONFIG does not name is left
 * alone, and its VM waits. A line says what is served, and what is no longer.
 *
 * A VM gets to its devices by registers that the hypervisor keeps (stile,backend in its tree), or
 * by a bus of messages that it offers (stile/virtio_msg.h).
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buses.h"
#include "offers.h"
#include "say.h"
#include "stile.h"

/* After which is looked again for what could not be started. */
#define RETRY_MS 2000

int main(int argc, char *argv[])
{
    static struct config config;
    uint64_t count;
    int stile, watch;

    if (argc != 2 || argv[1][0] == '-') {
        (void)fprintf(stderr, "usage: stile-backend CONFIG\n"
                              "CONFIG has a line for each device:\n"
                              "    disk      VM INDEX FILE [read-only] [queues=N]\n"
                              "    net       VM INDEX TAP [MAC] [queues=N]\n"
                              "    vhost-net VM INDEX TAP [MAC]\n");
        return 2;
    }
    config_read(&config, argv[1]);
    stile = stile_open();
    if (stile < 0)
        die("/dev/stile: %s: it takes a patched Linux in a VM of Stile's, and root",
            strerror(errno));
    watch = stile_watch_shares(stile);
    if (watch < 0)
        die("shares cannot be watched: %s; is another one running?", strerror(errno));
    offers_init(stile, &config);
    for (;;) {
        struct pollfd wait = {.fd = watch, .events = POLLIN};

        bool has_more = buses_look(stile, &config);

        has_more = offers_look() || has_more;
        if (poll(&wait, 1, has_more ? RETRY_MS : -1) < 0 && errno != EINTR)
            die("poll: %s", strerror(errno));
        if (wait.revents && read(watch, &count, sizeof(count)) < 0)
            die("the shares' eventfd: %s", strerror(errno));
    }
}
