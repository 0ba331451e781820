/* SPDX-License-Identifier: MIT */
/*
 * What a debugger needs of the machine, by ptrace(2): a program is stepped instruction by
 * instruction, some of which may trap to a hypervisor, and stopped by each breakpoint and each
 * watchpoint that the kernel says there is, at the right address. Two processes are debugged at
 * once, and only what was asked of each happens to it.
 *
 *   step
 */
#include <asm/ptrace.h>
#include <elf.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_AT_MOST 10000

/* struct user_hwdebug_state: control words, as DBGBCR and DBGWCR have them, and the count. */
#define CONTROL_BREAK    (UINT32_C(0xF) << 5 | 1)
#define CONTROL_WATCH    (UINT32_C(0xFF) << 5 | 2 << 3 | 1) /* stores to 8 bytes */
#define INFO_COUNT(info) ((info)&0xFF)

extern char code_first[], code_last[];
static volatile uint64_t watched;

/* What is stepped. Some of these trap in a VM. */
__asm__(".text\n"
        "code_first: nop\n"
        "mrs x0, ctr_el0\n"
        "yield\n"
        "sevl\n"
        "wfe\n"
        "mrs x0, cntvct_el0\n"
        "code_last: ret\n");

static int nr_wrong;

static void expect(bool right, const char *what)
{
    if (right)
        return;
    nr_wrong++;
    printf("step: wrong: %s\n", what);
}

/* Waits until a child stops; by which signal, or 0 if it ended instead. */
static int wait_stop(pid_t child)
{
    int status = 0;

    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return 0;
    return WSTOPSIG(status);
}

/* A child that waits to be debugged; told to go on, it runs the code and writes the word. */
static pid_t start_child(void)
{
    pid_t child = fork();

    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        ((void (*)(void))code_first)();
        watched = 5;
        _exit(7);
    }
    expect(wait_stop(child) == SIGSTOP, "a child starts");
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static uint64_t program_counter(pid_t child)
{
    struct user_pt_regs regs = {.pc = 0};
    struct iovec all = {&regs, sizeof(regs)};

    ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &all);
    return regs.pc;
}

/* Steps until the end of the code: each step in it must be one instruction. */
static void check_steps(void)
{
    uint64_t first = (uint64_t)code_first, last = (uint64_t)code_last, next = first;
    pid_t child = start_child();
    int steps = 0;

    while (next <= last && steps++ < STEPS_AT_MOST) {
        ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
        if (wait_stop(child) != SIGTRAP)
            break;
        uint64_t pc = program_counter(child);
        if (pc != next && (next != first || (pc > first && pc <= last)))
            break;
        if (pc == next)
            next += 4;
    }
    expect(next == last + 4, "one step is one instruction");
    printf("step: %d steps\n", steps);
    end_child(child);
}

/* The kernel's view of all points of a type; how many there are. */
static unsigned read_points(pid_t child, long type, struct user_hwdebug_state *points)
{
    struct iovec all = {points, sizeof(*points)};

    memset(points, 0, sizeof(*points));
    if (ptrace(PTRACE_GETREGSET, child, (void *)type, &all) != 0)
        return 0;
    return INFO_COUNT(points->dbg_info);
}

/* Goes on until the trap that point @i at @address is to be. */
static void check_point(long type, unsigned i, uint64_t address)
{
    struct user_hwdebug_state points;
    siginfo_t info = {.si_signo = 0};
    pid_t child = start_child(), other = start_child();
    unsigned nr = read_points(child, type, &points);
    struct iovec all = {&points, offsetof(struct user_hwdebug_state, dbg_regs[nr])};
    int status = 0;

    points.dbg_regs[i].addr = address;
    points.dbg_regs[i].ctrl = type == NT_ARM_HW_BREAK ? CONTROL_BREAK : CONTROL_WATCH;
    expect(ptrace(PTRACE_SETREGSET, child, (void *)type, &all) == 0, "a point can be set");
    ptrace(PTRACE_CONT, other, NULL, NULL);
    ptrace(PTRACE_CONT, child, NULL, NULL);
    expect(wait_stop(child) == SIGTRAP, "a point stops the program");
    ptrace(PTRACE_GETSIGINFO, child, NULL, &info);
    expect(info.si_code == TRAP_HWBKPT && (uint64_t)info.si_addr == address, "where it is");
    expect(waitpid(other, &status, 0) == other && WIFEXITED(status) && WEXITSTATUS(status) == 7,
           "another program goes on");
    end_child(child);
}

static void check_points(const char *name, long type, uint64_t address)
{
    struct user_hwdebug_state points;
    pid_t child = start_child();
    unsigned nr = read_points(child, type, &points);

    end_child(child);
    for (unsigned i = 0; i < nr; i++)
        check_point(type, i, address);
    expect(nr >= 2, "there are points");
    printf("step: %u %s\n", nr, name);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    check_steps();
    check_points("breakpoints", NT_ARM_HW_BREAK, (uint64_t)code_last);
    check_points("watchpoints", NT_ARM_HW_WATCH, (uint64_t)&watched);
    printf("step: %d wrong\n", nr_wrong);
    return nr_wrong != 0;
}
