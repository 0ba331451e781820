/* SPDX-License-Identifier: MIT */
/*
 * A text for each physical CPU.
 */
#include "vm/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "dev/pcpu.h"

#define TEXT_BYTES 161

const char *refusal(const char *format, ...)
{
    static char texts[CONFIG_NR_PCPUS][TEXT_BYTES];
    char *text = texts[pcpu_self()->index];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, TEXT_BYTES, format, arguments);
    va_end(arguments);
    /* Names may be a VM's: they are not to write what looks like other lines, or moves the cursor.
     */
    for (char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return text;
}
