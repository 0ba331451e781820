/* SPDX-License-Identifier: MIT */
/*
 * monitor/monitor.c and monitor/monitor_commands.c: editing, commands, and going on in small steps.
 */
#include <stdio.h>
#include <string.h>

#include "monitor/monitor.c"
#include "monitor/monitor_commands.c"
#include "vm/counters.c"
#include "vm/stats.c"
#include "lib/ring.c"

#include "fakes/log.h"
#include "ktf.h"

/* --- the console --- */

static struct {
    char begun[256];
    size_t length;
    uint32_t ready_for; /* how often there is room */
    struct vm *focus;
    bool attached;
} screen;

bool console_hv_ready(void)
{
    if (screen.ready_for == 0)
        return false;
    screen.ready_for--;
    return true;
}

void console_type(const char *text, size_t length)
{
    memcpy(screen.begun + screen.length, text, length);
    screen.length += length;
    if (text[length - 1] == '\n')
        screen.length = 0;
    screen.begun[screen.length] = '\0';
}

void console_untype(size_t count)
{
    EXPECT_LE(count, screen.length);
    screen.length -= count;
    screen.begun[screen.length] = '\0';
}

bool console_focus(struct vm *vm)
{
    screen.focus = vm;
    return screen.attached;
}

/* --- the machine --- */

struct page_budget page_budget(uint32_t vm_id)
{
    return (struct page_budget){10 * vm_id, 64};
}

static uint32_t nr_calls_to_self;
static struct pcpu pcpu0;

uint64_t fake_sysreg_read(const char *name)
{
    EXPECT_STREQ(name, "tpidr_el2");
    return (uint64_t)(uintptr_t)&pcpu0;
}

static void fake_send_sgi(uint32_t pcpu_index, uint32_t sgi)
{
    EXPECT_EQ(pcpu_index, 0);
    EXPECT_EQ(sgi, IRQ_CONSOLE);
    nr_calls_to_self++;
}

static const struct gic_ops fake_gic = {.send_sgi = fake_send_sgi};
const struct gic_ops *gic = &fake_gic;

/* --- the VMs --- */

static struct stile_vcpu_page vcpu_page;
static struct stile_vm_page vm_page = {.ticks_per_sec = 1000};
static struct vcpu vcpus[3];
static struct vm vms[2];
static bool running[2];

struct vm *vm_get(uint32_t index)
{
    EXPECT_LT(index, CONFIG_NR_VMS);
    if (index >= 2 || !running[index])
        return NULL;
    vm_hold(&vms[index]);
    return &vms[index];
}

void sched_release_last(struct vm *vm)
{
    running[vm - vms] = false;
}

void vm_pause(struct vm *vm)
{
    EXPECT_EQ(vm->nr_holds, 1);
    vm->paused = true;
}

void vm_resume(struct vm *vm)
{
    vm->paused = false;
}

void vm_destroy(struct vm *vm)
{
    EXPECT_EQ(vm->nr_holds, 1);
    vm->state = VM_ENDING;
}

struct vm *vm_slot(uint32_t id)
{
    static struct vm nobody;

    return id == 2 ? &vms[1] : &nobody;
}

void remains_print_row(struct vm *vm, uint32_t row)
{
    EXPECT_EQ(vm, &vms[1]);
    if (row < 2)
        printk("%s left %u", vm->config.name, row);
}

void flight_print_row(const struct vcpu *vcpu, uint32_t row)
{
    if (row <= vcpu->trace.next)
        printk("%u row %u", vcpu->index, row);
}

bool advisor_print_row(const struct vm *vm, uint32_t row)
{
    printk("%s advice %u", vm->config.name, row);
    return row < 1;
}

const char *names_call(uint64_t fid)
{
    return fid == STILE_FID(3) ? "core_null" : NULL;
}

/* --- the cases --- */

static void setup(void)
{
    memset(vcpus, 0, sizeof(vcpus));
    for (uint32_t i = 0; i < 3; i++) {
        vcpus[i].index = i < 2 ? i : 0;
        vcpus[i].vm = &vms[i / 2];
        vcpus[i].pcpu = &pcpu0;
        vcpus[i].page = &vcpu_page;
        vcpus[i].state = VCPU_BLOCKED;
    }
    vms[0] = (struct vm){.config = {.name = "pv", .nr_vcpus = 2, .weight = 100},
                         .id = 1,
                         .number = 1,
                         .page = &vm_page,
                         .vcpus = {&vcpus[0], &vcpus[1]}};
    vms[1] = (struct vm){.config = {.name = "1", .nr_vcpus = 1, .weight = 100},
                         .id = 2,
                         .number = 2,
                         .page = &vm_page,
                         .vcpus = {&vcpus[2]}};
    running[0] = running[1] = true;
    memset(&screen, 0, sizeof(screen));
    screen.attached = true;
    screen.ready_for = UINT32_MAX;
    monitor.prompted = monitor.stop = monitor.running = monitor.after_return = false;
    monitor.escape = ESCAPE_NONE;
    monitor.job = (struct monitor_job){0};
    monitor.input.head = monitor.input.tail = 0;
    nr_calls_to_self = 0;
    monitor_run();
    log_clear();
}

static void teardown(void)
{
    EXPECT_EQ(vms[0].nr_holds + vms[1].nr_holds, 0);
    EXPECT_FALSE(monitor.running);
}

KTF_SUITE(monitor, .setup = setup, .teardown = teardown);

/* As the interrupts would. */
static void run_all(void)
{
    uint32_t before;

    do {
        before = nr_calls_to_self;
        monitor_run();
    } while (nr_calls_to_self != before);
}

static void type_text(const char *text)
{
    for (; *text != '\0'; text++) {
        (void)monitor_input(text, 1);
        run_all();
    }
}

KTF_TEST(monitor, crashes_are_shown_of_vms_that_have_ended)
{
    running[1] = false;
    type_text("crashes\r");
    EXPECT_STREQ(log_text, "1 left 0\n1 left 1\n");
}

KTF_TEST(monitor, prompts)
{
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
}

KTF_TEST(monitor, lines_can_be_edited)
{
    type_text("abc\x7f\bd\x01\x1b[Ae\x1bOPf");
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT "adef");
    type_text("\x15");
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
    type_text("\x7f");
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
    type_text("vm\x03");
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
    EXPECT_STREQ(log_text, "");
}

KTF_TEST(monitor, a_line_has_an_end)
{
    char text[LINE_BYTES + 20];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    type_text(text);
    EXPECT_EQ(screen.length, strlen(MONITOR_PROMPT) + LINE_BYTES);
    type_text("\r");
    EXPECT_EQ(log_lines, 1);
}

KTF_TEST(monitor, line_ends_of_any_kind_count_once)
{
    type_text("x\r\ny\nz\r\n\r");
    EXPECT_STREQ(log_text, "x: no such command: try ?\ny: no such command: try ?\n"
                           "z: no such command: try ?\n");
}

static const struct bad {
    const char *line;
    const char *answer;
} bad_lines[] = {
    {"", ""},
    {"   ", ""},
    {"vmss", "vmss: no such command: try ?\n"},
    {"pause", "pause: needs a VM: a name or a number of vms\n"},
    {"pause pv 1", "pause: too many words: try ?\n"},
    {"vms pv", "vms: takes no VM\n"},
    {"? pv", "?: takes no VM\n"},
    {"exits 3", "exits: there is no such VM: see vms\n"},
    {"exits 0", "exits: there is no such VM: see vms\n"},
    {"exits 2x", "exits: there is no such VM: see vms\n"},
    {"exits -1", "exits: there is no such VM: see vms\n"},
    {"exits 18446744073709551618", "exits: there is no such VM: see vms\n"},
    {"exits pvx", "exits: there is no such VM: see vms\n"},
};

static void describe(const struct bad *bad, char *text, size_t size)
{
    snprintf(text, size, "%s", bad->line);
}

KTF_TEST_EACH(monitor, bad_input_gives_one_line, struct bad, bad_lines, describe)
{
    type_text(param->line);
    type_text("\r");
    EXPECT_STREQ(log_text, param->answer);
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
}

KTF_TEST(monitor, helps)
{
    type_text("?\r");
    EXPECT_EQ(log_lines, NR_COMMANDS);
    EXPECT_TRUE(strstr(log_text, "\n  pause   VM    keep a VM from running\n") != NULL);
}

KTF_TEST(monitor, a_name_goes_before_a_number)
{
    type_text("pause 1\r");
    EXPECT_TRUE(vms[1].paused);
    EXPECT_FALSE(vms[0].paused);
    type_text("  resume   2 \rpause pv\r");
    EXPECT_FALSE(vms[1].paused);
    EXPECT_TRUE(vms[0].paused);
    EXPECT_STREQ(log_text, "1: paused\n1: resumed\npv: paused\n");
}

KTF_TEST(monitor, shows_vms_and_vcpus)
{
    vms[1].paused = true;
    vcpus[2].paused = VCPU_PAUSED_BY_VM;
    vcpus[0].loaded = true;
    vcpus[1].state = VCPU_OFF;
    vcpus[0].trace.next = 7; /* two of them calls */
    vcpus[0].trace.nr_others = 5;
    vcpu_page.stolen_ticks = 1500;
    type_text("vms\rvcpus\r");
    EXPECT_STREQ(log_text, "  1 pv: running, 2 vCPUs, weight 100, 40 of 256 KiB of EL2's memory, "
                           "7 exits, 2 calls\n"
                           "  2 1: paused, 1 vCPUs, weight 100, 80 of 256 KiB of EL2's memory, "
                           "0 exits, 0 calls\n"
                           "  pv/0: runs, cpu 0, 0 switches, 1500 ms stolen, 7 exits\n"
                           "  pv/1: off, cpu 0, 0 switches, 1500 ms stolen, 0 exits\n"
                           "  1/0: paused, blocked, cpu 0, 0 switches, 1500 ms stolen, 0 exits\n");
}

KTF_TEST(monitor, shows_exits_and_calls_that_there_were)
{
    vcpus[0].stats.exits[EXIT_WFI] = 5;
    vcpus[1].stats.exits[EXIT_INTERRUPT] = 7;
    vcpus[1].stats.calls[3] = 9;
    vcpus[0].stats.standard_calls = 4;
    type_text("exits pv\rcalls pv\r");
    EXPECT_STREQ(log_text, "pv: exits other than calls, by vCPU\n"
                           "  WFI                                 5          0\n"
                           "  physical interrupt                  0          7\n"
                           "pv: calls, by vCPU\n"
                           "  standard services                   4          0\n"
                           "  core_null                           0          9\n");
}

KTF_TEST(monitor, the_largest_counts_fit_a_line)
{
    for (uint32_t i = 0; i < CONFIG_NR_VCPUS; i++)
        vms[0].vcpus[i] = &vcpus[0];
    vms[0].config.nr_vcpus = CONFIG_NR_VCPUS;
    vcpus[0].stats.exits[EXIT_WFI] = UINT64_MAX / 16;
    type_text("exits pv\r");
    EXPECT_EQ(log_lines, 2);
}

KTF_TEST(monitor, optional_vms_mean_all)
{
    type_text("advisor\r");
    EXPECT_STREQ(log_text, "pv advice 0\npv advice 1\n1 advice 0\n1 advice 1\n");
    log_clear();
    type_text("advisor 2\r");
    EXPECT_STREQ(log_text, "1 advice 0\n1 advice 1\n");
}

KTF_TEST(monitor, flies_over_all_vcpus)
{
    vcpus[0].trace.next = 1;
    type_text("flight pv\r");
    EXPECT_STREQ(log_text, "0 row 0\n0 row 1\n1 row 0\n");
}

KTF_TEST(monitor, destroys_and_then_there_is_no_such_vm)
{
    type_text("destroy pv\rvms\rdestroy pv\r");
    EXPECT_STREQ(log_text, "  2 1: running, 1 vCPUs, weight 100, 80 of 256 KiB of EL2's memory, "
                           "0 exits, 0 calls\n"
                           "destroy: there is no such VM: see vms\n");
}

KTF_TEST(monitor, moves_the_focus)
{
    type_text("focus pv\r");
    EXPECT_EQ(screen.focus, &vms[0]);
    EXPECT_STREQ(log_text, "");
    screen.attached = false;
    type_text("focus pv\r");
    EXPECT_STREQ(log_text, "pv is leaving the console\n");
}

KTF_TEST(monitor, goes_on_in_bounded_steps)
{
    (void)monitor_input("flight pv\r", 10);
    monitor_run();
    /* 10 characters and 6 rows; the rest comes by the interrupt it sends itself. */
    EXPECT_EQ(nr_calls_to_self, 1);
    EXPECT_EQ(monitor.job.row, MAX_STEPS - 10);
    run_all();
    EXPECT_EQ(nr_calls_to_self, 1 + (2 * (TRACE_ENTRIES + 1) - 6) / MAX_STEPS);
    EXPECT_TRUE(monitor.job.command == NULL);
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
}

KTF_TEST(monitor, waits_for_room_and_loses_nothing)
{
    screen.ready_for = 3;
    (void)monitor_input("?\r", 2);
    run_all();
    EXPECT_EQ(log_lines, 1);
    EXPECT_EQ(nr_calls_to_self, 0);
    (void)monitor_input("x\r", 2);
    screen.ready_for = NR_COMMANDS - 2;
    run_all();
    EXPECT_EQ(log_lines, NR_COMMANDS - 1);
    screen.ready_for = UINT32_MAX;
    run_all();
    EXPECT_EQ(log_lines, NR_COMMANDS + 1);
    EXPECT_STREQ(screen.begun, MONITOR_PROMPT);
}

KTF_TEST(monitor, ctrl_c_stops_a_table_and_forgets_what_was_typed)
{
    (void)monitor_input("?\rx\r", 4);
    screen.ready_for = 4;
    run_all();
    EXPECT_EQ(log_lines, 2);
    (void)monitor_input("\x03y\r", 3);
    screen.ready_for = UINT32_MAX;
    run_all();
    EXPECT_EQ(log_lines, 3);
    EXPECT_TRUE(strstr(log_text, "y: no such command") != NULL);
}

KTF_TEST(monitor, a_vm_may_end_during_its_table)
{
    (void)monitor_input("flight pv\r", 10);
    monitor_run();
    running[0] = false;
    run_all();
    EXPECT_TRUE(strstr(log_text, "the VM has ended\n") != NULL);
    log_clear();
    running[0] = true;
    (void)monitor_input("advisor\r", 8);
    screen.ready_for = 9;
    run_all();
    running[0] = false;
    screen.ready_for = UINT32_MAX;
    run_all();
    EXPECT_STREQ(log_text, "pv advice 0\n1 advice 0\n1 advice 1\n");
}

KTF_TEST(monitor, another_cpu_at_work_is_left_alone)
{
    monitor.running = true;
    (void)monitor_input("x\r", 2);
    monitor_run();
    EXPECT_STREQ(log_text, "");
    monitor.running = false;
    run_all();
    EXPECT_EQ(log_lines, 1);
}

KTF_TEST(monitor, what_is_typed_too_far_ahead_is_not_taken)
{
    char text[2 * INPUT_BYTES];

    memset(text, 'x', sizeof(text));
    screen.ready_for = 0;
    EXPECT_EQ(monitor_input(text, sizeof(text)), INPUT_BYTES);
    EXPECT_EQ(ring_used(&monitor.input), INPUT_BYTES);
    screen.ready_for = UINT32_MAX;
    run_all();
    EXPECT_EQ(monitor.length, LINE_BYTES);
}
