/* SPDX-License-Identifier: MIT */
/*
 * A guest that asks another VM for more than there is time for: see share.c for who suffers.
 */
#include <string.h>

#include "lib/printk.h"
#include "test/test.h"

/* What is behind a word and a colon; NULL: it is another word. */
static const char *behind(const char *how, const char *word)
{
    size_t length = strlen(word);

    return strncmp(how, word, length) == 0 && how[length] == ':' ? how + length + 1 : NULL;
}

void storm_run(const char *how)
{
    const char *fault = "no such storm", *whose;

    printk("storm: begins\n");
    if ((whose = behind(how, "disk")) != NULL)
        fault = disk_storm(whose, false);
    else if ((whose = behind(how, "wait")) != NULL)
        fault = disk_storm(whose, true);
    else if ((whose = behind(how, "packets")) != NULL)
        fault = packets_storm(whose);
    printk("storm: %s: BAD\n", fault);
}
