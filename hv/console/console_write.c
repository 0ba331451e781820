/* SPDX-License-Identifier: MIT */
/*
 * What is written to the one UART that all share: who is seen at once, whose lines wait until they
 * are whole, what a line breaks into.
 */
#include "console/console_write.h"

#include <stdio.h>
#include <string.h>

#include "console/console_out.h"
#include "console/console_state.h"
#include "console/serial.h"

/*
 * What is taken off a turn, beside the characters written. To look for the end of a line costs
 * some, and so does a line: its name, and the begun line of who has the focus, taken away and shown
 * again.
 */
#define COST_PART   32
#define COST_LINE   64
#define COST_BEGUN  3 /* for each character */
#define COST_GATHER 2 /* for each character of the line */

_Static_assert(COST_PART + COST_LINE + (COST_BEGUN + COST_GATHER) * CONSOLE_LINE_BYTES <
                   CONSOLE_TURN_MOST,
               "any line fits a turn");

struct console_state console;

/* --- lines --- */

const char *console_port_make_room(struct console_port *port, const char *text, size_t *length)
{
    const char *end = text + *length;
    const char *begun = end;

    while (begun > text && begun[-1] != '\n') /* whole lines are not needed */
        begun--;
    if (begun > text)
        port->length = 0;
    console_port_trim(port);
    if ((size_t)(end - begun) > CONSOLE_LINE_BYTES - port->length)
        port->length = 0;
    if (end - begun > CONSOLE_LINE_BYTES)
        begun = end - CONSOLE_LINE_BYTES;
    *length = (size_t)(end - begun);
    return begun;
}

/* What stands on the screen's last line, if anything does; NULL if nobody has the focus. */
static struct console_port *focus_port(void)
{
    if (console.focus)
        return console_port_of(console.focus);
    return console.monitor ? &console.prompt : NULL;
}

static size_t begun_length(void)
{
    const struct console_port *port = focus_port();

    return port ? port->length : 0;
}

void console_hide_begun(void)
{
    struct console_port *port = focus_port();

    if (begun_length() > 0) {
        console_port_trim(port);
        console_out_end(port->line, port->length);
    }
}

void console_show_begun(void)
{
    if (begun_length() == 0)
        return;
    if (!console.focus)
        console_out_prefix(CONSOLE_HV_NAME);
    else if (console.named)
        console_out_prefix(console.focus->config.name);
    console_out_again(focus_port()->line, focus_port()->length);
}

size_t console_line_cost(size_t length)
{
    return length + CONSOLE_OUT_EXTRA + begun_length();
}

void console_put_line(const char *name, const char *text, size_t length)
{
    console_hide_begun();
    console_out_line(name, text, length);
    console_show_begun();
}

void console_put_gathered(struct vm *vm)
{
    struct console_port *port = console_port_of(vm);
    uint32_t length = port->length;

    /* The guest's carriage return is its own line end's. */
    if (length > 0 && port->line[length - 1] == '\r')
        length--;
    console_put_line(vm->config.name, port->line, length);
    port->length = 0;
}

/* --- VMs' output --- */

/* Takes @cost off a turn, or says that there is not so much left of it. */
static bool spend(struct console_turn *turn, size_t cost)
{
    if (cost > turn->left)
        return false;
    turn->left -= (uint32_t)cost;
    return true;
}

/* How many characters there are up to the first @end, that included. */
static size_t part_up_to(char end, const char *text, size_t length)
{
    const char *found = memchr(text, end, length);

    return found ? (size_t)(found - text) + 1 : length;
}

/* The focus's text within a line, or as many lines as it likes if they carry no names. */
static size_t write_through(struct console_port *port, struct console_turn *turn, const char *text,
                            size_t length)
{
    size_t room = serial_room();

    room = room < turn->left ? room : turn->left;
    if (length > room)
        length = room;
    if (length > 0) {
        turn->left -= (uint32_t)length;
        serial_write(text, length);
        console_port_add(port, text, length);
    }
    return length;
}

/* A VM that goes back to the start of its line, and not on to the next, writes over its name. */
static bool begins_anew(const struct console_port *port, char next)
{
    return console_port_returned(port) && next != '\n' && next != '\r';
}

static size_t write_named(struct vm *vm, struct console_turn *turn, const char *text, size_t length)
{
    struct console_port *port = console_port_of(vm);
    size_t taken = 0;

    while (taken < length) {
        size_t part = part_up_to('\n', text + taken, length - taken);

        part = part_up_to('\r', text + taken, part);
        if (!spend(turn, COST_PART))
            break;
        if (begins_anew(port, text[taken]))
            port->length = 0;
        if (port->length == 0) {
            /* A name that no text followed would be written again. */
            if (serial_room() <= CONSOLE_OUT_EXTRA || turn->left <= COST_LINE)
                break;
            turn->left -= COST_LINE;
            console_out_prefix(vm->config.name);
        }
        size_t written = write_through(port, turn, text + taken, part);
        taken += written;
        if (written < part)
            break;
    }
    return taken;
}

static size_t gather_cost(const struct console_port *port, size_t kept, bool ends)
{
    size_t line = COST_LINE + COST_GATHER * port->length + COST_BEGUN * begun_length();

    return COST_PART + COST_GATHER * kept + (ends ? line : 0);
}

static size_t write_gathered(struct vm *vm, struct console_turn *turn, const char *text,
                             size_t length)
{
    struct console_port *port = console_port_of(vm);
    size_t taken = 0;

    while (taken < length) {
        size_t room = CONSOLE_LINE_BYTES - port->length;
        size_t part = part_up_to('\n', text + taken, length - taken);
        bool ends = text[taken + part - 1] == '\n';
        size_t kept = ends ? part - 1 : part;

        if (kept > room) {
            part = kept = room;
            ends = true;
        }
        if (ends && serial_room() < console_line_cost(port->length + kept))
            break;
        if (!spend(turn, gather_cost(port, kept, ends)))
            break;
        memcpy(port->line + port->length, text + taken, kept);
        port->length += (uint32_t)kept;
        taken += part;
        if (ends)
            console_put_gathered(vm);
    }
    return taken;
}

/* Kept out of line, so that single characters need not save registers for it. */
__attribute__((noinline)) static size_t write_any(struct vm *vm, struct console_turn *turn,
                                                  const char *text, size_t length)
{
    size_t taken;

    if (console.unsaid && !console_say_unsaid())
        taken = 0;
    else if (vm != console.focus)
        taken = write_gathered(vm, turn, text, length);
    else if (console.named)
        taken = write_named(vm, turn, text, length);
    else
        taken = write_through(console_port_of(vm), turn, text, length);
    console_port_keep(console_port_of(vm), text, taken);
    if (taken < length)
        console_port_of(vm)->wants_room = true;
    return taken;
}

bool console_write_one(struct vm *vm, char character)
{
    struct console_port *port = console_port_of(vm);
    bool taken = true;

    spin_lock(&console.lock);
    /* In the middle of the focus's line, nothing has to be added. */
    bool added = vm != console.focus ||
                 (console.named && (port->length == 0 || console_port_returned(port)));
    if (!added && serial_write_one(character)) {
        console_port_add_one(port, character);
        console_port_keep_one(port, character);
    } else {
        taken = write_any(vm, &CONSOLE_TURN, &character, 1) == 1;
    }
    spin_unlock(&console.lock);
    return taken;
}

size_t console_write(struct vm *vm, struct console_turn *turn, const char *text, size_t length)
{
    if (length == 1)
        return console_write_one(vm, *text);
    spin_lock(&console.lock);
    size_t taken = write_any(vm, turn, text, length);
    spin_unlock(&console.lock);
    return taken;
}

void console_forget_kept(struct vm *vm, char *kept)
{
    spin_lock(&console.lock);
    *console_port_of(vm) = (struct console_port){.kept = kept};
    spin_unlock(&console.lock);
}

size_t console_read_kept(struct vm *vm, uint64_t from, char *text, size_t limit, uint64_t *first)
{
    const struct console_port *port = console_port_of(vm);

    spin_lock(&console.lock);
    uint64_t end = port->nr_kept;
    uint64_t oldest = end > STILE_CONSOLE_KEPT_BYTES ? end - STILE_CONSOLE_KEPT_BYTES : 0;
    *first = from < oldest ? oldest : from < end ? from : end;
    size_t count = end - *first < limit ? end - *first : limit;
    for (size_t i = 0; i < count; i++)
        text[i] = port->kept[(*first + i) % STILE_CONSOLE_KEPT_BYTES];
    spin_unlock(&console.lock);
    return count;
}

/* --- the hypervisor's output --- */

void console_say_focus(void)
{
    char text[STILE_VM_NAME_BYTES + 40];
    const struct vm *vm = console.focus;
    int length = vm ? snprintf(text, sizeof(text), "input goes to %s", vm->config.name)
                    : snprintf(text, sizeof(text), "input goes to the hypervisor: try ?");

    console_out_line(CONSOLE_HV_NAME, text, (size_t)length);
    console_show_begun();
    console.unsaid = false;
}

/* Lines of guests' making that found no room: how many. */
static void say_left_out(void)
{
    char text[40];
    int length = snprintf(text, sizeof(text), "%u lines were left out", console.nr_left_out);

    console_put_line(CONSOLE_HV_NAME, text, (size_t)length);
    console.nr_left_out = 0;
}

bool console_say_unsaid(void)
{
    /* What stands on the last line is not known any more: it is ended, whatever it is. */
    static const char unknown[] = "\x1b";

    if (console.unsaid && serial_room() >= console_line_cost(CONSOLE_FOCUS_EXTRA)) {
        console_out_end(unknown, sizeof(unknown) - 1);
        console_say_focus();
    }
    if (console.nr_left_out > 0 && !console.unsaid &&
        serial_room() >= 2 * console_line_cost(CONSOLE_LINE_BYTES))
        say_left_out();
    return !console.unsaid;
}

static void write_hv(const char *text, size_t length, bool waits)
{
    spin_lock(&console.lock);
    size_t cost = console_line_cost(length);
    if (console.unsaid)
        cost += console_line_cost(CONSOLE_FOCUS_EXTRA);
    bool fits = waits ? serial_wait_for_room(cost) : serial_room() >= cost;
    if (fits && console_say_unsaid())
        console_put_line(CONSOLE_HV_NAME, text, length);
    else
        console.nr_left_out++;
    spin_unlock(&console.lock);
}

void console_write_hv(const char *text, size_t length)
{
    write_hv(text, length, true);
}

void console_try_hv(const char *text, size_t length)
{
    write_hv(text, length, false);
}

bool console_hv_ready(void)
{
    spin_lock(&console.lock);
    bool ready = serial_room() >= console_line_cost(CONSOLE_LINE_BYTES);
    spin_unlock(&console.lock);
    return ready;
}

void console_type(const char *text, size_t length)
{
    spin_lock(&console.lock);
    bool shows = !console.focus && console.monitor;
    if (shows && serial_wait_for_room(console_line_cost(length))) {
        if (console.prompt.length == 0)
            console_out_prefix(CONSOLE_HV_NAME);
        serial_write(text, length);
    }
    console_port_add(&console.prompt, text, length);
    spin_unlock(&console.lock);
}

void console_untype(size_t count)
{
    static const char erase[] = "\b \b";

    spin_lock(&console.lock);
    bool shows = !console.focus && console.monitor;
    for (; count > 0 && console.prompt.length > 0; count--) {
        console.prompt.length--;
        if (shows && serial_wait_for_room(sizeof(erase)))
            serial_write(erase, sizeof(erase) - 1);
    }
    spin_unlock(&console.lock);
}

void console_panic_write(const char *text, size_t length)
{
    serial_panic_write(text, length);
}
