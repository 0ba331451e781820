/* SPDX-License-Identifier: MIT */
/*
 * What the device tree says of the machine, real or virtual.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define NR_CPUS 8

#define MACHINE_MAX_MEMORY   4
#define MACHINE_MAX_RESERVED 8
#define MACHINE_MAX_BOOTARGS 256
#define MACHINE_MAX_SLOTS    32

/** A range of physical addresses. bytes is 0 if the machine has no such thing. */
struct range {
    uint64_t base;
    uint64_t bytes;
};

/** A place for a virtio device, which may be empty. */
struct slot {
    struct range registers;
    uint32_t intid;
};

/** A PCI host bridge. */
struct pci {
    struct range config; /* bytes 0: there is none */
    struct range window; /* for memory of 32 bits */
    uint64_t window_pci; /* where PCI has it */
    uint32_t intids[4];  /* of slot s, pin p (1 to 4): [(s + p - 1) % 4], as bridges swizzle */
};

/** How the firmware is called: the "method" of /psci. */
enum psci_method {
    PSCI_METHOD_NONE,
    PSCI_METHOD_HVC,
    PSCI_METHOD_SMC,
};

struct machine {
    uint32_t nr_memory;
    struct range memory[MACHINE_MAX_MEMORY];
    uint32_t nr_reserved; /* memory that is in use: the tree itself, an initrd, the image */
    struct range reserved[MACHINE_MAX_RESERVED];
    uint32_t nr_cpus;
    uint64_t mpidr[NR_CPUS];
    uint32_t gic_version; /* 2 or 3 */
    struct range gicd;
    struct range gicc; /* GICv2 */
    struct range gicr; /* GICv3 */
    struct range uart; /* a PL011 */
    uint32_t uart_intid;
    struct range msi;  /* a GICv2m's frame, which is for tests, as is the next */
    struct range gpio; /* a PL061 */
    uint32_t gpio_intid;
    uint32_t nr_slots; /* virtio,mmio, also for tests */
    struct slot slots[MACHINE_MAX_SLOTS];
    struct pci pci;       /* the same */
    uint32_t timer_intid; /* of the virtual timer */
    enum psci_method psci;
    struct range initrd;
    uint32_t boot_el; /* the exception level the kernel was entered at */
    char bootargs[MACHINE_MAX_BOOTARGS];
};

/** The machine this kernel runs on; constant after machine_parse(). */
extern struct machine machine;

/**
 * machine_parse() - read the device tree into the struct above
 * @dtb: the tree, readable at this address
 *
 * Returns NULL, or a constant text that says what is missing.
 */
const char *machine_parse(const void *dtb);

/** machine_reserve() - keep a range of physical addresses from the page allocator */
void machine_reserve(uint64_t base, uint64_t bytes);

/** machine_option() - whether the command line has the word @option */
bool machine_option(const char *option);

/**
 * machine_option_value() - the rest of the first word of the command line that begins with @prefix
 *
 * It ends at a space or at the end of the text. Returns NULL if no word begins with @prefix.
 */
const char *machine_option_value(const char *prefix);

#endif
