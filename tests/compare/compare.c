/* SPDX-License-Identifier: MIT */
/*
 * Makes up sequences of calls, plays them on the hypervisor and on the fake, and makes the first
 * one that differs short: see docs/fuzzing.md.
 *
 *   compare [SEED [COUNT]]    compare COUNT calls
 */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "calls/words.h"
#include "fuzz/world.h"
#include "play.h"

#define DEFAULT_COUNT UINT64_C(1000000)
#define SEQUENCE_NR   2000

/* --- a sequence ------------------------------------------------------------------------------ */

/* Vigna's splitmix64. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static uint8_t line_of(uint32_t nr)
{
    uint8_t line = 0;

    while (call_lines[line].nr != nr)
        line++;
    return line;
}

/* Whether a call gives back what others have taken. */
static bool gives_back(uint32_t nr)
{
    return nr == STILE_NR_core_reset || nr == STILE_NR_memory_revoke ||
           nr == STILE_NR_memory_release || nr == STILE_NR_event_close ||
           nr == STILE_NR_directory_withdraw;
}

/* What one sequence is about. */
struct plot {
    uint64_t state;
    uint32_t group; /* of which most calls are, or STILE_NR_GROUPS */
    bool keeps_all; /* nothing is given back: in the end all is taken that there is */
};

/* Whether a call of this number belongs there. */
static bool fits(struct plot *plot, uint32_t nr)
{
    if (answers_leave_out(nr) || (plot->keeps_all && gives_back(nr)))
        return false;
    return plot->group == STILE_NR_GROUPS || nr / STILE_CALLS_PER_GROUP == plot->group ||
           draw(&plot->state) % 16 == 0;
}

/* A line of the table, or the one after its last. */
static uint8_t draw_line(struct plot *plot)
{
    uint32_t line, nr;

    do {
        line = (uint32_t)(draw(&plot->state) % (CALL_NR_LINES + 1));
        nr = line < CALL_NR_LINES ? call_lines[line].nr : STILE_NR_CALLS_MAX;
    } while (!fits(plot, nr));
    /* So that most calls find a version agreed on, and what was before them. */
    if (draw(&plot->state) % 16 == 0 || (nr == STILE_NR_core_reset && draw(&plot->state) % 8))
        return line_of(STILE_NR_core_version);
    return (uint8_t)line;
}

/* By the first VM or the third: see SIDES_IDLE_VM. */
static struct action draw_action(struct plot *plot)
{
    uint64_t *state = &plot->state;
    struct action action = {
        .vm = (uint8_t)(draw(state) % 2 * 2),
        .vcpu = (uint8_t)(draw(state) % WORLD_NR_VCPUS),
        .line = draw_line(plot),
        .entry = draw(state) % 4 ? ACTION_DIRECT : (uint8_t)(draw(state) % STILE_MULTICALL_MAX),
    };

    for (uint32_t i = 0; i < 6; i++)
        action.random[i] = draw(state);
    return action;
}

static void make_sequence(uint64_t seed, uint64_t number, struct action actions[SEQUENCE_NR])
{
    struct plot plot = {.state = draw(&seed) + number};

    plot.group = number % 2 ? (uint32_t)(draw(&plot.state) % STILE_NR_GROUPS) : STILE_NR_GROUPS;
    plot.keeps_all = draw(&plot.state) % 4 == 0;
    for (uint32_t i = 0; i < SEQUENCE_NR; i++)
        actions[i] = draw_action(&plot);
}

/* --- making it short ------------------------------------------------------------------------- */

/* Leaves out parts of one length wherever the rest still differs. */
static uint32_t leave_out(struct action *actions, uint32_t nr, uint32_t part)
{
    static struct action fewer[SEQUENCE_NR];

    for (uint32_t first = 0; first < nr;) {
        uint32_t next = first + part < nr ? first + part : nr, left = nr - next;
        memcpy(fewer, actions, first * sizeof(*actions));
        memcpy(fewer + first, actions + next, left * sizeof(*actions));
        const struct play_record *record = play(fewer, first + left);
        if (record->fault[0] == '\0') {
            first = next;
            continue;
        }
        nr = record->played < first + left ? record->played + 1 : first + left;
        memcpy(actions, fewer, nr * sizeof(*actions));
    }
    return nr;
}

static void report(struct action *actions, uint32_t nr)
{
    uint32_t before;

    do {
        before = nr;
        for (uint32_t part = nr; part > 0; part /= 2)
            nr = leave_out(actions, nr, part);
    } while (nr < before);
    play_log = stdout;
    printf("DIFFERENT: %s\n", play(actions, nr)->fault);
}

/* Whether each call has succeeded: else nothing is known of it. */
static bool report_counts(const struct play_record *record)
{
    bool all = true;

    for (uint32_t i = 0; i < CALL_NR_LINES; i++) {
        if (answers_leave_out(call_lines[i].nr))
            continue;
        printf("%8lu %s\n", (unsigned long)record->nr_successes[i], call_lines[i].name);
        all = all && record->nr_successes[i] > 0;
    }
    printf("%lu calls were compared%s\n", (unsigned long)record->nr_calls,
           all ? "" : ", but some never succeeded");
    return all;
}

int main(int nr_words, char **words)
{
    uint64_t seed = nr_words > 1 ? strtoull(words[1], NULL, 0) : 1;
    uint64_t count = nr_words > 2 ? strtoull(words[2], NULL, 0) : DEFAULT_COUNT;
    static struct action actions[SEQUENCE_NR];
    const struct play_record *record;
    uint64_t number = 0;

    do {
        make_sequence(seed, number++, actions);
        record = play(actions, SEQUENCE_NR);
    } while (record->fault[0] == '\0' && record->nr_calls < count);
    if (record->fault[0] == '\0')
        return report_counts(record) ? 0 : 1;
    printf("seed %lu, sequence %lu\n", (unsigned long)seed, (unsigned long)number - 1);
    report(actions, record->played < SEQUENCE_NR ? record->played + 1 : SEQUENCE_NR);
    return 1;
}
