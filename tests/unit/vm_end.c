/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM from its files to its end, in life/vm_life.c, vm_build.c and vm_end.c, with real
 * memory: what a step may do, what comes after what, and an end that comes at any step.
 */
#include "vm_rig.h"

KTF_SUITE(vm_end, .setup = rig_setup);

static void expect_gone(void)
{
    EXPECT_EQ(vm->state, VM_OFF);
    EXPECT_EQ(world.nr_vcpus, 0);
    EXPECT_EQ(world.nr_attached, 0);
    EXPECT_EQ(page_nr_free_guest(), page_nr_guest());
    EXPECT_EQ(page_audit(), 0);
    EXPECT_EQ(vm->stage2.quota, 0);
    EXPECT_EQ(fake_windows_open, 0);
    EXPECT_EQ(vm_end_nr_expected(), 1);
}

static void expect_running(void)
{
    EXPECT_EQ(vm->state, VM_RUNNING);
    EXPECT_EQ(vm->nr_holds, 0);
    EXPECT_EQ(world.nr_attached, 1);
    EXPECT_EQ(vm->stage2.nr_owned, RAM_BYTES >> PAGE_SHIFT);
    EXPECT_EQ(vm_end_nr_expected(), 2);
}

static void expect_initrd(void)
{
    static uint8_t found[sizeof(initrd)];

    EXPECT_EQ(guest_read(vm, found, builds[0].load.initrd.base, sizeof(found)), sizeof(found));
    EXPECT_MEMEQ(found, initrd, sizeof(found));
}

/* --- tests --------------------------------------------------------------------------------- */

KTF_TEST(vm_end, an_end_goes_through_its_phases)
{
    end(VM_END_OFF);
    world.nr_shares = 2;
    EXPECT_LT(step(MANY), MANY);
    EXPECT_STREQ(world.done, "oaaadhhhp");
    EXPECT_TRUE(strstr(log_text, "vm: powered off") != NULL);
    expect_gone();
    EXPECT_EQ(outcome, 0);
}

KTF_TEST(vm_end, a_status_is_told_and_kept)
{
    vm_hold(vm);
    vm_power_off(vm->vcpus[0], 300);
    sched_release(vm);
    (void)step(MANY);
    EXPECT_TRUE(strstr(log_text, "vm: powered off, status 300") != NULL);
    EXPECT_EQ(vm->status, 300);
    EXPECT_EQ(outcome, 254);
    expect_gone();
}

KTF_TEST(vm_end, a_reboot_ends_in_a_vm_that_runs)
{
    for (unsigned i = 0; i < 3; i++) {
        memset(world.done, 0, sizeof(world.done));
        world.nr_done = 0;
        end(VM_END_REBOOT);
        EXPECT_LT(step(MANY), MANY);
        EXPECT_STREQ(world.done, "oaaadhps");
        expect_running();
        expect_initrd();
    }
    end(VM_END_OFF);
    (void)step(MANY);
    expect_gone();
}

KTF_TEST(vm_end, what_a_crash_left_is_kept_first)
{
    vm_hold(vm);
    vm_crash(vm->vcpus[0], "it had to");
    sched_release(vm);
    (void)step(MANY);
    EXPECT_STREQ(world.done, "okcaaadhp");
    EXPECT_EQ(world.nr_crash_rows, REMAINS_ROWS);
    expect_gone();
    EXPECT_EQ(outcome, 1);
}

/* Nobody but the VM itself waits for what is shown of its crash. */
KTF_TEST(vm_end, a_crash_is_shown_a_row_at_a_time)
{
    unsigned before = log_lines;

    vm_hold(vm);
    vm_crash(vm->vcpus[0], "it had to");
    sched_release(vm);
    EXPECT_EQ(log_lines, before);
    for (unsigned shown = 0; shown < REMAINS_ROWS;) {
        EXPECT_EQ(step(1), 1);
        EXPECT_LE(world.nr_crash_rows, shown + 1);
        shown = world.nr_crash_rows;
    }
    world.uart_ready = false;
    EXPECT_EQ(step(100), 100);
    EXPECT_EQ(log_lines, before);
    world.uart_ready = true;
    (void)step(MANY);
    expect_gone();
}

/* Pages that a step frees or takes, and bytes that it copies. */
KTF_TEST(vm_end, no_step_does_much)
{
    end(VM_END_REBOOT);
    for (bool more = true; more;) {
        uint64_t before = page_nr_free_guest();

        fake_cache_flushed = 0;
        more = vm->step(vm);
        uint64_t after = page_nr_free_guest();
        if (after > before)
            EXPECT_LE(after - before, 64 * 512); /* blocks: a descriptor each */
        EXPECT_LE(fake_cache_flushed, BLOCK_2M + 2 * PIECE_BYTES);
    }
    expect_running();
}

/* A VM of single pages is taken down in many steps, each of which frees few. */
KTF_TEST(vm_end, single_pages_go_a_few_at_a_time)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);

    for (uint64_t at = 0; at < RAM_BYTES; at += BLOCK_2M)
        EXPECT_EQ(stage2_protect_locked(locked, ipa_make(RAM + at), PAGE_SIZE, STAGE2_READ),
                  STILE_SUCCESS);
    stage2_unlock(locked);
    end(VM_END_OFF);
    for (bool more = true; more;) {
        uint64_t before = page_nr_free_guest();

        more = vm->step(vm);
        EXPECT_LE(page_nr_free_guest() - before, DESTROY_MOST / COST_LEAF);
    }
    expect_gone();
}

/* Whatever has been done of a reboot when somebody ends the VM: it ends, and leaves nothing. */
KTF_TEST(vm_end, a_reboot_is_ended_at_any_step)
{
    unsigned nr_steps = MANY;

    for (unsigned i = 0; i < nr_steps; i++) {
        rig_setup();
        end(VM_END_REBOOT);
        unsigned done = step(i);
        if (vm->state == VM_RUNNING) {
            nr_steps = done;
            EXPECT_FALSE(vm_destroy_rebooting(vm, vm->number));
            break;
        }
        EXPECT_TRUE(vm_destroy_rebooting(vm, vm->number));
        EXPECT_FALSE(vm_destroy_rebooting(vm, vm->number));
        EXPECT_LT(step(MANY), MANY);
        EXPECT_TRUE(strchr(world.done, 's') == NULL);
        expect_gone();
        EXPECT_EQ(outcome, 0);
    }
    EXPECT_GT(nr_steps, 20);
    EXPECT_LT(nr_steps, MANY);
}

/* The same where it runs again before the step that let it run has returned. */
KTF_TEST(vm_end, what_is_no_reboot_stays_so)
{
    EXPECT_FALSE(vm_destroy_rebooting(vm, vm->number)); /* it runs */
    end(VM_END_OFF);
    EXPECT_FALSE(vm_destroy_rebooting(vm, vm->number));
    (void)step(MANY);
    expect_gone();
    EXPECT_FALSE(vm_destroy_rebooting(vm, vm->number));
}

KTF_TEST(vm_end, what_cannot_be_made_anew_is_refused_and_gone)
{
    world.no_controller = true;
    end(VM_END_REBOOT);
    (void)step(MANY);
    EXPECT_TRUE(strstr(log_text, "vm: cannot be started anew: there is no controller\n") != NULL);
    expect_gone();
    EXPECT_EQ(outcome, 1);
}

/* However little of its budget is left: it runs, or it is gone. */
KTF_TEST(vm_end, a_budget_that_is_used_up_leaves_nothing_half_done)
{
    for (size_t left = 0; left < 20; left++) {
        rig_setup();
        end(VM_END_REBOOT);
        while (ends[0].phase != PHASE_BUILD)
            (void)vm->step(vm);
        void *hoard = fake_hoard(vm->id, left);
        while (vm->state == VM_UNREADY && ends[0].phase != PHASE_FREE)
            (void)vm->step(vm);
        fake_give_back(hoard); /* before its budget ends */
        if (vm->state == VM_RUNNING) {
            expect_running();
        } else {
            (void)step(MANY);
            expect_gone();
        }
    }
    EXPECT_EQ(vm->state, VM_RUNNING);
}

KTF_TEST(vm_end, lines_wait_for_the_uart_but_not_for_ever)
{
    end(VM_END_OFF);
    world.uart_ready = false;
    EXPECT_EQ(step(100), 100);
    EXPECT_EQ(log_lines, 1); /* of its creation */
    world.uart_ready = true;
    EXPECT_LT(step(MANY), MANY);
    expect_gone();

    rig_setup();
    end(VM_END_OFF);
    world.uart_ready = false;
    EXPECT_LT(step(10 * POLLS_MOST), 10 * POLLS_MOST);
    expect_gone();
}

KTF_TEST(vm_end, after_the_last_one_the_machine_is_powered_off)
{
    nr_expected = 1;
    outcome = 3;
    end(VM_END_OFF);
    EXPECT_PANIC((void)step(MANY)); /* it is still on */
    EXPECT_TRUE(world.is_off);
    EXPECT_EQ(world.status, 3);
    EXPECT_EQ(page_audit(), 0);
}

/* Somebody who waits for one of its locks, for a VM that is gone, has to get it. */
KTF_TEST(vm_end, locks_outlive_a_slots_vm)
{
    end(VM_END_OFF);
    (void)step(MANY);
    struct spinlock *locks[] = {&vm->lock,        &vm->stage2.lock,  &vm->vgic.lock,
                                &vm->events.lock, &vm->console.lock, &vm->vuart.lock};
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        locks[i]->next = locks[i]->serving = 7;
    slots[1].number = 1; /* that place was used, too, */
    slots[1].ended = UINT32_MAX;
    ASSERT_TRUE(vm_make_at_boot(&files) == vm);
    EXPECT_EQ(vm->state, VM_UNREADY);
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        EXPECT_GE(locks[i]->next, 7);
    vm_start_at_boot(vm);
    expect_running();
}

KTF_TEST(vm_end, those_that_are_made_count_before_they_start)
{
    ASSERT_TRUE(vm_make_at_boot(&files) == &slots[1]);
    EXPECT_EQ(slots[1].state, VM_UNREADY);
    EXPECT_EQ(vm_end_nr_expected(), 3);
    end(VM_END_OFF);
    (void)step(MANY);
    EXPECT_EQ(vm->state, VM_OFF);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    vm_start_at_boot(&slots[1]);
    EXPECT_EQ(slots[1].state, VM_RUNNING);
}

KTF_TEST(vm_end, one_that_is_refused_does_not_count)
{
    files.initrd.bytes = RAM_BYTES;
    EXPECT_NULL(vm_make_at_boot(&files));
    EXPECT_TRUE(strstr(log_text, "vm: refused: initrd: it does not fit") != NULL);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    EXPECT_EQ(slots[1].number, 0);
    EXPECT_EQ(slots[1].state, VM_OFF);
    EXPECT_EQ(page_nr_guest() - page_nr_free_guest(), RAM_BYTES >> PAGE_SHIFT);
}

/* Whoever held it still when it was ended has come too late to pause it. */
KTF_TEST(vm_end, what_has_ended_is_not_paused)
{
    vm_hold(vm);
    vm_destroy(vm);
    vm_pause(vm);
    EXPECT_FALSE(vm->paused);
    EXPECT_FALSE(vm->vcpus[0]->paused);
    sched_release(vm);
    (void)step(MANY);
    expect_gone();
    EXPECT_TRUE(strstr(log_text, "vm: destroyed") != NULL);
}

/* Of two bridges, whose registers and interrupts are apart. */
KTF_TEST(vm_end, streams_are_one_vms)
{
    static struct vm_config a, b;

    a = b = (struct vm_config){.nr_devices = 1, .nr_streams = 0x100};
    a.devices[0].name = "pcie@1";
    b.first_stream = 0x100;
    EXPECT_STREQ(find_common(&a, &b), NULL);
    b.nr_streams = 0;
    b.first_stream = 0;
    EXPECT_STREQ(find_common(&a, &b), NULL);
    b.nr_streams = 0x200;
    EXPECT_STREQ(find_common(&a, &b), "pcie@1");
    a.first_stream = 0x100;
    EXPECT_STREQ(find_common(&a, &b), "pcie@1");
}
