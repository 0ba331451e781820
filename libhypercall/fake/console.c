/* SPDX-License-Identifier: MIT */
/*
 * The fake's consoles: what a VM writes is kept, what a test types is read.
 */
#include <string.h>

#include "console.h"
#include "handler.h"
#include "irq.h"
#include "space.h"

#define WORD_BYTES 8
#define NR_WORDS   (STILE_CONSOLE_WRITE_MAX / WORD_BYTES)

static void keep(struct fake_vm *vm, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        vm->console[vm->console_written++ % FAKE_CONSOLE_BYTES] = text[i];
}

void fake_console_drain(struct fake_vm *vm)
{
    struct stile_console_ring *ring = vm->ring;

    if (!vm->ring_used)
        return;
    uint32_t produced = __atomic_load_n(&ring->out_produced, __ATOMIC_ACQUIRE);
    uint32_t consumed = ring->out_consumed;
    if (produced - consumed > STILE_CONSOLE_RING_OUT)
        consumed = produced;
    for (; consumed != produced; consumed++)
        keep(vm, (const char *)&ring->out[consumed % STILE_CONSOLE_RING_OUT], 1);
    __atomic_store_n(&ring->out_consumed, consumed, __ATOMIC_RELEASE);
}

/* Output by calls comes after what is in the ring already. */
static void write_text(struct fake_vm *vm, const char *text, size_t length)
{
    fake_console_drain(vm);
    keep(vm, text, length);
}

uint64_t stile_fake_console(uint32_t vm, char *text, size_t size)
{
    struct fake_vm *of = fake_known_vm(vm);

    fake_lock();
    if (of->state != STILE_VM_ENDED)
        fake_console_drain(of);
    uint64_t written = of->console_written;
    uint64_t count = written < FAKE_CONSOLE_BYTES ? written : FAKE_CONSOLE_BYTES;
    if (count > size - 1)
        count = size - 1;
    for (uint64_t i = 0; i < count; i++)
        text[i] = of->console[(written - count + i) % FAKE_CONSOLE_BYTES];
    text[count] = '\0';
    fake_unlock();
    return written;
}

/* Whether the guest is to be told: it had read everything. */
static bool type_into_ring(struct stile_console_ring *ring, char character)
{
    uint32_t produced = ring->in_produced;

    if (produced - __atomic_load_n(&ring->in_consumed, __ATOMIC_ACQUIRE) >= STILE_CONSOLE_RING_IN) {
        ring->in_lost++;
        return false;
    }
    ring->in[produced % STILE_CONSOLE_RING_IN] = (uint8_t)character;
    __atomic_store_n(&ring->in_produced, produced + 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&ring->in_consumed, __ATOMIC_SEQ_CST) == produced;
}

static bool type_into_input(struct fake_vm *vm, char character)
{
    if (vm->input_written - vm->input_read >= FAKE_INPUT_BYTES)
        return false;
    vm->input[vm->input_written++ % FAKE_INPUT_BYTES] = character;
    return true;
}

void stile_fake_type(uint32_t vm, const char *text)
{
    struct fake_vm *of = fake_known_vm(vm);

    fake_lock();
    for (; *text != '\0'; text++)
        if (of->ring_used ? type_into_ring(of->ring, *text) : type_into_input(of, *text))
            fake_irq_raise(&of->vcpus[0], FAKE_CONSOLE_INTID);
    fake_unlock();
}

/* The reader of a ring that is not used sleeps. */
static void show_sleeps(const struct fake_vm *vm)
{
    __atomic_store_n(&vm->ring->out_sleeps, vm->ring_sleeps || !vm->ring_used, __ATOMIC_SEQ_CST);
}

void stile_fake_ring_sleeps(uint32_t vm, bool sleeps)
{
    struct fake_vm *of = fake_known_vm(vm);

    fake_lock();
    of->ring_sleeps = sleeps;
    show_sleeps(of);
    fake_console_drain(of);
    fake_unlock();
}

/* --- calls --- */

static size_t read_input(struct fake_vm *vm, char *text, size_t limit)
{
    size_t count = 0;

    while (count < limit && !vm->ring_used && vm->input_read != vm->input_written)
        text[count++] = vm->input[vm->input_read++ % FAKE_INPUT_BYTES];
    return count;
}

static bool is_buffer(stile_ipa_t buffer, stile_nr_bytes_t length)
{
    return length.bytes - 1 < STILE_CONSOLE_BUFFER_MAX &&
           buffer.ipa + (length.bytes - 1) >= buffer.ipa;
}

struct stile_result fake_console_write(struct fake_vcpu *vcpu, stile_nr_bytes_t length,
                                       stile_u64_t word0, stile_u64_t word1, stile_u64_t word2,
                                       stile_u64_t word3)
{
    uint64_t words[NR_WORDS] = {word0, word1, word2, word3};
    char text[STILE_CONSOLE_WRITE_MAX];

    if (length.bytes - 1 >= STILE_CONSOLE_WRITE_MAX)
        return fake_bad(1);
    memcpy(text, words, sizeof(text));
    for (uint64_t i = length.bytes; i < STILE_CONSOLE_WRITE_MAX; i++)
        if (text[i] != '\0')
            return fake_bad(2 + i / WORD_BYTES);
    write_text(vcpu->vm, text, length.bytes);
    return fake_value(length.bytes, 0, 0);
}

struct stile_result fake_console_write_buffer(struct fake_vcpu *vcpu, stile_ipa_t buffer,
                                              stile_nr_bytes_t length)
{
    char text[STILE_CONSOLE_BUFFER_MAX];

    if (!is_buffer(buffer, length))
        return fake_bad(2);
    size_t count = fake_space_read(vcpu->vm, text, buffer, length.bytes);
    if (count == 0)
        return fake_error(STILE_NOT_MAPPED);
    write_text(vcpu->vm, text, count);
    return fake_value(count, 0, 0);
}

struct stile_result fake_console_read(struct fake_vcpu *vcpu, stile_nr_bytes_t limit)
{
    uint64_t word = 0;

    if (limit.bytes - 1 >= STILE_CONSOLE_READ_MAX)
        return fake_bad(1);
    size_t count = read_input(vcpu->vm, (char *)&word, limit.bytes);
    return fake_values(vcpu, count, word, 0);
}

struct stile_result fake_console_read_buffer(struct fake_vcpu *vcpu, stile_ipa_t buffer,
                                             stile_nr_bytes_t limit)
{
    uint64_t room = STILE_PAGE_SIZE - buffer.ipa % STILE_PAGE_SIZE;
    char text[FAKE_INPUT_BYTES];

    if (!is_buffer(buffer, limit))
        return fake_bad(2);
    /* Whether it may be written is asked with what is there already. */
    if (fake_space_read(vcpu->vm, text, buffer, 1) == 0 ||
        fake_space_write(vcpu->vm, buffer, text, 1) == 0)
        return fake_error(STILE_NOT_MAPPED);
    if (room > limit.bytes)
        room = limit.bytes;
    if (room > sizeof(text))
        room = sizeof(text);
    size_t count = read_input(vcpu->vm, text, room);
    return fake_value(fake_space_write(vcpu->vm, buffer, text, count), 0, 0);
}

/* What waits for console_read goes into the ring. */
static void move_input(struct fake_vm *vm)
{
    while (vm->input_read != vm->input_written)
        if (type_into_ring(vm->ring, vm->input[vm->input_read++ % FAKE_INPUT_BYTES]))
            fake_irq_raise(&vm->vcpus[0], FAKE_CONSOLE_INTID);
}

struct stile_result fake_console_use_ring(struct fake_vcpu *vcpu, stile_u32_t enable)
{
    struct fake_vm *vm = vcpu->vm;

    if (enable > 1)
        return fake_bad(1);
    fake_console_drain(vm);
    vm->ring_used = enable == 1;
    memset(vm->ring, 0, offsetof(struct stile_console_ring, reserved));
    show_sleeps(vm);
    if (vm->ring_used)
        move_input(vm);
    return fake_ok();
}

struct stile_result fake_console_notify(struct fake_vcpu *vcpu)
{
    if (!vcpu->vm->ring_used)
        return fake_error(STILE_BUSY);
    fake_console_drain(vcpu->vm);
    return fake_ok();
}
