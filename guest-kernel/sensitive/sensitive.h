/* SPDX-License-Identifier: MIT */
/*
 * The sensitive operations: all that this kernel does which a hypervisor has to see. On a machine
 * of its own a kernel does them by device registers, system registers and firmware calls. In a
 * virtual machine those are the things that trap; a paravirtual kernel asks instead.
 *
 * This folder is the porting guide: native.c and paravirtual.c implement the same struct, function
 * by function in the same order. It is the only folder that knows libhypercall. To port a kernel,
 * find its counterparts of native.c and give each the twin it has in paravirtual.c; any subset
 * will do, because what stays native keeps working by traps.
 */
#ifndef SENSITIVE_SENSITIVE_H
#define SENSITIVE_SENSITIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gic;

struct sensitive_ops {
    const char *name;

    /** Writes @length characters to the console. Any context, one caller at a time. */
    void (*console_write)(const char *text, size_t length);

    /** Takes up to @limit typed characters, 1 to 8; returns how many there were. Any context. */
    size_t (*console_read)(char *text, size_t limit);

    /** Lets the console interrupt for input; returns its INTID, or 0 if there is no input. */
    uint32_t (*console_listen)(void);

    /** Has this CPU's timer interrupt when CNTVCT_EL0 reaches @deadline, instead of earlier wishes.
     */
    void (*timer_arm)(uint64_t deadline);

    /** Has this CPU's timer not interrupt. */
    void (*timer_disarm)(void);

    /** Sends SGI @sgi (0 to 15) to cpus[@cpu], the caller included. */
    void (*send_ipi)(uint32_t cpu, uint32_t sgi);

    /** The same to every CPU of a set, cpus[n] being bit n. */
    void (*send_ipi_set)(uint64_t cpus, uint32_t sgi);

    /** Sleeps until an interrupt is pending, masked or not; may return early. */
    void (*idle)(void);

    /** Says that this CPU waits for another one and has nothing better to do. */
    void (*yield)(void);

    /** Starts the CPU with affinity @mpidr at physical address @entry; 0, or PSCI's or Stile's
     * error. */
    int64_t (*cpu_on)(uint64_t mpidr, uint64_t entry, uint64_t context);

    /** Gives @nr_pages pages of RAM back to the hypervisor; how many it took. Content is lost. */
    uint64_t (*memory_give)(uint64_t pa, uint64_t nr_pages);

    /** Has pages back, zeroed, that were given away; how many there were. */
    uint64_t (*memory_take)(uint64_t pa, uint64_t nr_pages);

    /** Ends the machine, starts it anew, or says that it cannot go on and why. */
    void (*power_off)(void) __attribute__((noreturn));
    void (*power_reset)(void) __attribute__((noreturn));
    void (*crash)(const char *message) __attribute__((noreturn));
};

/** The CPU's own virtual timer, timer_arm and timer_disarm of both: native.c. */
void sensitive_arm_cntv(uint64_t deadline);
void sensitive_disarm_cntv(void);

extern const struct sensitive_ops sensitive_native;
extern const struct sensitive_ops sensitive_paravirtual;

/** The ones in use: sensitive_native until sensitive_init() has found a hypervisor. */
extern const struct sensitive_ops *sensitive;

/**
 * sensitive_init() - choose the operations
 *
 * Takes the machine's UART; then shakes hands with the hypervisor, unless the command line says
 * "pv=off". Never faults where there is none.
 */
void sensitive_init(void);

/**
 * sensitive_controller() - the interrupt controller that the hypervisor is, if the machine has none
 *
 * Adds to the machine what the device tree does not say: the CPU interface and the timer's INTID.
 * Returns NULL if there is a GIC, or no hypervisor.
 */
const struct gic *sensitive_controller(void);

/** sensitive_is_paravirtual() - whether the hypervisor may be called */
bool sensitive_is_paravirtual(void);

/**
 * sensitive_counter() - what the hypervisor counts of this vCPU
 * @counter: enum stile_counter of stile/abi.h
 * @value: where to put it
 *
 * Returns false without a hypervisor.
 */
bool sensitive_counter(uint32_t counter, uint64_t *value);

/** sensitive_counter_name() - a counter in a word; NULL past the last */
const char *sensitive_counter_name(uint32_t counter);

#endif
