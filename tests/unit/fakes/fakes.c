/* SPDX-License-Identifier: MIT */
/*
 * What every unit test gets in place of the machine. All weak: a test defines its own where the
 * behaviour matters to it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/plain_abi.h"
#include "arch/sve.h"
#include "arm64/io.h"
#include "dev/intid.h"
#include "lib/printk.h"
#include "lib/spinlock.c"

/* As on the machine; it is the guest's INTID, too. */
__attribute__((weak)) struct ppi ppi = {25, 26, 27, 30, 23};

/* Nothing of the host's is in the way of anybody's registers. */
__attribute__((weak)) void plain_abi_call(void (*function)(void *context), void *context)
{
    function(context);
}

/* No vectors. */
__attribute__((weak)) uint64_t sve_vector_bytes(void)
{
    return SVE_UNIT;
}

__attribute__((weak)) void sve_save(void *state, struct fp_state *fp)
{
    (void)state;
    (void)fp;
}

__attribute__((weak)) void sve_restore(const void *state, const struct fp_state *fp)
{
    (void)state;
    (void)fp;
}

#define NR_SYSREGS 128

static struct {
    const char *name;
    uint64_t value;
} sysregs[NR_SYSREGS];

/* The entry of a register; a fresh one if it was never written. */
static uint64_t *sysreg_find(const char *name)
{
    for (size_t i = 0; i < NR_SYSREGS; i++) {
        if (sysregs[i].name == NULL)
            sysregs[i].name = name;
        if (strcmp(sysregs[i].name, name) == 0)
            return &sysregs[i].value;
    }
    panic("more than %d system registers", NR_SYSREGS);
}

__attribute__((weak)) uint64_t fake_sysreg_read(const char *name)
{
    return *sysreg_find(name);
}

__attribute__((weak)) void fake_sysreg_write(const char *name, uint64_t value)
{
    *sysreg_find(name) = value;
}

__attribute__((weak)) uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    panic("no device to read %u bytes from at %lx", bytes, (unsigned long)address);
}

__attribute__((weak)) void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    panic("no device to write %lx (%u bytes) to at %lx", (unsigned long)value, bytes,
          (unsigned long)address);
}

static void put_message(const char *prefix, const char *format, va_list arguments)
{
    printf("# %s", prefix);
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
}

__attribute__((weak)) void printk(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put_message("hv: ", format, arguments);
    va_end(arguments);
}

__attribute__((weak)) void printk_guest(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put_message("hv: ", format, arguments);
    va_end(arguments);
}

__attribute__((weak)) _Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put_message("panic: ", format, arguments);
    va_end(arguments);
    abort();
}
