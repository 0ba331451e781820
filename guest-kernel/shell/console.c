/* SPDX-License-Identifier: MIT */
/*
 * The console's input: a ring, which the input interrupt fills. How characters enter the machine
 * is a sensitive operation.
 */
#include "shell/console.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/irq.h"
#include "lib/spinlock.h"
#include "machine/sensitive_ops.h"
#include "threads/wait.h"

/* Room for what a person pastes. */
#define RING_BYTES 8192

static struct spinlock lock; /* of the ring */
static char ring[RING_BYTES];
static uint32_t ring_head; /* characters received, ever */
static uint32_t ring_tail; /* characters read, ever */
static struct wait_queue readers;

/* Characters that find the ring full are lost, as on any serial line. */
static void put(char character)
{
    if (ring_head - ring_tail < RING_BYTES)
        ring[ring_head++ % RING_BYTES] = character;
}

static void handle_input(uint32_t intid, void *argument)
{
    char text[8];
    size_t count;

    (void)intid;
    (void)argument;
    spin_lock(&lock);
    while ((count = sensitive->console_read(text, sizeof(text))) != 0) {
        for (size_t i = 0; i < count; i++)
            put(text[i]);
    }
    spin_unlock(&lock);
    wait_queue_wake(&readers);
}

void console_init(void)
{
    uint32_t intid = sensitive->console_listen();

    if (intid != 0)
        irq_register(intid, handle_input, NULL);
}

static bool has_input(void)
{
    return __atomic_load_n(&ring_head, __ATOMIC_RELAXED) != ring_tail;
}

char console_getchar(void)
{
    for (;;) {
        wait_event(&readers, has_input());
        uint64_t flags = spin_lock_irqsave(&lock);
        bool got = has_input();
        char character = got ? ring[ring_tail++ % RING_BYTES] : '\0';
        spin_unlock_irqrestore(&lock, flags);
        if (got)
            return character;
    }
}
