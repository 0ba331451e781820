/* SPDX-License-Identifier: MIT */
/*
 * What tests/linux/tools/trace has strace watch: a file that is not there, a pipe, a child, a
 * signal, a sleep. Its exit status is 7 if getppid() fails, which it does only where strace makes
 * it fail.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t nr_signals;

static void on_signal(int number)
{
    (void)number;
    nr_signals = nr_signals + 1;
}

/* A child says something through a pipe, and ends with 3. */
static int hear_child(void)
{
    char text[8];
    int ends[2], status = 0;

    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        _exit(write(ends[1], "from it", 7) == 7 ? 3 : 4);
    if (read(ends[0], text, sizeof(text)) != 7 || waitpid(child, &status, 0) != child)
        return -1;
    return WEXITSTATUS(status);
}

int main(void)
{
    struct timespec sleep = {.tv_nsec = 20000000};

    if (open("/none", O_RDONLY) >= 0 || hear_child() != 3)
        return 1;
    signal(SIGUSR1, on_signal);
    kill(getpid(), SIGUSR1);
    nanosleep(&sleep, NULL);
    if (nr_signals != 1)
        return 2;
    return getppid() < 0 ? 7 : 0;
}
