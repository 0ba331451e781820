/* SPDX-License-Identifier: MIT */
/*
 * See program.h.
 */
#include "program.h"

#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "mm/kernel_map.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"

#define SCRATCH_ASID 0xFD /* no process has it */
#define NR_PAGES     2    /* of code, and of data */

#define CPACR_FPEN       (UINT64_C(3) << 20)
#define CACHE_LINE_BYTES 16 /* no line is smaller */

/* In program.S. */
void program_enter(struct program_state *state);

static struct space space = {.asid = SCRATCH_ASID};
static uint64_t code_pa, data_pa;

/* Pages that follow one another: of a pair the kernel has no allocator. */
static uint8_t code_pages[NR_PAGES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t data_pages[NR_PAGES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

void program_setup(uint64_t device)
{
    code_pa = virt_to_phys(code_pages);
    data_pa = virt_to_phys(data_pages);
    space.root = page_alloc_zeroed();
    ASSERT_TRUE(map_range(space.root, PROGRAM_CODE, code_pa, sizeof(code_pages), MAP_USER_TEXT));
    ASSERT_TRUE(
        map_range(space.root, PROGRAM_KERNEL_CODE, code_pa, sizeof(code_pages), MAP_KERNEL_TEXT));
    ASSERT_TRUE(map_range(space.root, PROGRAM_DATA, data_pa, sizeof(data_pages), MAP_USER_DATA));
    if (device != 0)
        ASSERT_TRUE(map_range(space.root, PROGRAM_DEVICE, device, PAGE_SIZE, MAP_USER_DATA));
    dsb_ishst();
}

void program_teardown(void)
{
    for (uint64_t i = 0; i < NR_PAGES; i++) {
        (void)map_unmap_page(space.root, PROGRAM_CODE + i * PAGE_SIZE);
        (void)map_unmap_page(space.root, PROGRAM_KERNEL_CODE + i * PAGE_SIZE);
        (void)map_unmap_page(space.root, PROGRAM_DATA + i * PAGE_SIZE);
    }
    (void)map_unmap_page(space.root, PROGRAM_DEVICE);
    map_free_user(space.root);
}

void *program_data(void)
{
    return data_pages;
}

/* What was written as data is fetched as instructions (Arm ARM B2.4.4). */
static void publish(const uint32_t *code, size_t nr)
{
    static size_t before;
    size_t bytes = nr * sizeof(*code) > before ? nr * sizeof(*code) : before;

    memset(code_pages, 0, bytes); /* nothing of the program before is left */
    memcpy(code_pages, code, nr * sizeof(*code));
    before = nr * sizeof(*code);
    for (size_t i = 0; i < bytes; i += CACHE_LINE_BYTES)
        __asm__ volatile("dc cvau, %0" : : "r"(code_pages + i) : "memory");
    dsb_ish();
    __asm__ volatile("ic ialluis" : : : "memory");
    dsb_ish();
    isb();
}

void program_run_with(const uint32_t *code, size_t nr, const struct program_world *world,
                      struct program_state *state)
{
    uint64_t flags = irq_save();
    uint64_t cpacr = read_sysreg(cpacr_el1), vbar = read_sysreg(vbar_el1);
    uint64_t tpidr = read_sysreg(tpidr_el0), tpidrro = read_sysreg(tpidrro_el0);

    ASSERT_LE(nr * sizeof(*code), sizeof(code_pages));
    publish(code, nr);
    state->pc = program_code(state->pstate);
    state->sctlr = world->sctlr_el1;
    state->cpacr = world->cpacr_el1;
    space_use(&space);
    write_sysreg(cpacr_el1, cpacr | CPACR_FPEN);
    isb();
    program_enter(state);
    write_sysreg(cpacr_el1, cpacr);
    write_sysreg(vbar_el1, vbar);
    write_sysreg(tpidr_el0, tpidr);
    write_sysreg(tpidrro_el0, tpidrro);
    isb();
    space_use(NULL);
    space_forget(&space);
    irq_restore(flags);
}

void program_run(const uint32_t *code, size_t nr, struct program_state *state)
{
    const struct program_world world = {read_sysreg(sctlr_el1),
                                        read_sysreg(cpacr_el1) | CPACR_FPEN};

    program_run_with(code, nr, &world, state);
}
