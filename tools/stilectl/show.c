/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>

static enum show_form form;
static size_t nr_shown;

/* A string as JSON has it. What is no character of ASCII's is told by its number. */
static void put_string(const char *text)
{
    (void)putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c >= 0x7F)
            (void)printf("\\u%04x", c);
        else
            (void)printf(c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    (void)putchar('"');
}

/* For people: nothing that a terminal would take for an order of its own. */
static void put_text(const char *text, int width)
{
    for (; *text; text++, width--)
        (void)putchar(*text >= 0x20 && *text < 0x7F ? *text : '?');
    for (; width > 0; width--)
        (void)putchar(' ');
}

static void put_json(const struct field fields[], size_t nr)
{
    (void)printf(nr_shown > 0 ? ",\n{" : "{");
    for (size_t i = 0; i < nr; i++) {
        (void)printf("%s\"%s\": ", i > 0 ? ", " : "", fields[i].name);
        if (fields[i].text)
            put_string(fields[i].text);
        else
            (void)printf("%" PRIu64, fields[i].number);
    }
    (void)printf("}");
}

static void put_value(const struct field *field, int width)
{
    if (field->text)
        put_text(field->text, width);
    else if (field->is_hex)
        (void)printf("%#*" PRIx64, width, field->number);
    else
        (void)printf("%*" PRIu64, width, field->number);
}

/* The last column has no spaces after it. */
static void put_row(const struct field fields[], size_t nr)
{
    for (size_t i = 0; nr_shown == 0 && i < nr; i++)
        (void)printf(fields[i].text ? "%-*s%s" : "%*s%s",
                     i + 1 < nr || !fields[i].text ? fields[i].width : 0, fields[i].name,
                     i + 1 < nr ? "  " : "\n");
    for (size_t i = 0; i < nr; i++) {
        put_value(&fields[i], i + 1 < nr || !fields[i].text ? fields[i].width : 0);
        (void)printf("%s", i + 1 < nr ? "  " : "\n");
    }
}

void show_begin(enum show_form as)
{
    form = as;
    nr_shown = 0;
    if (form == SHOW_JSON_LIST)
        (void)printf("[");
}

void show(const struct field fields[], size_t nr)
{
    if (form == SHOW_TABLE)
        put_row(fields, nr);
    else if (form != SHOW_LINES)
        put_json(fields, nr);
    for (size_t i = 0; form == SHOW_LINES && i < nr; i++) {
        (void)printf("%-10s ", fields[i].name);
        put_value(&fields[i], 0);
        (void)putchar('\n');
    }
    nr_shown++;
}

void show_end(void)
{
    if (form == SHOW_JSON_LIST)
        (void)printf("]\n");
    else if (form == SHOW_JSON)
        (void)printf("\n");
}
