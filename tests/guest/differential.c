/* SPDX-License-Identifier: MIT */
/*
 * Programs that somebody else made up, one after the other, and what each leaves behind: registers,
 * the exception that ended it, memory. The same are run on the bare machine and in a VM, and
 * tests/differential/run compares.
 *
 * A program that does not end is ended by the timer. When that is, differs from one machine to
 * another, so of such a program nothing else is told.
 */
#include <string.h>

#include "arch/cpu.h"
#include "gic_rig.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "program.h"
#include "sensitive/sensitive.h"
#include "support.h"
#include "test/test.h"

#define MAGIC     0x50445453 /* "STDP" */
#define MAX_WORDS 16
#define LIMIT_US  300
#define PER_LINE  8
#define MAX_TAKEN 4

#define CNTP_INTID 30

/* What tests/differential/programs.py writes, little-endian. */
struct program_file {
    uint32_t magic;
    uint32_t nr;
    struct program_record {
        uint32_t nr_words;
        uint32_t pstate;
        uint64_t sctlr_flip; /* bits of SCTLR_EL1 that differ from the kernel's */
        uint64_t cntkctl;
        uint64_t cpacr;
        uint64_t x[31];
        uint64_t takes_interrupts; /* what it has made pending, once it has ended */
        uint32_t code[MAX_WORDS];
    } programs[];
};

#define DATA_WORDS (2 * PAGE_SIZE / sizeof(uint64_t))

/* Registers that a program may change and that the next one finds as they were. R(name). */
#define KEPT_REGISTERS(R)                                                                          \
    R(sctlr_el1)                                                                                   \
    R(cpacr_el1)                                                                                   \
    R(cntkctl_el1)                                                                                 \
    R(csselr_el1)                                                                                  \
    R(par_el1)                                                                                     \
    R(afsr0_el1)                                                                                   \
    R(afsr1_el1)                                                                                   \
    R(contextidr_el1)                                                                              \
    R(cntp_ctl_el0)                                                                                \
    R(cntp_cval_el0)                                                                               \
    R(mdscr_el1)

enum {
#define INDEX(name) KEPT_##name,
    KEPT_REGISTERS(INDEX)
#undef INDEX
        NR_KEPT
};

static uint64_t kept[NR_KEPT];

static void keep_registers(void)
{
#define KEEP(name) kept[KEPT_##name] = read_sysreg(name);
    KEPT_REGISTERS(KEEP)
#undef KEEP
}

static void put_registers_back(void)
{
#define PUT_BACK(name) write_sysreg(name, kept[KEPT_##name]);
    KEPT_REGISTERS(PUT_BACK)
#undef PUT_BACK
    isb();
}

static uint64_t pattern(uint64_t i)
{
    return (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static void fill(uint64_t *data, struct program_state *state)
{
    for (uint64_t i = 0; i < DATA_WORDS; i++)
        data[i] = pattern(i);
    for (uint64_t i = 0; i < 64; i++)
        ((uint64_t *)state->v)[i] = pattern(i + DATA_WORDS);
}

/* FNV-1a by words. */
static uint64_t hash(const void *from, size_t nr_words, uint64_t so_far)
{
    const uint64_t *words = from;

    for (size_t i = 0; i < nr_words; i++)
        so_far = (so_far ^ words[i]) * UINT64_C(0x100000001B3);
    return so_far;
}

/* Interrupts that were taken after the program, in that order. */
static uint32_t taken[MAX_TAKEN];

static void take_interrupts(void)
{
    uint32_t ack;

    for (uint32_t i = 0; i < MAX_TAKEN; i++) {
        taken[i] = gic_rig_take_source(&ack);
        if (taken[i] == RIG_SPURIOUS)
            break;
        if (taken[i] == CNTP_INTID)
            write_sysreg(cntp_ctl_el0, 0);
        gic_rig_end(ack);
    }
}

/* What a program has acknowledged and not ended would keep the timer from ending another one. */
static void end_interrupts(void)
{
    static const uint32_t intids[] = {3, 9, 15, CNTP_INTID}; /* as programs.py has them */

    for (size_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++)
        gic_rig_clear(intids[i]);
    gic_rig_drop();
}

static bool was_interrupted(const struct program_state *state)
{
    return (state->vector & 0x180) == 0x080;
}

static void run_one(const struct program_record *record, struct program_state *state)
{
    uint64_t *data = program_data();
    uint64_t flags = irq_save();

    memset(taken, 0, sizeof(taken));
    if (record->takes_interrupts) {
        gic_rig_setup();
        gic_rig_enable(CNTP_INTID, RIG_MASK / 2);
    }
    *state = (struct program_state){.pstate = record->pstate};
    fill(data, state);
    memcpy(state->x, record->x, sizeof(state->x));
    state->sp_el0 = PROGRAM_DATA + PAGE_SIZE;
    state->sp_el1 = PROGRAM_DATA + PAGE_SIZE + 0x400;
    write_sysreg(esr_el1, 0);
    write_sysreg(far_el1, 0);
    write_sysreg(cntkctl_el1, record->cntkctl);
    write_sysreg(cntp_ctl_el0, 2);
    write_sysreg(cntp_cval_el0, UINT64_C(0x123456789));
    sensitive->timer_arm(cpu_ticks() + time_us_to_ticks(LIMIT_US));
    program_run_with(
        record->code, record->nr_words,
        &(struct program_world){kept[KEPT_sctlr_el1] ^ record->sctlr_flip, record->cpacr}, state);
    sensitive->timer_disarm();
    if (record->takes_interrupts) {
        take_interrupts();
        end_interrupts();
        gic_rig_teardown();
    }
    put_registers_back();
    if ((state->esr & ISS_FSC) == FSC_SYNCHRONOUS_ABORT)
        state->far &= ~UINT64_C(63); /* QEMU: of the aligned part, or of the block of DC ZVA */
    irq_restore(flags);
}

/* All that a program has left behind, in one number; 0 if it was interrupted. */
static uint32_t result(const struct program_state *state)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);

    if (was_interrupted(state))
        return 0;
    sum = hash(state, offsetof(struct program_state, kernel) / 8, sum);
    sum = hash(state->v, sizeof(state->v) / 8, sum);
    sum = hash(program_data(), DATA_WORDS, sum);
    sum = hash(taken, sizeof(taken) / 8, sum);
    return (uint32_t)(sum ^ sum >> 32) | 1;
}

/* The result of program @i, several to a line. */
static void print_result(uint32_t i, uint32_t number, bool is_last)
{
    if (i % PER_LINE == 0)
        printk("results of %u:", i);
    printk(" %x", number);
    if (i % PER_LINE == PER_LINE - 1 || is_last)
        printk("\n");
}

static void print_all(uint32_t number, const struct program_state *state)
{
    const uint64_t *data = program_data();

    if (was_interrupted(state)) {
        printk("program %u: interrupted\n", number);
        return;
    }
    printk("program %u: esr %lx far %lx pc %lx pstate %lx vector %lx sp_el0 %lx sp_el1 %lx\n",
           number, state->esr, state->far, state->pc, state->pstate, state->vector, state->sp_el0,
           state->sp_el1);
    for (uint32_t i = 0; i < 31; i++)
        printk("program %u: x%u %lx\n", number, i, state->x[i]);
    for (uint32_t i = 0; i < 64; i++) {
        if (((const uint64_t *)state->v)[i] != pattern(i + DATA_WORDS))
            printk("program %u: v%u.d[%u] %lx\n", number, i / 2, i % 2,
                   ((const uint64_t *)state->v)[i]);
    }
    for (uint32_t i = 0; i < MAX_TAKEN && taken[i] != 0; i++)
        printk("program %u: interrupt %u\n", number, taken[i]);
    for (uint64_t i = 0; i < DATA_WORDS; i++) {
        if (data[i] != pattern(i))
            printk("program %u: data+%lx %lx\n", number, i * 8, data[i]);
    }
}

static const struct program_file *find_programs(void)
{
    const struct program_file *file = phys_to_virt(machine.initrd.base);

    if (machine.initrd.bytes < sizeof(*file) || file->magic != MAGIC ||
        machine.initrd.bytes < sizeof(*file) + file->nr * sizeof(file->programs[0]))
        return NULL;
    return file;
}

void differential_run(const char *how)
{
    static struct program_state state;
    const struct program_file *file = find_programs();

    if (!file) {
        printk("differential: the initrd has no programs\n");
        return;
    }
    program_setup(support_beyond_memory());
    keep_registers();
    for (uint32_t i = 0; i < file->nr; i++) {
        run_one(&file->programs[i], &state);
        if (*how == 'a')
            print_all(i, &state);
        else
            print_result(i, result(&state), i == file->nr - 1);
    }
    program_teardown();
    printk("differential: %u programs\n", file->nr);
}
