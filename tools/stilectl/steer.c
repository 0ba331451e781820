/* SPDX-License-Identifier: MIT */
/*
 * Steering VMs, and reading along.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/stile.h>

#include "commands.h"
#include "control.h"
#include "cpus.h"

/* How often is looked for more output. */
#define LOOK_US 200000

static void do_to(uint32_t call, const char *word)
{
    const struct stile_vm_info info = control_find(word);
    struct control control = {.call = call, .vm = info.vm_id};
    int error = control_try(&control);

    if (error == EINVAL)
        die("%s is the VM that this runs in", word);
    if (error != 0)
        die("%s does not run", word);
}

void command_pause(const struct options *options, char *words[])
{
    (void)options;
    do_to(STILE_DEV_CONTROL_PAUSE, words[0]);
}

void command_resume(const struct options *options, char *words[])
{
    (void)options;
    do_to(STILE_DEV_CONTROL_RESUME, words[0]);
}

void command_destroy(const struct options *options, char *words[])
{
    (void)options;
    do_to(STILE_DEV_CONTROL_DESTROY, words[0]);
}

/* --- settings -------------------------------------------------------------------------------- */

/** A setting as it was typed. */
struct change {
    const char *word;
    uint64_t setting, value;
};

static struct change change_of(const char *word)
{
    struct change change = {.word = word};
    char *end;

    if (strncmp(word, "weight=", 7) == 0) {
        change.setting = STILE_SETTING_WEIGHT;
        change.value = number_of(word + 7, &end, UINT32_MAX);
        if (*end != '\0')
            die("%s: a weight is a number", word);
    } else if (strncmp(word, "cpus=", 5) == 0) {
        change.setting = STILE_SETTING_AFFINITY;
        const char *fault = cpus_read(word + 5, &change.value);
        if (fault)
            die("%s", fault);
    } else {
        die("%s: weight=N or cpus=LIST is what can be set", word);
    }
    return change;
}

static void set(const struct stile_vm_info *info, const struct change *change)
{
    struct control control = {
        .call = STILE_DEV_CONTROL_SET, .vm = info->vm_id, .args = {change->setting, change->value}};
    int error = control_try(&control);

    if (error == EINVAL && change->setting == STILE_SETTING_WEIGHT)
        die("%s: a weight is 1 to 10000", change->word);
    if (error == EINVAL)
        die("%s: the machine has none of these", change->word);
    if (error != 0)
        die("%s does not run", info->name);
}

/* All words are read before anything is set. */
void command_set(const struct options *options, char *words[])
{
    const struct stile_vm_info info = control_find(words[0]);
    struct change changes[STILE_NR_SETTINGS];
    size_t nr = 0;

    (void)options;
    for (char **word = &words[1]; *word; word++)
        changes[nr++] = change_of(*word);
    for (size_t i = 0; i < nr; i++)
        set(&info, &changes[i]);
}

/* --- its console ----------------------------------------------------------------------------- */

/* What a VM wrote, from @from on; returns where that ends. */
static uint64_t put_output(uint32_t vm, uint64_t from)
{
    char text[STILE_CONSOLE_KEPT_BYTES] = {0};
    struct control control = {
        .call = STILE_DEV_CONTROL_CONSOLE_READ, .vm = vm, .buffer = text, .bytes = sizeof(text)};

    for (;;) {
        control.args[0] = from;
        if (control_try(&control) != 0 || control.values[0] == 0)
            return from;
        (void)fwrite(text, 1, control.values[0], stdout);
        from = control.values[1] + control.values[0];
    }
}

void command_console(const struct options *options, char *words[])
{
    const struct stile_vm_info info = control_find(words[0]);
    uint64_t at = put_output(info.vm_id, 0);
    struct stile_vm_info now;

    while (options->follow && fflush(stdout) == 0 && control_info(info.vm_id, &now) &&
           now.state != STILE_VM_ENDED) {
        (void)usleep(LOOK_US);
        at = put_output(info.vm_id, at);
    }
    (void)put_output(info.vm_id, at); /* what it wrote before it ended */
}
