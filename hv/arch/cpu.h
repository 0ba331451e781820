/* SPDX-License-Identifier: MIT */
/*
 * Single instructions with a name: barriers, events, interrupts, system registers.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

/** Reads the system register @name, as the assembler spells it. */
#define read_sysreg(name)                                                                          \
    __extension__({                                                                                \
        uint64_t read_;                                                                            \
        __asm__ volatile("mrs %0, " #name : "=r"(read_));                                          \
        read_;                                                                                     \
    })

/** Writes the system register @name. An isb() is the caller's, where the order matters. */
#define write_sysreg(name, value)                                                                  \
    do {                                                                                           \
        uint64_t write_ = (value);                                                                 \
        __asm__ volatile("msr " #name ", %x0" : : "rZ"(write_) : "memory");                        \
    } while (0)

/** Synchronises the instruction stream with earlier system register writes. */
static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

/** Waits until earlier accesses and maintenance are complete for the whole system. */
static inline void dsb_sy(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

/** The same for the inner shareable domain: every CPU that runs this hypervisor. */
static inline void dsb_ish(void)
{
    __asm__ volatile("dsb ish" : : : "memory");
}

/** Waits until earlier stores are visible in the inner shareable domain. */
static inline void dsb_ishst(void)
{
    __asm__ volatile("dsb ishst" : : : "memory");
}

static inline void cpu_wait_for_event(void)
{
    __asm__ volatile("wfe" : : : "memory");
}

static inline void cpu_send_event(void)
{
    __asm__ volatile("dsb ishst\n\tsev" : : : "memory");
}

/**
 * Waits until another CPU has stored @value to *@address; sees what it wrote before. The store
 * itself is the event: it ends the exclusive access that the load begins (Arm ARM D1.16.1).
 */
static inline void cpu_wait_until(const uint8_t *address, uint8_t value)
{
    uint32_t found;

    __asm__ volatile("b 2f\n1:\twfe\n2:\tldaxrb %w0, %1\n\tcmp %w0, %w2\n\tb.ne 1b"
                     : "=&r"(found)
                     : "Q"(*address), "r"((uint32_t)value)
                     : "cc", "memory");
}

/** Sleeps until an interrupt is pending, masked or not. */
static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

#endif
