/* SPDX-License-Identifier: MIT */
/*
 * Panic: registers, backtrace, and the message as the last word to the hypervisor, if there is one.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/printk.h"
#include "machine/sensitive_ops.h"
#include "machine/smp.h"

#define MAX_BACKTRACE 16

#define NOBODY UINT32_MAX

static uint32_t panicking = NOBODY; /* the index of the CPU that panicked first */

_Noreturn void panic_stop_cpu(void)
{
    for (;;) {
        (void)irq_save();
        __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    }
}

/*
 * The first CPU to panic goes on; the others stop here. A CPU that panics while it prints its panic
 * powers the machine off without another word.
 */
static void enter_panic(void)
{
    uint32_t first = NOBODY;
    uint32_t self = smp_cpu()->index;

    (void)irq_save();
    if (!__atomic_compare_exchange_n(&panicking, &first, self, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED)) {
        if (first == self)
            sensitive->power_off(1);
        panic_stop_cpu();
    }
    printk_break_lock();
    smp_stop_others();
}

static void print_registers(const struct exception_frame *frame)
{
    for (int i = 0; i < 30; i += 3)
        printk("  x%-2d %016lx  x%-2d %016lx  x%-2d %016lx\n", i, frame->x[i], i + 1,
               frame->x[i + 1], i + 2, frame->x[i + 2]);
    printk("  x30 %016lx  elr %016lx  spsr %08lx\n", frame->x[30], frame->elr, frame->spsr);
    printk("  esr %08lx  far %016lx  sp %016lx\n", read_sysreg(esr_el1), read_sysreg(far_el1),
           (uint64_t)frame + sizeof(*frame));
}

/* Follows the frame records (AAPCS64, 6.4.6), no further than the stack of the first one. */
static void print_backtrace(uint64_t pc, uint64_t fp)
{
    uint64_t top = (fp | (STACK_SLOT_BYTES - 1)) + 1;

    printk("  backtrace: %016lx", pc);
    for (int i = 0; i < MAX_BACKTRACE && fp >= LINEAR_VA && fp % 16 == 0 && fp < top - 16; i++) {
        const uint64_t *record = (const uint64_t *)fp;
        if (record[1] == 0)
            break;
        printk(" %016lx", record[1]);
        if (record[0] <= fp)
            break;
        fp = record[0];
    }
    printk("\n");
}

void panic(const char *format, ...)
{
    char message[128];
    va_list arguments;

    enter_panic();
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    printk("\nguest: PANIC on cpu %u: %s\n", smp_cpu()->index, message);
    print_backtrace((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
    sensitive->crash(message);
}

void panic_exception(const char *what, const struct exception_frame *frame)
{
    char message[128];

    enter_panic();
    (void)snprintf(message, sizeof(message), "%s at %016lx", what, frame->elr);
    printk("\nguest: PANIC on cpu %u: %s\n", smp_cpu()->index, message);
    print_registers(frame);
    print_backtrace(frame->elr, frame->x[29]);
    sensitive->crash(message);
}
