/* SPDX-License-Identifier: MIT */
/*
 * What perf is to measure: programs of which it is known how much they do of one thing.
 *
 *   load faults N      touches N new pages
 *   load switches N    sleeps N times
 *   load calls N       calls the kernel N times, for what getppid() does
 *   load spin MS       computes for so long by its CPU's time, three quarters of it in hot(), the
 *                      rest in warm()
 *   load count N       runs a loop of two instructions N times
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096

static int touch(size_t nr_pages)
{
    volatile char *pages = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return 1;
    madvise((void *)pages, nr_pages * PAGE_BYTES, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < nr_pages; i++)
        pages[i * PAGE_BYTES] = 1;
    return 0;
}

static void sleep_often(unsigned long times)
{
    while (times-- > 0)
        usleep(2000);
}

static void call_often(unsigned long times)
{
    while (times-- > 0)
        syscall(SYS_getppid);
}

/* Two instructions a round. */
__attribute__((always_inline)) static inline void rounds(uint64_t nr)
{
    __asm__ volatile("1: subs %0, %0, #1\n"
                     "   b.ne 1b\n"
                     : "+r"(nr)
                     :
                     : "cc");
}

__attribute__((noinline)) static void hot(void)
{
    rounds(75000);
}

__attribute__((noinline)) static void warm(void)
{
    rounds(25000);
}

static void spin(uint64_t ms)
{
    struct timespec now;

    do {
        hot();
        warm();
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 < ms);
}

int main(int argc, char **argv)
{
    unsigned long nr = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    if (nr == 0)
        return 2;
    if (strcmp(argv[1], "faults") == 0)
        return touch(nr);
    if (strcmp(argv[1], "switches") == 0)
        sleep_often(nr);
    else if (strcmp(argv[1], "calls") == 0)
        call_often(nr);
    else if (strcmp(argv[1], "spin") == 0)
        spin(nr);
    else if (strcmp(argv[1], "count") == 0)
        rounds(nr);
    else
        return 2;
    return 0;
}
