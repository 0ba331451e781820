/* SPDX-License-Identifier: MIT */
/*
 * libhypercall/rt: every length and alignment against a plain loop, overlaps, and formatting
 * against the host's own snprintf().
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktf.h"

/* The functions under test, beside the host's. */
#define memcpy    rt_memcpy
#define memmove   rt_memmove
#define memset    rt_memset
#define memcmp    rt_memcmp
#define memchr    rt_memchr
#define strlen    rt_strlen
#define strnlen   rt_strnlen
#define strchr    rt_strchr
#define strrchr   rt_strrchr
#define strcmp    rt_strcmp
#define strncmp   rt_strncmp
#define strtoul   rt_strtoul
#define snprintf  rt_snprintf
#define vsnprintf rt_vsnprintf

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *memory, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);
void *memchr(const void *memory, int byte, size_t length);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
char *strchr(const char *text, int wanted);
char *strrchr(const char *text, int wanted);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
unsigned long strtoul(const char *restrict text, char **restrict end, int base);
int vsnprintf(char *restrict text, size_t size, const char *restrict format, va_list list);
int snprintf(char *restrict text, size_t size, const char *restrict format, ...);

#include "../../libhypercall/rt/string.c"
#include "../../libhypercall/rt/format.c"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strchr
#undef strrchr
#undef strcmp
#undef strncmp
#undef strtoul
#undef snprintf
#undef vsnprintf

KTF_SUITE(rt);

#define MOST  300
#define GUARD 32

static uint8_t from[MOST + 2 * GUARD], to[MOST + 2 * GUARD], wanted[MOST + 2 * GUARD];

static void fill_patterns(void)
{
    for (size_t i = 0; i < sizeof(from); i++) {
        from[i] = (uint8_t)(i * 7 + 1);
        to[i] = wanted[i] = (uint8_t)(i * 3 + 100);
    }
}

KTF_TEST(rt, memcpy_copies_exactly_the_range_at_every_alignment)
{
    for (size_t length = 0; length <= MOST; length++) {
        for (size_t align = 0; align < 16; align++) {
            size_t from_at = GUARD + align, to_at = GUARD + (align * 5) % 16;

            fill_patterns();
            for (size_t i = 0; i < length && i < MOST - 16; i++)
                wanted[to_at + i] = from[from_at + i];
            size_t copied = length < MOST - 16 ? length : MOST - 16;
            ASSERT_EQ(rt_memcpy(to + to_at, from + from_at, copied), to + to_at);
            ASSERT_MEMEQ(to, wanted, sizeof(to));
        }
    }
}

KTF_TEST(rt, memcpy_stays_inside_tight_buffers)
{
    for (size_t length = 1; length <= 130; length++) {
        uint8_t *source = malloc(length), *target = malloc(length);

        memset(source, 0x5A, length);
        rt_memcpy(target, source, length);
        EXPECT_MEMEQ(target, source, length);
        rt_memset(target, 0xA5, length);
        EXPECT_EQ(target[0], 0xA5);
        EXPECT_EQ(target[length - 1], 0xA5);
        rt_memmove(target, source, length);
        EXPECT_EQ(rt_memcmp(target, source, length), 0);
        EXPECT_NULL(rt_memchr(target, 1, length));
        free(source);
        free(target);
    }
}

KTF_TEST(rt, memmove_is_right_for_every_overlap)
{
    for (int shift = -80; shift <= 80; shift++) {
        for (size_t length = 0; length <= 150; length++) {
            uint8_t *source = to + GUARD + 80, *target = source + shift;

            fill_patterns();
            memmove(wanted + (target - to), wanted + (source - to), length);
            ASSERT_EQ(rt_memmove(target, source, length), target);
            ASSERT_MEMEQ(to, wanted, sizeof(to));
        }
    }
}

KTF_TEST(rt, memset_fills_exactly_the_range)
{
    for (size_t length = 0; length <= MOST - 16; length++) {
        for (size_t align = 0; align < 16; align++) {
            fill_patterns();
            memset(wanted + GUARD + align, 0x1C3, length);
            ASSERT_EQ(rt_memset(to + GUARD + align, 0x1C3, length), to + GUARD + align);
            ASSERT_MEMEQ(to, wanted, sizeof(to));
        }
    }
}

KTF_TEST(rt, memcmp_orders_by_the_first_byte_that_differs)
{
    for (size_t length = 0; length < 40; length++) {
        uint8_t a[40] = {0}, b[40] = {0};

        EXPECT_EQ(rt_memcmp(a, b, length), 0);
        for (size_t i = 0; i < length; i++) {
            memset(b, 0, sizeof(b));
            b[i] = 0x80;
            EXPECT_LT(rt_memcmp(a, b, length), 0);
            EXPECT_GT(rt_memcmp(b, a, length), 0);
        }
    }
}

KTF_TEST(rt, memchr_finds_the_first_of_several)
{
    char text[64];

    for (size_t length = 0; length < sizeof(text); length++) {
        for (size_t at = 0; at < length; at++) {
            memset(text, 'a' + 1, sizeof(text));
            text[at] = 'a';
            text[length - 1] = 'a';
            EXPECT_EQ(rt_memchr(text, 'a', length), text + at);
            /* A byte one above the wanted one is what careless word tricks find. */
            EXPECT_NULL(rt_memchr(text, 'b' + 1, length));
        }
    }
}

KTF_TEST(rt, strings)
{
    const char *text = "stile";

    EXPECT_EQ(rt_strlen(""), 0);
    EXPECT_EQ(rt_strlen(text), 5);
    EXPECT_EQ(rt_strnlen(text, 3), 3);
    EXPECT_EQ(rt_strnlen(text, 9), 5);
    EXPECT_EQ(rt_strchr(text, 'i'), text + 2);
    EXPECT_EQ(rt_strchr(text, '\0'), text + 5);
    EXPECT_NULL(rt_strchr(text, 'x'));
    EXPECT_STREQ(rt_strrchr("a/b/c", '/'), "/c");
    EXPECT_NULL(rt_strrchr(text, 'x'));
    EXPECT_EQ(rt_strcmp("abc", "abc"), 0);
    EXPECT_LT(rt_strcmp("abc", "abd"), 0);
    EXPECT_GT(rt_strcmp("\x80", "a"), 0);
    EXPECT_LT(rt_strcmp("ab", "abc"), 0);
    EXPECT_EQ(rt_strncmp("abc", "abd", 2), 0);
    EXPECT_EQ(rt_strncmp("abc", "abd", 0), 0);
}

static const struct number {
    const char *text;
    int base;
} numbers[] = {
    {"0", 10},
    {"  +42x", 10},
    {"-1", 10},
    {"0x1fG", 0},
    {"0X1F", 16},
    {"0xg", 16},
    {"0755", 0},
    {"0b", 0},
    {"zz", 36},
    {"", 10},
    {"  ", 0},
    {"-", 10},
    {"18446744073709551615", 10},
    {"18446744073709551616", 10},
    {"99999999999999999999999", 0},
};

static void describe_number(const struct number *number, char *text, size_t size)
{
    snprintf(text, size, "\"%s\" base %d", number->text, number->base);
}

KTF_TEST_EACH(rt, strtoul_agrees_with_the_host, struct number, numbers, describe_number)
{
    char *end, *host_end;
    unsigned long value = rt_strtoul(param->text, &end, param->base);

    EXPECT_EQ(value, strtoul(param->text, &host_end, param->base));
    EXPECT_EQ(end, host_end);
    EXPECT_EQ(rt_strtoul(param->text, NULL, param->base), value);
}

#define EXPECT_FORMAT(...)                                                                         \
    do {                                                                                           \
        char ours_[128], host_[128];                                                               \
        int length_ = rt_snprintf(ours_, sizeof(ours_), __VA_ARGS__);                              \
        EXPECT_EQ(length_, snprintf(host_, sizeof(host_), __VA_ARGS__));                           \
        EXPECT_STREQ(ours_, host_);                                                                \
    } while (0)

KTF_TEST(rt, formats_as_the_host_does)
{
    EXPECT_FORMAT("plain %% text");
    EXPECT_FORMAT("%d %i %d %d", 0, -1, INT32_MAX, INT32_MIN);
    EXPECT_FORMAT("%u %x %X", UINT32_MAX, 0xBEEFu, 0xBEEFu);
    EXPECT_FORMAT("%ld %lu %lx %llu %llx %lld", INT64_MIN, UINT64_MAX, UINT64_MAX, 1ull, 0xABCull,
                  -5ll);
    EXPECT_FORMAT("%zu %zx %zd", (size_t)12345, (size_t)0xFFFF, (ssize_t)-3);
    EXPECT_FORMAT("[%5d] [%-5d] [%05d] [%5d]", 42, 42, -42, 1234567);
    EXPECT_FORMAT("[%016lx] [%8x] [%-8x] [%02x]", 0x1234ul, 0xAu, 0xAu, 0x7u);
    EXPECT_FORMAT("[%s] [%8s] [%-8s] [%.3s] [%-6.2s]", "abc", "abc", "abc", "abcdef", "abcdef");
    EXPECT_FORMAT("[%.*s] [%*d] [%-*d]", 2, "xyz", 6, 1, 6, 2);
    EXPECT_FORMAT("[%c] [%3c] [%-3c]", 'a', 'b', 'c');
    EXPECT_FORMAT("%p", (void *)(uintptr_t)0x40080000);
    EXPECT_FORMAT("%*d", -6, 3);
}

KTF_TEST(rt, format_counts_what_does_not_fit)
{
    char text[6];

    memset(text, 'z', sizeof(text));
    EXPECT_EQ(rt_snprintf(text, sizeof(text), "%s-%d", "abcd", 1234), 9);
    EXPECT_STREQ(text, "abcd-");
    EXPECT_EQ(rt_snprintf(text, 1, "abc"), 3);
    EXPECT_STREQ(text, "");
    EXPECT_EQ(rt_snprintf(NULL, 0, "%08x", 1u), 8);
}

KTF_TEST(rt, format_survives_what_it_does_not_know)
{
    const char *unknown = "%q %", *none = NULL;
    char text[32];

    EXPECT_EQ(rt_snprintf(text, sizeof(text), unknown, 0), 4);
    EXPECT_STREQ(text, "%q %");
    EXPECT_EQ(rt_snprintf(text, sizeof(text), "%s", none), 6);
    EXPECT_STREQ(text, "(null)");
}
