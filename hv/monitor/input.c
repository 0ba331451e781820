/* SPDX-License-Identifier: MIT */
/*
 * Routing input: pieces of what was received, each to whoever has the focus when its turn comes.
 */
#include "monitor/input.h"

#include <stdbool.h>
#include <string.h>

#include "arch/timer.h"
#include "console/console.h"
#include "console/console_write.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "monitor/monitor.h"
#include "sched/sched.h"
#include "virt/vring.h"
#include "virt/vtty.h"
#include "vm/vm.h"

/* So much is received at once, and so often before the guest goes on. */
#define PIECE_BYTES 64
#define MAX_PIECES  8

static struct {
    struct spinlock lock; /* of all of it, held while input is delivered; first of all locks */
    char text[PIECE_BYTES];
    size_t from, length;  /* of text: what is not delivered yet */
    uint32_t nr_moves;    /* of the focus, when that was held back */
    bool held;            /* it is, and the UART keeps the rest */
    bool gave_up;         /* the focus takes nothing: dropped, and not held back */
    uint64_t since_ticks; /* since when it has taken nothing */
    uint64_t nr_dropped;  /* not said yet */
} input;

/* --- holding back --- */

static void hold(bool held)
{
    if (input.held != held)
        console_hold_input(held);
    input.held = held;
    if (held)
        vring_look_later();
}

/* Ends what was dropped of somebody's input. */
static void say_dropped(void)
{
    if (input.nr_dropped > 0)
        printk_guest("%lu typed characters were dropped", input.nr_dropped);
    input.nr_dropped = 0;
    input.gave_up = false;
}

static void drop(struct vm *vm, size_t length)
{
    input.from += length;
    input.nr_dropped += length;
    if (vm)
        vtty_lose(vm, length);
}

/* Whether somebody who has not taken all has to be waited for. */
static bool is_patient(size_t taken)
{
    uint64_t now = timer_now();

    if (taken > 0 || !input.held)
        input.since_ticks = now;
    return !input.gave_up &&
           now - input.since_ticks < timer_frequency() * INPUT_PATIENCE_US / 1000000;
}

/* --- delivering --- */

/* Hands over what was typed up to the next key. Whether all of it is gone. */
static bool hand_over(struct vm *vm, const struct console_focus *focus, size_t length)
{
    const char *text = input.text + input.from;
    size_t taken = length; /* by nobody, if there is nobody */

    if (vm)
        taken = vtty_input(vm, text, length);
    else if (IS_ENABLED(CONFIG_MONITOR) && focus->monitor)
        taken = monitor_input(text, length);
    input.from += taken;
    if (taken == length) {
        say_dropped();
        return true;
    }
    if (is_patient(taken)) {
        input.nr_moves = focus->nr_moves;
        return false;
    }
    if (!input.gave_up && vm)
        printk_guest("%s reads nothing: what is typed is dropped", vm->config.name);
    input.gave_up = true;
    drop(vm, length - taken);
    return true;
}

/* Receives more, unless there is something held back. */
static void receive(void)
{
    if (input.from < input.length)
        return;
    input.from = 0;
    input.length = console_receive(input.text, sizeof(input.text));
}

/* Takes what there is to the next key, and with it. Whether to go on. */
static bool deliver(struct vm *vm, const struct console_focus *focus)
{
    const char *begin = input.text + input.from;
    size_t length = input.length - input.from;
    const char *key = memchr(begin, CONSOLE_FOCUS_KEY, length);
    size_t part = key ? (size_t)(key - begin) : length;

    if (input.held && input.nr_moves != focus->nr_moves)
        drop(NULL, part); /* it was typed for another */
    else if (part > 0 && !hand_over(vm, focus, part)) {
        hold(true);
        return false;
    }
    if (key) {
        input.from++;
        say_dropped();
        console_move_focus();
    }
    hold(false);
    return length > 0;
}

/*
 * The VM that has the focus is held meanwhile: it neither ends nor leaves the console. Who has it
 * is looked at after something was received: what is typed once it has moved is not for who had it.
 */
static bool step(void)
{
    spin_lock(&input.lock);
    receive();
    struct console_focus focus = console_focus_now();
    struct vm *vm = focus.vm_id != 0 ? vm_get(focus.vm_id - 1) : NULL;
    bool more = deliver(vm, &focus);
    spin_unlock(&input.lock);
    if (vm)
        sched_release(vm);
    return more;
}

static void move_input(void)
{
    for (uint32_t pieces = 0; pieces < MAX_PIECES && step(); pieces++)
        ;
}

/* --- when --- */

/* Tells VMs whose writes were cut short that there is room for a few lines. */
static void move_output(struct console_turn *turn)
{
    static uint32_t nr_moves;
    uint32_t first = __atomic_fetch_add(&nr_moves, 1, __ATOMIC_RELAXED); /* another each time */
    uint32_t vms = console_send();

    for (uint32_t i = 0; i < CONFIG_NR_VMS && vms != 0; i++) {
        uint32_t index = (first + i) % CONFIG_NR_VMS;
        struct vm *vm = vms & (2u << index) ? vm_get(index) : NULL;

        if (vm) {
            vtty_output_ready(vm, turn);
            sched_release(vm);
        }
    }
}

void input_irq(void)
{
    move_output(&CONSOLE_TURN);
    input_go_on();
}

void input_go_on(void)
{
    move_input();
    if (IS_ENABLED(CONFIG_MONITOR))
        monitor_run(); /* with no lock: its commands end VMs */
}

void input_look(struct console_turn *turn)
{
    move_output(turn);
    if (__atomic_load_n(&input.held, __ATOMIC_RELAXED))
        input_go_on();
}
