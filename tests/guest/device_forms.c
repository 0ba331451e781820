/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of emulated devices in every form the instruction set has: what one does to a
 * device is compared with what it does to memory, for which the CPU itself is the oracle.
 */
#include <string.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "program.h"
#include "threads/exception.h"

#define NR_PROGRAMS 600

/* GICD_IPRIORITYR of shared interrupts: registers that keep what is written. */
#define WINDOW       0x420
#define WINDOW_BYTES 0xC0

#define SVC UINT32_C(0xD4000001)

#define SCTLR_E0E        (UINT64_C(1) << 24)
#define MMFR0_BIG_ENDIAN UINT64_C(0xF0F00) /* BigEnd or BigEndEL0 */

/* An instruction, and what it needs. */
struct form {
    uint32_t instruction;
    uint32_t chunk; /* bytes at once: what a register of it has, 8 at most */
    uint32_t bytes; /* that it accesses, from an address that is a multiple of @align */
    uint32_t align;
    bool is_load;
    bool is_literal;
    uint32_t rn;
    uint64_t rn_to_target; /* the base is so far before what is accessed */
    bool has_index;
    uint32_t rm;
    uint64_t index;
};

static uint8_t *device; /* the window */
static uint64_t seed;
static uint64_t before[WINDOW_BYTES / 8];

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint32_t pick(uint32_t nr)
{
    return (uint32_t)(random_word() >> 20) % nr;
}

/* One of x0 to x28 or, if 31 is XZR, that. */
static uint32_t pick_register(void)
{
    uint32_t n = pick(30);

    return n == 29 ? 31 : n;
}

static void set_bytes(struct form *form, uint32_t bytes, uint32_t nr)
{
    form->chunk = bytes < 8 ? bytes : 8;
    form->bytes = bytes * nr;
    form->align = bytes;
}

/* --- making instructions ------------------------------------------------------------------- */

/* LDP, STP, LDNP, STNP, LDPSW: opc, V, mode, L, imm7, Rt2, Rn, Rt. */
static void make_pair(struct form *form)
{
    bool simd = pick(2);
    uint32_t mode = pick(4);
    bool ldpsw = !simd && mode != 0 && pick(4) == 0;
    uint32_t opc = simd ? pick(3) : ldpsw ? 1 : 2 * pick(2);
    uint32_t imm7 = pick(128), rt = pick_register(), rt2 = (rt + 1 + pick(20)) % 29;
    int64_t offset = ((int64_t)imm7 ^ 64) - 64;

    form->is_load = ldpsw || pick(2);
    set_bytes(form, simd ? 4u << opc : opc == 2 ? 8 : 4, 2);
    form->rn_to_target = mode == 1 ? 0 : (uint64_t)(offset * form->align);
    form->instruction = opc << 30 | UINT32_C(5) << 27 | (uint32_t)simd << 26 | mode << 23 |
                        (uint32_t)form->is_load << 22 | imm7 << 15 | rt2 << 10 | rt;
}

/* LDR and LDRSW of a literal: opc, V, imm19, Rt; the address is put in later. */
static void make_literal(struct form *form)
{
    bool simd = pick(2);
    uint32_t opc = pick(3);

    form->is_load = form->is_literal = true;
    set_bytes(form, simd ? 4u << opc : opc == 1 ? 8 : 4, 1);
    form->instruction = opc << 30 | UINT32_C(3) << 27 | (uint32_t)simd << 26 | pick_register();
}

/* An offset of 9 bits; 12, scaled; or a register. */
static void make_offset(struct form *form)
{
    uint32_t mode = pick(5), imm9 = pick(512), imm12 = pick(4096);
    uint32_t extend = 2 + 4 * pick(2) + pick(2), scaled = pick(2);
    int64_t offset = ((int64_t)imm9 ^ 256) - 256;

    if (mode == 4) {
        form->instruction |= 1u << 24 | imm12 << 10;
        form->rn_to_target = (uint64_t)imm12 * form->bytes;
    } else if (mode == 2) {
        form->has_index = true;
        form->rm = pick(29);
        form->index = random_word();
        form->instruction |= 1u << 21 | form->rm << 16 | extend << 13 | scaled << 12 | 2u << 10;
        form->rn_to_target = extend & 1   ? form->index
                             : extend & 4 ? (uint64_t)(int64_t)(int32_t)form->index
                                          : (uint32_t)form->index;
        form->rn_to_target <<= scaled ? __builtin_ctz(form->bytes) : 0;
    } else {
        form->instruction |= imm9 << 12 | mode << 10;
        form->rn_to_target = mode == 1 ? 0 : (uint64_t)offset;
    }
}

/* One register: size, V, opc, Rt, and an offset. */
static void make_single(struct form *form)
{
    bool simd = pick(2);
    uint32_t size = pick(4), opc = pick(4);

    if (simd) {
        form->is_load = opc & 1;
        size = opc & 2 ? 0 : size; /* 16 bytes */
        set_bytes(form, opc & 2 ? 16 : 1u << size, 1);
    } else {
        opc = size == 3 ? opc & 1 : size == 2 && opc == 3 ? 2 : opc;
        form->is_load = opc != 0;
        set_bytes(form, 1u << size, 1);
    }
    form->instruction =
        size << 30 | UINT32_C(7) << 27 | (uint32_t)simd << 26 | opc << 22 | pick_register();
    make_offset(form);
}

static bool is_register_of(const struct form *form, uint32_t n)
{
    bool is_pair = (form->instruction >> 27 & 7) == 5;

    return n == (form->instruction & 31) || (is_pair && n == (form->instruction >> 10 & 31)) ||
           (form->has_index && n == form->rm);
}

/* The base is another register than all else; sometimes SP, which is a multiple of 16. */
static void make_base(struct form *form, uint64_t offset_of_target)
{
    do {
        form->rn = pick(30);
        if (form->rn == 29)
            form->rn = (offset_of_target - form->rn_to_target) % 16 == 0 ? 31 : 28;
    } while (is_register_of(form, form->rn));
    form->instruction |= form->rn << 5;
}

static struct form make(uint64_t *offset_of_target)
{
    struct form form = {0};

    switch (pick(5)) {
    case 0:
        make_literal(&form);
        break;
    case 1:
    case 2:
        make_pair(&form);
        break;
    default:
        make_single(&form);
        break;
    }
    *offset_of_target = pick((WINDOW_BYTES - form.bytes) / form.align + 1) * form.align;
    if (!form.is_literal)
        make_base(&form, *offset_of_target);
    return form;
}

/* --- running them -------------------------------------------------------------------------- */

/* The device's registers by accesses of @chunk bytes, which the syndrome describes. */
static void read_device(uint8_t *to, uint32_t chunk)
{
    for (uint32_t i = 0; i < WINDOW_BYTES; i += chunk) {
        uint64_t value = chunk == 1   ? io_read8((uintptr_t)device + i)
                         : chunk == 2 ? io_read16((uintptr_t)device + i)
                         : chunk == 4 ? io_read32((uintptr_t)device + i)
                                      : io_read64((uintptr_t)device + i);
        memcpy(to + i, &value, chunk);
    }
}

static void write_device(uint32_t offset, const uint8_t *from, uint32_t chunk)
{
    uint64_t value = 0;

    memcpy(&value, from, chunk);
    if (chunk == 1)
        io_write8((uintptr_t)device + offset, (uint8_t)value);
    else if (chunk == 2)
        io_write16((uintptr_t)device + offset, (uint16_t)value);
    else if (chunk == 4)
        io_write32((uintptr_t)device + offset, (uint32_t)value);
    else
        io_write64((uintptr_t)device + offset, value);
}

static void fill_device(const uint8_t *from)
{
    for (uint32_t i = 0; i < WINDOW_BYTES; i += 4)
        write_device(i, from + i, 4);
}

static void run(const struct form *form, struct program_state *state, uint64_t target)
{
    uint32_t code[] = {form->instruction, SVC};

    if (form->is_literal)
        code[0] |= (uint32_t)((target - program_code(state->pstate)) / 4 & 0x7FFFF) << 5;
    else if (form->rn == 31)
        state->sp_el0 = state->sp_el1 = target - form->rn_to_target;
    else
        state->x[form->rn] = target - form->rn_to_target;
    if (form->has_index && form->rm < 31)
        state->x[form->rm] = form->index;
    program_run(code, 2, state);
    /* What is left of the base, as if it had been 0. */
    if (form->is_literal)
        return;
    if (form->rn == 31) {
        state->sp_el0 -= target;
        state->sp_el1 -= target;
    } else {
        state->x[form->rn] -= target;
    }
}

/* Chunks that the store changed in memory are stored in the device one by one. */
static void copy_changes(const uint8_t *old, const uint8_t *new, uint32_t chunk)
{
    for (uint32_t i = 0; i < WINDOW_BYTES; i += chunk) {
        if (memcmp(old + i, new + i, chunk) != 0)
            write_device(i, new + i, chunk);
    }
}

static bool are_alike(const struct form *form, const struct program_state *by_device,
                      const struct program_state *by_memory)
{
    bool alike = esr_class(by_memory->esr) == EC_SVC64 &&
                 memcmp(by_device->x, by_memory->x, sizeof(by_device->x)) == 0 &&
                 memcmp(by_device->v, by_memory->v, sizeof(by_device->v)) == 0 &&
                 by_device->sp_el0 == by_memory->sp_el0 && by_device->sp_el1 == by_memory->sp_el1 &&
                 by_device->pc == by_memory->pc && by_device->pstate == by_memory->pstate &&
                 by_device->esr == by_memory->esr;

    if (!alike)
        EXPECT_FAIL("instruction %x: esr %lx at %lx, but in memory %lx at %lx", form->instruction,
                    by_device->esr, by_device->pc, by_memory->esr, by_memory->pc);
    return alike;
}

static bool try_one(uint64_t pstate)
{
    static struct program_state by_device, by_memory;
    uint8_t old[WINDOW_BYTES], by_instruction[WINDOW_BYTES], by_chunks[WINDOW_BYTES];
    uint8_t *memory = program_data();
    uint64_t offset;
    struct form form = make(&offset);

    for (uint32_t i = 0; i < WINDOW_BYTES; i++)
        old[i] = (uint8_t)(random_word() >> 30);
    fill_device(old);
    read_device(old, form.chunk); /* not all bits are kept */
    memcpy(memory + WINDOW, old, WINDOW_BYTES);
    for (uint32_t i = 0; i < 31; i++)
        by_device.x[i] = random_word();
    for (uint32_t i = 0; i < 64; i++)
        ((uint64_t *)by_device.v)[i] = random_word();
    by_device.sp_el0 = by_device.sp_el1 = PROGRAM_DATA;
    by_device.pstate = pstate;
    by_memory = by_device;

    run(&form, &by_device, PROGRAM_DEVICE + WINDOW + offset);
    read_device(by_instruction, form.chunk);
    run(&form, &by_memory, PROGRAM_DATA + WINDOW + offset);
    if (!are_alike(&form, &by_device, &by_memory))
        return false;
    fill_device(old);
    copy_changes(old, memory + WINDOW, form.chunk);
    read_device(by_chunks, form.chunk);
    if (memcmp(by_instruction, by_chunks, WINDOW_BYTES) == 0)
        return true;
    EXPECT_FAIL("instruction %x stores what it does not in memory", form.instruction);
    return false;
}

static void suite_setup(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    if (!traits || !traits->is_stile)
        SKIP("no emulated distributor");
}

static void setup(void)
{
    device = (uint8_t *)(uintptr_t)gic_distributor() + WINDOW;
    read_device((uint8_t *)before, 4);
    program_setup(machine.gicd.base);
    seed = 88172645463325252;
}

static void teardown(void)
{
    fill_device((uint8_t *)before);
    program_teardown();
}

KTF_SUITE(device_forms, .suite_setup = suite_setup, .setup = setup, .teardown = teardown);

static void try_many(uint64_t pstate)
{
    uint64_t flags = irq_save(); /* whose priorities are changed */

    for (uint32_t i = 0; i < NR_PROGRAMS && try_one(pstate); i++)
        ;
    irq_restore(flags);
}

KTF_TEST(device_forms, at_random_the_kernels_are_as_in_memory)
{
    try_many(PROGRAM_EL1);
}

KTF_TEST(device_forms, at_random_a_programs_are_as_in_memory)
{
    try_many(PROGRAM_EL0);
}

KTF_TEST(device_forms, at_random_big_endian_ones_are_as_in_memory)
{
    uint64_t sctlr = read_sysreg(sctlr_el1);

    if ((read_sysreg(id_aa64mmfr0_el1) & MMFR0_BIG_ENDIAN) == 0)
        SKIP("data is little-endian");
    write_sysreg(sctlr_el1, sctlr | SCTLR_E0E);
    isb();
    try_many(PROGRAM_EL0);
    write_sysreg(sctlr_el1, sctlr);
    isb();
}
