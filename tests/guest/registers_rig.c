/* SPDX-License-Identifier: MIT */
/*
 * See registers_rig.h.
 */
#include "registers_rig.h"

#include <stdio.h>

#include "arch/cpu.h"
#include "threads/exception.h"
#include "ktf.h"
#include "mm/kernel_map.h"
#include "arch/layout.h"
#include "mm/map.h"
#include "mm/page.h"

#define INSTRUCTION_MRS UINT32_C(0xD5300000) /* to x0 */
#define INSTRUCTION_MSR UINT32_C(0xD5100000) /* from x0 */
#define INSTRUCTION_RET UINT32_C(0xD65F03C0)
#define ENCODING_SHIFT  5
/* CPACR_EL1: SVE, FP and SME do not trap to EL1 itself. */
#define CPACR_ALL        (UINT64_C(3) << 16 | UINT64_C(3) << 20 | UINT64_C(3) << 24)
#define STUB_WORDS       4 /* MRS, RET, MSR, RET */
#define STUB_WRITE       2
#define NO_ENCODING      UINT32_MAX
#define CACHE_LINE_WORDS 4 /* no line is smaller */

static uint32_t code[PAGE_SIZE / sizeof(uint32_t)] __attribute__((aligned(PAGE_SIZE)));
_Static_assert(REGISTERS_PREPARED *STUB_WORDS * sizeof(uint32_t) == PAGE_SIZE, "a page of stubs");

/* The same page by the linear map, where it is written; NULL before registers_setup(). */
static uint32_t *writable;

/* The first of REGISTERS_PREPARED successive encodings that @code holds, or NO_ENCODING. */
static uint32_t window = NO_ENCODING;

/* The image's page becomes one that is executed. */
void registers_setup(void)
{
    uint64_t pa = virt_to_phys(code);

    window = NO_ENCODING;
    if (writable)
        return;
    ASSERT_EQ(map_unmap_page(kernel_map_root(), (uintptr_t)code), pa);
    ASSERT_TRUE(map_range(kernel_map_root(), (uintptr_t)code, pa, PAGE_SIZE, MAP_KERNEL_TEXT));
    dsb_ishst();
    isb();
    writable = phys_to_virt(pa);
}

uint64_t registers_begin(void)
{
    uint64_t flags = irq_save();

    write_sysreg(cpacr_el1, read_sysreg(cpacr_el1) | CPACR_ALL);
    isb();
    return flags;
}

void registers_end(uint64_t flags)
{
    write_sysreg(cpacr_el1, read_sysreg(cpacr_el1) & ~CPACR_ALL);
    isb();
    irq_restore(flags);
}

static void make_stub(size_t i, uint32_t encoding)
{
    uint32_t *stub = &writable[i * STUB_WORDS];

    stub[0] = INSTRUCTION_MRS | encoding << ENCODING_SHIFT;
    stub[1] = INSTRUCTION_RET;
    stub[STUB_WRITE] = INSTRUCTION_MSR | encoding << ENCODING_SHIFT;
    stub[STUB_WRITE + 1] = INSTRUCTION_RET;
}

/* What was written as data is fetched as instructions (Arm ARM B2.4.4). */
static void publish_code(void)
{
    for (size_t i = 0; i < PAGE_SIZE / sizeof(uint32_t); i += CACHE_LINE_WORDS)
        __asm__ volatile("dc cvau, %0" : : "r"(&writable[i]) : "memory");
    dsb_ish();
    for (size_t i = 0; i < PAGE_SIZE / sizeof(uint32_t); i += CACHE_LINE_WORDS)
        __asm__ volatile("ic ivau, %0" : : "r"(&code[i]) : "memory");
    dsb_ish();
    isb();
}

void registers_prepare(const uint16_t encodings[], size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        make_stub(i, encodings[i]);
    window = NO_ENCODING;
    publish_code();
}

/* The stub of any encoding. */
static size_t stub_of(uint32_t encoding)
{
    uint32_t first = encoding - encoding % REGISTERS_PREPARED;

    if (window != first) {
        for (uint32_t i = 0; i < REGISTERS_PREPARED; i++)
            make_stub(i, first + i);
        window = first;
        publish_code();
    }
    return encoding % REGISTERS_PREPARED;
}

uint64_t registers_get(size_t i)
{
    uint64_t (*read)(void) = (uint64_t(*)(void))(uintptr_t)&code[i * STUB_WORDS];

    return read();
}

void registers_set(size_t i, uint64_t value)
{
    void (*write)(uint64_t) = (void (*)(uint64_t))(uintptr_t)&code[i * STUB_WORDS + STUB_WRITE];

    write(value);
}

struct access {
    size_t stub;
    uint64_t value;
};

static void try_get(void *argument)
{
    struct access *access = argument;

    access->value = registers_get(access->stub);
}

static void try_set(void *argument)
{
    const struct access *access = argument;

    registers_set(access->stub, access->value);
}

uint64_t registers_read(uint32_t encoding, uint64_t *value)
{
    struct access access = {stub_of(encoding), 0};
    struct fault fault;

    if (exception_try(try_get, &access, &fault))
        return fault.esr;
    *value = access.value;
    return REGISTERS_NO_FAULT;
}

uint64_t registers_write(uint32_t encoding, uint64_t value)
{
    struct access access = {stub_of(encoding), value};
    struct fault fault;

    return exception_try(try_set, &access, &fault) ? fault.esr : REGISTERS_NO_FAULT;
}

const char *registers_name(uint32_t encoding)
{
    static char name[sizeof("S3_7_C15_C15_7")];

    (void)snprintf(name, sizeof(name), "S%u_%u_C%u_C%u_%u", REGISTER_OP0(encoding),
                   REGISTER_OP1(encoding), REGISTER_CRN(encoding), REGISTER_CRM(encoding),
                   REGISTER_OP2(encoding));
    return name;
}
