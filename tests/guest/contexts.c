/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU holds in registers of its own that the hypervisor does not switch as it does all
 * others: FP/SIMD registers, SVE's, and the keys of pointer authentication. A thread on each CPU
 * fills them with values that nobody else has, waits, and finds them again; what the keys are for
 * gives the same result. Runs beside other VMs, and with more vCPUs than physical CPUs.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "registers_rig.h"
#include "support.h"
#include "threads/thread.h"

#define WINDOW_MS  600
#define HOLD_MS    15 /* longer than a time slice */
#define FP_WORDS   64
#define FPCR_RMODE UINT64_C(0x00C00000)
#define FPSR_QC    UINT64_C(0x08000000)

void contexts_load_fp(const uint64_t words[FP_WORDS]);
void contexts_store_fp(uint64_t words[FP_WORDS]);
uint64_t contexts_sign(uint64_t pointer, uint64_t modifier);
uint64_t contexts_vector_bytes(void);
void contexts_load_sve(const uint64_t *state, uint64_t nr);
void contexts_store_sve(uint64_t *state);

#define SVE_BYTES_MAX  256
#define SVE_WORDS(vl)  ((32 * (vl) + 2 * (vl)) / 8) /* vectors and predicates */
#define SVE_FFR_BYTES  (SVE_BYTES_MAX / 8)
#define ZCR_LEN_MAX    UINT64_C(0xF)
#define PFR0_SVE_SHIFT 32

/* In SCTLR_EL1: keys IA, IB, DA and DB are used at EL1 and EL0. */
#define SCTLR_KEYS (UINT64_C(1) << 31 | UINT64_C(1) << 30 | UINT64_C(1) << 27 | UINT64_C(1) << 13)

#define KEYS(K)                                                                                    \
    K(0, s3_0_c2_c1_0)                                                                             \
    K(1, s3_0_c2_c1_1)                                                                             \
    K(2, s3_0_c2_c1_2)                                                                             \
    K(3, s3_0_c2_c1_3)                                                                             \
    K(4, s3_0_c2_c2_0)                                                                             \
    K(5, s3_0_c2_c2_1)                                                                             \
    K(6, s3_0_c2_c2_2)                                                                             \
    K(7, s3_0_c2_c2_3)                                                                             \
    K(8, s3_0_c2_c3_0)                                                                             \
    K(9, s3_0_c2_c3_1)
#define NR_KEYS 10

static bool has_keys(void)
{
    uint64_t isar1 = read_sysreg(id_aa64isar1_el1), isar2 = read_sysreg(s3_0_c0_c6_2);

    return (isar1 & 0xFF0) != 0 || (isar2 & 0xF000) != 0;
}

KTF_SUITE(contexts);

/* A value that nobody else has: of this VM, CPU, round and register. */
static uint64_t value_of(uint64_t round, uint64_t i)
{
    const char *pattern = machine_option_value("pattern=");
    uint64_t vm = pattern ? strtoul(pattern, NULL, 10) : 0;
    uint64_t seed = vm << 48 | (uint64_t)smp_cpu()->index << 40 | round << 8 | i;

    return seed * UINT64_C(0x9E3779B97F4A7C15) ^ seed;
}

/* Interrupts are masked, so the thread keeps its vCPU; the vCPU does not keep its physical CPU. */
static void hold(void)
{
    uint64_t end = cpu_ticks() + time_ms_to_ticks(HOLD_MS);

    while (cpu_ticks() < end)
        if (sensitive_is_paravirtual())
            (void)stile_vcpu_yield();
}

struct fp {
    uint64_t words[FP_WORDS];
    uint64_t fpcr, fpsr;
};

static void store_fp(struct fp *fp)
{
    contexts_store_fp(fp->words);
    fp->fpcr = read_sysreg(fpcr);
    fp->fpsr = read_sysreg(fpsr);
}

/* Returns whether all is as it was left, as the next does. */
static bool fp_round(uint64_t round)
{
    struct fp before, after;

    for (uint64_t i = 0; i < FP_WORDS; i++)
        before.words[i] = value_of(round, i);
    before.fpcr = value_of(round, FP_WORDS) & FPCR_RMODE;
    before.fpsr = value_of(round, FP_WORDS) & FPSR_QC;
    contexts_load_fp(before.words);
    write_sysreg(fpcr, before.fpcr);
    write_sysreg(fpsr, before.fpsr);
    hold();
    store_fp(&after);
    write_sysreg(fpcr, 0);
    return memcmp(before.words, after.words, sizeof(before.words)) == 0 &&
           after.fpcr == before.fpcr && after.fpsr == before.fpsr;
}

static bool keys_round(uint64_t round)
{
    uint64_t sctlr = read_sysreg(sctlr_el1), modifier = value_of(round, NR_KEYS);
    uint64_t pointer = (uint64_t)(uintptr_t)&value_of;

#define WRITE(i, name) write_sysreg(name, value_of(round, i));
    KEYS(WRITE)
#undef WRITE
    write_sysreg(sctlr_el1, sctlr | SCTLR_KEYS);
    isb();
    uint64_t is_signed = contexts_sign(pointer, modifier);
    hold();
    bool is_same = contexts_sign(pointer, modifier) == is_signed;
#define COMPARE(i, name) is_same &= read_sysreg(name) == value_of(round, i);
    KEYS(COMPARE)
#undef COMPARE
    write_sysreg(sctlr_el1, sctlr);
    isb();
    return is_same;
}

struct work {
    bool (*round)(uint64_t round);
    uint64_t end_ticks;
    uint32_t nr_wrong; /* atomic */
};

static void play(void *argument)
{
    struct work *work = argument;

    for (uint64_t round = 0; cpu_ticks() < work->end_ticks; round++) {
        uint64_t flags = registers_begin();
        bool is_same = work->round(round);
        registers_end(flags);
        if (!is_same)
            __atomic_add_fetch(&work->nr_wrong, 1, __ATOMIC_RELAXED);
        thread_yield();
    }
}

/* A thread for each CPU: while all are busy, each has one. */
static void play_everywhere(bool (*round)(uint64_t round))
{
    struct work work = {round, cpu_ticks() + time_ms_to_ticks(WINDOW_MS), 0};
    struct thread *threads[NR_CPUS];
    uint32_t nr = smp_nr_online();

    for (uint32_t i = 0; i < nr; i++) {
        threads[i] = thread_create("context", play, &work, NULL);
        ASSERT_NE(threads[i], NULL);
    }
    for (uint32_t i = 0; i < nr; i++)
        thread_join(threads[i]);
    EXPECT_EQ(work.nr_wrong, 0);
}

/* --- SVE --- */

static bool has_sve(void)
{
    return (read_sysreg(id_aa64pfr0_el1) >> PFR0_SVE_SHIFT & 0xF) != 0;
}

/* ZCR_EL1.LEN: the longest vector is to have that many times 16 bytes, and one more. */
static uint64_t set_vector_length(uint64_t len)
{
    write_sysreg(s3_0_c1_c2_0, len);
    isb();
    return contexts_vector_bytes();
}

struct sve {
    uint64_t words[SVE_WORDS(SVE_BYTES_MAX) + SVE_FFR_BYTES / 8];
};

/* One of each CPU: they are large. */
static struct sve before_hold[NR_CPUS], after_hold[NR_CPUS];

static uint64_t nr_elements_of(const uint8_t *predicate, uint64_t bytes)
{
    uint64_t nr = 0;

    for (uint64_t i = 0; i < bytes * 8; i++)
        nr += predicate[i / 8] >> i % 8 & 1;
    return nr;
}

static bool sve_round(uint64_t round)
{
    struct sve *before = &before_hold[smp_cpu()->index], *after = &after_hold[smp_cpu()->index];
    uint64_t len = value_of(round, 0) >> 32 & ZCR_LEN_MAX;
    uint64_t vl = set_vector_length(len), nr_words = SVE_WORDS(vl);
    uint64_t nr_elements = value_of(round, 1) % (vl + 1);

    for (uint64_t i = 0; i < nr_words; i++)
        before->words[i] = value_of(round, i);
    contexts_load_sve(before->words, nr_elements);
    write_sysreg(fpcr, value_of(round, 2) & FPCR_RMODE);
    hold();
    uint64_t fpcr = read_sysreg(fpcr);
    contexts_store_sve(after->words);
    write_sysreg(fpcr, 0);
    return read_sysreg(s3_0_c1_c2_0) == len && contexts_vector_bytes() == vl &&
           fpcr == (value_of(round, 2) & FPCR_RMODE) &&
           memcmp(before->words, after->words, nr_words * 8) == 0 &&
           nr_elements_of((const uint8_t *)&after->words[nr_words], vl / 8) == nr_elements;
}

KTF_TEST(contexts, vectors_are_kept)
{
    if (!has_sve())
        SKIP("no SVE");
    play_everywhere(sve_round);
}

/* "sve=BITS" on the command line: what the VM's tree says. */
KTF_TEST(contexts, no_vector_is_longer_than_the_tree_says)
{
    const char *bits = machine_option_value("sve=");

    if (!bits)
        SKIP("needs \"sve=\" on the command line");
    ASSERT_EQ(has_sve(), strtoul(bits, NULL, 10) != 0);
    if (!has_sve())
        return;
    uint64_t flags = registers_begin();
    uint64_t longest = set_vector_length(ZCR_LEN_MAX), shortest = set_vector_length(0);
    registers_end(flags);
    EXPECT_EQ(longest * 8, strtoul(bits, NULL, 10));
    EXPECT_EQ(shortest * 8, 128);
}

/* --- the others --- */

KTF_TEST(contexts, fp_registers_are_kept)
{
    play_everywhere(fp_round);
}

KTF_TEST(contexts, keys_are_kept)
{
    if (!has_keys())
        SKIP("no pointer authentication");
    play_everywhere(keys_round);
}
