/* SPDX-License-Identifier: MIT */
/*
 * See answers.h.
 */
#include "answers.h"

#include "fuzz/world.h"
#include "stile/abi.h"
#include "stile/fake.h"
#include "words.h"

/* As much as one call does on either side. */
#define FEW_PAGES 64
#define FEW_BYTES 256

#define NOT_SOON (UINT64_C(1) << 62)

bool answers_leave_out(uint32_t nr)
{
    switch (nr) {
    case STILE_NR_power_off: /* these end the caller, or have it sleep */
    case STILE_NR_power_reboot:
    case STILE_NR_power_crash:
    case STILE_NR_power_suspend:
    case STILE_NR_vcpu_off:
    case STILE_NR_vcpu_block:
        return true;
    default:
        return false;
    }
}

uint64_t answers_fit(uint32_t line, enum call_kind kind, uint64_t value)
{
    /* Of more than a few pages a donation is as large as suits the side. */
    if (call_lines[line].nr == STILE_NR_memory_donate && kind == CALL_nr_pages &&
        value <= STILE_MEMORY_MAX_PAGES)
        return value % (FEW_PAGES + 1);
    /* The fake's address space has room for STILE_FAKE_SPACE_BYTES: stile/fake.h. */
    if (kind == CALL_ipa && value >= STILE_FAKE_SPACE_BYTES && value < UINT64_C(1) << 39)
        return WORLD_RAM;
    /* That it is time, since a vCPU that sleeps wakes as each side's time has it. */
    if (call_lines[line].nr == STILE_NR_vcpu_poll && kind == CALL_ticks)
        return 0;
    /* Only the VM that calls nothing is paused or ended by another. */
    if (kind == CALL_vm_id &&
        (call_lines[line].nr == STILE_NR_control_pause ||
         call_lines[line].nr == STILE_NR_control_destroy) &&
        value == sides_vm_number(2))
        return sides_vm_number(SIDES_IDLE_VM);
    /* Each side has a time of its own: what is due is at once, or not in this sequence. */
    if (kind == CALL_ticks && value < NOT_SOON)
        return 0;
    if (kind == CALL_nr_ticks && value < NOT_SOON)
        return value % 2; /* none, or one that is too short */
    return value;
}

/* Items that tell of a side's own resources, addresses and numbers. */
static bool is_open_item(uint64_t item)
{
    switch (item) {
    case STILE_INFO_TICKS_PER_SEC:
    case STILE_INFO_VM_PAGE:
    case STILE_INFO_VCPU_PAGE:
    case STILE_INFO_MAILBOX:
    case STILE_INFO_CONSOLE_RING:
    case STILE_INFO_CONSOLE_INTID: /* the next after those of its devices */
    case STILE_INFO_HV_PAGES:
    case STILE_INFO_HV_PAGES_MAX:
        return true;
    default:
        return false;
    }
}

/* How many of x1 to x3, from the last, may be anything; of a call that has succeeded. */
static uint32_t nr_open(uint32_t nr, const uint64_t x[6])
{
    switch (nr) {
    case STILE_NR_core_info:
        return is_open_item(x[0]) ? 3 : 0;
    case STILE_NR_memory_query: /* the page or the block: the fake has no blocks */
        return 2;
    case STILE_NR_vcpu_counter:
    case STILE_NR_control_counter:
    case STILE_NR_control_console_read: /* the hypervisor says something itself there */
        return 3;
    default:
        return 0;
    }
}

/* Whether even whether it succeeds may differ, once its registers are as they must be. */
static bool is_open(uint32_t nr)
{
    switch (nr) {
    case STILE_NR_memory_next_offered: /* the order of handles: the walks as a whole are compared */
    case STILE_NR_memory_next_shared:
    case STILE_NR_control_trace: /* how many exits a vCPU has had */
        return true;
    default:
        return false;
    }
}

struct stile_result answers_normalise(enum side side, uint32_t nr, const uint64_t x[6],
                                      struct stile_result result)
{
    if (is_open(nr) && (result.status == STILE_SUCCESS || result.status == STILE_NOT_FOUND))
        return (struct stile_result){STILE_SUCCESS, {0, 0, 0}};
    /* Page by page the hypervisor looks at both VMs, the fake first at the owner. */
    if (nr == STILE_NR_memory_accept && result.status == STILE_NOT_MAPPED)
        result.status = STILE_ALREADY_MAPPED;
    if (result.status != STILE_SUCCESS)
        return result;
    for (uint32_t i = 3 - nr_open(nr, x); i < 3; i++)
        result.value[i] = 0;
    if (nr == STILE_NR_memory_share || nr == STILE_NR_memory_donate)
        result.value[0] = words_handle(side, result.value[0]);
    /* On or not: what a vCPU that is on does may be something else by the time of use. */
    if (nr == STILE_NR_vcpu_query)
        result.value[0] = result.value[0] != STILE_VCPU_OFF;
    return result;
}

/*
 * What may be done in parts, or be BUSY there because it takes long, is made by an HVC; so is what
 * may fail on one side alone, where a multicall would stop, what arms a timer, which may fire
 * before the next call of a multicall or after the last one, and what makes a VM, which the
 * hypervisor does behind the call.
 */
bool answers_fits_multicall(uint32_t line, const uint64_t x[6])
{
    if (is_open(call_lines[line].nr))
        return false;
    switch (call_lines[line].nr) {
    case STILE_NR_core_version:
    case STILE_NR_core_multicall:
    case STILE_NR_core_reset:
    case STILE_NR_memory_accept:
    case STILE_NR_memory_release:
    case STILE_NR_memory_revoke:
    case STILE_NR_time_oneshot:
    case STILE_NR_time_event:
    case STILE_NR_vm_create:
        return false;
    default:
        break;
    }
    for (uint32_t i = 0; i < 6; i++)
        if ((call_lines[line].kinds[i] == CALL_nr_pages && x[i] > FEW_PAGES) ||
            (call_lines[line].kinds[i] == CALL_nr_bytes && x[i] > FEW_BYTES))
            return false;
    return true;
}

struct answers_part answers_part(uint32_t nr)
{
    switch (nr) {
    case STILE_NR_memory_map:
    case STILE_NR_memory_unmap:
    case STILE_NR_memory_protect:
    case STILE_NR_memory_clean:
    case STILE_NR_memory_discard:
        return (struct answers_part){true, 0, 1, 0, STILE_PAGE_SIZE};
    case STILE_NR_console_write_buffer:
        return (struct answers_part){true, 0, 1, 0, 1};
    case STILE_NR_core_multicall:
        return (struct answers_part){true, 0, 1, 0, 1};
    default:
        return (struct answers_part){.is_one = false};
    }
}
