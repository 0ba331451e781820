/* SPDX-License-Identifier: MIT */
/*
 * Has the machine sleep, and looks at the clocks and the CPUs when somebody has woken it.
 *
 *   suspend STATE ROUNDS RTC [STEP]
 *
 * STATE is a word of /sys/power/state, RTC a device. In each round at least a second must pass
 * asleep, which is the caller's to see to; the wall clock is set by STEP seconds meanwhile, by
 * whoever keeps it.
 */
#include <fcntl.h>
#include <linux/rtc.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* How much two clocks that are read one after the other may differ, on a busy host. */
#define TOLERANCE 0.5
/* The RTC has whole seconds, and is set to whole seconds. */
#define RTC_TOLERANCE 2.0
#define NAP           0.01

/* Seconds by each clock. */
struct clocks {
    double awake; /* does not go on asleep */
    double boot;
    double wall;
    double rtc;
};

static int nr_wrong;

static void expect(bool right, const char *what, double seconds)
{
    if (right)
        return;
    nr_wrong++;
    printf("suspend: wrong: %s: %.3f s\n", what, seconds);
}

static double now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double rtc_now(const char *device)
{
    struct rtc_time rtc;
    struct tm tm = {0};
    int fd = open(device, O_RDONLY);
    bool read = fd >= 0 && ioctl(fd, RTC_RD_TIME, &rtc) == 0;

    expect(read, "no RTC", 0);
    close(fd);
    if (!read)
        return 0;
    tm.tm_year = rtc.tm_year;
    tm.tm_mon = rtc.tm_mon;
    tm.tm_mday = rtc.tm_mday;
    tm.tm_hour = rtc.tm_hour;
    tm.tm_min = rtc.tm_min;
    tm.tm_sec = rtc.tm_sec;
    return (double)timegm(&tm);
}

static struct clocks look(const char *rtc)
{
    return (struct clocks){
        .awake = now(CLOCK_MONOTONIC),
        .boot = now(CLOCK_BOOTTIME),
        .wall = now(CLOCK_REALTIME),
        .rtc = rtc_now(rtc),
    };
}

static bool sleep_by(const char *state)
{
    int fd = open("/sys/power/state", O_WRONLY);
    bool slept = fd >= 0 && write(fd, state, strlen(state)) == (ssize_t)strlen(state);

    close(fd);
    return slept;
}

/* Every CPU is there, and its timer wakes who naps on it. */
static void try_cpus(long nr_cpus)
{
    struct timespec nap = {.tv_nsec = (long)(NAP * 1e9)};

    for (int cpu = 0; cpu < nr_cpus; cpu++) {
        double before = now(CLOCK_MONOTONIC);
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        expect(sched_setaffinity(0, sizeof(set), &set) == 0, "a CPU has not come back", cpu);
        nanosleep(&nap, NULL);
        expect(now(CLOCK_MONOTONIC) - before >= NAP, "a nap ended early", NAP);
    }
}

static double one_round(const char *state, const char *device, double step)
{
    struct clocks before = look(device);
    bool slept = sleep_by(state);
    struct clocks after = look(device);
    double boot = after.boot - before.boot;
    double asleep = boot - (after.awake - before.awake);
    double wall = after.wall - before.wall - step;
    double rtc = after.rtc - before.rtc - step;

    expect(slept, "the kernel has not slept", 0);
    expect(asleep >= 1, "it slept too short", asleep);
    expect(fabs(wall - boot) < (step != 0 ? RTC_TOLERANCE : TOLERANCE), "the wall clock", wall);
    expect(fabs(rtc - boot) <= RTC_TOLERANCE, "the RTC", rtc);
    return asleep;
}

int main(int argc, char **argv)
{
    long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double step = argc > 4 ? atof(argv[4]) : 0;
    double asleep = 0;
    int rounds;

    if (argc < 4) {
        fprintf(stderr, "usage: suspend STATE ROUNDS RTC [STEP]\n");
        return 2;
    }
    rounds = atoi(argv[2]);
    for (int i = 1; i <= rounds; i++) {
        printf("suspend: round %d\n", i);
        fflush(stdout);
        asleep += one_round(argv[1], argv[3], step);
        try_cpus(nr_cpus);
    }
    printf("suspend: slept %d times, %.1f s, on %ld CPUs, %d wrong\n", rounds, asleep, nr_cpus,
           nr_wrong);
    return nr_wrong != 0;
}
