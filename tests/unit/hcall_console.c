/* SPDX-License-Identifier: MIT */
/*
 * hypercall/console.c: limits, bytes that must be zero, buffers that end in nothing.
 */
#include <string.h>

#include "vm/vm.h"
#include "hypercall/console.c"

#include "ktf.h"

static struct vm vm;
static struct vcpu vcpu;
static struct stile_console_ring ring;

/* --- what the calls use: a console with some room, and a guest with two pages --- */

#define MEMORY       UINT64_C(0x40000000)
#define MEMORY_BYTES 8192

static struct {
    char memory[MEMORY_BYTES];
    char written[MEMORY_BYTES];
    size_t nr_written, room;
    char typed[16];
    size_t nr_typed;
    bool uses_ring;
    const char *in_ring;
} guest;

/* How many of the bytes from @ipa are there. */
static size_t in_memory(ipa_t ipa, size_t bytes)
{
    uint64_t offset = ipa.ipa - MEMORY;

    if (offset >= MEMORY_BYTES)
        return 0;
    return bytes < MEMORY_BYTES - offset ? bytes : MEMORY_BYTES - offset;
}

size_t guest_read(struct vm *of, void *to, ipa_t from, size_t bytes)
{
    size_t there = in_memory(from, bytes);

    EXPECT_EQ(of, &vm);
    memcpy(to, guest.memory + (there > 0 ? from.ipa - MEMORY : 0), there);
    return there;
}

size_t guest_write(struct vm *of, ipa_t to, const void *from, size_t bytes)
{
    size_t there = in_memory(to, bytes);

    EXPECT_EQ(of, &vm);
    memcpy(guest.memory + (there > 0 ? to.ipa - MEMORY : 0), from, there);
    return there;
}

bool guest_may_write(struct vm *of, ipa_t ipa)
{
    EXPECT_EQ(of, &vm);
    return in_memory(ipa, 1) == 1;
}

size_t console_write(struct vm *of, struct console_turn *turn, const char *text, size_t length)
{
    size_t taken = length < guest.room ? length : guest.room;

    taken = taken < turn->left ? taken : turn->left;
    turn->left -= (uint32_t)taken;

    EXPECT_EQ(of, &vm);
    memcpy(guest.written + guest.nr_written, text, taken);
    guest.nr_written += taken;
    guest.room -= taken;
    return taken;
}

size_t vconsole_read(struct vm *of, char *text, size_t limit)
{
    size_t taken = limit < guest.nr_typed ? limit : guest.nr_typed;

    EXPECT_EQ(of, &vm);
    memcpy(text, guest.typed, taken);
    guest.nr_typed -= taken;
    memmove(guest.typed, guest.typed + taken, guest.nr_typed);
    return taken;
}

bool vring_flush(struct vm *of, struct console_turn *turn)
{
    if (!vm.console.ring.used)
        return true;
    size_t taken = console_write(of, turn, guest.in_ring, strlen(guest.in_ring));

    guest.in_ring += taken;
    vm.console.ring.out_consumed += (uint32_t)taken;
    return *guest.in_ring == 0;
}

void vring_use(struct vm *of, bool enable)
{
    EXPECT_EQ(of, &vm);
    guest.uses_ring = enable;
}

bool vring_notify(struct vm *of)
{
    (void)vring_flush(of, &CONSOLE_TURN);
    return guest.uses_ring;
}

static void setup(void)
{
    memset(&guest, 0, sizeof(guest));
    guest.room = sizeof(guest.written);
    guest.in_ring = "";
    memset(&ring, 0, sizeof(ring));
    vm.console.ring = (struct vring){.used = false};
    vm.ring = &ring;
    vcpu.vm = &vm;
}

KTF_SUITE(hcall_console, .setup = setup);

static void type(const char *text)
{
    guest.nr_typed = strlen(text);
    memcpy(guest.typed, text, guest.nr_typed);
}

static struct hcall_result write_words(uint64_t count, const char *text)
{
    uint64_t words[4] = {0};

    memcpy(words, text, strlen(text));
    return hcall_console_write(&vcpu, stile_nr_bytes(count), words[0], words[1], words[2],
                               words[3]);
}

#define EXPECT_BAD(result_, register_)                                                             \
    do {                                                                                           \
        struct hcall_result bad_ = (result_);                                                      \
        EXPECT_EQ(bad_.status, STILE_INVALID_ARGUMENT);                                            \
        EXPECT_EQ(bad_.x1, register_);                                                             \
    } while (0)

KTF_TEST(hcall_console, write_takes_1_to_32_characters)
{
    const char *text = "0123456789abcdefghijklmnopqrstuv";

    for (uint64_t count = 1; count <= 32; count++) {
        char part[33] = {0};

        memcpy(part, text, count);
        guest.nr_written = 0;
        struct hcall_result result = write_words(count, part);
        EXPECT_EQ(result.status, 0);
        EXPECT_EQ(result.x1, count);
        EXPECT_EQ(guest.nr_written, count);
        EXPECT_MEMEQ(guest.written, text, count);
    }
    EXPECT_BAD(write_words(0, ""), 1);
    EXPECT_BAD(write_words(33, text), 1);
    EXPECT_BAD(write_words(UINT64_MAX, text), 1);
}

KTF_TEST(hcall_console, write_names_the_word_with_a_stray_byte)
{
    EXPECT_BAD(write_words(1, "ab"), 2);
    EXPECT_BAD(write_words(8, "012345678"), 3);
    EXPECT_BAD(write_words(9, "0123456789"), 3);
    EXPECT_BAD(write_words(16, "0123456789abcdefg"), 4);
    EXPECT_BAD(write_words(3, "0123456789abcdefghijklmnopqrstuv"), 2);
    EXPECT_BAD(hcall_console_write(&vcpu, stile_nr_bytes(8), 'a', 0, 0, UINT64_C(1) << 63), 5);
    EXPECT_EQ(guest.nr_written, 0);
}

KTF_TEST(hcall_console, write_returns_what_the_console_took)
{
    guest.room = 3;
    EXPECT_EQ(write_words(5, "abcde").x1, 3);
    EXPECT_EQ(write_words(5, "abcde").x1, 0);
    EXPECT_EQ(write_words(5, "abcde").status, 0);
}

static struct hcall_result write_buffer(uint64_t ipa, uint64_t length)
{
    return hcall_console_write_buffer(&vcpu, stile_ipa(ipa), stile_nr_bytes(length));
}

KTF_TEST(hcall_console, write_buffer_takes_a_page_in_turns_at_any_alignment)
{
    uint64_t done = 0;

    for (size_t i = 0; i < MEMORY_BYTES; i++)
        guest.memory[i] = (char)(i % 251);
    for (uint32_t calls = 0; calls < 4096 / CONSOLE_TURN_MOST; calls++) {
        struct hcall_result result = write_buffer(MEMORY + 77 + done, 4096 - done);

        EXPECT_EQ(result.status, 0);
        done += result.x1;
    }
    EXPECT_EQ(done, 4096);
    EXPECT_MEMEQ(guest.written, guest.memory + 77, 4096);
}

KTF_TEST(hcall_console, write_buffer_stops_where_memory_or_room_ends)
{
    EXPECT_EQ(write_buffer(MEMORY + MEMORY_BYTES - 300, 4096).x1, 300);
    guest.room = 700;
    EXPECT_EQ(write_buffer(MEMORY, 4096).x1, 700);
    EXPECT_EQ(write_buffer(MEMORY, 10).x1, 0);
    EXPECT_EQ(write_buffer(MEMORY, 10).status, 0);
}

KTF_TEST(hcall_console, buffers_are_checked)
{
    EXPECT_BAD(write_buffer(MEMORY, 0), 2);
    EXPECT_BAD(write_buffer(MEMORY, 4097), 2);
    EXPECT_BAD(write_buffer(UINT64_MAX - 1, 3), 2);
    EXPECT_EQ(write_buffer(UINT64_MAX - 1, 2).status, STILE_NOT_MAPPED);
    EXPECT_EQ(write_buffer(MEMORY - 1, 2).status, STILE_NOT_MAPPED);
    EXPECT_BAD(hcall_console_read_buffer(&vcpu, stile_ipa(MEMORY), stile_nr_bytes(0)), 2);
    EXPECT_BAD(hcall_console_read_buffer(&vcpu, stile_ipa(MEMORY), stile_nr_bytes(4097)), 2);
    EXPECT_BAD(hcall_console_read_buffer(&vcpu, stile_ipa(UINT64_MAX), stile_nr_bytes(2)), 2);
    EXPECT_EQ(guest.nr_written, 0);
}

KTF_TEST(hcall_console, read_packs_characters)
{
    type("typed line");
    struct hcall_result result = hcall_console_read(&vcpu, stile_nr_bytes(5));
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.x1, 5);
    EXPECT_EQ(vcpu.regs.x[2], UINT64_C(0x6465707974));
    result = hcall_console_read(&vcpu, stile_nr_bytes(8));
    EXPECT_EQ(result.x1, 5);
    EXPECT_EQ(vcpu.regs.x[2], UINT64_C(0x656E696C20));
    result = hcall_console_read(&vcpu, stile_nr_bytes(8));
    EXPECT_EQ(result.x1, 0);
    EXPECT_EQ(vcpu.regs.x[2], 0);
    EXPECT_BAD(hcall_console_read(&vcpu, stile_nr_bytes(0)), 1);
    EXPECT_BAD(hcall_console_read(&vcpu, stile_nr_bytes(9)), 1);
}

KTF_TEST(hcall_console, read_buffer_fills_the_first_page_at_most)
{
    type("abcdef");
    EXPECT_EQ(hcall_console_read_buffer(&vcpu, stile_ipa(MEMORY + 4094), stile_nr_bytes(100)).x1,
              2);
    EXPECT_MEMEQ(guest.memory + 4094, "ab\0", 3);
    EXPECT_EQ(hcall_console_read_buffer(&vcpu, stile_ipa(MEMORY), stile_nr_bytes(3)).x1, 3);
    EXPECT_MEMEQ(guest.memory, "cde", 3);
}

KTF_TEST(hcall_console, read_buffer_without_memory_leaves_the_input)
{
    type("abc");
    EXPECT_EQ(hcall_console_read_buffer(&vcpu, stile_ipa(0), stile_nr_bytes(3)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(guest.nr_typed, 3);
}

KTF_TEST(hcall_console, what_the_ring_has_comes_first)
{
    guest.in_ring = "first ";
    vm.console.ring.used = true;
    ring.out_produced = 6;
    EXPECT_EQ(write_words(6, "second").x1, 6);
    EXPECT_EQ(guest.nr_written, 12);
    EXPECT_MEMEQ(guest.written, "first second", 12);
}

KTF_TEST(hcall_console, what_the_ring_still_has_is_not_overtaken)
{
    guest.in_ring = "first ";
    vm.console.ring.used = true;
    ring.out_produced = 6;
    guest.room = 3;
    EXPECT_EQ(write_words(6, "second").x1, 0);
    guest.room = 100;
    EXPECT_EQ(hcall_console_write_buffer(&vcpu, stile_ipa(MEMORY), stile_nr_bytes(4)).x1, 4);
    EXPECT_MEMEQ(guest.written, "first ", 6);
    EXPECT_EQ(guest.nr_written, 10);
}

/* A turn bounds what a call writes, however long the buffer: its pieces share one. */
KTF_TEST(hcall_console, a_call_is_one_turn)
{
    EXPECT_EQ(hcall_console_write_buffer(&vcpu, stile_ipa(MEMORY), stile_nr_bytes(3000)).x1,
              CONSOLE_TURN_MOST);
    EXPECT_EQ(write_words(6, "second").x1, 6);
}

KTF_TEST(hcall_console, a_ring_that_is_not_used_holds_nothing_up)
{
    ring.out_produced = 6; /* the guest can write that */
    EXPECT_EQ(write_words(6, "second").x1, 6);
}

KTF_TEST(hcall_console, the_ring_is_used_or_not)
{
    EXPECT_EQ(hcall_console_notify(&vcpu).status, STILE_BUSY);
    EXPECT_EQ(hcall_console_use_ring(&vcpu, 1).status, STILE_SUCCESS);
    EXPECT_EQ(hcall_console_notify(&vcpu).status, STILE_SUCCESS);
    EXPECT_BAD(hcall_console_use_ring(&vcpu, 2), 1);
    EXPECT_BAD(hcall_console_use_ring(&vcpu, UINT32_MAX), 1);
    EXPECT_TRUE(guest.uses_ring);
    EXPECT_EQ(hcall_console_use_ring(&vcpu, 0).status, STILE_SUCCESS);
    EXPECT_EQ(hcall_console_notify(&vcpu).status, STILE_BUSY);
}
