/* SPDX-License-Identifier: MIT */
/*
 * Printing what can still be said, and powering the machine off.
 */
#include "watch/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "console/console_write.h"
#include "dev/pcpu.h"
#include "lib/printk.h"
#include "mm/layout.h"
#include "watch/power.h"

#define LINE_BYTES    256
#define BACKTRACE_MAX 16

/* A frame record of the procedure call standard. */
struct frame {
    const struct frame *previous;
    uint64_t return_address;
};

extern char __text_start[];
extern char __text_end[];
extern char __data_start[];
extern char __image_end[];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (length >= (int)sizeof(line))
        length = sizeof(line) - 1;
    console_panic_write(line, (size_t)length);
}

/* Stacks are in their own region, but for the boot stack, which is in the image. */
static bool in_stack(const struct frame *frame)
{
    uintptr_t address = (uintptr_t)frame;

    if (address % 16 != 0)
        return false;
    return (address >= (uintptr_t)__data_start && address < (uintptr_t)__image_end) ||
           (address >= HV_STACK_VA &&
            address < HV_STACK_VA + UINT64_C(8) * CONFIG_NR_PCPUS * HV_STACK_BYTES);
}

/* Prints return addresses, the first as number @first. */
static void backtrace(const struct frame *frame, unsigned first)
{
    for (unsigned i = first; i < BACKTRACE_MAX && in_stack(frame); i++) {
        uint64_t address = frame->return_address;
        if (address < (uintptr_t)__text_start || address >= (uintptr_t)__text_end)
            break;
        say("  #%u 0x%lx\n", i, address);
        if (frame->previous <= frame)
            break;
        frame = frame->previous;
    }
}

_Noreturn static void stop(void)
{
    power_off(POWER_STATUS_PANIC);
    for (;;)
        cpu_wait_for_event();
}

/* A panic inside the panic path goes no further. */
static void enter_once(void)
{
    static bool entered;

    if (__atomic_exchange_n(&entered, true, __ATOMIC_RELAXED))
        stop();
}

_Noreturn void panic(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;

    enter_once();
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    say("\n[hv] panic: %s\n", line);
    backtrace(__builtin_frame_address(0), 0);
    stop();
}

_Noreturn void panic_exception(uint64_t vector, const struct panic_registers *registers)
{
    static const char *const kinds[] = {"synchronous exception", "IRQ", "FIQ", "SError"};

    enter_once();
    say("\n[hv] panic: %s at EL2, cpu %u\n", kinds[vector % 4], pcpu_self()->index);
    say("  pc %016lx sp %016lx spsr %08lx\n", read_sysreg(elr_el2), registers->sp,
        read_sysreg(spsr_el2));
    say("  esr %08lx far %016lx hpfar %016lx\n", read_sysreg(esr_el2), read_sysreg(far_el2),
        read_sysreg(hpfar_el2));
    for (unsigned i = 0; i < 28; i += 4)
        say("  x%-2u %016lx %016lx %016lx %016lx\n", i, registers->x[i], registers->x[i + 1],
            registers->x[i + 2], registers->x[i + 3]);
    say("  x28 %016lx %016lx %016lx\n", registers->x[28], registers->x[29], registers->x[30]);
    say("  #0 0x%lx\n", read_sysreg(elr_el2));
    backtrace((const struct frame *)registers->x[29], 1);
    stop();
}
