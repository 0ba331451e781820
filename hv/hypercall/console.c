/* SPDX-License-Identifier: MIT */
/*
 * The console calls: characters in registers, in the guest's memory, in its ring.
 */
#include "console/console_write.h"
#include "hypercall/hypercall.h"
#include "memory/guest.h"
#include "virt/vconsole.h"
#include "virt/vring.h"
#include "vm/vm.h"

/* Memory is copied through EL2's stack in pieces of this size. */
#define PIECE_BYTES 256

#define WORD_BYTES 8
#define NR_WORDS   (STILE_CONSOLE_WRITE_MAX / WORD_BYTES)

/* What was put in the ring before a call comes before what the call writes. */
static size_t write_after_ring(struct vm *vm, struct console_turn *turn, const char *text,
                               size_t length)
{
    if (vring_has_output(&vm->console.ring, vm->ring) && !vring_flush(vm, turn))
        return 0;
    return console_write(vm, turn, text, length);
}

struct hcall_result hcall_console_write(struct vcpu *vcpu, stile_nr_bytes_t length,
                                        stile_u64_t word0, stile_u64_t word1, stile_u64_t word2,
                                        stile_u64_t word3)
{
    uint64_t words[NR_WORDS] = {word0, word1, word2, word3};
    uint64_t nr = length.bytes;
    uint64_t used = nr % WORD_BYTES;
    struct console_turn turn = CONSOLE_TURN;

    if (nr - 1 >= STILE_CONSOLE_WRITE_MAX)
        return hcall_bad_argument(1);
    for (uint64_t i = nr / WORD_BYTES; i < NR_WORDS; i++, used = 0) {
        if (words[i] >> (8 * used) != 0)
            return hcall_bad_argument(2 + i);
    }
    return hcall_value(write_after_ring(vcpu->vm, &turn, (const char *)words, nr));
}

/* Whether a buffer has 1 to STILE_CONSOLE_BUFFER_MAX bytes and does not wrap. */
static bool is_buffer(stile_ipa_t buffer, stile_nr_bytes_t length)
{
    return length.bytes - 1 < STILE_CONSOLE_BUFFER_MAX &&
           buffer.ipa + (length.bytes - 1) >= buffer.ipa;
}

struct hcall_result hcall_console_write_buffer(struct vcpu *vcpu, stile_ipa_t buffer,
                                               stile_nr_bytes_t length)
{
    struct console_turn turn = CONSOLE_TURN;
    uint64_t done = 0;
    char piece[PIECE_BYTES];

    if (!is_buffer(buffer, length))
        return hcall_bad_argument(2);
    while (done < length.bytes) {
        uint64_t left = length.bytes - done;
        size_t wanted = left < PIECE_BYTES ? left : PIECE_BYTES;
        size_t got = guest_read(vcpu->vm, piece, ipa_add(buffer, done), wanted);

        if (got == 0 && done == 0)
            return hcall_error(STILE_NOT_MAPPED);
        size_t taken = write_after_ring(vcpu->vm, &turn, piece, got);
        done += taken;
        if (taken < wanted)
            break;
    }
    return hcall_value(done);
}

struct hcall_result hcall_console_read(struct vcpu *vcpu, stile_nr_bytes_t limit)
{
    uint64_t word = 0;

    if (limit.bytes - 1 >= STILE_CONSOLE_READ_MAX)
        return hcall_bad_argument(1);
    uint64_t count = vconsole_read(vcpu->vm, (char *)&word, limit.bytes);
    return hcall_values(vcpu, count, word, 0);
}

struct hcall_result hcall_console_read_buffer(struct vcpu *vcpu, stile_ipa_t buffer,
                                              stile_nr_bytes_t limit)
{
    uint64_t page_left = PAGE_SIZE - (buffer.ipa & PAGE_MASK);
    char input[PIECE_BYTES];
    size_t count = sizeof(input);

    if (!is_buffer(buffer, limit))
        return hcall_bad_argument(2);
    /* First: once input is taken there is no way back. */
    if (!guest_may_write(vcpu->vm, buffer))
        return hcall_error(STILE_NOT_MAPPED);
    if (count > limit.bytes)
        count = limit.bytes;
    if (count > page_left)
        count = page_left;
    count = vconsole_read(vcpu->vm, input, count);
    return hcall_value(guest_write(vcpu->vm, buffer, input, count));
}

struct hcall_result hcall_console_use_ring(struct vcpu *vcpu, stile_u32_t enable)
{
    if (enable > 1)
        return hcall_bad_argument(1);
    vring_use(vcpu->vm, enable == 1);
    return hcall_ok();
}

struct hcall_result hcall_console_notify(struct vcpu *vcpu)
{
    return vring_notify(vcpu->vm) ? hcall_ok() : hcall_error(STILE_BUSY);
}
