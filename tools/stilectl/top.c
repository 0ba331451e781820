/* SPDX-License-Identifier: MIT */
/*
 * What all vCPUs do, a second: the differences of their counters from one look to the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "control.h"
#include "show.h"

#define NR(array)   (sizeof(array) / sizeof((array)[0]))
#define NS_PER_SEC  UINT64_C(1000000000)
#define SECONDS_MAX 86400
#define CLEAR       "\x1b[H\x1b[2J" /* ECMA-48: to the first place, and nothing after it */

static const uint32_t counters[] = {STILE_COUNTER_EXITS, STILE_COUNTER_HYPERCALLS,
                                    STILE_COUNTER_INTERRUPTS, STILE_COUNTER_SWITCHES,
                                    STILE_COUNTER_STOLEN_TICKS};

/** A vCPU's counters at a look; which one it is, stays the same while its VM lives. */
struct sample {
    uint64_t at_ns;
    struct stile_vm_info vm;
    uint32_t vcpu;
    uint64_t values[NR(counters)];
};

struct look {
    size_t nr, room;
    struct sample *samples;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* CNTFRQ_EL0: what stolen time is counted in. */
static uint64_t ticks_per_sec(void)
{
    uint64_t frequency;

    __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}

static struct sample *add(struct look *look)
{
    if (look->nr == look->room) {
        look->room = look->room * 2 + 16;
        look->samples = realloc(look->samples, look->room * sizeof(*look->samples));
        if (!look->samples)
            die("out of memory");
    }
    return &look->samples[look->nr++];
}

static void take(struct look *look)
{
    struct stile_vm_info info;

    look->nr = 0;
    for (uint32_t vm = 0; (vm = control_next(vm)) != 0;) {
        bool runs = control_info(vm, &info) &&
                    (info.state == STILE_VM_RUNNING || info.state == STILE_VM_PAUSED);

        for (uint32_t vcpu = 0; runs && vcpu < info.nr_vcpus; vcpu++) {
            struct sample *sample = add(look);

            *sample = (struct sample){.at_ns = now_ns(), .vm = info, .vcpu = vcpu};
            for (size_t i = 0; i < NR(counters); i++)
                sample->values[i] = control_counter(vm, vcpu, counters[i]);
        }
    }
}

/* The same vCPU at the look before, or NULL. */
static const struct sample *before(const struct look *look, const struct sample *sample)
{
    for (size_t i = 0; i < look->nr; i++)
        if (look->samples[i].vm.vm_id == sample->vm.vm_id && look->samples[i].vcpu == sample->vcpu)
            return &look->samples[i];
    return NULL;
}

/*
 * How much more there is of each counter, a second. A VM that starts anew has fewer exits than
 * before, and all its counters began at 0. Others than exits may go back a little while the vCPU
 * runs.
 */
static void get_rates(const struct sample *old, const struct sample *now, uint64_t rates[])
{
    uint64_t ns = now->at_ns > old->at_ns ? now->at_ns - old->at_ns : 1;
    bool is_anew = now->values[0] < old->values[0];

    for (size_t i = 0; i < NR(counters); i++) {
        uint64_t from = is_anew ? 0 : old->values[i], to = now->values[i];

        rates[i] = to > from ? (uint64_t)((unsigned __int128)(to - from) * NS_PER_SEC / ns) : 0;
    }
}

static void show_rates(const struct look *old, const struct look *look)
{
    for (size_t i = 0; i < look->nr; i++) {
        const struct sample *sample = &look->samples[i], *last = before(old, sample);
        uint64_t rates[NR(counters)];

        if (!last) /* it is seen for the first time */
            continue;
        get_rates(last, sample, rates);
        const struct field fields[] = {
            {"number", 6, NULL, sample->vm.vm_id, false},
            {"vcpu", 4, NULL, sample->vcpu, false},
            {"exits", 9, NULL, rates[0], false},
            {"calls", 9, NULL, rates[1], false},
            {"interrupts", 10, NULL, rates[2], false},
            {"switches", 9, NULL, rates[3], false},
            {"stolen_ms", 9, NULL, rates[4] * 1000 / ticks_per_sec(), false},
            {"name", 0, sample->vm.name, 0, false},
        };
        show(fields, NR(fields));
    }
}

/* A word that is a number of 1 or more. */
static uint64_t count_of(const char *word, uint64_t most, const char *what)
{
    char *end;
    uint64_t count = number_of(word, &end, most);

    if (count == 0 || *end != '\0')
        die("%s is no number of %s, of 1 or more", word, what);
    return count;
}

void command_top(const struct options *options, char *words[])
{
    struct look looks[2] = {{.nr = 0}, {.nr = 0}};
    uint64_t seconds = words[0] ? count_of(words[0], SECONDS_MAX, "seconds") : 1;
    uint64_t times = words[0] && words[1] ? count_of(words[1], UINT32_MAX, "times") : 0;

    take(&looks[0]);
    for (uint64_t i = 1; times == 0 || i <= times; i++) {
        (void)sleep((unsigned)seconds);
        take(&looks[i % 2]);
        if (!options->json && isatty(STDOUT_FILENO))
            (void)fputs(CLEAR, stdout);
        show_begin(options->json ? SHOW_JSON_LIST : SHOW_TABLE);
        show_rates(&looks[(i - 1) % 2], &looks[i % 2]);
        show_end();
        if (fflush(stdout) != 0)
            die("what it says cannot be written");
    }
    free(looks[0].samples);
    free(looks[1].samples);
}
