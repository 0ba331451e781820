/* SPDX-License-Identifier: MIT */
/*
 * The console down to the PL011's registers, with monitor/input.c above it, for tests that include
 * it: two VMs, a UART that may be slow, full, stuck or without a FIFO, and somebody who types.
 */
#ifndef CONSOLE_FAKE_H
#define CONSOLE_FAKE_H

#include <stdio.h>
#include <string.h>

#include "console/console.c"
#include "console/console_out.c"
#include "console/console_write.c"
#include "console/serial.c"
#include "dev/pl011.c"
#include "lib/escape.c"
#include "lib/ring.c"
#include "monitor/input.c"

#include "fakes/log.h"
#include "ktf.h"

#define UART_BASE  UINT64_C(0x9000000)
#define UART_INTID 33

struct machine machine = {
    .uart = {.base = {UART_BASE}, .bytes = 0x1000},
    .uart_intid = UART_INTID,
};

/* --- a PL011 --- */

/* QEMU's interrupts for the first character only; those of Arm's at half a FIFO, or some time
 * later. */
static const struct model {
    size_t depth, trigger;
    bool times_out;
} models[] = {{16, 1, false}, {16, 8, true}, {32, 16, true}};

#define NR_MODELS (sizeof(models) / sizeof(models[0]))

static struct {
    char sent[16384]; /* everything that left the transmit FIFO */
    size_t nr_sent;
    size_t fifo; /* characters in it */
    bool stuck;  /* nothing leaves the FIFO */
    const struct model *model;
    char typed[16384]; /* what the receive FIFO got, gets and will get */
    size_t nr_typed, nr_put, nr_read;
    uint32_t imsc, ris; /* ris: receive and timeout only */
    bool overrun;
} device;

/* The sender goes on while there is room. */
static inline void device_fill(void)
{
    while (device.nr_put < device.nr_typed &&
           device.nr_put - device.nr_read < device.model->depth) {
        device.nr_put++;
        if (device.nr_put - device.nr_read == device.model->trigger)
            device.ris |= INT_RX;
    }
}

static inline char device_read(void)
{
    char first = device.typed[device.nr_read++];

    if (device.nr_put - device.nr_read == device.model->trigger - 1)
        device.ris &= ~INT_RX;
    if (device.nr_put == device.nr_read)
        device.ris &= ~INT_RT;
    device_fill();
    return first;
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    uint32_t flags = 0;

    EXPECT_EQ(bytes, 4);
    switch (address - UART_BASE) {
    case FR:
        flags |= device.fifo == 0 ? FR_TXFE : 0;
        flags |= device.fifo == FIFO_CHARACTERS ? FR_TXFF : 0;
        flags |= device.nr_put == device.nr_read ? FR_RXFE : 0;
        return flags;
    case DR:
        return (uint8_t)device_read();
    case IMSC:
        return device.imsc;
    default:
        EXPECT_FAIL("read of %lx", (unsigned long)address);
        return 0;
    }
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    EXPECT_EQ(bytes, 4);
    if (address - UART_BASE == IMSC)
        device.imsc = (uint32_t)value;
    if (address - UART_BASE == ICR)
        device.ris &= ~(uint32_t)value;
    if (address - UART_BASE != DR)
        return;
    if (device.fifo == FIFO_CHARACTERS)
        device.overrun = true;
    device.sent[device.nr_sent++] = (char)value;
    if (device.stuck)
        device.fifo++;
}

/* Interrupts as long as it has a reason to; it must not have one for ever. */
static inline void device_run(void)
{
    for (int i = 0; i < 1000; i++) {
        if (device.model->times_out && device.nr_put != device.nr_read)
            device.ris |= INT_RT;
        if ((device.ris & device.imsc) == 0)
            return;
        input_irq();
    }
    EXPECT_FAIL("it interrupts for ever");
}

/* Lets the FIFO run empty, and interrupts if the driver asked for it. */
static inline void device_send(void)
{
    device.fifo = 0;
    if ((device.imsc & INT_TX) != 0)
        input_irq();
}

static inline void device_paste(const char *text, size_t length)
{
    memcpy(device.typed + device.nr_typed, text, length);
    device.nr_typed += length;
    device_fill();
    device_run();
}

static inline void device_type(const char *text)
{
    device_paste(text, strlen(text));
}

/* --- what the console calls --- */

static struct {
    const struct vm *vm;
    char text[16384];
    size_t length, room, nr_lost;
    const struct vm *ready;
} input_seen;

size_t vtty_input(struct vm *vm, const char *text, size_t length)
{
    EXPECT_EQ(vm->nr_holds, 1);
    if (input_seen.vm != vm)
        input_seen.length = 0;
    if (length > input_seen.room)
        length = input_seen.room;
    input_seen.vm = vm;
    input_seen.room -= length;
    memcpy(input_seen.text + input_seen.length, text, length);
    input_seen.length += length;
    input_seen.text[input_seen.length] = '\0';
    return length;
}

void vtty_lose(struct vm *vm, size_t length)
{
    EXPECT_EQ(vm->nr_holds, 1);
    input_seen.nr_lost += length;
}

void vtty_output_ready(struct vm *vm, struct console_turn *turn)
{
    EXPECT_EQ(vm->nr_holds, 1);
    EXPECT_NE(turn->left, 0);
    input_seen.ready = vm;
}

static struct {
    char text[8192];
    size_t length, room;
    uint32_t nr_runs;
} monitor_seen;

size_t monitor_input(const char *text, size_t length)
{
    if (length > monitor_seen.room)
        length = monitor_seen.room;
    monitor_seen.room -= length;
    memcpy(monitor_seen.text + monitor_seen.length, text, length);
    monitor_seen.length += length;
    monitor_seen.text[monitor_seen.length] = '\0';
    return length;
}

void monitor_run(void)
{
    EXPECT_EQ(input.lock.next, input.lock.serving);
    EXPECT_EQ(console.lock.next, console.lock.serving);
    monitor_seen.nr_runs++;
}

static bool look_is_armed;

void vring_look_later(void)
{
    look_is_armed = true;
}

/* The timer, @us later. */
static inline void look(uint64_t us)
{
    EXPECT_TRUE(look_is_armed);
    look_is_armed = false;
    fake_sysreg_write("cntpct_el0", fake_sysreg_read("cntpct_el0") + us);
    input_look(&CONSOLE_TURN);
    device_run();
}

static uint32_t enabled_intid;

static inline void fake_enable(uint32_t intid)
{
    enabled_intid = intid;
}

static const struct gic_ops fake_gic = {.enable = fake_enable};
const struct gic_ops *gic = &fake_gic;

/* --- the cases --- */

static struct vm pv = {.config = {.name = "pv"}, .id = 1};
static struct vm trap = {.config = {.name = "trap"}, .id = 2};

/* What another CPU does when a VM was found to be ending; once. */
__attribute__((unused)) static void (*on_ending)(void);

struct vm *vm_get(uint32_t index)
{
    struct vm *vm = index == 0 ? &pv : &trap;
    void (*meanwhile)(void) = on_ending;

    EXPECT_LT(index, 2);
    if (vm->state != VM_RUNNING) {
        on_ending = NULL;
        if (meanwhile)
            meanwhile();
        return NULL;
    }
    vm_hold(vm);
    return vm;
}

void sched_release_last(struct vm *vm)
{
    EXPECT_FAIL("%s was held by nobody else", vm->config.name);
}

static char kept[2][STILE_CONSOLE_KEPT_BYTES];

static inline void setup(void)
{
    memset(&console, 0, sizeof(console));
    memset(&device, 0, sizeof(device));
    memset(&monitor_seen, 0, sizeof(monitor_seen));
    memset(&input, 0, sizeof(input));
    memset(&input_seen, 0, sizeof(input_seen));
    device.model = &models[0];
    input_seen.room = monitor_seen.room = SIZE_MAX;
    pv.state = trap.state = VM_RUNNING;
    look_is_armed = false;
    fake_sysreg_write("cntfrq_el0", 1000000);
    log_clear();
    pv.console.port = (struct console_port){.kept = kept[0]};
    trap.console.port = (struct console_port){.kept = kept[1]};
    backlog.head = backlog.tail = 0;
    uart = 0;
    console_init();
}

static inline void attach_both(void)
{
    console_attach(&pv);
    console_attach(&trap);
}

static inline size_t write_turn(struct vm *vm, const char *text, size_t length)
{
    struct console_turn turn = CONSOLE_TURN;

    return console_write(vm, &turn, text, length);
}

static inline size_t write_text(struct vm *vm, const char *text)
{
    return write_turn(vm, text, strlen(text));
}

static inline const char *sent(void)
{
    device.sent[device.nr_sent] = '\0';
    return device.sent;
}

static inline void forget_sent(void)
{
    device.nr_sent = 0;
}

#endif
