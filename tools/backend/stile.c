/* SPDX-License-Identifier: MIT */
/*
 * The calls of /dev/stile.
 */
#include "stile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/stile.h>

#define PAGE_BYTES 4096u

int stile_open(void)
{
    return open("/dev/stile", O_RDWR | O_CLOEXEC);
}

void stile_close(int stile)
{
    (void)close(stile);
}

uint32_t stile_find_vm(int stile, const char *name)
{
    struct stile_dev_find find = {.vm = 0};

    if (strlen(name) >= sizeof(find.name))
        return 0;
    memcpy(find.name, name, strlen(name));
    return ioctl(stile, STILE_DEV_FIND_VM, &find) == 0 ? find.vm : 0;
}

bool stile_find_key(int stile, uint32_t vm, const char *key, uint64_t *value)
{
    struct stile_dev_key find = {.vm = vm};

    memcpy(find.key, key, strnlen(key, sizeof(find.key)));
    if (ioctl(stile, STILE_DEV_KEY_GET, &find) != 0)
        return false;
    *value = find.value;
    return true;
}

int stile_watch_shares(int stile)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    struct stile_dev_port port = {
        .kind = STILE_DEV_PORT_VIRQ,
        .virq = STILE_DEV_VIRQ_SHARE,
        .event_fd = fd,
        .send_fd = -1,
    };

    if (fd >= 0 && ioctl(stile, STILE_DEV_PORT_MAKE, &port) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

bool stile_next_offer(int stile, struct stile_offer *offer)
{
    struct stile_dev_share share = {.share = offer->share};

    if (ioctl(stile, STILE_DEV_SHARE_NEXT, &share) != 0)
        return false;
    *offer = (struct stile_offer){
        .share = share.share,
        .owner = share.peer,
        .pages = share.pages,
        .is_device = share.flags & STILE_DEV_SHARE_DEVICE,
        .is_donated = share.flags & STILE_DEV_SHARE_DONATED,
        .is_accepted = share.flags & STILE_DEV_SHARE_ACCEPTED,
        .has_ended = share.flags & STILE_DEV_SHARE_ENDED,
    };
    return true;
}

void *stile_accept(int stile, uint32_t share, uint32_t pages)
{
    struct stile_dev_share accept = {
        .share = share,
        .pages = pages,
        .access = STILE_DEV_SHARE_READ | STILE_DEV_SHARE_WRITE,
    };
    struct stile_dev_share release = {.share = share};
    void *at;

    if (ioctl(stile, STILE_DEV_SHARE_ACCEPT, &accept) != 0)
        return NULL;
    at = mmap(NULL, (size_t)pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, stile,
              (off_t)accept.offset);
    if (at != MAP_FAILED)
        return at;
    (void)ioctl(stile, STILE_DEV_SHARE_CLOSE, &release);
    return NULL;
}

void stile_release(int stile, uint32_t share, void *at, uint32_t pages)
{
    struct stile_dev_share release = {.share = share};

    (void)munmap(at, (size_t)pages * PAGE_BYTES);
    (void)ioctl(stile, STILE_DEV_SHARE_CLOSE, &release);
}

bool stile_is_from(int stile, uint32_t share, uint32_t owner)
{
    struct stile_dev_share query = {.share = share};

    return ioctl(stile, STILE_DEV_SHARE_QUERY, &query) == 0 && query.peer == owner &&
           !(query.flags &
             (STILE_DEV_SHARE_ENDED | STILE_DEV_SHARE_DEVICE | STILE_DEV_SHARE_DONATED));
}

bool stile_has_ended(int stile, uint32_t share)
{
    struct stile_dev_share query = {.share = share};

    return ioctl(stile, STILE_DEV_SHARE_QUERY, &query) != 0 || query.flags & STILE_DEV_SHARE_ENDED;
}

uint32_t stile_bind(int stile, uint32_t peer, uint32_t remote, int event_fd, int send_fd)
{
    struct stile_dev_port port = {
        .kind = STILE_DEV_PORT_BIND,
        .peer = peer,
        .remote = remote,
        .event_fd = event_fd,
        .send_fd = send_fd,
    };

    return ioctl(stile, STILE_DEV_PORT_MAKE, &port) == 0 ? port.port : 0;
}

void stile_unbind(int stile, uint32_t port)
{
    struct stile_dev_port_state state = {.port = port};

    (void)ioctl(stile, STILE_DEV_PORT_CLOSE, &state);
}

bool stile_send(int stile, uint32_t port)
{
    struct stile_dev_port_state state = {.port = port};

    return ioctl(stile, STILE_DEV_PORT_SEND, &state) == 0;
}
