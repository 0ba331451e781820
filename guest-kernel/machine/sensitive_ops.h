/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations: all that this kernel does which a hypervisor has to see. On a machine
 * of its own a kernel does them by device registers, system registers and firmware calls. In a
 * virtual machine those are the things that trap; a paravirtual kernel asks instead.
 *
 * Only the table is here, because everything from the spinlock upwards calls through it. The
 * operations are in sensitive/, far above: native.c and paravirtual.c each fill one table.
 */
#ifndef MACHINE_SENSITIVE_OPS_H
#define MACHINE_SENSITIVE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sensitive_ops {
    const char *name;

    /** Writes @length characters to the console. Any context, one caller at a time. */
    void (*console_write)(const char *text, size_t length);

    /** Takes up to @limit typed characters, 1 to 8; returns how many there were. Any context. */
    size_t (*console_read)(char *text, size_t limit);

    /** Lets the console interrupt for input; returns its INTID, or 0 if there is no input. */
    uint32_t (*console_listen)(void);

    /**
     * Has the calling CPU's timer interrupt when CNTVCT_EL0 reaches @deadline. Replaces the
     * deadline set before, if there was one.
     */
    void (*timer_arm)(uint64_t deadline);

    /** Has the calling CPU's timer not interrupt. */
    void (*timer_disarm)(void);

    /** Sends SGI @sgi (0 to 15) to cpus[@cpu], the caller included. */
    void (*send_ipi)(uint32_t cpu, uint32_t sgi);

    /** The same to every CPU of a set, cpus[n] being bit n. */
    void (*send_ipi_set)(uint64_t cpus, uint32_t sgi);

    /** Sleeps until an interrupt is pending, masked or not; may return early. */
    void (*idle)(void);

    /** Says that the calling CPU waits for another one and has nothing better to do. */
    void (*yield)(void);

    /**
     * Starts the CPU with affinity @mpidr at physical address @entry; 0, or PSCI's or Stile's
     * error.
     */
    int64_t (*cpu_on)(uint64_t mpidr, uint64_t entry, uint64_t context);

    /** Gives @nr_pages pages of RAM back to the hypervisor; how many it took. Content is lost. */
    uint64_t (*memory_give)(uint64_t pa, uint64_t nr_pages);

    /** Has pages back, zeroed, that were given away; how many there were. */
    uint64_t (*memory_take)(uint64_t pa, uint64_t nr_pages);

    /**
     * Ends the machine, starts it anew, or says that it cannot go on and why. A status of 0 is that
     * all went well; a hypervisor is told, a bare machine has nobody to tell.
     */
    void (*power_off)(uint32_t status) __attribute__((noreturn));
    void (*power_reset)(void) __attribute__((noreturn));
    void (*crash)(const char *message) __attribute__((noreturn));
};

/** The operations in use: sensitive_native from the first line of start_kernel() on, until
 * sensitive_init() has found a hypervisor. */
extern const struct sensitive_ops *sensitive;

#endif
