/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit program reads a device that a hypervisor emulates: the PL011's identification, from
 * instructions of 4 bytes and of 2, in and out of conditional blocks. An emulated instruction must
 * leave what it would have left itself: its result, the next instruction, the rest of the block.
 *
 *   device     (the kernel lets it with iomem=relaxed only)
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#define PL011_BASE  0x09000000
#define PL011_BYTES 0x1000
#define PERIPHID0   0xFE0 /* 0x11, and 0x10 in the next register */
#define NR_ROUNDS   100
#define SUM_A32     (NR_ROUNDS * 0x11 + NR_ROUNDS / 2 * (0x10 + 1))
#define SUM_T32     (NR_ROUNDS * 2 * 0x11 + NR_ROUNDS / 2 * 0x10)

uint32_t read_in_a32(uintptr_t registers, uint32_t rounds);
uint32_t read_in_t32(uintptr_t registers, uint32_t rounds);

/* The assembler would tell that conditional blocks of several instructions are deprecated. */
#pragma clang diagnostic ignored "-Winline-asm"
__asm__(".text\n"
        ".syntax unified\n"
        ".arm\n"
        ".global read_in_a32\n"
        ".type read_in_a32, %function\n"
        "read_in_a32:\n"
        "    mov r2, #0\n"
        "1:  ldrb r3, [r0]\n"
        "    add r2, r2, r3\n"
        "    tst r1, #1\n"
        "    ldrbne r3, [r0, #4]\n"
        "    moveq r3, #1\n"
        "    add r2, r2, r3\n"
        "    subs r1, r1, #1\n"
        "    bne 1b\n"
        "    mov r0, r2\n"
        "    bx lr\n"
        ".thumb\n"
        ".global read_in_t32\n"
        ".thumb_func\n"
        ".type read_in_t32, %function\n"
        "read_in_t32:\n"
        "    movs r2, #0\n"
        "1:  ldrb r3, [r0]\n"
        "    adds r2, r2, r3\n"
        "    tst r1, #1\n"
        "    itete ne\n"
        "    ldrbne r3, [r0, #4]\n"
        "    moveq r3, #1\n"
        "    addne r2, r2, r3\n"
        "    ldrbeq r3, [r0, #4]\n"
        "    ldrb.w r3, [r0]\n"
        "    adds r2, r2, r3\n"
        "    subs r1, r1, #1\n"
        "    bne 1b\n"
        "    mov r0, r2\n"
        "    bx lr\n"
        ".arm\n");

int main(void)
{
    int memory = open("/dev/mem", O_RDWR | O_SYNC);
    void *pl011 = mmap(NULL, PL011_BYTES, PROT_READ, MAP_SHARED, memory, PL011_BASE);

    if (pl011 == MAP_FAILED) {
        perror("device: wrong: /dev/mem");
        return 2;
    }
    uint32_t a32 = read_in_a32((uintptr_t)pl011 + PERIPHID0, NR_ROUNDS);
    uint32_t t32 = read_in_t32((uintptr_t)pl011 + PERIPHID0, NR_ROUNDS);
    int nr_wrong = (a32 != SUM_A32) + (t32 != SUM_T32);
    printf("device: %u in A32, %u in T32, %d wrong\n", a32, t32, nr_wrong);
    return nr_wrong != 0;
}
