/* SPDX-License-Identifier: MIT */
/*
 * See walk.h.
 */
#include "exits/walk.h"

#include "arch/at.h"
#include "memory/guest.h"

#define SCTLR_M (UINT64_C(1) << 0)

/* TCR_EL1 (D17.2.131): of each half the size of its addresses, and the granule. */
#define TCR_T0SZ_SHIFT 0
#define TCR_TG0_SHIFT  14
#define TCR_T1SZ_SHIFT 16
#define TCR_TG1_SHIFT  30
#define TSZ_MASK       0x3Fu
#define TSZ_LEAST      16u
#define TSZ_MOST       48u
#define VA_UPPER_HALF  (UINT64_C(1) << 55)

#define DESCRIPTOR_VALID   UINT64_C(1)
#define DESCRIPTOR_TABLE   UINT64_C(2)
#define DESCRIPTOR_ADDRESS UINT64_C(0x0000FFFFFFFFF000)
#define TTBR_ADDRESS       UINT64_C(0x0000FFFFFFFFFFC0)
#define DESCRIPTOR_BYTES   8
#define LAST_LEVEL         3

/* One half of the virtual addresses. */
struct half {
    uint64_t table;      /* the first one's address */
    uint32_t page_shift; /* the granule */
    uint32_t va_bits;
    uint32_t level; /* the first */
};

static uint32_t stride(const struct half *half)
{
    return half->page_shift - 3; /* a table fills a granule with descriptors */
}

/* TG0 and TG1 number the granules differently. What is reserved counts as 4 KiB. */
static uint32_t granule_shift(uint64_t tcr, bool upper)
{
    static const uint8_t shifts[2][4] = {{12, 16, 14, 12}, {12, 14, 12, 16}};

    return shifts[upper][tcr >> (upper ? TCR_TG1_SHIFT : TCR_TG0_SHIFT) & 3];
}

static struct half half_of(uint64_t va)
{
    bool upper = va & VA_UPPER_HALF;
    uint64_t tcr = read_sysreg(tcr_el1);
    uint32_t tsz = (uint32_t)(tcr >> (upper ? TCR_T1SZ_SHIFT : TCR_T0SZ_SHIFT)) & TSZ_MASK;
    struct half half = {.page_shift = granule_shift(tcr, upper)};

    tsz = tsz < TSZ_LEAST ? TSZ_LEAST : tsz > TSZ_MOST - 1 ? TSZ_MOST - 1 : tsz;
    half.va_bits = 64 - tsz;
    half.level = LAST_LEVEL - (half.va_bits - half.page_shift - 1) / stride(&half);
    half.table = (upper ? read_sysreg(ttbr1_el1) : read_sysreg(ttbr0_el1)) & TTBR_ADDRESS;
    return half;
}

/* Where the descriptor of @va is in a table of this level. */
static uint64_t offset_at(const struct half *half, uint32_t level, uint64_t va)
{
    uint32_t shift = half->page_shift + stride(half) * (LAST_LEVEL - level);
    uint32_t bits = half->va_bits - shift < stride(half) ? half->va_bits - shift : stride(half);

    return (va >> shift & ((UINT64_C(1) << bits) - 1)) * DESCRIPTOR_BYTES;
}

/* The descriptor, if there is one that leads to another table. */
static bool read_table(struct vm *vm, uint64_t ipa, uint64_t *descriptor)
{
    if (guest_read(vm, descriptor, ipa_make(ipa), DESCRIPTOR_BYTES) != DESCRIPTOR_BYTES)
        return false;
    if (read_sysreg(sctlr_el1) & SCTLR_EE)
        *descriptor = __builtin_bswap64(*descriptor);
    return (*descriptor & DESCRIPTOR_VALID) && (*descriptor & DESCRIPTOR_TABLE);
}

struct walk walk_to(struct vm *vm, uint64_t va, ipa_t table)
{
    struct half half = half_of(va);
    struct walk walk = {half.level, true};
    uint64_t at = half.table;
    uint64_t descriptor;

    if (!(read_sysreg(sctlr_el1) & SCTLR_M))
        return (struct walk){0, true};
    for (;;) {
        at += offset_at(&half, walk.level, va);
        if (at >> PAGE_SHIFT == table.ipa >> PAGE_SHIFT || walk.level == LAST_LEVEL ||
            !read_table(vm, at, &descriptor))
            return walk;
        at = descriptor & DESCRIPTOR_ADDRESS;
        walk.level++;
        walk.is_first = false;
    }
}

bool walk_translate(uint64_t va, bool write, bool el0, ipa_t *ipa)
{
    uint64_t par = at_stage1(va, write, el0);

    *ipa = ipa_make((par & PAR_ADDRESS) | (va & PAGE_MASK));
    return !(par & PAR_FAULT);
}

bool walk_data_order(void)
{
    uint64_t spsr = read_sysreg(spsr_el2);

    if (spsr & SPSR_AARCH32)
        return spsr & SPSR_E;
    return read_sysreg(sctlr_el1) & (spsr_is_el0(spsr) ? SCTLR_E0E : SCTLR_EE);
}
