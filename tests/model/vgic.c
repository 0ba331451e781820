/* SPDX-License-Identifier: MIT */
/*
 * Plays made-up sequences and makes the first that fails short: see docs/model.md.
 *
 *   vgic [SEED [COUNT]]    play COUNT actions, half of them on each version of the GIC
 */
#include <stdlib.h>
#include <string.h>

#include "sequence.h"

#define DEFAULT_COUNT UINT64_C(10000000)

/* Leaves out parts of one length wherever the rest still fails. */
static uint32_t leave_out(const struct world_setup *setup, struct action *actions, uint32_t nr,
                          uint32_t part)
{
    struct action fewer[SEQUENCE_NR];

    for (uint32_t first = 0; first < nr;) {
        uint32_t next = first + part < nr ? first + part : nr, left = nr - next;
        memcpy(fewer, actions, first * sizeof(*actions));
        memcpy(fewer + first, actions + next, left * sizeof(*actions));
        uint32_t played = play(setup, fewer, first + left);
        if (played == first + left) {
            first = next;
            continue;
        }
        nr = played + 1;
        memcpy(actions, fewer, nr * sizeof(*actions));
    }
    return nr;
}

/* Until no action can be left out. */
static uint32_t shrink(const struct world_setup *setup, struct action *actions, uint32_t nr)
{
    uint32_t before;

    do {
        before = nr;
        for (uint32_t part = nr; part > 0; part /= 2)
            nr = leave_out(setup, actions, nr, part);
    } while (nr < before);
    return nr;
}

static void report(const struct world_setup *setup, struct action *actions, uint32_t nr)
{
    nr = shrink(setup, actions, nr);
    printf("GICv%u, %u list registers%s, %u actions:\n", setup->version, setup->nr_lrs,
           setup->forgets_levels ? ", forgets levels" : "", nr);
    play_log = stdout;
    (void)play(setup, actions, nr);
    printf("WRONG: %s\n", play_fault);
}

int main(int nr_words, char **words)
{
    uint64_t seed = nr_words > 1 ? strtoull(words[1], NULL, 0) : 1;
    uint64_t count = nr_words > 2 ? strtoull(words[2], NULL, 0) : DEFAULT_COUNT;

    for (uint64_t sequence = 0; play_nr < count; sequence++) {
        struct action actions[SEQUENCE_NR];
        struct world_setup setup;
        uint32_t nr = sequence_make(seed, sequence, &setup, actions);
        uint32_t right = play(&setup, actions, nr);
        if (right < nr) {
            printf("seed %lu, sequence %lu\n", seed, sequence);
            report(&setup, actions, right + 1);
            return 1;
        }
    }
    printf("seed %lu: %lu actions, all as the model has them\n", seed, play_nr);
    return 0;
}
