/* SPDX-License-Identifier: MIT */
/*
 * Sharing the one UART: who sees what at once, whose lines wait until they are whole, and where
 * input goes.
 *
 * Invariant: the line that the VM with the focus has begun, in its port, is what stands on the
 * screen's last line; if it is empty, the cursor is at the start of a line.
 */
#include "console/console.h"

#include <stdio.h>
#include <string.h>

#include "console/console_out.h"
#include "vm/console_port.h"
#include "console/serial.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "lib/check.h"
#include "monitor/monitor.h"
#include "virt/vtty.h"
#include "vm/vm.h"

#define HV_NAME "hv"

/* The room that moving the focus needs: a line of the hypervisor's, and what the next VM has begun.
 */
#define FOCUS_EXTRA (2 * CONSOLE_LINE_BYTES)

/* More than a PL011's FIFO holds. */
#define INPUT_BYTES 64

static struct {
    /* Held while input is delivered, so that a VM is not detached meanwhile. First of all locks. */
    struct spinlock input_lock;
    /* Of what follows. The focus and the VMs change under both locks. Last of all locks. */
    struct spinlock lock;
    struct vm *vms[CONFIG_NR_VMS];
    uint32_t nr_vms;
    struct vm *focus;           /* NULL: the hypervisor's console, or nobody */
    bool monitor;               /* somebody chose the hypervisor's console */
    struct console_port prompt; /* what the hypervisor's console has begun */
    bool named;                 /* lines carry names */
} console;

/* --- lines --- */

static struct console_port *port_of(struct vm *vm)
{
    return &vm->console.port;
}

/* What stands on the screen's last line, if anything does; NULL if nobody has the focus. */
static struct console_port *focus_port(void)
{
    if (console.focus)
        return port_of(console.focus);
    return console.monitor ? &console.prompt : NULL;
}

static size_t begun_length(void)
{
    const struct console_port *port = focus_port();

    return port ? port->length : 0;
}

/* Ends the line that the focus has begun on the screen. */
static void hide_begun(void)
{
    struct console_port *port = focus_port();

    if (begun_length() > 0) {
        console_port_trim(port);
        console_out_end(port->line, port->length);
    }
}

/* Writes it once more. */
static void show_begun(void)
{
    if (begun_length() == 0)
        return;
    if (!console.focus)
        console_out_prefix(HV_NAME);
    else if (console.named)
        console_out_prefix(console.focus->config.name);
    console_out_again(focus_port()->line, focus_port()->length);
}

/* The room a whole line needs. */
static size_t line_cost(size_t length)
{
    return length + CONSOLE_OUT_EXTRA + begun_length();
}

/* Writes a whole line of somebody who has not the focus. */
static void put_line(const char *name, const char *text, size_t length)
{
    hide_begun();
    console_out_line(name, text, length);
    show_begun();
}

/* Writes the line that a VM without the focus has gathered. */
static void put_gathered(struct vm *vm)
{
    struct console_port *port = port_of(vm);
    uint32_t length = port->length;

    /* The guest's carriage return is its own line end's. */
    if (length > 0 && port->line[length - 1] == '\r')
        length--;
    put_line(vm->config.name, port->line, length);
    port->length = 0;
}

/* --- VMs' output --- */

/* How many characters there are up to the first @end, that included. */
static size_t part_up_to(char end, const char *text, size_t length)
{
    const char *found = memchr(text, end, length);

    return found ? (size_t)(found - text) + 1 : length;
}

/* The focus's text within a line, or as many lines as it likes if they carry no names. */
static size_t write_through(struct console_port *port, const char *text, size_t length)
{
    size_t room = serial_room();

    if (length > room)
        length = room;
    if (length > 0) {
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

static size_t write_named(struct vm *vm, const char *text, size_t length)
{
    struct console_port *port = port_of(vm);
    size_t taken = 0;

    while (taken < length) {
        size_t part = part_up_to('\n', text + taken, length - taken);

        part = part_up_to('\r', text + taken, part);
        if (begins_anew(port, text[taken]))
            port->length = 0;
        if (port->length == 0) {
            if (serial_room() <= CONSOLE_OUT_EXTRA)
                break;
            console_out_prefix(vm->config.name);
        }
        size_t written = write_through(port, text + taken, part);
        taken += written;
        if (written < part)
            break;
    }
    return taken;
}

static size_t write_gathered(struct vm *vm, const char *text, size_t length)
{
    struct console_port *port = port_of(vm);
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
        if (ends && serial_room() < line_cost(port->length + kept))
            break;
        memcpy(port->line + port->length, text + taken, kept);
        port->length += (uint32_t)kept;
        taken += part;
        if (ends)
            put_gathered(vm);
    }
    return taken;
}

/* Kept out of line, so that single characters need not save registers for it. */
__attribute__((noinline)) static size_t write_any(struct vm *vm, const char *text, size_t length)
{
    size_t taken;

    if (vm != console.focus)
        taken = write_gathered(vm, text, length);
    else if (console.named)
        taken = write_named(vm, text, length);
    else
        taken = write_through(port_of(vm), text, length);
    console_port_keep(port_of(vm), text, taken);
    if (taken < length)
        port_of(vm)->wants_room = true;
    return taken;
}

bool console_write_one(struct vm *vm, char character)
{
    struct console_port *port = port_of(vm);
    bool taken = true;

    spin_lock(&console.lock);
    /* In the middle of the focus's line, nothing has to be added. */
    bool added = vm != console.focus ||
                 (console.named && (port->length == 0 || console_port_returned(port)));
    if (!added && serial_write_one(character)) {
        console_port_add_one(port, character);
        console_port_keep_one(port, character);
    } else {
        taken = write_any(vm, &character, 1) == 1;
    }
    spin_unlock(&console.lock);
    return taken;
}

size_t console_write(struct vm *vm, const char *text, size_t length)
{
    if (length == 1)
        return console_write_one(vm, *text);
    spin_lock(&console.lock);
    size_t taken = write_any(vm, text, length);
    spin_unlock(&console.lock);
    return taken;
}

size_t console_read_kept(struct vm *vm, uint64_t from, char *text, size_t limit, uint64_t *first)
{
    const struct console_port *port = port_of(vm);

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

void console_wait_for_room(void)
{
    spin_lock(&console.lock);
    (void)serial_wait_for_room(SERIAL_BUFFER_BYTES / 2);
    spin_unlock(&console.lock);
}

/* --- the hypervisor's output --- */

void console_write_hv(const char *text, size_t length)
{
    spin_lock(&console.lock);
    if (serial_wait_for_room(line_cost(length)))
        put_line(HV_NAME, text, length);
    spin_unlock(&console.lock);
}

bool console_hv_ready(void)
{
    spin_lock(&console.lock);
    bool ready = serial_room() >= line_cost(CONSOLE_LINE_BYTES);
    spin_unlock(&console.lock);
    return ready;
}

void console_type(const char *text, size_t length)
{
    spin_lock(&console.lock);
    bool shows = !console.focus && console.monitor;
    if (shows && serial_wait_for_room(line_cost(length))) {
        if (console.prompt.length == 0)
            console_out_prefix(HV_NAME);
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

/* --- who is there, and who has the focus --- */

/* Gives the focus to a VM, or the hypervisor's console, and says so. NULL, false: to nobody. */
static void give_focus(struct vm *vm, bool monitor)
{
    char text[STILE_VM_NAME_BYTES + 32];

    hide_begun();
    console.focus = vm;
    console.monitor = monitor;
    if (!vm && !monitor)
        return;
    int length = vm ? snprintf(text, sizeof(text), "input goes to %s", vm->config.name)
                    : snprintf(text, sizeof(text), "input goes to the hypervisor: try ?");
    console_out_line(HV_NAME, text, (size_t)length);
    show_begun();
}

/* Where a VM is in console.vms; nr_vms if it is not. */
static uint32_t find(const struct vm *vm)
{
    uint32_t i = 0;

    while (i < console.nr_vms && console.vms[i] != vm)
        i++;
    return i;
}

/* Moves the focus on: the VMs in the order in which they came, then the hypervisor. */
static void cycle_focus(void)
{
    uint32_t next = console.focus ? find(console.focus) + 1 : 0;

    if (next < console.nr_vms)
        give_focus(console.vms[next], false);
    else
        give_focus(NULL, true);
}

void console_name_lines(void)
{
    console.named = true;
}

void console_attach(struct vm *vm)
{
    spin_lock(&console.input_lock);
    spin_lock(&console.lock);
    CHECK(console.nr_vms < CONFIG_NR_VMS && find(vm) == console.nr_vms);
    port_of(vm)->length = 0;
    port_of(vm)->wants_room = false;
    console.vms[console.nr_vms++] = vm;
    if (!console.focus && !console.monitor)
        console.focus = vm;
    else if (port_of(vm)->had_focus)
        give_focus(vm, false);
    if (console.nr_vms > 1)
        console.named = true;
    spin_unlock(&console.lock);
    spin_unlock(&console.input_lock);
}

/* Writes out what a VM has begun, and takes it from the list. */
static void detach(uint32_t i)
{
    struct vm *vm = console.vms[i];
    bool had_focus = vm == console.focus;

    port_of(vm)->had_focus = had_focus;
    (void)serial_wait_for_room(2 * line_cost(FOCUS_EXTRA));
    if (!had_focus && port_of(vm)->length > 0)
        put_gathered(vm);
    for (uint32_t j = i; j + 1 < console.nr_vms && j + 1 < CONFIG_NR_VMS; j++)
        console.vms[j] = console.vms[j + 1];
    console.nr_vms--;
    if (had_focus)
        give_focus(console.nr_vms > 0 ? console.vms[i % console.nr_vms] : NULL, false);
}

void console_detach(struct vm *vm)
{
    spin_lock(&console.input_lock);
    spin_lock(&console.lock);
    uint32_t i = find(vm);
    if (i < console.nr_vms)
        detach(i);
    spin_unlock(&console.lock);
    spin_unlock(&console.input_lock);
}

/* --- the UART's interrupt --- */

bool console_focus(struct vm *vm)
{
    spin_lock(&console.input_lock);
    spin_lock(&console.lock);
    bool found = find(vm) < console.nr_vms;
    if (found && serial_wait_for_room(line_cost(FOCUS_EXTRA)))
        give_focus(vm, false);
    spin_unlock(&console.lock);
    spin_unlock(&console.input_lock);
    return found;
}

/* Hands input to the focus, except the key that moves it. Under the input lock only. */
static void deliver(const char *text, size_t length)
{
    while (length > 0) {
        const char *key = memchr(text, CONSOLE_FOCUS_KEY, length);
        size_t part = key ? (size_t)(key - text) : length;

        if (part > 0 && console.focus)
            vtty_input(console.focus, text, part);
        else if (part > 0 && console.monitor)
            monitor_input(text, part);
        if (key) {
            spin_lock(&console.lock);
            if (serial_wait_for_room(line_cost(FOCUS_EXTRA)))
                cycle_focus();
            spin_unlock(&console.lock);
            part++;
        }
        text += part;
        length -= part;
    }
}

/* Tells the VMs whose writes were cut short, once there is room for a few lines. */
static void tell_of_room(void)
{
    bool tell[CONFIG_NR_VMS] = {false};

    spin_lock(&console.lock);
    for (uint32_t i = 0; i < console.nr_vms; i++) {
        struct console_port *port = port_of(console.vms[i]);
        if (port->wants_room && serial_room() >= SERIAL_BUFFER_BYTES / 2) {
            port->wants_room = false;
            tell[i] = true;
        }
    }
    spin_unlock(&console.lock);
    for (uint32_t i = 0; i < console.nr_vms; i++) {
        if (tell[i])
            vtty_output_ready(console.vms[i]);
    }
}

void console_irq(void)
{
    char text[INPUT_BYTES];

    spin_lock(&console.input_lock);
    spin_lock(&console.lock);
    size_t length = serial_interrupt(text, sizeof(text));
    spin_unlock(&console.lock);
    deliver(text, length);
    tell_of_room();
    spin_unlock(&console.input_lock);
    /* Last, with no lock: its commands end VMs. */
    monitor_run();
}

void console_init(void)
{
    spin_lock(&console.lock);
    serial_init(machine.uart.base.pa);
    spin_unlock(&console.lock);
    if (machine.uart_intid != 0)
        gic_enable(machine.uart_intid);
}
