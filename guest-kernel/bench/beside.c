/* SPDX-License-Identifier: MIT */
/*
 * Gaps in a VM's time, seen by a loop that looks at the clock; and the neighbours that cause them.
 */
#include "bench/beside.h"

#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "measure/counter.h"
#include "measure/measure.h"
#include "sensitive/sensitive.h"

/* Up to then the others have started, and started anew. */
#define SETTLE_MS 50

/* So long it is looked; what takes longer than a round's loop and an interrupt is a gap. */
#define LOOK_MS 400
#define GAP_US  20

#define MS_TO_US 1000

struct gaps {
    uint64_t sum; /* ticks, as is the next */
    uint64_t longest;
};

static struct gaps look(uint64_t ticks)
{
    uint64_t least = time_us_to_ticks(GAP_US);
    uint64_t last = cpu_ticks();
    uint64_t end = last + ticks;
    struct gaps gaps = {0, 0};

    while (last < end) {
        uint64_t now = cpu_ticks();
        uint64_t gap = now - last;

        if (gap > least) {
            gaps.sum += gap;
            gaps.longest = gap > gaps.longest ? gap : gaps.longest;
        }
        last = now;
    }
    return gaps;
}

void beside_run(void)
{
    uint64_t ticks = time_us_to_ticks(LOOK_MS * MS_TO_US);

    (void)look(time_us_to_ticks(SETTLE_MS * MS_TO_US));
    struct gaps gaps = look(ticks);
    measure_print("taken", "hardware", gaps.sum * 100 / ticks, 0, 0);
    measure_print("gap_us", "hardware", counter_ticks_to_ns(gaps.longest) / 1000, 0, 0);
}

void beside_reset(void)
{
    sensitive->power_reset();
}

/* But for what this kernel has touched itself: a page of each block is given away. */
void beside_split(void)
{
    const struct range *first = &machine.memory[0];

    for (uint64_t block = first->base + BLOCK_SIZE; block < first->base + first->bytes;
         block += BLOCK_SIZE)
        (void)sensitive->memory_give(block, 1);
    sensitive->power_reset();
}
