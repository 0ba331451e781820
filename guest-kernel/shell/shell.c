/* SPDX-License-Identifier: MIT */
/*
 * The shell's prompt and line editing.
 */
#include <stddef.h>

#include "lib/printk.h"
#include "shell/console.h"
#include "shell/shell.h"

#define LINE_MAX 80

#define KEY_BACKSPACE 0x08
#define KEY_DELETE    0x7F
#define KEY_CTRL_U    0x15

static void erase(size_t count)
{
    while (count-- > 0)
        printk_write("\b \b", 3);
}

/* A character of the line that grows; returns its new length. */
static size_t edit(char *line, size_t length, char key)
{
    if (key == KEY_BACKSPACE || key == KEY_DELETE) {
        erase(length > 0);
        return length > 0 ? length - 1 : 0;
    }
    if (key == KEY_CTRL_U) {
        erase(length);
        return 0;
    }
    if (key < ' ' || length == LINE_MAX - 1)
        return length;
    line[length] = key;
    printk_write(&key, 1);
    return length + 1;
}

static void read_line(char *line)
{
    size_t length = 0;
    char key;

    while ((key = console_getchar()) != '\r' && key != '\n')
        length = edit(line, length, key);
    line[length] = '\0';
    printk_write("\n", 1);
}

void shell_run(void)
{
    char line[LINE_MAX];

    printk("Type help.\n");
    for (;;) {
        printk_write("guest> ", 7);
        read_line(line);
        shell_execute(line);
    }
}
