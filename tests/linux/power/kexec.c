/* SPDX-License-Identifier: MIT */
/*
 * Starts another kernel in place of this one, or has one stand by for a panic of this one.
 *
 *   kexec [-p] KERNEL INITRD COMMAND-LINE
 *
 * KERNEL is an Image. With -p it is put where the word crashkernel=SIZE of the running kernel's
 * command line has kept memory for it.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
    perror(what);
    return 1;
}

/* Loads a kernel; the kernel wants the length of the command line with its last zero. */
static int load(const char *kernel, const char *initrd, const char *line, unsigned long flags)
{
    int kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC);
    int initrd_fd = open(initrd, O_RDONLY | O_CLOEXEC);

    if (kernel_fd < 0)
        return failed(kernel);
    if (initrd_fd < 0)
        return failed(initrd);
    if (syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, strlen(line) + 1, line, flags))
        return failed("kexec_file_load");
    return 0;
}

int main(int argc, char **argv)
{
    int on_panic = argc > 1 && !strcmp(argv[1], "-p");

    argv += on_panic;
    if (argc - on_panic != 4) {
        fprintf(stderr, "usage: kexec [-p] KERNEL INITRD COMMAND-LINE\n");
        return 2;
    }
    if (load(argv[1], argv[2], argv[3], on_panic ? KEXEC_FILE_ON_CRASH : 0))
        return 1;
    if (on_panic) {
        puts("kexec: a kernel stands by");
        return 0;
    }
    reboot(RB_KEXEC);
    return failed("reboot");
}
