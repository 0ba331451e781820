/* SPDX-License-Identifier: MIT */
/*
 * tools/backend: its configuration, as a file says it, and what is wrong in one. What is wrong is
 * the end of the program, so a child reads it.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/backend/config.c"
#include "../../tools/backend/say.c"

#include "ktf.h"

const struct kind kind_disk, kind_net, kind_vhost_net;

static struct config config;

/* A file of that text, at a path of /proc. */
static int file_of(const char *text, char path[32])
{
    char name[] = "/tmp/stile-config-XXXXXX";
    int file = mkstemp(name);

    (void)unlink(name);
    EXPECT_EQ(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)snprintf(path, 32, "/proc/self/fd/%d", file);
    return file;
}

static void read_text(const char *text)
{
    char path[32];
    int file = file_of(text, path);

    config_read(&config, path);
    (void)close(file);
}

KTF_SUITE(backend_config);

KTF_TEST(backend_config, all_that_there_is)
{
    static const uint8_t mac[] = {0x52, 0x54, 0, 0x53, 0, 0xA1};

    read_text("# a comment, and nothing\n\n"
              "disk a 0 /dev/vda\n"
              "disk\ta 31 /srv/b read-only queues=8 # of two words\n"
              "disk b 0 c queues=1 read-only\n"
              "  net b 1 tap0\n"
              "net b 2 tap1 52:54:00:53:00:a1 queues=3\n"
              "vhost-net b 3 tap2 52:54:0:53:0:A1");
    ASSERT_EQ(config.nr, 6);
    EXPECT_EQ(config.devices[0].kind, &kind_disk);
    EXPECT_STREQ(config.devices[0].vm, "a");
    EXPECT_STREQ(config.devices[0].file, "/dev/vda");
    EXPECT_EQ(config.devices[0].nr_queues, 1);
    EXPECT_FALSE(config.devices[0].is_read_only);
    EXPECT_EQ(config.devices[1].index, 31);
    EXPECT_EQ(config.devices[1].nr_queues, 8);
    EXPECT_TRUE(config.devices[1].is_read_only);
    EXPECT_TRUE(config.devices[2].is_read_only);
    EXPECT_EQ(config.devices[3].kind, &kind_net);
    EXPECT_FALSE(config.devices[3].has_mac);
    EXPECT_EQ(config.devices[4].nr_queues, 3);
    EXPECT_EQ(memcmp(config.devices[4].mac, mac, sizeof(mac)), 0);
    EXPECT_EQ(config.devices[5].kind, &kind_vhost_net);
    EXPECT_EQ(memcmp(config.devices[5].mac, mac, sizeof(mac)), 0);
}

KTF_TEST(backend_config, as_many_as_there_may_be)
{
    char text[2048] = "";

    for (unsigned i = 0; i < SERVED_MAX; i++)
        (void)sprintf(text + strlen(text), "disk a %u f\n", i);
    read_text(text);
    EXPECT_EQ(config.nr, SERVED_MAX);
}

static const struct fault {
    const char *line;
    const char *what; /* of what is said */
} faults[] = {
    {"cdrom a 0 f", "neither a disk nor a net nor a vhost-net"},
    {"disk a 0", "it is not: disk VM INDEX FILE"},
    {"disk a 0 f read-only queues=2 more", "it is not: disk VM INDEX FILE"},
    {"disk a 32 f", "the index is not a number below 32"},
    {"disk a -0 f", "the index"},
    {"disk a -18446744073709551615 f", "the index"},
    {"disk a 18446744073709551616 f", "the index"},
    {"disk a 1x f", "the index"},
    {"disk a12345678901234567890123456789012 0 f", "a name is too long"},
    {"disk a 0 f writable", "a disk may be read-only"},
    {"disk a 0 f queues=0", "queues= is not a number from 1 to 8"},
    {"disk a 0 f queues=9", "queues= is not a number from 1 to 8"},
    {"disk a 0 f queues=", "queues= is not a number from 1 to 8"},
    {"net a 0 t queues=4", "queues= is not a number from 1 to 3"},
    {"vhost-net a 0 t queues=1", "one pair of queues"},
    {"net a 0 t 52:54:00:53:00", "the MAC address"},
    {"net a 0 t 52:54:00:53:00:01:02", "the MAC address"},
    {"net a 0 t 52:54:00:53:00:-1", "the MAC address"},
    {"net a 0 t 52:54:00:53:00:0x1", "the MAC address"},
    {"net a 0 t 52:54:00:53:00:100", "the MAC address"},
    {"net a 0 t 52:54:00:53:00:", "the MAC address"},
    {"net a 0 t 53:54:00:53:00:01", "the MAC address"},
    {"net a 0 t read-only", "the MAC address"},
    {"disk z 0 g", "has a device of that index already"},
};

static void name_line(const struct fault *fault, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", fault->line);
}

/* What a program says that reads a text, and ends with status 1. */
static void read_in_child(const char *text, char *said, size_t size)
{
    char path[32];
    int file = file_of(text, path), wire[2], status = 0;
    ssize_t length;
    pid_t child;

    ASSERT_EQ(pipe(wire), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(wire[1], STDERR_FILENO);
        config_read(&config, path);
        _exit(0);
    }
    (void)close(wire[1]);
    length = read(wire[0], said, size - 1);
    said[length > 0 ? length : 0] = '\0';
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 1);
    (void)close(wire[0]);
    (void)close(file);
}

KTF_TEST_EACH(backend_config, what_is_wrong_is_told, struct fault, faults, name_line)
{
    char text[256], said[512] = "";

    (void)snprintf(text, sizeof(text), "disk z 0 f\n%s\n", param->line);
    read_in_child(text, said, sizeof(said));
    EXPECT_NOT_NULL(strstr(said, ", line 2: "));
    EXPECT_NOT_NULL(strstr(said, param->what));
}

KTF_TEST(backend_config, a_line_that_is_too_long_is_not_two)
{
    char text[1024], said[512] = "";

    memset(text, '#', sizeof(text));
    strcpy(&text[600], "\n");
    read_in_child(text, said, sizeof(said));
    EXPECT_NOT_NULL(strstr(said, ", line 1: it is too long"));
}

KTF_TEST(backend_config, more_than_there_may_be)
{
    char text[2048] = "", said[512] = "";

    for (unsigned i = 0; i <= SERVED_MAX; i++)
        (void)sprintf(text + strlen(text), "disk %u %u f\n", i, i % SERVED_MAX);
    read_in_child(text, said, sizeof(said));
    EXPECT_NOT_NULL(strstr(said, ", line 33: there are more than 32 devices"));
}
