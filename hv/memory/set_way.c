/* SPDX-License-Identifier: MIT */
/*
 * See set_way.h.
 */
#include "memory/set_way.h"

#include "memory/guest.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* What one exit does at most: bytes that are cleaned, mappings and gaps that are looked at. */
#define PIECE_BYTES UINT64_C(0x20000)
#define PIECE_STEPS 32

/* The operand's field Level (Arm ARM C5.3.15). */
#define OPERAND_LEVEL(operand) ((uint32_t)(operand) >> 1 & 7)

/*
 * How much of a mapping at @at EL2 or the guest can have written to; 0, and in *@skip how much
 * there is that nobody has: memory that is no VM's own, and what was not handed over yet.
 */
static uint64_t written_bytes(ipa_t at, const struct stage2_mapping *mapping, uint64_t *skip)
{
    *skip = stage2_rest(at, mapping);
    if (!(mapping->attrs & STAGE2_OWNED))
        return 0;
    if (!(mapping->attrs & STAGE2_FRESH))
        return *skip;
    if (mapping->bytes == PAGE_SIZE || page_parts(mapping->pa) == 0)
        return 0;
    *skip = PAGE_PART_BYTES - (mapping->pa.pa & (PAGE_PART_BYTES - 1));
    return vmem_ready_bytes(at, mapping);
}

/*
 * Cleans at most @most bytes at @at, if the guest can have written there. Returns how far that was:
 * to the end of a page, a block or a gap, or of a part that was not handed over.
 */
static uint64_t clean_step(struct vm *vm, ipa_t at, uint64_t most)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct stage2_mapping mapping;
    uint64_t rest = 0, skip;

    if (stage2_lookup_locked(locked, at, &mapping))
        rest = written_bytes(at, &mapping, &skip);
    else
        skip = stage2_gap_locked(locked, at, STAGE2_IPA_END - at.ipa);
    stage2_unlock(locked);
    if (rest == 0)
        return skip;
    if (rest > most)
        rest = most;
    (void)guest_clean(vm, at, rest, false);
    return rest;
}

/* Goes on at @at with the VM's memory. Returns where to go on next; STAGE2_IPA_END after the end.
 */
static uint64_t clean_piece(struct vm *vm, uint64_t at)
{
    uint64_t cleaned = 0;

    for (uint32_t i = 0; i < PIECE_STEPS && at < STAGE2_IPA_END && cleaned < PIECE_BYTES; i++) {
        uint64_t step = clean_step(vm, ipa_make(at), PIECE_BYTES);
        at += step;
        cleaned += step <= PIECE_BYTES ? step : 0;
    }
    return at;
}

/* Whether the operation begins a loop: it is on another level than the last, or comes again. */
static bool begins_loop(const struct set_way *state, uint64_t operand)
{
    return state->level != OPERAND_LEVEL(operand) + 1 || state->first == operand;
}

bool set_way_execute(struct vcpu *vcpu, uint64_t operand)
{
    struct set_way *state = &vcpu->set_way;

    if (!state->cleaning) {
        if (!begins_loop(state, operand))
            return true;
        *state = (struct set_way){operand, 0, OPERAND_LEVEL(operand) + 1, true};
    }
    state->next = clean_piece(vcpu->vm, state->next);
    state->cleaning = state->next < STAGE2_IPA_END;
    return !state->cleaning;
}
