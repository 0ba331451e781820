/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf() and snprintf() as far as a freestanding kernel needs them.
 *
 * Conversions: %d %i %u %x %X with l, ll or z; %s %c %p %%. Flags '-' and '0', a width, and for %s
 * a precision; either may be '*'. There is no floating point. A directive that is none of these is
 * written as it stands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Where the text goes. Counts on when the room is used up. */
struct sink {
    char *text;
    size_t size;
    size_t length;
};

/* One conversion as the format describes it. */
struct spec {
    int left;
    int zero;
    int width;
    int precision; /* -1: none */
    int longs;     /* 1 or more: the argument has 64 bits */
    char conversion;
};

static void put(struct sink *sink, char character)
{
    if (sink->length + 1 < sink->size)
        sink->text[sink->length] = character;
    sink->length++;
}

static void put_repeated(struct sink *sink, char character, int count)
{
    for (; count > 0; count--)
        put(sink, character);
}

/* Writes prefix and body, filled to the width: blanks outside, zeros between the two. */
static void put_field(struct sink *sink, const struct spec *spec, const char *prefix,
                      const char *body, size_t length)
{
    int fill = spec->width - (int)strlen(prefix) - (int)length;

    if (!spec->left && !spec->zero)
        put_repeated(sink, ' ', fill);
    for (; *prefix != '\0'; prefix++)
        put(sink, *prefix);
    if (!spec->left && spec->zero)
        put_repeated(sink, '0', fill);
    for (; length > 0; body++, length--)
        put(sink, *body);
    if (spec->left)
        put_repeated(sink, ' ', fill);
}

static void put_number(struct sink *sink, const struct spec *spec, const char *prefix,
                       uint64_t value, unsigned base)
{
    const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char body[20];
    size_t at = sizeof(body);

    do {
        body[--at] = digits[value % base];
        value /= base;
    } while (value != 0);
    put_field(sink, spec, prefix, body + at, sizeof(body) - at);
}

static void put_string(struct sink *sink, struct spec *spec, const char *text)
{
    size_t limit = spec->precision >= 0 ? (size_t)spec->precision : SIZE_MAX;
    size_t length = 0;

    if (!text)
        text = "(null)";
    while (length < limit && text[length] != '\0')
        length++;
    spec->zero = 0;
    put_field(sink, spec, "", text, length);
}

/* va_list may be an array, which a function cannot be given by reference. */
struct arguments {
    va_list list;
};

static uint64_t next_unsigned(const struct spec *spec, struct arguments *arguments)
{
    if (spec->longs > 0)
        return va_arg(arguments->list, unsigned long);
    return va_arg(arguments->list, unsigned int);
}

static int64_t next_signed(const struct spec *spec, struct arguments *arguments)
{
    if (spec->longs > 0)
        return va_arg(arguments->list, long);
    return va_arg(arguments->list, int);
}

/* Returns 0 if there is no such conversion. */
static int put_conversion(struct sink *sink, struct spec *spec, struct arguments *arguments)
{
    int64_t number;
    char character;

    switch (spec->conversion) {
    case 'd':
    case 'i':
        number = next_signed(spec, arguments);
        put_number(sink, spec, number < 0 ? "-" : "",
                   number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
        return 1;
    case 'u':
        put_number(sink, spec, "", next_unsigned(spec, arguments), 10);
        return 1;
    case 'x':
    case 'X':
        put_number(sink, spec, "", next_unsigned(spec, arguments), 16);
        return 1;
    case 'p':
        put_number(sink, spec, "0x", (uintptr_t)va_arg(arguments->list, void *), 16);
        return 1;
    case 's':
        put_string(sink, spec, va_arg(arguments->list, const char *));
        return 1;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        spec->zero = 0;
        put_field(sink, spec, "", &character, 1);
        return 1;
    case '%':
        put(sink, '%');
        return 1;
    default:
        return 0;
    }
}

/* Reads digits or '*'; a number too large for a line is cut. */
static const char *parse_number(const char *at, int *number, struct arguments *arguments)
{
    if (*at == '*') {
        *number = va_arg(arguments->list, int);
        return at + 1;
    }
    for (*number = 0; *at >= '0' && *at <= '9'; at++) {
        if (*number < 10000)
            *number = *number * 10 + (*at - '0');
    }
    return at;
}

/* Reads what follows '%', up to and with the conversion's letter. */
static const char *parse_spec(const char *at, struct spec *spec, struct arguments *arguments)
{
    *spec = (struct spec){.precision = -1};
    for (; *at == '-' || *at == '0'; at++) {
        spec->left |= *at == '-';
        spec->zero |= *at == '0';
    }
    at = parse_number(at, &spec->width, arguments);
    if (spec->width < 0) {
        spec->left = 1;
        spec->width = -spec->width;
    }
    if (*at == '.')
        at = parse_number(at + 1, &spec->precision, arguments);
    for (; *at == 'l' || *at == 'z'; at++)
        spec->longs++;
    spec->conversion = *at;
    return *at == '\0' ? at : at + 1;
}

int vsnprintf(char *restrict text, size_t size, const char *restrict format, va_list list)
{
    struct sink sink = {text, size, 0};
    struct arguments arguments;
    struct spec spec;

    va_copy(arguments.list, list);
    while (*format != '\0') {
        const char *directive = format++;
        if (*directive != '%') {
            put(&sink, *directive);
            continue;
        }
        format = parse_spec(format, &spec, &arguments);
        if (put_conversion(&sink, &spec, &arguments))
            continue;
        for (; directive < format; directive++)
            put(&sink, *directive);
    }
    va_end(arguments.list);
    if (size > 0)
        text[sink.length < size ? sink.length : size - 1] = '\0';
    return (int)sink.length;
}

int snprintf(char *restrict text, size_t size, const char *restrict format, ...)
{
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(text, size, format, list);
    va_end(list);
    return length;
}
