/* SPDX-License-Identifier: MIT */
/*
 * The console by its ring: no exit while the hypervisor reads along.
 */
#include "sensitive/ring.h"

#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "stile/console_ring.h"
#include "stile/hypercall.h"

static struct stile_console_ring *ring; /* NULL: not used */

void ring_init(void)
{
    if (machine_option("ring=off") || !stile_has_call(STILE_NR_console_use_ring))
        return;

    struct stile_result where = stile_core_info(STILE_INFO_CONSOLE_RING);
    if (where.status == STILE_SUCCESS && stile_console_use_ring(1).status == STILE_SUCCESS)
        ring = kernel_map_shared(where.value[0], PAGE_SIZE);
}

bool ring_write(const char *text, size_t length)
{
    return ring && stile_console_ring_puts(ring, text, length) == STILE_SUCCESS;
}

bool ring_read(char *text, size_t limit, size_t *count)
{
    if (ring)
        *count = stile_console_ring_read(ring, text, limit);
    return ring != NULL;
}

void ring_settle(void)
{
    while (ring && __atomic_load_n(&ring->out_consumed, __ATOMIC_ACQUIRE) !=
                       __atomic_load_n(&ring->out_produced, __ATOMIC_RELAXED))
        (void)stile_console_notify();
}
