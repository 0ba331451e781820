/* SPDX-License-Identifier: MIT */
/*
 * TCP connections whose both directions are looked at, byte by byte.
 *
 *     stream serve PORT
 *     stream load ADDRESS PORT CONNECTIONS SECONDS
 *
 * A connection is blocks of made-up sizes, each with content of its own. Who serves answers each by
 * one of the same size with other content. Who loads sends them as fast as they are taken, for so
 * long or until SIGTERM, and reads the answers meanwhile; then tells of each connection how many
 * there were, or after how many it was lost. Before and after, it marks the place in the
 * instructions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mark.h"
#include "sequence.h"

#define BLOCK_MAX 65535u

enum side { LOADS, SERVES };

static uint8_t block[BLOCK_MAX];
static const char *peer; /* as it is told of */

static size_t size_of(uint64_t nr)
{
    return sequence_mix(nr) % BLOCK_MAX + 1;
}

/* --- blocks ---------------------------------------------------------------------------------- */

static bool send_block(int connection, uint64_t nr, enum side side)
{
    size_t bytes = size_of(nr);

    sequence_fill(block, bytes, nr << 1 | side);
    for (size_t done = 0; done < bytes;) {
        ssize_t part = send(connection, block + done, bytes - done, MSG_NOSIGNAL);

        if (part < 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

/* Returns 1 for a block, 0 for the end, -1 if the connection is lost. */
static int receive_block(int connection, uint64_t nr, enum side side)
{
    size_t bytes = size_of(nr);
    ssize_t got = recv(connection, block, bytes, MSG_WAITALL);

    if (got <= 0)
        return (int)got;
    if ((size_t)got < bytes) /* and the next call tells why */
        return recv(connection, block, 1, 0) < 0 ? -1 : (errno = EPIPE, -1);
    if (sequence_check(block, bytes, nr << 1 | side) < bytes)
        printf("stream: %s: BAD: block %llu, of %zu bytes\n", peer, (unsigned long long)nr, bytes);
    return 1;
}

/* --- who serves ------------------------------------------------------------------------------ */

static void serve_one(int connection)
{
    uint64_t nr = 0;
    int result;

    while ((result = receive_block(connection, nr, LOADS)) > 0 &&
           send_block(connection, nr, SERVES))
        nr++;
    if (result == 0)
        printf("stream: %s: served %llu blocks\n", peer, (unsigned long long)nr);
    else
        printf("stream: %s: gone after %llu blocks: %s\n", peer, (unsigned long long)nr,
               strerror(errno));
}

static int serve(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t bytes = sizeof(address);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;

    (void)signal(SIGCHLD, SIG_IGN);
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(listener, (struct sockaddr *)&address, bytes) != 0 || listen(listener, 16) != 0)
        return 1;
    while ((connection = accept(listener, (struct sockaddr *)&address, &bytes)) >= 0) {
        if (fork() == 0) {
            peer = inet_ntoa(address.sin_addr);
            serve_one(connection);
            return 0;
        }
        (void)close(connection);
    }
    return 1;
}

/* --- who loads ------------------------------------------------------------------------------- */

static int open_connection(const char *address, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int connection;

    (void)inet_aton(address, &to.sin_addr);
    for (;;) {
        connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection, (struct sockaddr *)&to, sizeof(to)) == 0)
            return connection;
        (void)close(connection);
        sleep(1);
    }
}

static volatile sig_atomic_t is_enough;

static void end_soon(int number)
{
    (void)number;
    is_enough = 1;
}

/* Sends for so long; @nr is how many blocks there are by then. */
static void send_for(int connection, time_t seconds, _Atomic uint64_t *nr)
{
    struct timespec now, end;

    (void)signal(SIGTERM, end_soon);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds;
    do {
        if (!send_block(connection, *nr, LOADS))
            return;
        ++*nr;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end.tv_sec && !is_enough);
    (void)shutdown(connection, SHUT_WR);
}

static void load_one(uint16_t port, time_t seconds)
{
    _Atomic uint64_t *sent =
        mmap(NULL, sizeof(*sent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int connection = open_connection(peer, port), result;
    unsigned long long nr = 0;

    if (sent == MAP_FAILED)
        abort();
    if (fork() == 0) {
        send_for(connection, seconds, sent);
        _exit(0);
    }
    while ((result = receive_block(connection, nr, SERVES)) > 0)
        nr++;
    if (result < 0 || nr != *sent)
        printf("stream: %s: lost after %llu blocks: %s\n", peer, nr,
               result < 0 ? strerror(errno) : "it ended");
    else
        printf("stream: %s: %llu blocks, there and back\n", peer, nr);
    (void)wait(NULL);
}

static void load(uint16_t port, unsigned connections, time_t seconds)
{
    (void)signal(SIGTERM, SIG_IGN);
    mark();
    for (unsigned i = 0; i < connections; i++)
        if (fork() == 0) {
            load_one(port, seconds);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    mark();
}

int main(int argc, char *argv[])
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve((uint16_t)strtoul(argv[2], NULL, 10));
    if (argc != 6 || strcmp(argv[1], "load") != 0) {
        (void)fprintf(stderr, "usage: stream serve PORT\n"
                              "       stream load ADDRESS PORT CONNECTIONS SECONDS\n");
        return 2;
    }
    peer = argv[2];
    load((uint16_t)strtoul(argv[3], NULL, 10), (unsigned)strtoul(argv[4], NULL, 10),
         strtol(argv[5], NULL, 10));
    return 0;
}
