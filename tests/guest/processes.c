/* SPDX-License-Identifier: MIT */
/*
 * Processes: the programs of the image at EL0. What a program finds wrong is in its exit code.
 */
#include "ktf.h"
#include "mm/page.h"
#include "process/process.h"
#include "threads/thread.h"

KTF_SUITE(processes);

/* The exit code of a program, or -100 if it does not start. */
static int64_t run(const char *name)
{
    const struct program *program = process_find_program(name);
    struct process *process = program ? process_start(program) : NULL;

    return process ? process_wait(process) : -100;
}

KTF_TEST(processes, a_program_runs_to_its_end)
{
    EXPECT_EQ(run("hello"), 0);
}

KTF_TEST(processes, system_calls_refuse_bad_arguments)
{
    EXPECT_EQ(run("probe"), 0);
}

KTF_TEST(processes, an_exit_code_arrives)
{
    EXPECT_EQ(run("spin"), 7);
}

KTF_TEST(processes, a_fault_ends_the_process_only)
{
    EXPECT_EQ(run("fault"), PROCESS_FAULTED);
    EXPECT_EQ(run("probe"), 0);
}

KTF_TEST(processes, there_is_no_such_program)
{
    EXPECT_NULL(process_find_program("nothing"));
    EXPECT_NULL(process_find_program(""));
}

KTF_TEST(processes, numbers_are_not_used_again)
{
    struct process *first = process_start(process_find_program("probe"));
    ASSERT_NOT_NULL(first);
    uint32_t id = process_id(first);
    (void)process_wait(first);

    struct process *second = process_start(process_find_program("probe"));
    ASSERT_NOT_NULL(second);
    EXPECT_GT(process_id(second), id);
    (void)process_wait(second);
}

KTF_TEST(processes, several_share_the_machine)
{
    struct process *processes[4];

    for (int i = 0; i < 4; i++)
        processes[i] = process_start(process_find_program(i % 2 == 0 ? "spin" : "probe"));
    for (int i = 0; i < 4; i++) {
        ASSERT_NOT_NULL(processes[i]);
        EXPECT_EQ(process_wait(processes[i]), i % 2 == 0 ? 7 : 0);
    }
}

KTF_TEST(processes, without_a_free_slot_a_start_fails)
{
    struct process *processes[NR_PROCESSES + 1];
    uint32_t started = 0;

    while (started <= NR_PROCESSES &&
           (processes[started] = process_start(process_find_program("spin"))))
        started++;
    EXPECT_EQ(started, NR_PROCESSES);
    for (uint32_t i = 0; i < started; i++)
        EXPECT_EQ(process_wait(processes[i]), 7);
}

KTF_TEST(processes, all_their_memory_comes_back)
{
    uint64_t before = page_nr_free();

    for (int i = 0; i < 5; i++)
        EXPECT_EQ(run("probe"), 0);
    EXPECT_EQ(page_nr_free(), before);
}
