/* SPDX-License-Identifier: MIT */
/*
 * The harness's ties to the kernel: where its output goes, and what it counts for leaks.
 * "filter=" on the command line says which cases run. The options of jobs[] run none, but make this
 * kernel a bad neighbour, the one that suffers, or one that talks to another.
 */
#include <string.h>

#include "ktf.h"
#include "lib/printk.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "test/test.h"

void ktf_write(const char *text, size_t length)
{
    printk_write(text, length);
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

void test_word(const char *text, char *word, size_t size)
{
    size_t length = 0;

    for (; length < size - 1 && text[length] > ' '; length++)
        word[length] = text[length];
    word[length] = '\0';
}

static const struct {
    const char *option;
    void (*run)(const char *how);
} jobs[] = {
    {"hostile=", hostile_run},
    {"share=", share_run},
    {"echo=", echo_run},
    {"channel=", channel_run},
    {"donate=", donate_run},
    {"take=", take_run},
    {"differential=", differential_run},
    {"lend=", lend_run},
    {"borrow=", borrow_run},
    {"disk=", disk_run},
    {"packets=", packets_run},
    {"answers=", answers_run},
    {"storm=", storm_run},
};

uint64_t test_gpio;
uint64_t test_msi;
uint32_t test_run(void)
{
    char text[64];

    /* Before the first suite: a table for it is not that one's. */
    if (machine.gpio.bytes != 0)
        test_gpio = kernel_map_device(machine.gpio.base, machine.gpio.bytes);
    if (machine.msi.bytes != 0)
        test_msi = kernel_map_device(machine.msi.base, machine.msi.bytes);
    test_map_devices();

    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        const char *how = machine_option_value(jobs[i].option);
        if (how) {
            jobs[i].run(how);
            return 0;
        }
    }
    return (uint32_t)ktf_run_all(filter(text, sizeof(text)));
}
