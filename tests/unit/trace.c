/* SPDX-License-Identifier: MIT */
/*
 * watch/flight.c and watch/names.c: entries as they read; watch/remains.c: a crash as it does.
 */
#include <string.h>

#include "watch/names.c"
#include "watch/flight.c"
#include "vm/el2_time.c"
#include "watch/remains.c"
#include "vm/trace.c"

#include "fakes/log.h"
#include "ktf.h"

uint32_t nr_pcpus = 1;

struct machine machine = {.uart_intid = 33};

void console_forget_kept(struct vm *vm, char *kept)
{
    vm->console.port = (struct console_port){.kept = kept};
}

static struct remains remains;
static struct vm vm = {
    .remains = &remains,
    .config = {.name = "vm",
               .nr_vcpus = 1,
               .uart = {{0x9000000}, 0x1000},
               .gicd = {{0x8000000}, 0x10000},
               .gicr = {{{0x80A0000}, 0x20000}}},
};
static struct vcpu vcpu = {.vm = &vm};

void *page_alloc(uint32_t owner, unsigned order)
{
    (void)owner;
    (void)order;
    return NULL;
}

static void setup(void)
{
    vcpu.trace = (struct trace){0};
    log_clear();
}

KTF_SUITE(trace, .setup = setup);

static void print_trace(void)
{
    for (uint32_t row = 0; row <= TRACE_ENTRIES; row++)
        flight_print_row(&vcpu, row);
}

/* The syndrome of an access to a system register. */
static uint64_t sys64(uint64_t op0, uint64_t op1, uint64_t crn, uint64_t crm, uint64_t op2,
                      uint64_t rt, bool read)
{
    return (uint64_t)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | op0 << 20 | op2 << 17 | op1 << 14 |
           crn << 10 | rt << 5 | crm << 1 | read;
}

static void expect_last(const char *text)
{
    print_trace();
    const char *line = strchr(log_text, '\n');
    ASSERT_TRUE(line != NULL);
    EXPECT_STREQ(line + 1, text);
}

KTF_TEST(trace, entries_are_read_by_age_without_what_others_left)
{
    const uint64_t abort = (uint64_t)EC_DABT_LOWER << ESR_EC_SHIFT | ESR_IL;
    struct trace_entry entry;

    EXPECT_FALSE(trace_read(&vcpu.trace, 0, &entry));
    for (int i = 0; i < TRACE_ENTRIES; i++)
        trace_hypercall(&vcpu.trace, STILE_FID(0), 11, 22, 33);
    trace_abort(&vcpu.trace, abort, 0x1000, 0x2000);
    trace_trap(&vcpu.trace, sys64(3, 0, 0, 0, 0, 1, true), 0x1004);
    trace_interrupt(&vcpu.trace, 27);
    EXPECT_TRUE(trace_read(&vcpu.trace, 0, &entry));
    EXPECT_EQ(entry.what, TRACE_INTERRUPT | 27);
    EXPECT_EQ(entry.detail[0], 0);
    EXPECT_EQ(entry.detail[1], 0);
    EXPECT_TRUE(trace_read(&vcpu.trace, 1, &entry));
    EXPECT_EQ(entry.what & TRACE_KIND_MASK, TRACE_TRAP);
    EXPECT_EQ(entry.detail[0], 0x1004);
    EXPECT_EQ(entry.detail[1], 0);
    EXPECT_TRUE(trace_read(&vcpu.trace, 2, &entry));
    EXPECT_EQ(entry.detail[1], 0x2000);
    EXPECT_TRUE(trace_read(&vcpu.trace, TRACE_ENTRIES - 1, &entry));
    EXPECT_EQ(entry.detail[1], 22);
    EXPECT_FALSE(trace_read(&vcpu.trace, TRACE_ENTRIES, &entry));
    EXPECT_FALSE(trace_read(&vcpu.trace, UINT32_MAX, &entry));
}

/* As a kernel prints by its UART: flags read, a character written; the timer interrupts. */
KTF_TEST(trace, last_words_by_the_uart_do_not_push_their_cause_out)
{
    const uint64_t abort = (uint64_t)EC_DABT_LOWER << ESR_EC_SHIFT | ESR_IL | DABT_ISV;
    struct trace_entry entry;

    trace_abort(&vcpu.trace, abort, 0x1000, 0x40000000);
    for (int i = 0; i < 1000; i++) {
        trace_abort(&vcpu.trace, abort, 0x2000, 0x9000018);
        trace_abort(&vcpu.trace, abort | ABORT_WNR, 0x2004, 0x9000000);
        if (i == 500)
            trace_interrupt(&vcpu.trace, 27);
    }
    EXPECT_TRUE(trace_read(&vcpu.trace, 0, &entry));
    EXPECT_EQ(entry.detail[0], 0x2000);
    EXPECT_EQ(entry.detail[1], 0x9000018);
    EXPECT_TRUE(trace_read(&vcpu.trace, 3, &entry));
    EXPECT_EQ(entry.detail[0], 0x1000);
    EXPECT_FALSE(trace_read(&vcpu.trace, 4, &entry));
    print_trace();
    EXPECT_NOT_NULL(strstr(log_text, "read of 1 bytes, x0, at ipa 0x9000018 (PL011 + 0x18), pc "
                                     "0000000000002000, and 1001 more of this page\n"));
    EXPECT_NOT_NULL(strstr(log_text, "and 997 more of this page\n"));
}

KTF_TEST(trace, what_only_looks_like_an_abort_is_not_folded)
{
    const uint64_t abort = (uint64_t)EC_DABT_LOWER << ESR_EC_SHIFT | ESR_IL;
    const uint64_t fetch = (uint64_t)EC_IABT_LOWER << ESR_EC_SHIFT | ESR_IL;

    trace_hypercall(&vcpu.trace, abort, 1, 0x2000, 3);
    trace_abort(&vcpu.trace, abort, 0x1000, 0x2000);
    trace_abort(&vcpu.trace, fetch, 0x1000, 0x2000);
    trace_abort(&vcpu.trace, fetch, 0x1000, 0x3000);
    EXPECT_EQ(vcpu.trace.next, 4);
}

KTF_TEST(trace, nothing_happened)
{
    print_trace();
    EXPECT_STREQ(log_text, "vm: vcpu 0: the last 0 of 0 entries, oldest first\n");
}

KTF_TEST(trace, calls_have_their_arguments_names)
{
    trace_hypercall(&vcpu.trace, STILE_FID(STILE_NR_console_write_buffer), 0x40000010, 64, 99);
    expect_last("  HVC console_write_buffer(buffer 0x40000010, length 0x40)\n");
}

KTF_TEST(trace, arguments_that_are_not_kept_have_no_value)
{
    trace_hypercall(&vcpu.trace, STILE_FID(STILE_NR_console_write), 3, 1, 2);
    expect_last("  HVC console_write(length 0x3, word0 0x1, word1 0x2, word2, word3)\n");
}

KTF_TEST(trace, calls_without_arguments_and_standard_ones)
{
    trace_hypercall(&vcpu.trace, STILE_FID(STILE_NR_core_null), 0, 0, 0);
    trace_hypercall(&vcpu.trace, STILE_PSCI_CPU_ON_64, 1, 0x40080000, 0);
    trace_hypercall(&vcpu.trace, 0xDEADBEEF, 1, 2, 3);
    expect_last("  HVC core_null()\n"
                "  HVC CPU_ON(target 0x1, entry 0x40080000, context 0x0)\n"
                "  HVC deadbeef(0x1, 0x2, 0x3)\n");
}

KTF_TEST(trace, data_aborts_name_the_device)
{
    uint64_t write = (uint64_t)EC_DABT_LOWER << ESR_EC_SHIFT | DABT_ISV | UINT64_C(2) << 22 |
                     UINT64_C(5) << 16 | ABORT_WNR;

    trace_abort(&vcpu.trace, write, 0x1000, 0x9000018);
    trace_abort(&vcpu.trace, (write & ~ABORT_WNR) | UINT64_C(31) << 16, 0x1004, 0x80A0004);
    trace_abort(&vcpu.trace, (uint64_t)EC_DABT_LOWER << ESR_EC_SHIFT, 0x1008, 0x70000000);
    expect_last("  write of 4 bytes, x5, at ipa 0x9000018 (PL011 + 0x18), pc 0000000000001000\n"
                "  read of 4 bytes, xzr, at ipa 0x80a0004 (GICR + 0x4), pc 0000000000001004\n"
                "  read at ipa 0x70000000, pc 0000000000001008\n");
}

KTF_TEST(trace, system_registers_have_names)
{
    trace_trap(&vcpu.trace, sys64(3, 0, 0, 4, 0, 3, true), 0x10);
    trace_trap(&vcpu.trace, sys64(3, 0, 12, 11, 5, 31, false), 0x14);
    trace_trap(&vcpu.trace, sys64(1, 0, 8, 7, 1, 0, false), 0x18);
    trace_trap(&vcpu.trace, sys64(3, 7, 15, 14, 6, 1, true), 0x1C);
    expect_last("  MRS ID_AA64PFR0_EL1, x3, pc 0000000000000010\n"
                "  MSR ICC_SGI1R_EL1, xzr, pc 0000000000000014\n"
                "  TLBI VAE1, x0, pc 0000000000000018\n"
                "  MRS S3_7_C15_C14_6, x1, pc 000000000000001c\n");
}

KTF_TEST(trace, other_classes)
{
    trace_trap(&vcpu.trace, (uint64_t)EC_WFX << ESR_EC_SHIFT, 0x10);
    trace_trap(&vcpu.trace, (uint64_t)EC_WFX << ESR_EC_SHIFT | WFX_IS_WFE, 0x14);
    trace_trap(&vcpu.trace, (uint64_t)EC_SMC64 << ESR_EC_SHIFT | 7, 0x18);
    trace_trap(&vcpu.trace, UINT64_C(0x3F) << ESR_EC_SHIFT, 0x1C);
    trace_trap(&vcpu.trace, UINT64_C(0x19) << ESR_EC_SHIFT, 0x20);
    trace_interrupt(&vcpu.trace, 27);
    trace_interrupt(&vcpu.trace, 33);
    trace_interrupt(&vcpu.trace, 1023);
    expect_last("  WFI, pc 0000000000000010\n"
                "  WFE, pc 0000000000000014\n"
                "  SMC #7, pc 0000000000000018\n"
                "  exception, esr fc000000, pc 000000000000001c\n"
                "  SVE, esr 64000000, pc 0000000000000020\n"
                "  interrupt 27 virtual timer\n"
                "  interrupt 33 UART\n"
                "  interrupt 1023 gone before it was taken\n");
}

KTF_TEST(trace, calls_by_smc_are_named_too)
{
    const uint64_t smc = (uint64_t)EC_SMC64 << ESR_EC_SHIFT;

    trace_trap(&vcpu.trace, smc, 0x10);
    trace_smc(&vcpu.trace, STILE_PSCI_SYSTEM_RESET2_64, 0);
    trace_trap(&vcpu.trace, smc, 0x14);
    trace_smc(&vcpu.trace, STILE_TRNG_RND64, 192);
    trace_trap(&vcpu.trace, smc, 0x18);
    trace_smc(&vcpu.trace, 0xDEADBEEF, 1);
    expect_last("  SMC SYSTEM_RESET2(type 0x0, cookie), pc 0000000000000010\n"
                "  SMC TRNG_RND64(nr_bits 0xc0), pc 0000000000000014\n"
                "  SMC deadbeef(0x1), pc 0000000000000018\n");
}

KTF_TEST(trace, the_oldest_are_overwritten)
{
    for (uint32_t i = 0; i < TRACE_ENTRIES + 3; i++)
        trace_interrupt(&vcpu.trace, 100 + i);
    print_trace();
    EXPECT_EQ(log_lines, TRACE_ENTRIES + 1);
    EXPECT_TRUE(strstr(log_text, "the last 32 of 35 entries, oldest first\n  interrupt 103 \n") !=
                NULL);
    EXPECT_TRUE(strstr(log_text, "interrupt 134 \n") != NULL);
}

KTF_TEST(trace, rows_show_the_copy_taken_at_the_first)
{
    trace_interrupt(&vcpu.trace, 100);
    flight_print_row(&vcpu, 0);
    trace_interrupt(&vcpu.trace, 101);
    for (uint32_t row = 1; row <= TRACE_ENTRIES; row++)
        flight_print_row(&vcpu, row);
    EXPECT_STREQ(log_text, "vm: vcpu 0: the last 1 of 1 entries, oldest first\n  interrupt 100 \n");
}

KTF_TEST(trace, a_call_of_every_name_fits_its_line)
{
    for (uint32_t nr = 0; nr < STILE_NR_CALLS_MAX; nr++) {
        log_clear();
        vcpu.trace = (struct trace){0};
        trace_hypercall(&vcpu.trace, STILE_FID(nr), UINT64_MAX, UINT64_MAX, UINT64_MAX);
        print_trace();
        EXPECT_EQ(log_text[strlen(log_text) - 2], ')');
    }
}

KTF_TEST(trace, a_crash_shows_every_register_and_the_last_exits)
{
    vm.vcpus[0] = &vcpu;
    remains.is_noted = false;
    for (uint64_t i = 0; i < 31; i++)
        vcpu.regs.x[i] = 0xAB00 + i;
    vcpu.regs.elr = 0x1234;
    trace_interrupt(&vcpu.trace, 100);
    remains_note(&vcpu, "it had to");
    remains_note(&vcpu, "another reason");
    remains_keep(&vm);
    for (uint32_t row = 0; row < REMAINS_ROWS; row++)
        remains_report_row(&vm, row);
    EXPECT_EQ(log_lines, REMAINS_ROWS - TRACE_ENTRIES + 1);
    EXPECT_TRUE(strncmp(log_text, "vm: crash: it had to\nvm: vcpu 0 pc 0000000000001234 ", 52) ==
                0);
    for (uint64_t i = 0; i < 31; i++) {
        char value[20];
        snprintf(value, sizeof(value), " %016lx", (unsigned long)vcpu.regs.x[i]);
        EXPECT_TRUE(strstr(log_text, value) != NULL);
    }
    EXPECT_TRUE(strstr(log_text, "\n  interrupt 100 \n") != NULL);
}

/* Whatever it did before. */
KTF_TEST(trace, what_cannot_be_made_leaves_why_alone)
{
    static struct stile_crash_info crash;
    struct trace_entry entry;

    if (!IS_ENABLED(CONFIG_CALLS_CONTROL))
        SKIP("nobody looks");
    vm.vcpus[0] = &vcpu;
    trace_interrupt(&vcpu.trace, 100);
    vcpu.regs.x[7] = 7;
    remains.is_noted = false;
    remains_note(&vcpu, "it had to");
    remains_keep(&vm);
    remains_refuse(&vm, "no memory");
    ASSERT_TRUE(remains_read_crash(&vm, &crash));
    EXPECT_EQ(crash.length, 9);
    EXPECT_MEMEQ(crash.message, "no memory", 9);
    EXPECT_EQ(crash.x[7], 0);
    EXPECT_FALSE(remains_read_trace(&vm, 0, 0, &entry));
    vcpu.regs.x[7] = 0;
}

KTF_TEST(trace, the_console_shows_the_same_of_a_crash)
{
    static char reported[sizeof(log_text)];

    vm.vcpus[0] = &vcpu;
    remains.is_noted = false;
    remains_note(&vcpu, "it had to");
    remains_keep(&vm);
    for (uint32_t row = 0; row < REMAINS_ROWS; row++)
        remains_report_row(&vm, row);
    strcpy(reported, log_text);
    log_clear();
    for (uint32_t row = 0; row < REMAINS_ROWS; row++)
        remains_print_row(&vm, row);
    EXPECT_STREQ(log_text, reported);
}
