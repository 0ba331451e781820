/* SPDX-License-Identifier: MIT */
/*
 * Single instructions with a name, as any arm64 kernel needs them: system registers, barriers,
 * events. What one kernel alone needs is in its own arch/cpu.h, which includes this.
 */
#ifndef ARM64_CPU_H
#define ARM64_CPU_H

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

/** The same for the inner shareable domain: every CPU that runs this kernel. */
static inline void dsb_ish(void)
{
    __asm__ volatile("dsb ish" : : : "memory");
}

/** Waits until earlier stores are visible in the inner shareable domain. */
static inline void dsb_ishst(void)
{
    __asm__ volatile("dsb ishst" : : : "memory");
}

/** In a loop that waits for another CPU: lets that one go first where both share hardware. */
static inline void cpu_pause(void)
{
    __asm__ volatile("yield" : : : "memory");
}

static inline void cpu_wait_for_event(void)
{
    __asm__ volatile("wfe" : : : "memory");
}

static inline void cpu_send_event(void)
{
    __asm__ volatile("dsb ishst\n\tsev" : : : "memory");
}

/** Sleeps until an interrupt is pending, masked or not. */
static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

#endif
