/* SPDX-License-Identifier: MIT */
/*
 * Who is at the console, who of them has the focus. What is typed is handed to the focus by
 * monitor/input.c.
 */
#include "console/console.h"

#include "console/console_out.h"
#include "console/console_state.h"
#include "console/console_write.h"
#include "console/serial.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "lib/check.h"
#include "lib/is_enabled.h"

/* Gives the focus to a VM, or the hypervisor's console, and says so. NULL, false: to nobody. */
static void give_focus(struct vm *vm, bool monitor, bool quiet)
{
    bool has_room = serial_room() >= console_line_cost(CONSOLE_FOCUS_EXTRA);

    if (has_room && !console.unsaid)
        console_hide_begun();
    console.focus = vm;
    console.monitor = monitor;
    console.nr_moves++;
    if (!vm && !monitor)
        console.unsaid = false;
    else if (has_room && !console.unsaid && quiet)
        console_show_begun();
    else if (has_room && !console.unsaid)
        console_say_focus();
    else
        console.unsaid = true;
}

/* Where a VM is in console.vms; nr_vms if it is not. */
static uint32_t find(const struct vm *vm)
{
    uint32_t i = 0;

    while (i < console.nr_vms && console.vms[i] != vm)
        i++;
    return i;
}

/* Moves the focus on: the VMs in the order in which they came, then the hypervisor's console. */
static void cycle_focus(void)
{
    uint32_t next = console.focus ? find(console.focus) + 1 : 0;

    if (!IS_ENABLED(CONFIG_MONITOR) && next >= console.nr_vms)
        next = 0;
    if (next < console.nr_vms)
        give_focus(console.vms[next], false, false);
    else
        give_focus(NULL, IS_ENABLED(CONFIG_MONITOR), false);
}

void console_name_lines(void)
{
    console.named = true;
}

void console_attach(struct vm *vm)
{
    spin_lock(&console.lock);
    CHECK(console.nr_vms < CONFIG_NR_VMS && find(vm) == console.nr_vms);
    console_port_of(vm)->length = 0;
    console_port_of(vm)->wants_room = false;
    console.vms[console.nr_vms++] = vm;
    if (!console.focus && !console.monitor)
        console.focus = vm;
    else if (console_port_of(vm)->had_focus)
        give_focus(vm, false, console_port_of(vm)->quiet);
    if (console.nr_vms > 1)
        console.named = true;
    spin_unlock(&console.lock);
}

/* Writes out what a VM has begun, and takes it from the list. */
static void detach(uint32_t i)
{
    struct vm *vm = console.vms[i];
    bool had_focus = vm == console.focus;

    console_port_of(vm)->had_focus = had_focus;
    if (!had_focus && console_port_of(vm)->length > 0) {
        if (serial_room() >= console_line_cost(CONSOLE_LINE_BYTES))
            console_put_gathered(vm);
        else
            console.nr_left_out++;
    }
    for (uint32_t j = i; j + 1 < console.nr_vms && j + 1 < CONFIG_NR_VMS; j++)
        console.vms[j] = console.vms[j + 1];
    console.nr_vms--;
    if (had_focus)
        give_focus(console.nr_vms > 0 ? console.vms[i % console.nr_vms] : NULL, false,
                   console_port_of(vm)->quiet);
}

void console_detach(struct vm *vm)
{
    spin_lock(&console.lock);
    uint32_t i = find(vm);
    if (i < console.nr_vms)
        detach(i);
    spin_unlock(&console.lock);
}

/* --- for who moves input: monitor/input.c --- */

bool console_focus(struct vm *vm)
{
    spin_lock(&console.lock);
    bool found = find(vm) < console.nr_vms;
    if (found) {
        (void)serial_wait_for_room(console_line_cost(CONSOLE_FOCUS_EXTRA));
        give_focus(vm, false, false);
    }
    spin_unlock(&console.lock);
    return found;
}

struct console_focus console_focus_now(void)
{
    spin_lock(&console.lock);
    struct console_focus focus = {
        .vm_id = console.focus ? console.focus->id : 0,
        .monitor = console.monitor,
        .nr_moves = console.nr_moves,
    };
    spin_unlock(&console.lock);
    return focus;
}

void console_move_focus(void)
{
    spin_lock(&console.lock);
    (void)serial_wait_for_room(console_line_cost(CONSOLE_FOCUS_EXTRA));
    cycle_focus();
    spin_unlock(&console.lock);
}

size_t console_receive(char *text, size_t limit)
{
    spin_lock(&console.lock);
    size_t length = serial_receive(text, limit);
    spin_unlock(&console.lock);
    return length;
}

void console_hold_input(bool hold)
{
    spin_lock(&console.lock);
    serial_hold_input(hold);
    spin_unlock(&console.lock);
}

uint32_t console_send(void)
{
    uint32_t wanting = 0;

    spin_lock(&console.lock);
    serial_send();
    (void)console_say_unsaid();
    for (uint32_t i = 0; i < console.nr_vms; i++) {
        struct console_port *port = console_port_of(console.vms[i]);
        if (port->wants_room && serial_room() >= SERIAL_BUFFER_BYTES / 2) {
            port->wants_room = false;
            wanting |= 1u << console.vms[i]->id;
        }
    }
    spin_unlock(&console.lock);
    return wanting;
}

void console_init(void)
{
    spin_lock(&console.lock);
    serial_init(machine.uart.base.pa);
    spin_unlock(&console.lock);
    if (machine.uart_intid != 0)
        gic_enable(machine.uart_intid);
}
