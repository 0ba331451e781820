/* SPDX-License-Identifier: MIT */
/*
 * Calling firmware in every way there is: by HVC and by SMC, and so that the CPU loses its state.
 */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

/* Offsets in struct power_context; power_call() in firmware.S. */
#define POWER_GENERAL   0
#define POWER_SP        96
#define POWER_SELF      104
#define POWER_SCTLR     112
#define POWER_TCR       120
#define POWER_MAIR      128
#define POWER_TTBR0     136
#define POWER_TTBR1     144
#define POWER_VBAR      152
#define POWER_TPIDR     160
#define POWER_CPACR     168
#define POWER_CNTKCTL   176
#define POWER_CNTV_CVAL 184
#define POWER_CNTV_CTL  192
#define POWER_SP_EL0    200
#define POWER_TPIDR_EL0 208
#define POWER_BYTES     256

/* What power_call() returns if the CPU went on at power_resume. */
#define POWER_RESUMED 0x5E5

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** x0 to x3. */
struct firmware_registers {
    uint64_t x[4];
};

/** firmware_raw() - make the call in @registers, by SMC #0 or HVC #0, and store what it returns */
void firmware_raw(struct firmware_registers *registers, bool is_smc);

/** By which instruction a test calls. */
struct conduit {
    const char *name;
    bool is_smc;
};

/** For KTF_TEST_EACH. SMC exists where Stile traps it; elsewhere it may be undefined. */
#define FIRMWARE_CONDUITS                                                                          \
    {                                                                                              \
        {"HVC", false}, {"SMC", true},                                                             \
    }
void firmware_describe(const struct conduit *conduit, char *text, size_t size);

/** firmware_call() - a call and its four results */
struct firmware_registers firmware_call(const struct conduit *conduit, uint64_t function,
                                        uint64_t x1, uint64_t x2, uint64_t x3);

/** firmware_is_stile() - whether it is Stile that answers, in whatever mode the VM is */
bool firmware_is_stile(void);

/** firmware_can() - whether a conduit can be used here */
bool firmware_can(const struct conduit *conduit);

/** What power_call() keeps of a CPU while that is off. */
struct power_context {
    uint64_t general[12]; /* x19 to x30 */
    uint64_t sp;
    uint64_t self; /* virtual address of this */
    uint64_t system[13];
    uint64_t unused[5];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct power_context) == POWER_BYTES, "firmware.S");
_Static_assert(offsetof(struct power_context, sp) == POWER_SP, "firmware.S");
_Static_assert(offsetof(struct power_context, system) == POWER_SCTLR, "firmware.S");

/**
 * power_call() - a call after which this CPU may go on at power_resume, its state lost
 * @context: where to keep the state; what power_resume must be given, as a physical address
 *
 * Returns x0 if the call comes back, POWER_RESUMED if the CPU went on there. Interrupts masked.
 */
int64_t power_call(struct power_context *context, bool is_smc, uint64_t function, uint64_t x1,
                   uint64_t x2, uint64_t x3);

/** An entry point for CPU_ON and CPU_SUSPEND. */
extern char power_resume[];

#endif
#endif
