/* SPDX-License-Identifier: MIT */
/*
 * Loads that take turns between CPUs, each round counted, and what they cost.
 *
 *     loads NAME ROUNDS
 *     loads NAME,ROUNDS
 *
 * Prints "loads: NAME: ROUNDS rounds, N ns each". Time is CNTVCT_EL0, which is exact under icount:
 * a nanosecond is an instruction of any CPU. Before and after the rounds it marks the place in the
 * instructions, for who counts them.
 *
 * Each load has one side on the first CPU and one on the last, which are the same if there is only
 * one.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

#define MAX_CPUS      64
#define NS_PER_SEC    1000000000
#define SOCKET_GROUPS 4
#define SOCKET_PAIRS  5

static int last_cpu;

static _Noreturn void fail(const char *what)
{
    printf("loads: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void stay_on(size_t cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        fail("sched_setaffinity");
}

static uint64_t now_ns(void)
{
    uint64_t ticks, ticks_per_sec;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    __asm__("mrs %0, cntfrq_el0" : "=r"(ticks_per_sec));
    return (uint64_t)((unsigned __int128)ticks * NS_PER_SEC / ticks_per_sec);
}

/* --- the loads ------------------------------------------------------------------------------- */

static void pipe_rounds(long rounds)
{
    int there[2], back[2];
    char byte = 0;

    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe");
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        stay_on((size_t)last_cpu);
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (long i = 0; i < rounds; i++)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail("pipe");
    close(there[1]);
    waitpid(child, NULL, 0);
    close(there[0]);
    close(back[0]);
    close(back[1]);
}

static atomic_uint turn;

static void take_turn(unsigned mine, unsigned next)
{
    unsigned seen;

    while ((seen = atomic_load(&turn)) != mine)
        (void)syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_store(&turn, next);
    (void)syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *futex_other(void *rounds)
{
    stay_on((size_t)last_cpu);
    for (long i = 0; i < *(long *)rounds; i++)
        take_turn(1, 0);
    return NULL;
}

static void futex_rounds(long rounds)
{
    pthread_t other;

    atomic_store(&turn, 0);
    if (pthread_create(&other, NULL, futex_other, &rounds) != 0)
        fail("pthread_create");
    for (long i = 0; i < rounds; i++)
        take_turn(0, 1);
    pthread_join(other, NULL);
}

static atomic_bool is_over;
static atomic_bool is_there;

static void *ipi_other(void *unused)
{
    (void)unused;
    stay_on((size_t)last_cpu);
    while (!atomic_load(&is_over)) {
        atomic_store(&is_there, true);
        __asm__ volatile("yield" : : : "memory");
    }
    return NULL;
}

/* An expedited membarrier sends an interrupt to where the process runs, and waits for its end. */
static void ipi_rounds(long rounds)
{
    pthread_t other;

    if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0)
        fail("membarrier");
    atomic_store(&is_over, false);
    atomic_store(&is_there, false);
    if (pthread_create(&other, NULL, ipi_other, NULL) != 0)
        fail("pthread_create");
    while (!atomic_load(&is_there))
        sched_yield();
    for (long i = 0; i < rounds; i++)
        if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
            fail("membarrier");
    atomic_store(&is_over, true);
    pthread_join(other, NULL);
}

static void send_all(int (*pairs)[2], long rounds)
{
    char message[100] = {0};

    for (long i = 0; i < rounds; i++)
        for (int pair = 0; pair < SOCKET_PAIRS; pair++)
            if (write(pairs[pair][0], message, sizeof(message)) != sizeof(message))
                _exit(1);
}

static void receive_all(int socket, long rounds)
{
    char message[100];

    for (long left = rounds * SOCKET_PAIRS * (long)sizeof(message); left > 0;) {
        ssize_t got = read(socket, message, sizeof(message));

        if (got <= 0)
            _exit(1);
        left -= got;
    }
}

/* As 'perf bench sched messaging' does: groups in which every sender writes to every receiver. */
static void messaging_rounds(long rounds)
{
    for (int group = 0; group < SOCKET_GROUPS; group++) {
        int pairs[SOCKET_PAIRS][2];

        for (int pair = 0; pair < SOCKET_PAIRS; pair++)
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[pair]) != 0)
                fail("socketpair");
        for (int pair = 0; pair < SOCKET_PAIRS; pair++) {
            if (fork() == 0) {
                receive_all(pairs[pair][1], rounds);
                _exit(0);
            }
            if (fork() == 0) {
                send_all(pairs, rounds);
                _exit(0);
            }
        }
        for (int pair = 0; pair < SOCKET_PAIRS; pair++) {
            close(pairs[pair][0]);
            close(pairs[pair][1]);
        }
    }
    for (int i = 0; i < 2 * SOCKET_GROUPS * SOCKET_PAIRS; i++) {
        int status;

        if (wait(&status) < 0 || status != 0)
            fail("messaging");
    }
}

/* A round is a second, and all are one sleep: what wakes the CPU is not this. */
static void idle_rounds(long rounds)
{
    struct timespec all = {.tv_sec = rounds};

    nanosleep(&all, NULL);
}

/* What tests/linux/stress does, of which a round is a second. */
static void stress_rounds(long rounds)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "/tests/stress %ld", rounds);
    if (system(command) != 0)
        fail("stress");
}

/* To see how far a boot is: all that counts was before. */
static void nothing_rounds(long rounds)
{
    (void)rounds;
}

static const struct load {
    const char *name;
    void (*run)(long rounds);
} loads[] = {
    {"pipe", pipe_rounds},           {"futex", futex_rounds}, {"ipi", ipi_rounds},
    {"messaging", messaging_rounds}, {"idle", idle_rounds},   {"stress", stress_rounds},
    {"nothing", nothing_rounds},
};

static const struct load *find(const char *name)
{
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        if (strcmp(loads[i].name, name) == 0)
            return &loads[i];
    return NULL;
}

static void measure(const struct load *load, long rounds)
{
    uint64_t start = now_ns();

    mark();
    load->run(rounds);
    mark();
    printf("loads: %s: %ld rounds, %lu ns each\n", load->name, rounds,
           (now_ns() - start) / (uint64_t)rounds);
}

int main(int argc, char **argv)
{
    char *words = argc == 2 ? argv[1] : NULL;
    const char *name = words ? strsep(&words, ",") : argv[1];
    const struct load *load = argc == 2 || argc == 3 ? find(name) : NULL;
    const char *number = argc == 3 ? argv[2] : words;
    long rounds = load && number ? strtol(number, NULL, 10) : 0;
    long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (rounds <= 0 || nr_cpus < 1 || nr_cpus > MAX_CPUS) {
        fprintf(stderr, "usage: loads pipe|futex|ipi|messaging|idle|stress|nothing ROUNDS\n");
        return 2;
    }
    last_cpu = (int)nr_cpus - 1;
    stay_on(0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (load->run == messaging_rounds ||
        load->run == stress_rounds) { /* these run where they like */
        cpu_set_t all;

        memset(&all, 0xFF, sizeof(all));
        (void)sched_setaffinity(0, sizeof(all), &all);
    }
    measure(load, rounds);
    return 0;
}
