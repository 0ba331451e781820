/* SPDX-License-Identifier: MIT */
/*
 * watch/power.c: in which order the machine ends, and who is told how it went.
 */
#include <string.h>

#include "watch/power.c"

#include "ktf.h"

static char steps[64];
static bool has_word;
static uint32_t told;

/* --- what it calls --- */

void console_panic_write(const char *text, size_t length)
{
    (void)text;
    EXPECT_EQ(length, 0);
    strcat(steps, "flush ");
}

bool machine_option(const char *word)
{
    EXPECT_STREQ(word, "stile.semihosting");
    return has_word;
}

/* Comes back, as it does where nobody listens. */
void semihosting_exit(uint32_t status)
{
    told = status;
    strcat(steps, "tell ");
    power_off(POWER_STATUS_PANIC); /* the exception's panic */
}

void psci_system_off(void)
{
    strcat(steps, "off ");
}

static void setup(void)
{
    steps[0] = '\0';
}

KTF_SUITE(power, .setup = setup);

/* In this order: whether it was told before is kept. */
KTF_TEST(power, tells_nobody_unless_it_is_asked_to)
{
    has_word = false;
    power_off(3);
    EXPECT_STREQ(steps, "flush off ");
}

KTF_TEST(power, tells_once_and_falls_back_on_the_firmware)
{
    has_word = true;
    power_off(3);
    EXPECT_STREQ(steps, "flush tell flush off off ");
    EXPECT_EQ(told, 3);
}
