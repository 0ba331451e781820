/* SPDX-License-Identifier: MIT */
#include "vmfile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libconfig.h>

#include "cpus.h"
#include "stile/shared.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* A person has written it. */
#define FILE_BYTES_MAX (1 << 20)

static char fault[512];

/* What is read at this moment: libconfig names no file but those that it has included. */
static const char *reading;

__attribute__((format(printf, 3, 4))) static const char *wrong_at(const char *file, unsigned line,
                                                                  const char *format, ...)
{
    va_list arguments;
    int length =
        snprintf(fault, sizeof(fault), "%.200s:%u: ", file && *file ? file : reading, line);

    va_start(arguments, format);
    (void)vsnprintf(fault + length, sizeof(fault) - (size_t)length, format, arguments);
    va_end(arguments);
    return fault;
}

#define wrong(setting, ...)                                                                        \
    wrong_at(config_setting_source_file(setting), config_setting_source_line(setting), __VA_ARGS__)

/* --- kinds of values ------------------------------------------------------------------------- */

struct key;

/* Takes a setting that has that key. Returns NULL, or what is wrong. */
typedef const char *take_fn(struct vmfile *file, const struct key *key,
                            const config_setting_t *setting);

struct key {
    const char *name;
    take_fn *take;
    size_t at;            /* where it goes, in struct vmfile */
    uint32_t least, most; /* of a number, what it may be, */
    const char *unit;     /* and what it counts */
    bool is_trees;        /* a tree of one's own says it itself */
};

static void *place(struct vmfile *file, const struct key *key)
{
    return (char *)file + key->at;
}

/* NULL: it is no text, and that is said. */
static const char *text_of(const struct key *key, const config_setting_t *setting)
{
    const char *text = config_setting_get_string(setting);

    if (!text)
        (void)wrong(setting, "%s is a text: %s = \"...\"", key->name, key->name);
    return text;
}

static const char *take_text(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    const char **text = place(file, key);

    *text = text_of(key, setting);
    return *text ? NULL : fault;
}

/* As the hypervisor will have it: vm_create. */
static const char *take_name(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    const char *name = text_of(key, setting);
    size_t length = 0;

    if (!name)
        return fault;
    while (name[length] > ' ' && name[length] <= '~' && name[length] != '/')
        length++;
    if (name[length] != '\0' || length == 0 || length >= STILE_VM_NAME_BYTES)
        return wrong(setting, "%s has 1 to %d characters of ASCII, no spaces and no /", key->name,
                     STILE_VM_NAME_BYTES - 1);
    file->name = name;
    return NULL;
}

static const char *take_path(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    const char *path = text_of(key, setting), *end = strrchr(reading, '/');
    char **kept = place(file, key);

    if (!path)
        return fault;
    if (*path == '\0')
        return wrong(setting, "%s is the path of a file", key->name);
    if (*path == '/' || !end)
        end = reading;
    else
        end++;
    if (asprintf(kept, "%.*s%s", (int)(end - reading), reading, path) < 0) {
        *kept = NULL;
        return wrong(setting, "out of memory");
    }
    return NULL;
}

static const char *take_number(struct vmfile *file, const struct key *key,
                               const config_setting_t *setting)
{
    uint32_t *number = place(file, key);
    int type = config_setting_type(setting);
    long long value = config_setting_get_int64(setting);

    if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || value < key->least ||
        value > key->most)
        return wrong(setting, "%s is a number%s from %u to %u", key->name, key->unit, key->least,
                     key->most);
    *number = (uint32_t)value;
    return NULL;
}

static const char *take_flag(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    bool *flag = place(file, key);

    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return wrong(setting, "%s is true or false, without quotes", key->name);
    *flag = config_setting_get_bool(setting) != CONFIG_FALSE;
    return NULL;
}

static const char *take_mode(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    const char *mode = config_setting_get_string(setting);

    if (!mode || (strcmp(mode, "assisted") != 0 && strcmp(mode, "trap") != 0 &&
                  strcmp(mode, "paravirtual") != 0))
        return wrong(setting, "%s is \"assisted\", \"trap\" or \"paravirtual\"", key->name);
    file->mode = mode;
    return NULL;
}

static const char *take_reboot(struct vmfile *file, const struct key *key,
                               const config_setting_t *setting)
{
    const char *what = config_setting_get_string(setting);

    file->restarts = what && strcmp(what, "restart") == 0;
    if (!file->restarts && (!what || strcmp(what, "destroy") != 0))
        return wrong(setting, "%s is \"restart\" or \"destroy\"", key->name);
    return NULL;
}

static const char *take_cpus(struct vmfile *file, const struct key *key,
                             const config_setting_t *setting)
{
    const char *list = text_of(key, setting), *why;

    if (!list)
        return fault;
    why = cpus_read(list, &file->cpus);
    return why ? wrong(setting, "%s: %s", key->name, why) : NULL;
}

/* --- devices --------------------------------------------------------------------------------- */

static const char *add_backend(struct vmfile *file, const config_setting_t *device,
                               const char *backend)
{
    if (file->nr_backends == VMFILE_DEVICES_MAX)
        return wrong(device, "a VM has at most %d devices of type \"virtio\"", VMFILE_DEVICES_MAX);
    file->backends[file->nr_backends++] = backend;
    return NULL;
}

static const char *add_messages(struct vmfile *file, const config_setting_t *device,
                                const char *backend)
{
    if (file->messages)
        return wrong(device, "a VM has one entry of type \"messages\", for all such devices");
    file->messages = backend;
    return NULL;
}

/* One of the devices that other VMs serve. */
static const char *take_device(struct vmfile *file, const config_setting_t *device)
{
    const char *type = NULL, *backend = NULL;
    const config_setting_t *setting;

    if (!config_setting_is_group(device))
        return wrong(device, "a device is { type = \"...\"; backend = \"...\"; }");
    for (unsigned i = 0; (setting = config_setting_get_elem(device, i)) != NULL; i++) {
        const char *name = config_setting_name(setting);

        if (strcmp(name, "type") == 0)
            type = config_setting_get_string(setting);
        else if (strcmp(name, "backend") == 0)
            backend = config_setting_get_string(setting);
        else
            return wrong(setting, "a device has no %.40s, but type and backend", name);
    }
    if (!backend || *backend == '\0' || strlen(backend) >= STILE_VM_NAME_BYTES)
        return wrong(device, "a device's backend is the name of the VM that serves it");
    if (type && strcmp(type, "virtio") == 0)
        return add_backend(file, device, backend);
    if (type && strcmp(type, "messages") == 0)
        return add_messages(file, device, backend);
    return wrong(device, "a device's type is \"virtio\" or \"messages\"");
}

static const char *take_devices(struct vmfile *file, const struct key *key,
                                const config_setting_t *setting)
{
    const config_setting_t *device;
    const char *why = NULL;

    if (config_setting_type(setting) != CONFIG_TYPE_LIST)
        return wrong(setting, "%s is a list: %s = ( { type = \"virtio\"; backend = \"...\"; } )",
                     key->name, key->name);
    for (unsigned i = 0; !why && (device = config_setting_get_elem(setting, i)) != NULL; i++)
        why = take_device(file, device);
    return why;
}

/* --- the file -------------------------------------------------------------------------------- */

#define AT(field) offsetof(struct vmfile, field)

static const struct key keys[] = {
    {"name", take_name, 0, 0, 0, NULL, false},
    {"kernel", take_path, AT(kernel), 0, 0, NULL, false},
    {"initrd", take_path, AT(initrd), 0, 0, NULL, false},
    {"on_reboot", take_reboot, 0, 0, 0, NULL, false},
    {"tree", take_path, AT(tree), 0, 0, NULL, false},
    {"memory", take_number, AT(memory_mib), 1, 1 << 20, " of MiB", true},
    {"vcpus", take_number, AT(nr_vcpus), 1, 64, "", true},
    {"bootargs", take_text, AT(bootargs), 0, 0, NULL, true},
    {"mode", take_mode, 0, 0, 0, NULL, true},
    {"weight", take_number, AT(weight), 1, 10000, "", true},
    {"cpus", take_cpus, 0, 0, 0, NULL, true},
    {"hv_memory", take_number, AT(hv_memory_kib), 1, 1 << 20, " of KiB", true},
    {"privileged", take_flag, AT(privileged), 0, 0, NULL, true},
    {"gic", take_number, AT(gic), 2, 3, "", true},
    {"uart", take_flag, AT(uart), 0, 0, NULL, true},
    {"devices", take_devices, 0, 0, 0, NULL, true},
    {"pool", take_number, AT(pool_mib), 1, 1 << 20, " of MiB", true},
};

static const char *take(struct vmfile *file, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);

    for (size_t i = 0; i < NR(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].take(file, &keys[i], setting);
    return wrong(setting, "there is no key %.80s; stilectl(8) has them all", name);
}

static bool is_trees(const char *name)
{
    for (size_t i = 0; i < NR(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].is_trees;
    return false;
}

/* What does not go with what. */
static const char *check(const struct vmfile *file, const config_setting_t *root)
{
    const config_setting_t *setting;

    if (!file->name || !file->kernel)
        return wrong_at(NULL, 1, "there is no %s, which every VM has",
                        file->name ? "kernel" : "name");
    for (unsigned i = 0; file->tree && (setting = config_setting_get_elem(root, i)) != NULL; i++)
        if (is_trees(config_setting_name(setting)))
            return wrong(setting, "%s is said by the tree that is given: leave one of them out",
                         config_setting_name(setting));
    if (!file->tree && file->memory_mib == 0)
        return wrong_at(NULL, 1,
                        "there is no memory, which every VM without a tree of its own has");
    if (file->pool_mib > 0 && file->pool_mib >= file->memory_mib)
        return wrong(config_setting_get_member(root, "pool"),
                     "the pool is a part of the memory, less than %u MiB", file->memory_mib);
    if (file->pool_mib > 0 && file->nr_backends == 0 && !file->messages)
        return wrong(config_setting_get_member(root, "pool"),
                     "a pool is for devices, and there are none");
    return NULL;
}

/* libconfig would end the program, were it a folder. */
static const char *parse(FILE *stream, config_t *config)
{
    struct stat status;

    if (fstat(fileno(stream), &status) != 0 || S_ISDIR(status.st_mode) ||
        status.st_size > FILE_BYTES_MAX)
        return wrong_at(NULL, 1, "this is no file that describes a VM");
    if (config_read(config, stream) == CONFIG_TRUE)
        return NULL;
    return wrong_at(config_error_file(config), (unsigned)config_error_line(config), "%s",
                    config_error_text(config));
}

static const char *read_stream(FILE *stream, struct vmfile *file)
{
    const config_setting_t *root, *setting;
    const char *why = parse(stream, file->source);

    if (why)
        return why;
    root = config_root_setting(file->source);
    for (unsigned i = 0; !why && (setting = config_setting_get_elem(root, i)) != NULL; i++)
        why = take(file, setting);
    return why ? why : check(file, root);
}

const char *vmfile_read(const char *path, struct vmfile *file)
{
    FILE *stream;
    const char *why;

    *file = (struct vmfile){.source = malloc(sizeof(config_t)), .uart = true, .restarts = true};
    reading = path;
    if (!file->source)
        return wrong_at(NULL, 1, "out of memory");
    config_init(file->source);
    stream = fopen(path, "re");
    if (!stream) {
        (void)snprintf(fault, sizeof(fault), "%.200s: %s", path, strerror(errno));
        return fault;
    }
    why = read_stream(stream, file);
    (void)fclose(stream);
    return why;
}

void vmfile_free(struct vmfile *file)
{
    if (file->source)
        config_destroy(file->source);
    free(file->source);
    free(file->kernel);
    free(file->initrd);
    free(file->tree);
    *file = (struct vmfile){.source = NULL};
}
