/* SPDX-License-Identifier: MIT */
/*
 * The life of a process: slots, address spaces, start, end. Its system calls are in syscall.c.
 */
#include "process/process.h"

#include <string.h>

#include "arch/context.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"
#include "process/elf.h"
#include "threads/exception.h"
#include "threads/sched.h"
#include "threads/thread.h"

#define USER_STACK_PAGES 4

struct process {
    bool used; /* under the lock below */
    uint32_t id;
    const struct program *program;
    struct thread *thread;
    struct space space; /* its thread points here; root is 0 until there is memory for it */
    uint64_t entry;
    int64_t exit_code;
};

static struct spinlock lock; /* of the slots */
static struct process processes[NR_PROCESSES];

/* By user/programs.S. */
extern const struct program programs[], programs_end[];

const struct program *process_program_at(uint32_t index)
{
    return index < (uint32_t)(programs_end - programs) ? &programs[index] : NULL;
}

const struct program *process_find_program(const char *name)
{
    for (const struct program *program = programs; program < programs_end; program++) {
        if (strcmp(program->name, name) == 0)
            return program;
    }
    return NULL;
}

static struct process *claim_slot(void)
{
    static uint32_t next_id = 1;
    uint64_t flags = spin_lock_irqsave(&lock);
    struct process *process = NULL;

    for (uint32_t i = 0; i < NR_PROCESSES && !process; i++) {
        if (!processes[i].used) {
            process = &processes[i];
            *process = (struct process){.used = true, .id = next_id++, .space.asid = i + 1};
        }
    }
    spin_unlock_irqrestore(&lock, flags);
    return process;
}

static void free_slot(struct process *process)
{
    uint64_t flags = spin_lock_irqsave(&lock);

    process->used = false;
    spin_unlock_irqrestore(&lock, flags);
}

static void free_space(struct process *process)
{
    if (process->space.root == 0)
        return;
    space_forget(&process->space);
    map_free_user(process->space.root);
}

static bool map_user_stack(uint64_t root)
{
    for (uint64_t i = 1; i <= USER_STACK_PAGES; i++) {
        uint64_t pa = page_alloc_zeroed();
        if (pa == 0)
            return false;
        if (!map_range(root, USER_STACK_TOP - i * PAGE_SIZE, pa, PAGE_SIZE, MAP_USER_DATA)) {
            page_free(pa);
            return false;
        }
    }
    return true;
}

static void run(void *argument)
{
    const struct process *process = argument;

    context_enter_user(process->entry, USER_STACK_TOP, sched_current()->stack_top);
}

static bool load(struct process *process)
{
    const struct program *program = process->program;
    uint64_t root = page_alloc_zeroed();

    process->space.root = root;
    return root != 0 && map_user_stack(root) &&
           elf_load(program->elf, (size_t)(program->elf_end - program->elf), root, &process->entry);
}

struct process *process_start(const struct program *program)
{
    struct process *process = claim_slot();
    if (!process)
        return NULL;

    process->program = program;
    if (load(process))
        process->thread = thread_create(program->name, run, process, &process->space);
    if (!process->thread) {
        free_space(process);
        free_slot(process);
        return NULL;
    }
    return process;
}

int64_t process_wait(struct process *process)
{
    thread_join(process->thread);

    int64_t code = process->exit_code;
    free_space(process);
    free_slot(process);
    return code;
}

uint32_t process_id(const struct process *process)
{
    return process->id;
}

struct process *process_of(const struct thread *thread)
{
    char *space = (char *)thread->space;

    return space ? (struct process *)(space - offsetof(struct process, space)) : NULL;
}

struct process *process_current(void)
{
    return process_of(sched_current());
}

void process_exit(int64_t code)
{
    process_current()->exit_code = code;
    thread_exit();
}

void process_fault(uint64_t esr, uint64_t elr, uint64_t far)
{
    const struct process *process = process_current();

    printk("guest: process %u (%s) ended: %s at 0x%lx, address 0x%lx, esr 0x%lx\n", process->id,
           process->program->name, exception_name(esr), elr, far, esr);
    process_exit(PROCESS_FAULTED);
}

bool process_copy_in(void *to, uint64_t user_va, size_t bytes)
{
    char *target = to;

    while (bytes > 0) {
        uint64_t pa = map_lookup_user(process_current()->space.root, user_va, false);
        if (pa == 0)
            return false;
        size_t count = PAGE_SIZE - user_va % PAGE_SIZE;
        if (count > bytes)
            count = bytes;
        memcpy(target, phys_to_virt(pa), count);
        target += count;
        user_va += count;
        bytes -= count;
    }
    return true;
}
