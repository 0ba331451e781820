/* SPDX-License-Identifier: MIT */
/*
 * The instrument, from its start to "BENCH done".
 */
#include "bench/bench.h"

#include "arch/cpu.h"
#include "bench/native_rows.h"
#include "bench/sets.h"
#include "lib/printk.h"
#include "machine/sensitive_ops.h"
#include "measure/counter.h"
#include "threads/thread.h"

void bench_run(void)
{
    uint64_t flags = irq_save(); /* nothing of the kernel's own runs meanwhile */

    sensitive->timer_disarm();
    counter_start();
    native_rows_init();
    sets_run();
    printk("BENCH done\n");
    irq_restore(flags);
    thread_yield(); /* arms the timer anew */
}
