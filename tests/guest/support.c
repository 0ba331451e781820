/* SPDX-License-Identifier: MIT */
/*
 * See support.h.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"
#include "support.h"

/* Of the address space that support_touch() makes; no process has it. */
#define SCRATCH_ASID 0xFF

struct stile_result support_call(uint64_t x0, const uint64_t words[6])
{
    struct raw_registers registers = {
        .x = {x0, words[0], words[1], words[2], words[3], words[4], words[5]}};

    raw_hvc(&registers);
    return (struct stile_result){(int64_t)registers.x[0],
                                 {registers.x[1], registers.x[2], registers.x[3]}};
}

void support_need_hypervisor(void)
{
    if (!sensitive_is_paravirtual())
        SKIP("there is no hypervisor to call");
}

struct stile_mailbox *support_mailbox(void)
{
    static struct stile_mailbox *mailboxes[NR_CPUS];
    struct stile_mailbox **mailbox = &mailboxes[smp_cpu()->index];

    if (!*mailbox)
        *mailbox = kernel_map_shared(stile_core_info(STILE_INFO_MAILBOX).value[0], PAGE_SIZE);
    return *mailbox;
}

static void read_word(void *argument)
{
    (void)io_read32((uintptr_t)argument);
}

static void write_word(void *argument)
{
    io_write32((uintptr_t)argument, 0);
}

/* The lower half of the address space is free in a kernel thread: borrow it for one page. */
bool support_touch(uint64_t pa, bool write, struct fault *fault)
{
    uint64_t root = page_alloc_zeroed();
    struct space space = {root, SCRATCH_ASID};
    uint64_t page = pa & ~(uint64_t)(PAGE_SIZE - 1);
    bool faulted = false;

    if (map_range(root, USER_VA, page, PAGE_SIZE, MAP_DEVICE)) {
        uint64_t flags = irq_save();
        space_use(&space);
        faulted = exception_try(write ? write_word : read_word, (void *)(USER_VA + pa % PAGE_SIZE),
                                fault);
        space_use(NULL);
        (void)map_unmap_page(root, USER_VA);
        irq_restore(flags);
    }
    map_free_user(root);
    return faulted;
}

bool support_is_external_abort(const struct fault *fault)
{
    return esr_class(fault->esr) == EC_DATA && (fault->esr & ISS_FSC) == FSC_SYNCHRONOUS_ABORT;
}

uint64_t support_beyond_memory(void)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < machine.nr_memory; i++) {
        uint64_t this_end = machine.memory[i].base + machine.memory[i].bytes;
        if (this_end > end)
            end = this_end;
    }
    return (end + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}
