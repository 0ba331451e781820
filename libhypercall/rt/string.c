/* SPDX-License-Identifier: MIT */
/*
 * <string.h> as far as a freestanding kernel needs it, and strtoul(). Names and meanings are the C
 * library's.
 *
 * Memory is moved through general registers in 16-byte pairs, which the compiler turns into LDP
 * and STP. Accesses may be unaligned, so the MMU must be on and memory Normal.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Memory of any type at any alignment, 1 to 16 bytes of it at a time. */
typedef struct {
    uint64_t low;
    uint64_t high;
} __attribute__((packed, may_alias)) pair_t;
typedef struct {
    uint64_t v;
} __attribute__((packed, may_alias)) word_t;
typedef struct {
    uint32_t v;
} __attribute__((packed, may_alias)) half_t;
typedef struct {
    uint16_t v;
} __attribute__((packed, may_alias)) short_t;

#define PAIR sizeof(pair_t)

/* Copies less than 16 bytes. Everything is loaded before anything is stored. */
static inline void copy_small(char *to, const char *from, size_t length)
{
    if (length >= 8) {
        word_t first = *(const word_t *)from, last = *(const word_t *)(from + length - 8);
        *(word_t *)to = first;
        *(word_t *)(to + length - 8) = last;
    } else if (length >= 4) {
        half_t first = *(const half_t *)from, last = *(const half_t *)(from + length - 4);
        *(half_t *)to = first;
        *(half_t *)(to + length - 4) = last;
    } else if (length >= 2) {
        short_t first = *(const short_t *)from, last = *(const short_t *)(from + length - 2);
        *(short_t *)to = first;
        *(short_t *)(to + length - 2) = last;
    } else if (length == 1) {
        *to = *from;
    }
}

/* Copies two words, loaded before they are stored. An assignment of pairs may not overlap. */
static inline void copy_16(char *to, const char *from)
{
    uint64_t low = ((const pair_t *)from)->low, high = ((const pair_t *)from)->high;

    ((pair_t *)to)->low = low;
    ((pair_t *)to)->high = high;
}

/*
 * Copies four words, loaded before they are stored. The barrier keeps the compiler from making
 * single moves of it, and from holding more words at once than there are registers.
 */
static inline void copy_32(char *to, const char *from)
{
    const word_t *in = (const word_t *)from;
    word_t *out = (word_t *)to;
    uint64_t a = in[0].v, b = in[1].v, c = in[2].v, d = in[3].v;

    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d) : : "memory");
    out[0].v = a;
    out[1].v = b;
    out[2].v = c;
    out[3].v = d;
}

/* Copies upwards what lies before @tail, the last 16 bytes of @from; not beyond the tail's end. */
static inline void copy_up(char *to, const char *from, const char *tail)
{
    for (; tail - from > 48; to += 64, from += 64) {
        copy_32(to, from);
        copy_32(to + 32, from + 32);
    }
    for (; from < tail; to += PAIR, from += PAIR)
        copy_16(to, from);
}

/* Copies downwards all but the first bytes, 1 to 16 of them. */
static inline void copy_down(char *to, const char *from, size_t length)
{
    for (; length > PAIR; length -= PAIR)
        copy_16(to + length - PAIR, from + length - PAIR);
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    const char *tail = (const char *)from + length - PAIR;

    if (length < PAIR) {
        copy_small(to, from, length);
        return to;
    }
    copy_up(to, from, tail);
    copy_16((char *)to + length - PAIR, tail);
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    if (length < PAIR) {
        copy_small(to, from, length);
        return to;
    }
    /* The bytes left out are loaded first, because the loops may overwrite them. */
    pair_t head = *(const pair_t *)from;
    pair_t tail = *(const pair_t *)((const char *)from + length - PAIR);

    if ((uintptr_t)to - (uintptr_t)from >= length) {
        copy_up(to, from, (const char *)from + length - PAIR);
        *(pair_t *)((char *)to + length - PAIR) = tail;
    } else {
        copy_down(to, from, length);
        *(pair_t *)to = head;
    }
    return to;
}

/* Fills less than 16 bytes. */
static inline void fill_small(char *to, uint64_t pattern, size_t length)
{
    if (length >= 8) {
        ((word_t *)to)->v = pattern;
        ((word_t *)(to + length - 8))->v = pattern;
    } else if (length >= 4) {
        ((half_t *)to)->v = (uint32_t)pattern;
        ((half_t *)(to + length - 4))->v = (uint32_t)pattern;
    } else if (length >= 2) {
        ((short_t *)to)->v = (uint16_t)pattern;
        ((short_t *)(to + length - 2))->v = (uint16_t)pattern;
    } else if (length == 1) {
        *to = (char)pattern;
    }
}

void *memset(void *memory, int byte, size_t length)
{
    char *to = memory;
    uint64_t pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);
    pair_t both = {pattern, pattern};

    if (length < PAIR) {
        fill_small(to, pattern, length);
        return memory;
    }
    pair_t *tail = (pair_t *)(to + length - PAIR);

    for (; length > 64; length -= 64, to += 64) {
        ((pair_t *)to)[0] = both;
        ((pair_t *)to)[1] = both;
        ((pair_t *)to)[2] = both;
        ((pair_t *)to)[3] = both;
    }
    for (; length > PAIR; length -= PAIR, to += PAIR)
        *(pair_t *)to = both;
    *tail = both;
    return memory;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const uint8_t *a = left, *b = right;

    while (length >= 8 && ((const word_t *)a)->v == ((const word_t *)b)->v) {
        a += 8;
        b += 8;
        length -= 8;
    }
    for (; length > 0; a++, b++, length--) {
        if (*a != *b)
            return *a - *b;
    }
    return 0;
}

void *memchr(const void *memory, int byte, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    const uint8_t *at = memory;
    uint64_t pattern = (uint8_t)byte * ones;

    /* Eight at a time while none of them is a zero after the exclusive or. */
    while (length >= 8) {
        uint64_t word = ((const word_t *)at)->v ^ pattern;
        if (((word - ones) & ~word & tops) != 0)
            break;
        at += 8;
        length -= 8;
    }
    for (; length > 0; at++, length--) {
        if (*at == (uint8_t)byte)
            return (void *)(uintptr_t)at;
    }
    return NULL;
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

char *strchr(const char *text, int wanted)
{
    for (; *text != (char)wanted; text++) {
        if (*text == '\0')
            return NULL;
    }
    return (char *)(uintptr_t)text;
}

char *strrchr(const char *text, int wanted)
{
    const char *found = NULL;

    for (;; text++) {
        if (*text == (char)wanted)
            found = text;
        if (*text == '\0')
            return (char *)(uintptr_t)found;
    }
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (; limit > 0; left++, right++, limit--) {
        if (*left != *right || *left == '\0')
            return (uint8_t)*left - (uint8_t)*right;
    }
    return 0;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, SIZE_MAX);
}

/* What a digit is worth; 36 if it is none. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'z')
        return (unsigned)((digit | 0x20) - 'a') + 10;
    return 36;
}

/* Whether "0x" and a digit of it stand here. */
static int has_hex_prefix(const char *text)
{
    return text[0] == '0' && (text[1] | 0x20) == 'x' && digit_value(text[2]) < 16;
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    const char *at = text, *last = text;
    unsigned long value = 0;
    int negative, overflow = 0;

    while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
        at++;
    negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if ((base == 0 || base == 16) && has_hex_prefix(at)) {
        base = 16;
        at += 2;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    for (unsigned digit; (digit = digit_value(*at)) < (unsigned)base; last = ++at) {
        overflow |= __builtin_mul_overflow(value, (unsigned long)base, &value);
        overflow |= __builtin_add_overflow(value, (unsigned long)digit, &value);
    }
    if (end)
        *end = (char *)(uintptr_t)last;
    if (overflow)
        return UINT64_MAX;
    return negative ? 0 - value : value;
}
