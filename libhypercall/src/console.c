/* SPDX-License-Identifier: MIT */
/*
 * Console output of any length, and the last line of a kernel that cannot go on.
 */
#include "stile/hypercall.h"

/* The next 8 characters as console_write carries them; zero past the length. */
static stile_u64_t pack(const char *text, size_t length, size_t first)
{
    uint64_t word = 0;

    for (size_t i = 0; i < 8 && first + i < length; i++)
        word |= (uint64_t)(uint8_t)text[first + i] << (8 * i);
    return word;
}

/* When the console takes nothing its buffer is full: let whoever drains it run. */
static size_t taken_or_yield(struct stile_result result)
{
    if (result.value[0] == 0)
        (void)stile_vcpu_yield();
    return (size_t)result.value[0];
}

int64_t stile_console_puts(const char *text, size_t length)
{
    while (length > 0) {
        size_t count = length < STILE_CONSOLE_WRITE_MAX ? length : STILE_CONSOLE_WRITE_MAX;
        struct stile_result result =
            stile_console_write(stile_nr_bytes(count), pack(text, count, 0), pack(text, count, 8),
                                pack(text, count, 16), pack(text, count, 24));
        if (result.status != STILE_SUCCESS)
            return result.status;
        size_t taken = taken_or_yield(result);
        text += taken;
        length -= taken;
    }
    return STILE_SUCCESS;
}

int64_t stile_console_write_at(stile_ipa_t buffer, size_t length)
{
    while (length > 0) {
        size_t count = length < STILE_CONSOLE_BUFFER_MAX ? length : STILE_CONSOLE_BUFFER_MAX;
        struct stile_result result = stile_console_write_buffer(buffer, stile_nr_bytes(count));
        if (result.status != STILE_SUCCESS)
            return result.status;
        size_t taken = taken_or_yield(result);
        buffer.ipa += taken;
        length -= taken;
    }
    return STILE_SUCCESS;
}

void stile_panic(const char *line)
{
    size_t length = 0;

    while (line[length] != '\0')
        length++;
    (void)stile_console_puts(line, length);
    (void)stile_console_puts("\n", 1);
    for (;;)
        (void)stile_power_crash(stile_ipa(0), stile_nr_bytes(0));
}
