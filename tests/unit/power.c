/* SPDX-License-Identifier: MIT */
/*
 * watch/power.c: in which order the machine ends, and who is told how it went.
 */
#include <string.h>

#include "watch/power.c"

#include "ktf.h"

static char steps[64];
static bool has_word;
static const char *kept = ""; /* what no UART was there for */
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

struct machine machine = {.dtb = {{0x40000000}, 1}, .has_psci = true};

bool serial_take_kept(char *character)
{
    if (*kept == '\0')
        return false;
    *character = *kept++;
    return true;
}

void semihosting_write(char character)
{
    steps[strlen(steps)] = character;
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
    memset(steps, 0, sizeof(steps));
}

KTF_SUITE(power, .setup = setup);

/* In this order: whether it was told before is kept. */
KTF_TEST(power, tells_nobody_unless_it_is_asked_to)
{
    has_word = false;
    power_off(3);
    EXPECT_STREQ(steps, "flush off ");
}

KTF_TEST(power, calls_no_firmware_that_is_not_there)
{
    machine.has_psci = false;
    power_off(3);
    EXPECT_STREQ(steps, "flush ");
    machine.has_psci = true;
}

/* Without a tree there is neither the word nor a UART. */
KTF_TEST(power, tells_once_and_falls_back_on_the_firmware)
{
    machine.dtb.bytes = 0;
    kept = "why ";
    power_off(3);
    EXPECT_STREQ(steps, "flush why tell flush off off ");
    EXPECT_EQ(told, 3);
    machine.dtb.bytes = 1;
    has_word = true;
    power_off(4);
    EXPECT_EQ(told, 3);
}
