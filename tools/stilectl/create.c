/* SPDX-License-Identifier: MIT */
/*
 * Making a VM: the four steps of stile/calls/vm.h, and the last two again whenever it starts anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/stile.h>

#include "commands.h"
#include "control.h"
#include "machine.h"
#include "show.h"
#include "tree.h"
#include "vmfile.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define MS_PER_SEC 1000u

/* How often is looked at a VM that is being made, and at one that runs. */
#define MAKING_MS 10
#define KEEP_MS   200

/* For so long something has to become of what is waited for, or it is given up. */
#define PATIENCE_MS (60 * MS_PER_SEC)

/* After so long a person wants to know how far it is. */
#define PROGRESS_MS (3 * MS_PER_SEC)

/* A file of the VM, as it is on the disk. */
struct piece {
    const char *name; /* what it is of the VM's */
    const char *path;
    uint8_t *data;
    size_t bytes;
};

struct making {
    struct vmfile file;
    struct piece kernel, initrd;
    uint64_t begun_ms; /* when its files began to be written */
    bool is_shown;     /* how far it is */
};

/* A VM that was begun, and does not run yet: it ends with this program. */
static uint32_t begun;
static volatile sig_atomic_t is_interrupted;

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MS_PER_SEC + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(unsigned ms)
{
    (void)usleep(ms * 1000);
}

/* --- what was begun does not stay ------------------------------------------------------------ */

static void abandon(void)
{
    struct control control = {.call = STILE_DEV_CONTROL_DESTROY, .vm = begun};

    if (begun != 0)
        (void)control_call(&control);
    begun = 0;
}

static void interrupt(int number)
{
    is_interrupted = number;
}

/* Where somebody may wait: a signal ends it there. */
static void look_for_signals(void)
{
    if (is_interrupted)
        die("interrupted");
}

static void be_careful(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt};

    if (atexit(abandon) != 0)
        die("out of memory");
    for (size_t i = 0; i < NR(numbers); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

/* --- its files ------------------------------------------------------------------------------- */

/* Mapped, not read: what is of another VM's size need not fit here. It stays so for its reboots. */
static void map(struct piece *piece)
{
    int file = open(piece->path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    if (file < 0 || fstat(file, &status) != 0)
        die("%s: %s", piece->path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size <= 0)
        die("%s: the %s is a file that is not empty", piece->path, piece->name);
    piece->bytes = (size_t)status.st_size;
    piece->data = mmap(NULL, piece->bytes, PROT_READ, MAP_SHARED, file, 0);
    if (piece->data == MAP_FAILED)
        die("%s: %s", piece->path, strerror(errno));
    (void)close(file);
}

static unsigned gic_of(const struct vmfile *file)
{
    unsigned gic = file->gic != 0 ? file->gic : machine_gic();

    if (gic == 0)
        die("this VM has no GIC, which would say what the machine has: say gic = 2 or gic = 3");
    return gic;
}

static size_t put_tree(const struct making *making, void *to, size_t room)
{
    const struct vmfile *file = &making->file;
    struct piece tree = {.name = "tree", .path = file->tree};
    size_t bytes;

    if (!file->tree)
        return tree_make(file, gic_of(file), to, room);
    map(&tree);
    bytes = tree_take(tree.data, tree.bytes, file->initrd != NULL, to, room);
    (void)munmap(tree.data, tree.bytes);
    return bytes;
}

static void show_progress(struct making *making, const struct piece *piece, size_t done)
{
    if (!making->is_shown && (!isatty(STDERR_FILENO) || now_ms() - making->begun_ms < PROGRESS_MS))
        return;
    making->is_shown = done < piece->bytes;
    (void)fprintf(stderr, "\r%s: %3zu %%%s", piece->name, done * 100 / piece->bytes,
                  done < piece->bytes ? "" : "\n");
}

/* A page at a time. The hypervisor may take less, of an address that is no page's. */
static void write_piece(struct making *making, uint32_t vm, const struct piece *piece, uint64_t to)
{
    size_t done = 0;

    while (done < piece->bytes) {
        size_t left = piece->bytes - done;
        struct control control = {
            .call = STILE_DEV_CONTROL_MEMORY_WRITE,
            .vm = vm,
            .args = {to + done},
            .buffer = piece->data + done,
            .bytes = (uint32_t)(left < STILE_CONTROL_COPY_MAX ? left : STILE_CONTROL_COPY_MAX),
        };

        look_for_signals();
        if (control_try(&control) != 0 || control.values[0] == 0)
            die("%s: its %s could not be written: it has ended", making->file.name, piece->name);
        done += control.values[0];
        if (done / STILE_CONTROL_COPY_MAX % 256 == 0 || done == piece->bytes)
            show_progress(making, piece, done);
    }
}

/* --- the steps ------------------------------------------------------------------------------- */

/* One VM is made at a time; others take no longer than theirs. */
static uint32_t create_patiently(struct control *control)
{
    uint64_t until = now_ms() + PATIENCE_MS;
    int error;

    while ((error = control_try(control)) == EBUSY && now_ms() < until) {
        look_for_signals();
        sleep_ms(MAKING_MS);
    }
    if (error == EBUSY)
        die("another VM is being made all the time: try again");
    if (error == ENOSPC)
        die("there are as many VMs as there can be: destroy one");
    if (error == ENOMEM)
        die("neither this VM nor the hypervisor has memory for a copy of the device tree");
    if (error != 0)
        die("the hypervisor does not take what this program says of the VM");
    return (uint32_t)control->values[0];
}

/* Hands over what the VM is. Its number is begun from here on. */
static void create(const struct making *making)
{
    static union {
        struct stile_vm_image image;
        uint8_t bytes[STILE_VM_IMAGE_MAX];
    } given;
    struct stile_vm_image *image = &given.image;
    size_t room = sizeof(given) - sizeof(*image), first = sizeof(image->kernel_start);
    size_t bytes = put_tree(making, given.bytes + sizeof(*image), room);
    struct control control = {.call = STILE_DEV_CONTROL_VM_CREATE,
                              .buffer = given.bytes,
                              .bytes = (uint32_t)(sizeof(*image) + bytes)};

    if (bytes == 0)
        die("the device tree is empty, or has more than %zu bytes", room);
    (void)snprintf(image->name, sizeof(image->name), "%s", making->file.name);
    image->kernel_bytes = making->kernel.bytes;
    image->initrd_bytes = making->initrd.bytes;
    memcpy(image->kernel_start, making->kernel.data,
           making->kernel.bytes < first ? making->kernel.bytes : first);
    begun = create_patiently(&control);
}

/* Ends with the hypervisor's own words. */
__attribute__((noreturn)) static void die_of_refusal(const char *name, uint32_t vm)
{
    struct stile_crash_info crash = {.length = 0};
    struct control control = {
        .call = STILE_DEV_CONTROL_CRASH_INFO, .vm = vm, .buffer = &crash, .bytes = sizeof(crash)};

    if (control_try(&control) != 0)
        die("%s has ended while it was made", name);
    if (crash.length > STILE_CRASH_MESSAGE_MAX)
        crash.length = STILE_CRASH_MESSAGE_MAX;
    for (uint32_t i = 0; i < crash.length; i++) /* names of nodes are in it */
        if (crash.message[i] < ' ' || crash.message[i] > '~')
            crash.message[i] = '?';
    die("%s: the hypervisor refuses it: %.*s", name, (int)crash.length, crash.message);
}

/* Waits while something becomes of it: memory is cleared, which takes as long as there is much. */
static struct stile_vm_info wait_until_made(const char *name, uint32_t vm)
{
    uint64_t until = now_ms() + PATIENCE_MS, nr_pages = 0;
    struct stile_vm_info info;

    for (;;) {
        if (!control_info(vm, &info))
            die("%s has ended while it was made", name);
        if (info.state == STILE_VM_ENDED)
            die_of_refusal(name, vm);
        if (info.state == STILE_VM_MADE)
            return info;
        if (info.nr_pages != nr_pages)
            until = now_ms() + PATIENCE_MS;
        nr_pages = info.nr_pages;
        if (now_ms() >= until)
            die("%s: the hypervisor does not get on with it", name);
        look_for_signals();
        sleep_ms(MAKING_MS);
    }
}

/* The steps that a reboot wants, too. */
static void load_and_start(struct making *making, const struct stile_vm_info *info)
{
    struct control control = {.call = STILE_DEV_CONTROL_VM_START, .vm = info->vm_id};

    making->begun_ms = now_ms();
    write_piece(making, info->vm_id, &making->kernel, info->kernel_ipa);
    if (making->initrd.bytes > 0)
        write_piece(making, info->vm_id, &making->initrd, info->initrd_ipa);
    if (control_try(&control) != 0)
        die("%s: it could not be started: it has ended", making->file.name);
    begun = 0;
}

/* --- while it lives -------------------------------------------------------------------------- */

/* Has no terminal any more; what is to be said is for the kernel's log. */
static void go_to_background(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    pid_t child = fork();

    if (child < 0)
        die("no process can be made to keep the VM: %s; it runs, and reboots to nothing",
            strerror(errno));
    if (child > 0)
        _exit(0);
    (void)setsid();
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(log >= 0 ? log : null, STDERR_FILENO);
}

/*
 * Its number is nobody else's, ever. A signal ends the keeper, and not the VM but while that is
 * written anew.
 */
static void keep(struct making *making, uint32_t vm)
{
    struct stile_vm_info info;

    while (control_info(vm, &info) && info.state != STILE_VM_ENDED) {
        look_for_signals();
        if (info.state == STILE_VM_MADE) {
            begun = vm;
            if (!making->file.restarts)
                return; /* abandon() */
            load_and_start(making, &info);
        }
        sleep_ms(KEEP_MS);
    }
}

static void say(const struct options *options, const struct stile_vm_info *info)
{
    const struct field fields[] = {
        {"name", 0, info->name, 0, false},
        {"number", 0, NULL, info->vm_id, false},
    };

    show_begin(options->json ? SHOW_JSON : SHOW_LINES);
    show(fields, NR(fields));
    show_end();
    if (fflush(stdout) != 0)
        die("what it says cannot be written; the VM runs, and reboots to nothing");
}

void command_create(const struct options *options, char *words[])
{
    struct making making = {.kernel = {.name = "kernel"}, .initrd = {.name = "initrd"}};
    const char *fault = vmfile_read(words[0], &making.file);
    struct stile_vm_info info;

    if (fault)
        die("%s", fault);
    making.kernel.path = making.file.kernel;
    making.initrd.path = making.file.initrd;
    map(&making.kernel);
    if (making.initrd.path)
        map(&making.initrd);
    be_careful();
    create(&making);
    info = wait_until_made(making.file.name, begun);
    load_and_start(&making, &info);
    say(options, &info);
    if (!options->follow)
        go_to_background();
    keep(&making, info.vm_id);
    vmfile_free(&making.file);
}
