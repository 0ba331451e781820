/* SPDX-License-Identifier: MIT */
/*
 * What tests/linux/tools/debug has gdb look into: calls, a counter written on every CPU in turn,
 * and registers with known content. Its exit status is what it found in x19, less what it had put
 * there.
 *
 *   debuggee [wait]
 *
 * "wait" has it do nothing until a debugger sets the variable "go".
 */
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define NR_COUNTS 6
#define IN_X19    UINT64_C(0x1919191919191919)

/* At known_registers they have what the case expects. Returns x19 as it is found after that. */
uint64_t fill_registers(void);
__asm__(".text\n"
        ".global fill_registers, known_registers\n"
        ".type fill_registers, %function\n"
        "fill_registers:\n"
        "    stp x19, x30, [sp, #-16]!\n"
        "    mov x19, #0x1919\n"
        "    movk x19, #0x1919, lsl #16\n"
        "    movk x19, #0x1919, lsl #32\n"
        "    movk x19, #0x1919, lsl #48\n"
        "    mov x9, #-9\n"
        "    fmov d16, #-2.5\n"
        "    movi v31.16b, #31\n"
        "    cmp x9, x9\n"
        ".type known_registers, %function\n"
        "known_registers:\n"
        "    nop\n"
        "    mrs x0, ctr_el0\n"
        "    yield\n"
        "    mrs x0, cntvct_el0\n"
        "    mov x0, x19\n"
        "    ldp x19, x30, [sp], #16\n"
        "    ret\n");

volatile int go;
volatile uint64_t counter;

__attribute__((noinline)) static uint64_t leaf(uint64_t number)
{
    return 3 * number + 1;
}

__attribute__((noinline)) static uint64_t middle(uint64_t number)
{
    return 2 * leaf(number + 1);
}

/* Goes to a CPU, if the machine has so many. */
static void move(unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* Each count on the next of two CPUs, with some work in between that writes beside the counter. */
static void count(void)
{
    volatile uint64_t other = 0;

    for (unsigned i = 0; i < NR_COUNTS; i++) {
        move(i % 2);
        for (int j = 0; j < 100; j++)
            other += middle((uint64_t)j);
        counter = counter + 7;
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "wait") == 0) {
        while (go == 0)
            usleep(1000);
        return (int)middle((uint64_t)go);
    }
    if (middle(4) != 32)
        return 1;
    count();
    return (int)(fill_registers() - IN_X19);
}
