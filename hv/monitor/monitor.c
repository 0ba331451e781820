/* SPDX-License-Identifier: MIT */
/*
 * Line editing, and the engine that runs a command row by row. The commands are in
 * monitor_commands.c.
 */
#include "monitor/monitor.h"

#include <string.h>

#include "console/console_write.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/pcpu.h"
#include "lib/ring.h"
#include "lib/spinlock.h"
#include "monitor/monitor_commands.h"

#define INPUT_BYTES 1024 /* typed ahead; a power of two */
#define LINE_BYTES  64

/* So many characters are taken or rows printed before the guest goes on. */
#define MAX_STEPS 16

#define CTRL_C    0x03
#define CTRL_U    0x15
#define ESCAPE    0x1B
#define BACKSPACE 0x08
#define DELETE    0x7F

/* Where in an escape sequence the input is (ECMA-48, section 5.4). */
enum escape {
    ESCAPE_NONE,
    ESCAPE_BEGUN,    /* ESC */
    ESCAPE_SEQUENCE, /* ESC [, parameters */
};

static char input_bytes[INPUT_BYTES];

static struct {
    struct spinlock lock; /* of input, stop and running; may be held when the console's is taken */
    struct ring input;
    bool stop;    /* Ctrl-C was typed */
    bool running; /* some CPU is in monitor_run(), and owns everything below */

    bool prompted;
    bool after_return; /* the last character was CR: an LF belongs to it */
    enum escape escape;
    size_t length;
    char line[LINE_BYTES + 1];
    struct monitor_job job; /* the command that is printing */
} monitor = {.input = {.bytes = input_bytes, .size = INPUT_BYTES}};

size_t monitor_input(const char *text, size_t length)
{
    size_t taken = 0;

    spin_lock(&monitor.lock);
    for (; taken < length; taken++) {
        if (text[taken] == CTRL_C) {
            monitor.stop = true;
            ring_drop(&monitor.input, ring_used(&monitor.input));
        } else if (ring_put(&monitor.input, &text[taken], 1) == 0) {
            break;
        }
    }
    spin_unlock(&monitor.lock);
    return taken;
}

/* --- the line ------------------------------------------------------------------------------ */

static void prompt(void)
{
    monitor.length = 0;
    monitor.prompted = true;
    console_type(MONITOR_PROMPT, sizeof(MONITOR_PROMPT) - 1);
}

static void erase(size_t count)
{
    monitor.length -= count;
    console_untype(count);
}

static void enter(void)
{
    console_type("\r\n", 2);
    monitor.prompted = false;
    monitor.line[monitor.length] = '\0';
    monitor_job_start(&monitor.job, monitor.line);
}

/* Whether the character belongs to an escape sequence, of which none means anything here. */
static bool in_escape(char character)
{
    switch (monitor.escape) {
    case ESCAPE_BEGUN:
        monitor.escape = character == '[' || character == 'O' ? ESCAPE_SEQUENCE : ESCAPE_NONE;
        return true;
    case ESCAPE_SEQUENCE:
        if (character >= '@' && character <= '~')
            monitor.escape = ESCAPE_NONE;
        return true;
    default:
        if (character == ESCAPE)
            monitor.escape = ESCAPE_BEGUN;
        return character == ESCAPE;
    }
}

static void type(char character)
{
    if (monitor.length == LINE_BYTES)
        return;
    monitor.line[monitor.length++] = character;
    console_type(&character, 1);
}

static void take(char character)
{
    bool after_return = monitor.after_return;

    monitor.after_return = character == '\r';
    if (in_escape(character))
        return;
    if (character == '\r' || (character == '\n' && !after_return))
        enter();
    else if ((character == BACKSPACE || character == DELETE) && monitor.length > 0)
        erase(1);
    else if (character == CTRL_U)
        erase(monitor.length);
    else if (character >= ' ' && character <= '~')
        type(character);
}

static void stop(void)
{
    monitor.job.command = NULL;
    if (monitor.prompted)
        console_type("^C\r\n", 4);
    prompt();
}

/* --- steps --------------------------------------------------------------------------------- */

enum step { STEP_NONE, STEP_STOP, STEP_PROMPT, STEP_JOB, STEP_TAKE };

/*
 * What there is to do, if there is room to show it. Decided under the lock: whoever brings input or
 * room meanwhile finds either this CPU at work, which will see it, or nobody.
 */
static enum step next_step(char *character)
{
    enum step step = STEP_NONE;

    spin_lock(&monitor.lock);
    if (!console_hv_ready())
        step = STEP_NONE;
    else if (monitor.stop)
        step = STEP_STOP;
    else if (monitor.job.command)
        step = STEP_JOB;
    else if (!monitor.prompted)
        step = STEP_PROMPT;
    else if (ring_take(&monitor.input, character, 1) > 0)
        step = STEP_TAKE;
    if (step == STEP_STOP)
        monitor.stop = false;
    monitor.running = step != STEP_NONE;
    spin_unlock(&monitor.lock);
    return step;
}

static bool take_step(void)
{
    char character = 0;

    switch (next_step(&character)) {
    case STEP_STOP:
        stop();
        return true;
    case STEP_PROMPT:
        prompt();
        return true;
    case STEP_JOB:
        monitor_job_step(&monitor.job);
        return true;
    case STEP_TAKE:
        take(character);
        return true;
    default:
        return false;
    }
}

static bool begin(void)
{
    spin_lock(&monitor.lock);
    bool mine = !monitor.running;
    monitor.running = true;
    spin_unlock(&monitor.lock);
    return mine;
}

static void pause_running(void)
{
    spin_lock(&monitor.lock);
    monitor.running = false;
    spin_unlock(&monitor.lock);
}

void monitor_run(void)
{
    if (!begin())
        return;
    for (uint32_t steps = 0; steps < MAX_STEPS; steps++) {
        if (!take_step())
            return;
    }
    pause_running();
    gic_send_sgi(pcpu_self()->index, IRQ_CONSOLE);
}
