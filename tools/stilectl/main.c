/* SPDX-License-Identifier: MIT */
/*
 * stilectl: the VMs of the machine, looked at, steered and made from one that may
 * (stile,privileged).
 *
 *   stilectl [--json] COMMAND [VM] [WORDS]
 *
 * A VM is named by its name or its number.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "control.h"

static const struct command {
    const char *name;
    int least, most; /* words */
    command_run *run;
    const char *words;
    const char *help;
} commands[] = {
    {"list", 0, 0, command_list, "", "all VMs, those that have ended too"},
    {"info", 1, 1, command_info, "VM", "what a VM is, has, and may use"},
    {"create", 1, 1, command_create, "FILE [-f]", "make a VM; -f: and stay while it lives"},
    {"pause", 1, 1, command_pause, "VM", "keep its vCPUs from running"},
    {"resume", 1, 1, command_resume, "VM", "let a VM that is paused or suspended go on"},
    {"destroy", 1, 1, command_destroy, "VM", "end it at once"},
    {"set", 2, 3, command_set, "VM weight=N | cpus=LIST",
     "change its share, or the physical CPUs that it may use"},
    {"console", 1, 1, command_console, "VM [-f]", "what it has written; -f: and goes on to write"},
    {"exits", 1, 1, command_exits, "VM", "its vCPUs' exits to the hypervisor, by their causes"},
    {"top", 0, 2, command_top, "[SECONDS [TIMES]]", "what all vCPUs do a second, again and again"},
    {"trace", 1, 1, command_trace, "VM", "the last exits of its vCPUs, with calls by name"},
    {"crash", 1, 1, command_crash, "VM", "why it crashed, and a vCPU's registers"},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
    (void)fprintf(to, "usage: stilectl [--json] COMMAND [VM] [WORDS]\n\n");
    for (size_t i = 0; i < NR_COMMANDS; i++)
        (void)fprintf(to, "  %-8s%-26s%s\n", commands[i].name, commands[i].words, commands[i].help);
    (void)fprintf(to, "\nVM is a name or a number. --json: list, info, create, exits, top, "
                      "trace and crash as JSON.\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < NR_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    die("there is no command %s; stilectl --help shows all", name);
}

/* Takes options out of the words. Returns how many words are left. */
static int take_options(int nr, char *words[], struct options *options)
{
    int left = 0;

    for (int i = 0; i < nr; i++) {
        if (strcmp(words[i], "--json") == 0)
            options->json = true;
        else if (strcmp(words[i], "-f") == 0)
            options->follow = true;
        else if (words[i][0] == '-')
            die("there is no option %s; stilectl --help shows all", words[i]);
        else
            words[left++] = words[i];
    }
    words[left] = NULL;
    return left;
}

int main(int argc, char *argv[])
{
    struct options options = {.json = false};

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    int nr = take_options(argc - 1, argv + 1, &options);
    if (nr == 0) {
        print_help(stderr);
        return 2;
    }
    const struct command *command = find(argv[1]);
    if (nr - 1 < command->least || nr - 1 > command->most)
        die("usage: stilectl %s %s", command->name, command->words);
    command->run(&options, argv + 2);
    return fflush(stdout) == 0 ? 0 : 1;
}
