/* SPDX-License-Identifier: MIT */
/*
 * Reading the configuration.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "say.h"

#define WORDS 6

/* Splits a line. Returns how many words it has; WORDS + 1: too many. */
static unsigned split(char *line, char *words[WORDS])
{
    unsigned nr = 0;
    char *rest = NULL;

    line[strcspn(line, "#\n")] = '\0';
    for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (nr < WORDS)
            words[nr] = word;
        if (++nr > WORDS)
            break;
    }
    return nr;
}

static bool copy(char *to, size_t room, const char *word)
{
    if (strlen(word) >= room)
        return false;
    strcpy(to, word);
    return true;
}

static bool read_number(uint32_t *number, const char *word, uint32_t least, uint32_t most)
{
    char *end;
    unsigned long value = strtoul(word, &end, 10);

    *number = (uint32_t)value;
    return isdigit((unsigned char)word[0]) && *end == '\0' && value >= least && value <= most;
}

static bool read_mac(uint8_t mac[6], const char *word)
{
    for (unsigned i = 0; i < 6; i++) {
        char *end;
        unsigned long byte = strtoul(word, &end, 16);

        if (!isxdigit((unsigned char)word[0]) || end > word + 2 || *end != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)byte;
        word = end + 1;
    }
    return !(mac[0] & 1); /* of one card, not of a group of them */
}

static const struct kind *find_kind(const char *word)
{
    static const struct {
        const char *word;
        const struct kind *kind;
    } kinds[] = {
        {"disk", &kind_disk},
        {"net", &kind_net},
        {"vhost-net", &kind_vhost_net},
    };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(word, kinds[i].word) == 0)
            return kinds[i].kind;
    return NULL;
}

static const char *read_queues(struct config_device *device, const char *word)
{
    if (device->kind == &kind_disk)
        return read_number(&device->nr_queues, word, 1, STILE_VIRTIO_NR_QUEUES)
                   ? NULL
                   : "queues= is not a number from 1 to 8";
    if (device->kind == &kind_vhost_net)
        return "a vhost-net has one pair of queues";
    return read_number(&device->nr_queues, word, 1, NET_PAIRS_MAX)
               ? NULL
               : "queues= is not a number from 1 to 3";
}

/* A word behind those that all devices have. */
static const char *read_option(struct config_device *device, const char *word)
{
    static const char queues[] = "queues=";

    if (strncmp(word, queues, sizeof(queues) - 1) == 0)
        return read_queues(device, &word[sizeof(queues) - 1]);
    if (device->kind == &kind_disk) {
        device->is_read_only = strcmp(word, "read-only") == 0;
        return device->is_read_only ? NULL : "a disk may be read-only, and have queues=";
    }
    device->has_mac = read_mac(device->mac, word);
    return device->has_mac ? NULL : "the MAC address is not six bytes, of one card";
}

static const char *read_words(struct config_device *device, char *words[], unsigned nr)
{
    const char *fault = NULL;

    *device = (struct config_device){.kind = find_kind(words[0]), .nr_queues = 1};
    if (!device->kind)
        return "it is neither a disk nor a net nor a vhost-net";
    if (nr < 4 || nr > WORDS)
        return "it is not: disk VM INDEX FILE [read-only] [queues=N], net VM INDEX TAP [MAC] "
               "[queues=N], or vhost-net VM INDEX TAP [MAC]";
    if (!copy(device->vm, sizeof(device->vm), words[1]) ||
        !copy(device->file, sizeof(device->file), words[3]))
        return "a name is too long";
    if (!read_number(&device->index, words[2], 0, SERVED_MAX - 1))
        return "the index is not a number below 32";
    for (unsigned i = 4; i < nr && !fault; i++)
        fault = read_option(device, words[i]);
    return fault;
}

static const struct config_device *find(const struct config *config,
                                        const struct config_device *like)
{
    for (unsigned i = 0; i < config->nr; i++)
        if (strcmp(config->devices[i].vm, like->vm) == 0 && config->devices[i].index == like->index)
            return &config->devices[i];
    return NULL;
}

static const char *read_line(struct config *config, char *line)
{
    char *words[WORDS];
    unsigned nr = split(line, words);
    struct config_device device;
    const char *fault;

    if (nr == 0)
        return NULL;
    fault = read_words(&device, words, nr);
    if (fault)
        return fault;
    if (find(config, &device))
        return "the VM has a device of that index already";
    if (config->nr == SERVED_MAX)
        return "there are more than 32 devices";
    config->devices[config->nr++] = device;
    return NULL;
}

void config_read(struct config *config, const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned nr_line = 0;
    char line[512];

    if (!file)
        die("%s: %s", path, strerror(errno));
    config->nr = 0;
    while (fgets(line, sizeof(line), file)) {
        bool is_whole = strchr(line, '\n') || feof(file);
        const char *fault = is_whole ? read_line(config, line) : "it is too long";

        nr_line++;
        if (fault)
            die("%s, line %u: %s", path, nr_line, fault);
    }
    (void)fclose(file);
}
