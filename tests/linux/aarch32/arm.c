/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit program checks the machine that it runs on: the virtual counter, A32 and T32 code,
 * unaligned accesses, exclusives, VFP and Advanced SIMD, and that all registers are its own while
 * CPUs are shared and signals come.
 *
 *   arm
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NR_ROUNDS   100
#define NR_ADDS     20000
#define NR_ITERATED 100000
#define SPINS       200000

static int nr_checks, nr_wrong;

static void expect(bool right, const char *what)
{
    nr_checks++;
    if (right)
        return;
    nr_wrong++;
    printf("arm: wrong: %s\n", what);
}

/* --- the counter ------------------------------------------------------------------------------ */

static uint64_t virtual_counter(void)
{
    uint64_t count;

    __asm__ volatile("isb\n"
                     "mrrc p15, 1, %Q0, %R0, c14"
                     : "=r"(count)
                     :
                     : "memory");
    return count;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* CNTVCT never goes back, and goes as fast as the kernel's clock. */
static void check_counter(void)
{
    uint32_t frequency;
    uint64_t first = virtual_counter(), last = first, start = monotonic_ns();
    bool forward = true;

    __asm__("mrc p15, 0, %0, c14, c0, 0" : "=r"(frequency));
    for (int i = 0; i < 1000; i++) {
        uint64_t now = virtual_counter();
        forward = forward && now >= last;
        last = now;
    }
    expect(forward, "CNTVCT goes forward");

    /* What lies in between is part of one of both spans, so each bounds the other. */
    uint64_t inner_start = monotonic_ns();
    uint64_t inner = virtual_counter();
    usleep(50000);
    uint64_t inner_ns = (virtual_counter() - inner) * 1000000000 / frequency;
    uint64_t outer_ns = monotonic_ns() - inner_start;
    uint64_t longest_ns = (virtual_counter() - first) * 1000000000 / frequency;
    expect(inner_ns >= 49000000 && inner_ns <= outer_ns + 100000,
           "CNTVCT is no faster than the clock");
    expect(outer_ns <= longest_ns + 100000 && start <= inner_start,
           "CNTVCT is no slower than the clock");
}

/* --- instructions of both sets ---------------------------------------------------------------- */

uint32_t in_a32(uint32_t number);
uint32_t in_t32(uint32_t number);
uint32_t hints_in_t32(uint32_t number);

/*
 * The same sum of a series in both sets, the second with a conditional block each round. Then hints
 * that may trap to a hypervisor, of 2 bytes and of 4, in and out of such a block: each is one
 * instruction, and what follows is done as its condition says. Such blocks are deprecated, which
 * the assembler would tell, but not gone.
 */
#pragma clang diagnostic ignored "-Winline-asm"
__asm__(".text\n"
        ".syntax unified\n"
        ".arm\n"
        ".global in_a32\n"
        ".type in_a32, %function\n"
        "in_a32:\n"
        "    mov r1, #0\n"
        "1:  tst r0, #1\n"
        "    addne r1, r1, r0, lsl #2\n"
        "    subeq r1, r1, r0\n"
        "    wfe\n"
        "    subs r0, r0, #1\n"
        "    bne 1b\n"
        "    mov r0, r1\n"
        "    bx lr\n"
        ".thumb\n"
        ".global in_t32\n"
        ".thumb_func\n"
        ".type in_t32, %function\n"
        "in_t32:\n"
        "    movs r1, #0\n"
        "1:  tst r0, #1\n"
        "    ite ne\n"
        "    addne r1, r1, r0, lsl #2\n"
        "    subeq r1, r1, r0\n"
        "    subs r0, r0, #1\n"
        "    bne 1b\n"
        "    mov r0, r1\n"
        "    bx lr\n"
        ".global hints_in_t32\n"
        ".thumb_func\n"
        ".type hints_in_t32, %function\n"
        "hints_in_t32:\n"
        "    movs r1, #0\n"
        "1:  sev\n"
        "    wfe\n"
        "    adds r1, #1\n"
        "    wfe.w\n"
        "    adds r1, #1\n"
        "    tst r0, #1\n"
        "    itete ne\n"
        "    wfene\n"
        "    addeq r1, r1, #2\n"
        "    addne r1, r1, #4\n"
        "    wfeeq\n"
        "    it eq\n"
        "    yieldeq\n"
        "    subs r0, #1\n"
        "    bne 1b\n"
        "    mov r0, r1\n"
        "    bx lr\n"
        ".arm\n");

static void check_sets(void)
{
    expect(in_a32(1001) == 4 * 251001 - 250500, "A32");
    expect(in_t32(1001) == 4 * 251001 - 250500, "T32");
    expect(hints_in_t32(100) == 100 * 2 + 50 * 2 + 50 * 4, "hints in T32");
}

/* --- memory ----------------------------------------------------------------------------------- */

static void check_unaligned(void)
{
    static uint8_t bytes[64] __attribute__((aligned(64)));
    uint32_t word, half, from_simd[4];

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    __asm__ volatile("ldr %0, [%2, #5]\n"
                     "ldrh %1, [%2, #11]\n"
                     "str %0, [%2, #33]\n"
                     "strh %1, [%2, #39]\n"
                     "vld1.8 {d0, d1}, [%3]\n"
                     "vst1.32 {d0, d1}, [%4]\n"
                     : "=&r"(word), "=&r"(half)
                     : "r"(bytes), "r"(bytes + 13), "r"(from_simd)
                     : "d0", "d1", "memory");
    expect(word == 0x08070605 && half == 0x0C0B, "unaligned loads");
    expect(memcmp(bytes + 33, bytes + 5, 4) == 0 && memcmp(bytes + 39, bytes + 11, 2) == 0,
           "unaligned stores");
    expect(memcmp(from_simd, bytes + 13, 16) == 0, "unaligned elements");
}

static uint64_t both_add;

static void *add_often(void *unused)
{
    for (int i = 0; i < NR_ADDS; i++)
        __atomic_fetch_add(&both_add, UINT64_C(0x100000001), __ATOMIC_RELAXED);
    return unused;
}

/* LDREXD and STREXD of two threads. */
static void check_exclusives(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, add_often, NULL) != 0) {
        expect(false, "a thread starts");
        return;
    }
    add_often(NULL);
    pthread_join(other, NULL);
    expect(both_add == UINT64_C(0x100000001) * 2 * NR_ADDS, "exclusives");
}

static sigjmp_buf after_fault;
static void *volatile fault_address;
static volatile int fault_signal;

static void on_fault(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    fault_signal = number;
    fault_address = info->si_addr;
    siglongjmp(after_fault, 1);
}

/* Both are the kernel's to tell, and no hypervisor's: the physical counter is not for programs. */
static void check_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    uint64_t count;

    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    if (sigsetjmp(after_fault, 1) == 0)
        __asm__ volatile("str r0, [%0]" : : "r"(0x123457) : "memory");
    expect(fault_signal == SIGSEGV && fault_address == (void *)0x123457, "a fault and its address");
    if (sigsetjmp(after_fault, 1) == 0)
        __asm__ volatile("mrrc p15, 0, %Q0, %R0, c14" : "=r"(count));
    expect(fault_signal == SIGILL, "CNTPCT is not to be read");
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A chaotic sequence, in which one wrong bit makes all that follows wrong: tests/linux/fp has it
 * too. */
static void check_vfp(void)
{
    volatile double factor = 3.9, one = 1;
    double x = 0.25;
    char text[32];

    for (int i = 0; i < NR_ITERATED; i++) {
        double left = factor * x;
        x = left * (one - x);
    }
    snprintf(text, sizeof(text), "%.17g", x);
    expect(strcmp(text, "0.60438276083114095") == 0, "VFP");
}

/* 16 products of bytes, added up in pairs; a division; a checksum of "123456789". */
static void check_integers(void)
{
    uint32_t sums[4], crc = UINT32_MAX, quotient;

    __asm__ volatile("vmov.i8 q0, #7\n"
                     "vmov.i8 q1, #11\n"
                     "vmull.u8 q2, d0, d2\n"
                     "vmlal.u8 q2, d1, d3\n"
                     "vpaddl.u16 q3, q2\n"
                     "vst1.32 {q3}, [%0]\n"
                     :
                     : "r"(sums)
                     : "q0", "q1", "q2", "q3", "memory");
    expect(sums[0] == 308 && sums[1] == 308 && sums[2] == 308 && sums[3] == 308, "Advanced SIMD");
    __asm__("udiv %0, %1, %2" : "=r"(quotient) : "r"(UINT32_C(4000000000)), "r"(7));
    expect(quotient == 571428571, "UDIV");
    for (const char *next = "123456789"; *next != 0; next++)
        __asm__("crc32b %0, %0, %1" : "+r"(crc) : "r"((uint32_t)*next));
    expect(~crc == 0xCBF43926, "CRC32B");
}

/* --- registers, while CPUs are shared --------------------------------------------------------- */

static volatile sig_atomic_t nr_alarms;

static void on_alarm(int number)
{
    (void)number;
    nr_alarms = nr_alarms + 1;
}

/* r1 to r12 and lr with what @in has, for a while; then as they are to @out. */
static void __attribute__((noinline, naked))
hold_core(const uint32_t *in, uint32_t *out, uint32_t spins)
{
    __asm__ volatile("push {r1, r4-r11, lr}\n"
                     "push {r2}\n"
                     "mov r12, r0\n"
                     "pop {r0}\n"
                     "ldm r12, {r1-r12, lr}\n"
                     "1: subs r0, r0, #1\n"
                     "bne 1b\n"
                     "pop {r0}\n"
                     "stm r0, {r1-r12, lr}\n"
                     "pop {r4-r11, pc}\n");
}

/* d0 to d31, FPSCR, and the thread register that programs may write, over a system call. */
static bool hold_simd(const uint64_t *in, uint64_t *out, uint32_t spins)
{
    uint32_t status = 3 << 22 | 1 << 28, status_after, thread = (uint32_t)in[0], thread_after;

    __asm__ volatile("vldm %[in], {d0-d15}\n"
                     "add r0, %[in], #128\n"
                     "vldm r0, {d16-d31}\n"
                     "vmsr fpscr, %[status]\n"
                     "mcr p15, 0, %[thread], c13, c0, 2\n"
                     "1: subs %[spins], %[spins], #1\n"
                     "bne 1b\n"
                     "mov r7, #158\n" /* sched_yield() */
                     "svc #0\n"
                     "mrc p15, 0, %[thread_after], c13, c0, 2\n"
                     "vmrs %[status_after], fpscr\n"
                     "vstm %[out], {d0-d15}\n"
                     "add r0, %[out], #128\n"
                     "vstm r0, {d16-d31}\n"
                     "mov r0, #0\n"
                     "vmsr fpscr, r0\n"
                     : [spins] "+&r"(spins), [thread_after] "=&r"(thread_after),
                       [status_after] "=&r"(status_after)
                     : [in] "r"(in), [out] "r"(out), [status] "r"(status), [thread] "r"(thread)
                     : "r0", "r7", "cc", "memory", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7",
                       "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "d16", "d17", "d18",
                       "d19", "d20", "d21", "d22", "d23", "d24", "d25", "d26", "d27", "d28", "d29",
                       "d30", "d31");
    return status_after == status && thread_after == thread;
}

/* Each process and each round has other numbers. */
static void check_held(void)
{
    struct itimerval often = {.it_interval = {.tv_usec = 4000}, .it_value = {.tv_usec = 4000}};
    struct itimerval off = {.it_value = {.tv_usec = 0}};
    uint64_t in[32], out[32];
    bool core = true, simd = true, others = true, sums = true;

    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &often, NULL);
    for (uint32_t round = 0; round < NR_ROUNDS; round++) {
        for (unsigned i = 0; i < 32; i++)
            in[i] = (uint64_t)(round + i + 1) * (uint64_t)getpid() * UINT64_C(0x9E3779B97F4A7C15);
        hold_core((const uint32_t *)in, (uint32_t *)out, SPINS);
        core = core && memcmp(in, out, 13 * sizeof(uint32_t)) == 0;
        others = hold_simd(in, out, SPINS) && others;
        simd = simd && memcmp(in, out, sizeof(in)) == 0;
        sums = sums && in_t32(10001) == 4 * 25010001 - 25005000;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    expect(core, "core registers are kept");
    expect(simd, "SIMD registers are kept");
    expect(others, "FPSCR and TPIDRURW are kept");
    expect(sums, "conditional blocks are taken up where they were left");
    expect(nr_alarms > 0, "signals come");
}

int main(void)
{
    check_counter();
    check_sets();
    check_unaligned();
    check_exclusives();
    check_faults();
    check_vfp();
    check_integers();
    check_held();
    printf("arm: %d checks, %d wrong\n", nr_checks, nr_wrong);
    return nr_wrong != 0;
}
