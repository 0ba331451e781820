/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/stile.h>

/* In one write: elsewhere than at a terminal, each may be a line of its own. */
void die(const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)dprintf(STDERR_FILENO, "stilectl: %s\n", text);
    exit(1);
}

uint64_t number_of(const char *text, char **end, uint64_t most)
{
    errno = 0;
    unsigned long value = strtoul(text, end, 10);

    if (*text < '0' || *text > '9' || errno != 0 || value > most)
        die("%s is no number up to %llu", text, (unsigned long long)most);
    return value;
}

static int device(void)
{
    static int file = -1;

    if (file < 0)
        file = open("/dev/stile", O_RDWR | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        die("no /dev/stile: it takes a VM of Stile's whose kernel has CONFIG_STILE_DEV");
    if (file < 0)
        die("/dev/stile: %s", strerror(errno));
    return file;
}

int control_call(struct control *control)
{
    struct stile_dev_control call = {
        .call = control->call,
        .vm = control->vm,
        .args = {control->args[0], control->args[1]},
        .buffer = (uintptr_t)control->buffer,
        .length = control->bytes,
    };

    if (ioctl(device(), STILE_DEV_CONTROL, &call) != 0)
        return errno;
    memcpy(control->values, call.values, sizeof(control->values));
    return 0;
}

int control_try(struct control *control)
{
    int error = control_call(control);

    switch (error) {
    case 0:
    case ENOENT:
    case EINVAL:
        return error;
    case EBUSY:
    case ENOSPC:
    case ENOMEM:
        if (control->call == STILE_DEV_CONTROL_VM_CREATE)
            return error;
        break;
    case EPERM:
        die("not permitted: it takes root (CAP_SYS_ADMIN)");
    case EOPNOTSUPP:
        die("this VM may not: it needs stile,privileged in its device tree (privileged=on), and an "
            "ABI that has the call");
    default:
        break;
    }
    die("/dev/stile: %s", strerror(error));
}

uint64_t control_counter(uint32_t vm, uint32_t vcpu, uint32_t counter)
{
    struct control control = {.call = STILE_DEV_CONTROL_COUNTER, .vm = vm, .args = {vcpu, counter}};
    int error = control_try(&control);

    if (error == EINVAL)
        die("the hypervisor has no counter %u: its ABI is older than this program's", counter);
    return error == 0 ? control.values[0] : 0;
}

bool control_info(uint32_t number, struct stile_vm_info *info)
{
    struct control control = {
        .call = STILE_DEV_CONTROL_VM_INFO, .vm = number, .buffer = info, .bytes = sizeof(*info)};

    *info = (struct stile_vm_info){.vm_id = 0};
    return control_try(&control) == 0;
}

uint32_t control_next(uint32_t number)
{
    struct control control = {.call = STILE_DEV_CONTROL_NEXT_VM, .vm = number};

    return control_try(&control) == 0 ? (uint32_t)control.values[0] : 0;
}

struct stile_vm_info control_find(const char *word)
{
    struct stile_vm_info info;
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    if (*end == '\0' && number > 0 && number <= UINT32_MAX && control_info((uint32_t)number, &info))
        return info;
    /* Of several of one name, that are ended but for one, that one. */
    uint32_t found = 0;
    for (uint32_t vm = 0; (vm = control_next(vm)) != 0;)
        if (control_info(vm, &info) && strcmp(info.name, word) == 0 &&
            (found == 0 || info.state != STILE_VM_ENDED))
            found = vm;
    if (found == 0 || !control_info(found, &info))
        die("there is no VM %s; stilectl list shows all", word);
    return info;
}
