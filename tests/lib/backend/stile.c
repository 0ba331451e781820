/* SPDX-License-Identifier: MIT */
/*
 * tools/backend/stile.h over the fake. All threads of the back end's are vCPU 1; one more, vCPU 0,
 * turns events into writes to eventfds, as the kernel does.
 */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../../tools/backend/buses.h"
#include "../../../tools/backend/stile.h"
#include "stile.h"
#include "stile/directory.h"
#include "stile/event.h"
#include "stile/fake.h"
#include "stile/share.h"

/* Of the mailbox: the back end needs few ports, and those are the first. */
#define PORT_WORD (STILE_PORT_FIRST / 64)

#define SHARES_MAX 16
#define SHARES_AT  (STILE_FAKE_MEMORY_BASE + 0x40000000)
#define SHARE_ROOM UINT64_C(0x1000000)

static uint32_t own_vm;
static const struct config *served;
static uint32_t accepted[SHARES_MAX]; /* shares; 0: the place is free */
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static int event_fds[STILE_NR_PORTS]; /* of ports */
static int owners[STILE_NR_PORTS];    /* what stile_open() returned; 0: none */
static bool is_dying;                 /* atomic: all seems to have ended */
static bool has_ended;                /* atomic */
static struct stile_event_loop loop;
static stile_port_t wake; /* of the thread that has the mailbox */
static int quit;          /* an eventfd */
static pthread_t threads[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* When a share ends other memory takes its place, while threads of the back end's go on. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:fake_memory_revoke\n";
}

/* The calling thread, whichever it is, belongs to the back end's VM. */
static void enter(void)
{
    static _Thread_local bool is_there;

    if (!is_there)
        stile_fake_become(own_vm, 1);
    is_there = true;
}

/* --- /dev/stile ------------------------------------------------------------------------------ */

int stile_open(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

/* Whether a port was made by that; 0: by any. */
static bool is_port_of(int stile, uint32_t port)
{
    pthread_mutex_lock(&events_lock);
    bool is_one = owners[port] != 0 && (stile == 0 || owners[port] == stile);
    pthread_mutex_unlock(&events_lock);
    return is_one;
}

void stile_close(int stile)
{
    for (uint32_t i = 0; i < STILE_NR_PORTS; i++)
        if (is_port_of(stile, i))
            stile_unbind(stile, i);
    (void)close(stile);
}

uint32_t stile_find_vm(int stile, const char *name)
{
    stile_vm_id_t vm;

    (void)stile;
    enter();
    if (__atomic_load_n(&is_dying, __ATOMIC_SEQ_CST))
        return 0;
    return stile_directory_find(name, &vm) == STILE_SUCCESS ? vm.number : 0;
}

bool stile_find_key(int stile, uint32_t vm, const char *key, uint64_t *value)
{
    (void)stile;
    enter();
    return stile_directory_get(stile_vm_id(vm), key, value) == STILE_SUCCESS;
}

static uint32_t keep_port(int stile, stile_port_t port, int event_fd)
{
    pthread_mutex_lock(&events_lock);
    event_fds[port.port] = event_fd;
    owners[port.port] = stile;
    pthread_mutex_unlock(&events_lock);
    if (stile_event_unmask(stile_fake_mailbox(own_vm, 0), port.port))
        (void)stile_event_send(wake);
    return port.port;
}

int stile_watch_shares(int stile)
{
    int event_fd = eventfd(0, EFD_CLOEXEC);
    struct stile_result result;

    enter();
    result = stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0));
    if (result.status != STILE_SUCCESS)
        return -1;
    (void)keep_port(stile, stile_event_bind_virq_port(result), event_fd);
    return event_fd;
}

bool stile_next_offer(int stile, struct stile_offer *offer)
{
    struct stile_share_info info = {.share = stile_share(offer->share)};

    (void)stile;
    enter();
    if (!stile_share_next_offered(&info))
        return false;
    *offer = (struct stile_offer){
        .share = info.share.handle,
        .owner = info.peer.number,
        .pages = (uint32_t)info.nr_pages,
        .is_donated = info.flags & STILE_SHARE_DONATED,
        .is_accepted = info.flags & STILE_SHARE_ACCEPTED,
        .has_ended = info.flags & STILE_SHARE_ENDED,
    };
    return true;
}

void *stile_accept(int stile, uint32_t share, uint32_t pages)
{
    uint64_t place = 0;
    void *at = NULL;

    (void)stile;
    enter();
    pthread_mutex_lock(&lock);
    while (place < SHARES_MAX && accepted[place] != 0)
        place++;
    if (place < SHARES_MAX) {
        stile_ipa_t base = stile_ipa(SHARES_AT + place * SHARE_ROOM);

        if (stile_share_accept(stile_share(share), base, stile_nr_pages(pages),
                               STILE_ACCESS_READ | STILE_ACCESS_WRITE) == STILE_SUCCESS) {
            accepted[place] = share;
            at = stile_fake_pointer(base);
        }
    }
    pthread_mutex_unlock(&lock);
    return at;
}

void stile_release(int stile, uint32_t share, void *at, uint32_t pages)
{
    (void)stile, (void)at, (void)pages;
    enter();
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SHARES_MAX; i++)
        if (accepted[i] == share && stile_memory_release(stile_share(share)).status == 0)
            accepted[i] = 0;
    pthread_mutex_unlock(&lock);
}

bool stile_is_from(int stile, uint32_t share, uint32_t owner)
{
    struct stile_offer offer = {.share = share - 1};

    return stile_next_offer(stile, &offer) && offer.share == share && offer.owner == owner &&
           !offer.has_ended;
}

bool stile_has_ended(int stile, uint32_t share)
{
    (void)stile;
    enter();
    return __atomic_load_n(&is_dying, __ATOMIC_SEQ_CST) || stile_share_is_over(stile_share(share));
}

uint32_t stile_bind(int stile, uint32_t peer, uint32_t remote, int event_fd, int send_fd)
{
    struct stile_result result;

    (void)send_fd; /* no device here has its events sent by one */
    enter();
    result = stile_event_bind(stile_vm_id(peer), stile_port(remote), stile_vcpu_id(0));
    return result.status == STILE_SUCCESS
               ? keep_port(stile, stile_event_bind_port(result), event_fd)
               : 0;
}

void stile_unbind(int stile, uint32_t port)
{
    (void)stile;
    enter();
    pthread_mutex_lock(&events_lock);
    owners[port] = 0; /* nothing is written any more to what may be closed now */
    pthread_mutex_unlock(&events_lock);
    (void)stile_event_close(stile_port(port));
}

bool stile_send(int stile, uint32_t port)
{
    (void)stile;
    enter();
    return stile_event_send(stile_port(port)).status == STILE_SUCCESS;
}

/* --- its threads ----------------------------------------------------------------------------- */

/* The vCPU that takes interrupts. */
static void *take_events(void *unused)
{
    const uint64_t one = 1;

    stile_fake_become(own_vm, 0);
    for (;;) {
        int port;

        while ((port = stile_event_take(&loop)) >= 0) {
            pthread_mutex_lock(&events_lock);
            if (owners[port] != 0)
                (void)!write(event_fds[port], &one, sizeof(one));
            pthread_mutex_unlock(&events_lock);
        }
        if (__atomic_load_n(&has_ended, __ATOMIC_SEQ_CST))
            return unused;
        (void)stile_vcpu_poll(PORT_WORD, UINT64_MAX, stile_ticks(STILE_TIME_NEVER));
    }
}

/* What the kernel does when a program ends. */
static void release_all(void)
{
    __atomic_store_n(&is_dying, true, __ATOMIC_SEQ_CST);
    (void)buses_look(-1, served);
    for (uint32_t i = 0; i < STILE_NR_PORTS; i++)
        if (is_port_of(0, i))
            stile_unbind(-1, i);
    for (unsigned i = 0; i < SHARES_MAX; i++)
        if (accepted[i] != 0)
            (void)stile_memory_release(stile_share(accepted[i]));
    __atomic_store_n(&has_ended, true, __ATOMIC_SEQ_CST);
    (void)stile_event_send(wake);
}

/* What main() of the back end does. */
static void *look(void *unused)
{
    int watch = stile_watch_shares(-1);
    uint64_t count;

    for (;;) {
        struct pollfd wait[] = {{.fd = watch, .events = POLLIN}, {.fd = quit, .events = POLLIN}};
        bool has_more = buses_look(-1, served);

        (void)poll(wait, 2, has_more ? 5 : -1);
        if (wait[1].revents)
            break;
        if (wait[0].revents)
            (void)!read(watch, &count, sizeof(count));
    }
    release_all();
    (void)close(watch);
    return unused;
}

static void bind_wake(void *unused)
{
    (void)unused;
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_event_init(&loop, stile_fake_mailbox(own_vm, 0), NULL);
    wake = stile_event_bind_ipi_port(stile_event_bind_ipi(stile_vcpu_id(0)));
    (void)stile_event_unmask(loop.mailbox, wake.port);
}

static void close_wake(void *unused)
{
    (void)unused;
    (void)stile_event_close(wake);
}

void backend_start(uint32_t vm, const struct config *config)
{
    own_vm = vm;
    served = config;
    is_dying = has_ended = false;
    memset(accepted, 0, sizeof(accepted));
    memset(owners, 0, sizeof(owners));
    quit = eventfd(0, EFD_CLOEXEC);
    (void)stile_fake_run(vm, 1, bind_wake, NULL);
    (void)pthread_create(&threads[0], NULL, take_events, NULL);
    (void)pthread_create(&threads[1], NULL, look, NULL);
}

void backend_die(void)
{
    const uint64_t one = 1;

    (void)!write(quit, &one, sizeof(one));
    (void)pthread_join(threads[1], NULL);
    (void)pthread_join(threads[0], NULL);
    (void)stile_fake_run(own_vm, 1, close_wake, NULL);
    (void)close(quit);
}
