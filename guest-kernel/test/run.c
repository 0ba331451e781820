/* SPDX-License-Identifier: MIT */
/*
 * The harness's ties to the kernel: where its output goes, and what it counts for leaks.
 * "filter=" on the command line says which cases run; "hostile=", "share=" and "echo=" run none,
 * but make this kernel a bad neighbour, the one that suffers, or one that answers.
 */
#include <string.h>

#include "core/machine.h"
#include "core/printk.h"
#include "ktf.h"
#include "mm/page.h"
#include "test/test.h"

void ktf_write(const char *text, size_t length)
{
    console_write(text, length);
}

size_t ktf_free_pages(void)
{
    return (size_t)page_nr_free();
}

static const char *filter(char *text, size_t size)
{
    const char *value = machine_option_value("filter=");
    size_t length = 0;

    while (value && value[length] != '\0' && value[length] != ' ' && length < size - 1) {
        text[length] = value[length];
        length++;
    }
    text[length] = '\0';
    return text;
}

void test_run(void)
{
    const char *hostile = machine_option_value("hostile=");
    const char *share = machine_option_value("share=");
    const char *echo = machine_option_value("echo=");
    char text[64];

    if (hostile)
        hostile_run(hostile);
    else if (share)
        share_run(share);
    else if (echo)
        echo_run(echo);
    else
        (void)ktf_run_all(filter(text, sizeof(text)));
}
