/* SPDX-License-Identifier: MIT */
/*
 * The console: output under one lock, input through a ring that the input interrupt fills. How
 * characters get out and in is the sensitive layer's.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "core/console.h"
#include "core/irq.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "core/thread.h"
#include "sensitive/sensitive.h"

#define RING_BYTES 256

static struct spinlock output_lock; /* of the writer's turn */
static bool output_lock_broken;     /* the only writer left is a panic */

static struct spinlock input_lock; /* of the ring */
static char ring[RING_BYTES];
static uint32_t ring_head; /* characters received, ever */
static uint32_t ring_tail; /* characters read, ever */
static struct wait_queue readers;

void console_break_lock(void)
{
    output_lock_broken = true;
}

void console_write(const char *text, size_t length)
{
    if (output_lock_broken) {
        sensitive->console_write(text, length);
        return;
    }
    uint64_t flags = spin_lock_irqsave(&output_lock);
    sensitive->console_write(text, length);
    spin_unlock_irqrestore(&output_lock, flags);
}

void printk(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0)
        console_write(text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

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
    spin_lock(&input_lock);
    while ((count = sensitive->console_read(text, sizeof(text))) != 0) {
        for (size_t i = 0; i < count; i++)
            put(text[i]);
    }
    spin_unlock(&input_lock);
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
        uint64_t flags = spin_lock_irqsave(&input_lock);
        bool got = has_input();
        char character = got ? ring[ring_tail++ % RING_BYTES] : '\0';
        spin_unlock_irqrestore(&input_lock, flags);
        if (got)
            return character;
    }
}
