/* SPDX-License-Identifier: MIT */
/*
 * tools/backend: lines of its log, of which there are never too many, and who ends is always heard.
 */
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t fake_second;

static int fake_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){.tv_sec = fake_second};
    return 0;
}
#define clock_gettime fake_clock_gettime
#include "../../tools/backend/say.c"
#undef clock_gettime

#include "ktf.h"

static int wire[2], errors;

static void setup(void)
{
    ASSERT_EQ(pipe(wire), 0);
    errors = dup(STDERR_FILENO);
    (void)dup2(wire[1], STDERR_FILENO);
    fake_second += 1000;
}

static void teardown(void)
{
    (void)dup2(errors, STDERR_FILENO);
    (void)close(errors);
    (void)close(wire[0]);
    (void)close(wire[1]);
}

KTF_SUITE(backend_say, .setup = setup, .teardown = teardown);

/* How many lines were written since the last time; the last of them. */
static unsigned lines(char last[64])
{
    static char text[65536];
    ssize_t length;
    unsigned nr = 0;

    (void)write(wire[1], "", 1); /* so that there is something to read */
    length = read(wire[0], text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = '\0';
    last[0] = '\0';
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), nr++)
        (void)snprintf(last, 64, "%s", line);
    return nr;
}

static void say_many(unsigned nr)
{
    for (unsigned i = 0; i < nr; i++)
        say("number %u", i);
}

KTF_TEST(backend_say, some_at_once_and_then_one_a_second)
{
    char last[64];

    say_many(SAY_BURST + 10);
    EXPECT_EQ(lines(last), SAY_BURST);
    EXPECT_STREQ(last, "stile-backend: number 63");
    fake_second++;
    say_many(3);
    EXPECT_EQ(lines(last), 2);
    EXPECT_STREQ(last, "stile-backend: number 0");
    fake_second += 2;
    say_many(5);
    EXPECT_EQ(lines(last), 3); /* one of them tells of two */
    fake_second += SAY_BURST;
    say_many(SAY_BURST);
    EXPECT_EQ(lines(last), SAY_BURST + 1);
}

KTF_TEST(backend_say, who_ends_is_heard)
{
    char last[64];
    int status = 0;
    pid_t child;

    say_many(SAY_BURST + 2);
    (void)lines(last);
    child = fork();
    if (child == 0)
        die("%s", "no more");
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_EQ(lines(last), 2);
    EXPECT_STREQ(last, "stile-backend: no more");
}
