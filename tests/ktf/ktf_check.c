/* SPDX-License-Identifier: MIT */
/*
 * The checks behind EXPECT_* and ASSERT_*, and how a failed one is told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktf.h"
#include "ktf_internal.h"

#define TEXT_MAX   64
#define DUMP_BYTES 16

static const char *const operators[] = {
    [KTF_EQ] = "==", [KTF_NE] = "!=", [KTF_LT] = "<",
    [KTF_LE] = "<=", [KTF_GT] = ">",  [KTF_GE] = ">=",
};

static void report(struct ktf_place place)
{
    ktf_mark_failed();
    ktf_log("FAILED at %s:%d", place.file, place.line);
}

static bool is_negative(struct ktf_value value)
{
    return value.is_signed && (int64_t)value.bits < 0;
}

/* Less than 0, 0 or more, as the left is less than, equal to or greater than the right. */
static int compare(struct ktf_value left, struct ktf_value right)
{
    if (is_negative(left) != is_negative(right))
        return is_negative(left) ? -1 : 1;
    /* Two of the same sign keep their order as unsigned numbers. */
    return left.bits < right.bits ? -1 : left.bits > right.bits;
}

static bool holds(enum ktf_operator op, int order)
{
    switch (op) {
    case KTF_EQ:
        return order == 0;
    case KTF_NE:
        return order != 0;
    case KTF_LT:
        return order < 0;
    case KTF_LE:
        return order <= 0;
    case KTF_GT:
        return order > 0;
    case KTF_GE:
        break;
    }
    return order >= 0;
}

static void report_value(const char *expression, struct ktf_value value)
{
    if (value.is_signed)
        ktf_log("    %s is %ld (0x%lx)", expression, (long)value.bits, (unsigned long)value.bits);
    else
        ktf_log("    %s is %lu (0x%lx)", expression, (unsigned long)value.bits,
                (unsigned long)value.bits);
}

bool ktf_check_compare(struct ktf_place place, enum ktf_operator op, struct ktf_value left,
                       struct ktf_value right)
{
    if (holds(op, compare(left, right)))
        return true;
    report(place);
    ktf_log("    expected %s %s %s, but", place.left, operators[op], place.right);
    report_value(place.left, left);
    report_value(place.right, right);
    return false;
}

bool ktf_check_bool(struct ktf_place place, bool wanted, bool found)
{
    if (wanted == found)
        return true;
    report(place);
    ktf_log("    expected %s to be %s, but it is %s", place.left, wanted ? "true" : "false",
            found ? "true" : "false");
    return false;
}

bool ktf_check_null(struct ktf_place place, bool wanted_null, const volatile void *pointer)
{
    if ((pointer == NULL) == wanted_null)
        return true;
    report(place);
    ktf_log("    expected %s %s NULL, but it is 0x%lx", place.left,
            wanted_null ? "==" : "!=", (unsigned long)(uintptr_t)pointer);
    return false;
}

/* A string in one printable piece: quoted, escaped, cut if long. */
static void quote(const char *string, char *text, size_t size)
{
    size_t used = 0;

    if (string == NULL) {
        (void)snprintf(text, size, "NULL");
        return;
    }
    text[used++] = '"';
    for (; *string != '\0' && used + 9 < size; string++) {
        unsigned char c = (unsigned char)*string;

        if (c >= ' ' && c <= '~')
            text[used++] = *string;
        else
            used += (size_t)snprintf(text + used, size - used, "\\x%02x", (unsigned)c);
    }
    (void)snprintf(text + used, size - used, *string != '\0' ? "\"..." : "\"");
}

bool ktf_check_string(struct ktf_place place, const char *left, const char *right)
{
    char text[2 * TEXT_MAX];

    if (left == right || (left && right && strcmp(left, right) == 0))
        return true;
    report(place);
    ktf_log("    expected %s and %s to be the same text, but", place.left, place.right);
    quote(left, text, sizeof(text));
    ktf_log("    %s is %s", place.left, text);
    quote(right, text, sizeof(text));
    ktf_log("    %s is %s", place.right, text);
    return false;
}

static void report_bytes(const char *expression, const unsigned char *bytes, size_t length)
{
    char text[TEXT_MAX];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < length && i < DUMP_BYTES; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " %02x", (unsigned)bytes[i]);
    ktf_log("    %s:%s", expression, text);
}

bool ktf_check_memory(struct ktf_place place, const void *left, const void *right, size_t length)
{
    const unsigned char *a = left;
    const unsigned char *b = right;
    size_t i = 0;

    while (i < length && a[i] == b[i])
        i++;
    if (i == length)
        return true;
    report(place);
    ktf_log("    expected %u equal bytes, but from byte %u on they are", (unsigned)length,
            (unsigned)i);
    report_bytes(place.left, a + i, length - i);
    report_bytes(place.right, b + i, length - i);
    return false;
}

void ktf_fail(struct ktf_place place, const char *format, ...)
{
    va_list arguments;

    report(place);
    va_start(arguments, format);
    ktf_vlog(format, arguments);
    va_end(arguments);
}
