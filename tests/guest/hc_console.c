/* SPDX-License-Identifier: MIT */
/*
 * Group console: every length, every way to be wrong. What is written are KTAP diagnostics.
 */
#include <stdio.h>
#include <string.h>

#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"

KTF_SUITE(hc_console, .suite_setup = support_need_hypervisor);

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

/* A line of KTAP diagnostics of any length: "# ###", the line's end its last character. */
static void make_line(char *text, size_t length)
{
    memset(text, '#', length);
    if (length > 2)
        text[1] = ' ';
    text[length - 1] = '\n';
}

/* Writes a line of @count characters in registers. */
static struct stile_result write_packed(size_t count)
{
    char text[STILE_CONSOLE_WRITE_MAX] = {0};
    uint64_t words[4];

    make_line(text, count);
    memcpy(words, text, sizeof(words));
    return stile_console_write(stile_nr_bytes(count), words[0], words[1], words[2], words[3]);
}

KTF_TEST(hc_console, write_takes_1_to_32_characters)
{
    for (size_t count = 1; count <= STILE_CONSOLE_WRITE_MAX; count++) {
        struct stile_result result = write_packed(count);
        EXPECT_EQ(result.status, STILE_SUCCESS);
        EXPECT_LE(result.value[0], count);
    }
}

KTF_TEST(hc_console, write_refuses_other_counts)
{
    expect_bad(stile_console_write(stile_nr_bytes(0), 0, 0, 0, 0), 1);
    expect_bad(stile_console_write(stile_nr_bytes(33), 0, 0, 0, 0), 1);
    expect_bad(stile_console_write(stile_nr_bytes(UINT64_MAX), 0, 0, 0, 0), 1);
    expect_bad(stile_console_write(stile_nr_bytes(UINT64_C(1) << 32), 0, 0, 0, 0), 1);
}

/* Every byte past every count. */
KTF_TEST(hc_console, write_refuses_bytes_past_the_count)
{
    for (uint64_t count = 1; count < STILE_CONSOLE_WRITE_MAX; count++) {
        for (uint64_t byte = count; byte < STILE_CONSOLE_WRITE_MAX; byte++) {
            uint64_t words[4] = {0, 0, 0, 0};
            words[byte / 8] = UINT64_C(0x80) << byte % 8 * 8;
            expect_bad(
                stile_console_write(stile_nr_bytes(count), words[0], words[1], words[2], words[3]),
                2 + byte / 8);
        }
    }
}

static char *page;

static void make_page(void)
{
    support_need_hypervisor();
    page = sensitive_is_paravirtual() ? phys_to_virt(page_alloc_zeroed()) : NULL;
}

static void free_page(void)
{
    if (page)
        page_free(virt_to_phys(page));
}

KTF_SUITE(hc_console_buffer, .suite_setup = make_page, .suite_teardown = free_page);

static void expect_written(uint64_t pa, uint64_t length)
{
    struct stile_result result = stile_console_write_buffer(stile_ipa(pa), stile_nr_bytes(length));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_LE(result.value[0], length);
    if (result.value[0] < length)
        (void)stile_console_write_at(stile_ipa(pa + result.value[0]), length - result.value[0]);
}

static const size_t lengths[] = {1, 2, 63, 64, 65, 255, 256, 257, 1000, 4095, 4096};

static void describe_length(const size_t *length, char *text, size_t size)
{
    (void)snprintf(text, size, "%zu", *length);
}

KTF_TEST_EACH(hc_console_buffer, write_takes_1_to_4096, size_t, lengths, describe_length)
{
    for (size_t start = 0; start < *param; start += 80)
        make_line(page + start, *param - start < 80 ? *param - start : 80);
    expect_written(virt_to_phys(page), *param);
}

KTF_TEST(hc_console_buffer, write_takes_any_alignment)
{
    for (size_t offset = 0; offset < 16; offset++) {
        memcpy(page + offset, "# aligned\n", 10);
        expect_written(virt_to_phys(page) + offset, 10);
    }
}

KTF_TEST(hc_console_buffer, lengths_out_of_range_are_refused)
{
    stile_ipa_t buffer = stile_ipa(virt_to_phys(page));
    static const uint64_t wrong[] = {0, 4097, UINT64_C(1) << 32, UINT64_MAX};

    for (int i = 0; i < 4; i++) {
        expect_bad(stile_console_write_buffer(buffer, stile_nr_bytes(wrong[i])), 2);
        expect_bad(stile_console_read_buffer(buffer, stile_nr_bytes(wrong[i])), 2);
    }
}

KTF_TEST(hc_console_buffer, ranges_that_wrap_are_refused)
{
    stile_ipa_t buffer = stile_ipa(UINT64_MAX - 9);

    EXPECT_EQ(stile_console_write_buffer(buffer, stile_nr_bytes(11)).status,
              STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_console_read_buffer(buffer, stile_nr_bytes(4096)).status,
              STILE_INVALID_ARGUMENT);
}

static const uint64_t wild[] = {
    0,
    0x09000000, /* a device */
    0x0B000000, /* the page shared with the hypervisor is not the caller's memory */
    UINT64_C(1) << 38,
    UINT64_C(1) << 48,
    UINT64_C(1) << 63,
    UINT64_MAX,
    UINT64_MAX - 4095,
};

static void describe_address(const uint64_t *address, char *text, size_t size)
{
    (void)snprintf(text, size, "0x%lx", *address);
}

KTF_TEST_EACH(hc_console_buffer, what_is_no_memory_is_not_mapped, uint64_t, wild, describe_address)
{
    struct stile_result write = stile_console_write_buffer(stile_ipa(*param), stile_nr_bytes(1));
    struct stile_result read = stile_console_read_buffer(stile_ipa(*param), stile_nr_bytes(1));

    EXPECT_EQ(write.status, STILE_NOT_MAPPED);
    EXPECT_EQ(write.value[0], 0);
    EXPECT_EQ(read.status, STILE_NOT_MAPPED);
    EXPECT_EQ(read.value[0], 0);
}

KTF_TEST(hc_console_buffer, behind_memory_is_not_mapped)
{
    uint64_t end = support_beyond_memory();

    EXPECT_EQ(stile_console_write_buffer(stile_ipa(end), stile_nr_bytes(1)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(stile_console_read_buffer(stile_ipa(end), stile_nr_bytes(4096)).status,
              STILE_NOT_MAPPED);
}

/* A buffer whose second page is not there: the part that is there is taken. */
KTF_TEST(hc_console_buffer, a_buffer_may_end_in_nothing)
{
    uint64_t end = support_beyond_memory();
    char *text = phys_to_virt(end - 8);
    char saved[8];

    memcpy(saved, text, sizeof(saved));
    memcpy(text, "# end..\n", sizeof(saved));
    struct stile_result result = stile_console_write_buffer(stile_ipa(end - 8), stile_nr_bytes(64));
    memcpy(text, saved, sizeof(saved));
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_LE(result.value[0], 8);
}

KTF_TEST(hc_console_buffer, without_input_nothing_is_read)
{
    memset(page, 'x', 64);
    struct stile_result buffered =
        stile_console_read_buffer(stile_ipa(virt_to_phys(page)), stile_nr_bytes(64));
    struct stile_result packed = stile_console_read(stile_nr_bytes(8));

    EXPECT_EQ(buffered.status, STILE_SUCCESS);
    EXPECT_EQ(buffered.value[0], 0);
    for (int i = 0; i < 64; i++)
        EXPECT_EQ(page[i], 'x');
    EXPECT_EQ(packed.status, STILE_SUCCESS);
    EXPECT_EQ(packed.value[0], 0);
    EXPECT_EQ(packed.value[1], 0);
}

KTF_TEST(hc_console_buffer, read_refuses_other_limits)
{
    expect_bad(stile_console_read(stile_nr_bytes(0)), 1);
    expect_bad(stile_console_read(stile_nr_bytes(9)), 1);
    expect_bad(stile_console_read(stile_nr_bytes(UINT64_MAX)), 1);
}
