/* SPDX-License-Identifier: MIT */
/*
 * The newc format of cpio, cpio(5): headers of text, names and contents padded to 4 bytes.
 */
#include "config/bundle.h"

#include <stdbool.h>
#include <string.h>

#include "lib/printk.h"
#include "vm/vm_files.h"

/* The header: a magic of 6 characters, then numbers of 8 hexadecimal digits. */
#define MAGIC_BYTES   6u
#define NUMBER_DIGITS 8u
#define HEADER_BYTES  110u
#define FIELD_MODE    1u
#define FIELD_SIZE    6u
#define FIELD_NAME    11u

#define MODE_TYPE      0170000u
#define MODE_DIRECTORY 0040000u
#define MODE_REGULAR   0100000u

#define TRAILER "TRAILER!!!"

/* How much of a file's name a message has room for. */
#define NAME_SHOWN 100

/** What is left of the archive. */
struct cursor {
    const char *start;
    size_t at; /* a multiple of 4 */
    size_t bytes;
};

struct entry {
    const char *name;    /* as the archive has it; terminated */
    uint32_t name_bytes; /* with the terminator */
    uint32_t mode;
    struct vm_file file;
};

/* --- the archive --------------------------------------------------------------------------- */

static bool read_number(const char *digits, uint32_t *out)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < NUMBER_DIGITS; i++) {
        char c = digits[i];
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return false;
        number = number << 4 | digit;
    }
    *out = number;
    return true;
}

static bool read_field(const char *header, unsigned field, uint32_t *out)
{
    return read_number(header + MAGIC_BYTES + field * NUMBER_DIGITS, out);
}

/* Moves past @bytes and their padding. Returns false if the archive ends before. */
static bool skip(struct cursor *cursor, size_t bytes)
{
    size_t padding = -(cursor->at + bytes) & 3;

    if (bytes > cursor->bytes - cursor->at)
        return false;
    cursor->at += bytes;
    /* The last file's padding may be missing. */
    cursor->at = padding < cursor->bytes - cursor->at ? cursor->at + padding : cursor->bytes;
    return true;
}

/* Reads the next header and name. Returns NULL, or what is wrong. */
static const char *next_header(struct cursor *cursor, struct entry *entry, uint32_t *file_bytes)
{
    const char *header = cursor->start + cursor->at;

    if (cursor->bytes - cursor->at < HEADER_BYTES)
        return "cut short in a header";
    if (memcmp(header, "070701", MAGIC_BYTES) != 0 && memcmp(header, "070702", MAGIC_BYTES) != 0)
        return "not a cpio archive in newc format";
    if (!read_field(header, FIELD_MODE, &entry->mode) ||
        !read_field(header, FIELD_SIZE, file_bytes) ||
        !read_field(header, FIELD_NAME, &entry->name_bytes))
        return "a header has a number that is none";
    entry->name = header + HEADER_BYTES;
    if (entry->name_bytes == 0)
        return "a file has no name";
    if (entry->name_bytes > cursor->bytes - cursor->at - HEADER_BYTES)
        return "cut short in a name";
    if (entry->name[entry->name_bytes - 1] != '\0')
        return "a name does not end";
    (void)skip(cursor, HEADER_BYTES + (size_t)entry->name_bytes);
    return NULL;
}

/* --- the VMs ------------------------------------------------------------------------------- */

/** The VMs found so far. */
struct vms {
    struct vm_files *vms;
    size_t nr;
    size_t limit;
    uint64_t refused; /* bit n: something is wrong with vms[n] */
};

/* The VM of the folder that @folder begins with; a new one if need be, or NULL: no room. */
static struct vm_files *find_vm(struct vms *vms, const char *folder, size_t length)
{
    struct vm_files *vm;

    for (size_t i = 0; i < vms->nr; i++) {
        vm = &vms->vms[i];
        if (strlen(vm->name) == length && memcmp(vm->name, folder, length) == 0)
            return vm;
    }
    if (vms->nr == vms->limit)
        return NULL;
    vm = &vms->vms[vms->nr++];
    memset(vm, 0, sizeof(*vm));
    memcpy(vm->name, folder, length);
    return vm;
}

static void refuse(struct vms *vms, const struct vm_files *vm)
{
    vms->refused |= UINT64_C(1) << (vm - vms->vms);
}

/* Names come from outside: whether one can be shown as it is. */
static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return true;
}

/* Which of a VM's files has this name, or NULL. */
static struct vm_file *file_named(struct vm_files *vm, const char *name)
{
    if (strcmp(name, "kernel") == 0)
        return &vm->kernel;
    if (strcmp(name, "vm.dtb") == 0)
        return &vm->dtb;
    if (strcmp(name, "initrd") == 0)
        return &vm->initrd;
    return NULL;
}

/* Takes note of a file. Returns NULL, or why it is of no use. */
static const char *add_file(struct vms *vms, const char *path, const struct entry *entry,
                            bool is_whole)
{
    const char *slash = strchr(path, '/');
    struct vm_file *file;
    struct vm_files *vm;

    if (!slash || slash == path)
        return "ignored: not in a VM's folder";
    if ((size_t)(slash - path) >= STILE_VM_NAME_BYTES)
        return "ignored: the folder's name is too long";
    if (!is_printable(path, (size_t)(slash - path)))
        return "ignored: the folder's name is not plain text";
    vm = find_vm(vms, path, (size_t)(slash - path));
    if (!vm)
        return "ignored: there are too many VMs";
    file = file_named(vm, slash + 1);
    if (!file)
        return "ignored: neither kernel, vm.dtb nor initrd";
    if (!is_whole || file->data || (entry->mode & MODE_TYPE) != MODE_REGULAR ||
        entry->file.bytes == 0)
        refuse(vms, vm);
    if (!is_whole)
        return "cut short";
    if ((entry->mode & MODE_TYPE) != MODE_REGULAR)
        return "not a regular file";
    if (file->data)
        return "there twice";
    if (entry->file.bytes == 0)
        return "empty";
    *file = entry->file;
    return NULL;
}

/* Reads the next entry. Returns false after the last. */
static bool next_entry(struct cursor *cursor, struct vms *vms)
{
    struct entry entry;
    uint32_t file_bytes;
    const char *fault = next_header(cursor, &entry, &file_bytes);
    const char *path;
    bool is_whole;

    if (fault) {
        log_error("bundle: %s, at byte %zu", fault, cursor->at);
        return false;
    }
    if (strcmp(entry.name, TRAILER) == 0)
        return false;
    entry.file = (struct vm_file){cursor->start + cursor->at, file_bytes};
    is_whole = skip(cursor, file_bytes);
    path = strncmp(entry.name, "./", 2) == 0 ? entry.name + 2 : entry.name;
    if ((entry.mode & MODE_TYPE) != MODE_DIRECTORY) {
        fault = add_file(vms, path, &entry, is_whole);
        if (fault && is_printable(path, strlen(path)))
            log_error("bundle: %.*s: %s", NAME_SHOWN, path, fault);
        else if (fault)
            log_error("bundle: a name that cannot be shown, before byte %zu: %s", cursor->at,
                      fault);
    }
    return is_whole;
}

/* Whether a VM has all it needs; tells what it lacks. */
static bool is_complete(const struct vm_files *vm)
{
    if (!vm->kernel.data)
        log_error("bundle: %s/kernel: missing", vm->name);
    if (!vm->dtb.data)
        log_error("bundle: %s/vm.dtb: missing", vm->name);
    return vm->kernel.data && vm->dtb.data;
}

size_t bundle_read(const void *archive, size_t bytes, struct vm_files *vms, size_t limit)
{
    struct cursor cursor = {archive, 0, bytes};
    struct vms found = {.vms = vms, .limit = limit < 64 ? limit : 64};
    size_t nr = 0;

    if (bytes == 0) {
        log_error("bundle: empty or not there");
        return 0;
    }
    while (next_entry(&cursor, &found))
        ;
    for (size_t i = 0; i < found.nr; i++) {
        if (!(found.refused >> i & 1) && is_complete(&vms[i])) {
            vms[nr] = vms[i];
            nr++;
        }
    }
    return nr;
}
