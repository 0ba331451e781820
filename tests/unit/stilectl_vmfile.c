/* SPDX-License-Identifier: MIT */
/*
 * Files of VMs: every key, what is wrong with each, and where; and files that nobody has written.
 */
#include "../../tools/stilectl/cpus.c"
#include "../../tools/stilectl/vmfile.c"

#include <unistd.h>

#include "ktf.h"

/* What libconfig's scanner has begun, it does not give back when a file is wrong. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static char path[64];

static void setup(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/stilectl-vmfile-%d", (int)getpid());
}

static void teardown(void)
{
    (void)unlink(path);
}

KTF_SUITE(stilectl_vmfile, .setup = setup, .teardown = teardown);

/* A new file each time: some file systems write to the disk at once what is written over. */
static const char *read_bytes(const char *text, size_t bytes, struct vmfile *file)
{
    FILE *stream;

    (void)unlink(path);
    stream = fopen(path, "w");

    if (!stream)
        return "the test's file cannot be written";
    EXPECT_EQ(fwrite(text, 1, bytes, stream), bytes);
    EXPECT_EQ(fclose(stream), 0);
    return vmfile_read(path, file);
}

/* What is wrong, from the line's number on; NULL: nothing. */
static const char *read_text(const char *text, struct vmfile *file)
{
    const char *why = read_bytes(text, strlen(text), file);

    if (why && strncmp(why, path, strlen(path)) == 0 && why[strlen(path)] == ':')
        why += strlen(path) + 1;
    return why;
}

static void expect_fault(const char *text, const char *wanted)
{
    struct vmfile file;

    EXPECT_STREQ(read_text(text, &file), wanted);
    vmfile_free(&file);
}

/* Three lines, to which a case adds some. */
#define LEAST "name = \"vm\";\nkernel = \"Image\";\nmemory = 64;\n"

static const char all[] = "# A VM with all that there is.\n"
                          "name = \"all.of-it\";\n"
                          "kernel = \"/boot/Image\";\n"
                          "initrd = \"files/initrd\";\n"
                          "memory = 0x1000;\n"
                          "vcpus = 4\n"
                          "bootargs = \"console=ttyAMA0 \"\n"
                          "           \"quiet\";\n"
                          "mode : \"paravirtual\";\n"
                          "weight = 50;\n"
                          "cpus = \"0-1,3\";\n"
                          "hv_memory = 2048L;\n"
                          "privileged = true;\n"
                          "gic = 2;\n"
                          "uart = false;\n"
                          "devices = ( { type = \"virtio\"; backend = \"io\"; },\n"
                          "            { backend = \"disks\"; type = \"virtio\"; },\n"
                          "            { type = \"messages\"; backend = \"io\"; } );\n"
                          "pool = 16;\n"
                          "on_reboot = \"destroy\";\n";

KTF_TEST(stilectl_vmfile, every_key_is_read)
{
    struct vmfile file;

    ASSERT_STREQ(read_text(all, &file), NULL);
    EXPECT_STREQ(file.name, "all.of-it");
    EXPECT_STREQ(file.kernel, "/boot/Image");
    EXPECT_STREQ(file.initrd, "/tmp/files/initrd");
    EXPECT_NULL(file.tree);
    EXPECT_EQ(file.memory_mib, 4096);
    EXPECT_EQ(file.nr_vcpus, 4);
    EXPECT_STREQ(file.bootargs, "console=ttyAMA0 quiet");
    EXPECT_STREQ(file.mode, "paravirtual");
    EXPECT_EQ(file.weight, 50);
    EXPECT_EQ(file.cpus, 0xB);
    EXPECT_EQ(file.hv_memory_kib, 2048);
    EXPECT_TRUE(file.privileged);
    EXPECT_EQ(file.gic, 2);
    EXPECT_FALSE(file.uart);
    ASSERT_EQ(file.nr_backends, 2);
    EXPECT_STREQ(file.backends[0], "io");
    EXPECT_STREQ(file.backends[1], "disks");
    EXPECT_STREQ(file.messages, "io");
    EXPECT_EQ(file.pool_mib, 16);
    EXPECT_FALSE(file.restarts);
    vmfile_free(&file);
}

KTF_TEST(stilectl_vmfile, most_may_be_left_out)
{
    struct vmfile file;

    ASSERT_STREQ(read_text(LEAST, &file), NULL);
    EXPECT_STREQ(file.kernel, "/tmp/Image");
    EXPECT_NULL(file.initrd);
    EXPECT_NULL(file.bootargs);
    EXPECT_NULL(file.mode);
    EXPECT_EQ(file.nr_vcpus, 0);
    EXPECT_EQ(file.weight, 0);
    EXPECT_EQ(file.cpus, 0);
    EXPECT_EQ(file.hv_memory_kib, 0);
    EXPECT_EQ(file.gic, 0);
    EXPECT_FALSE(file.privileged);
    EXPECT_TRUE(file.uart);
    EXPECT_EQ(file.nr_backends, 0);
    EXPECT_TRUE(file.restarts);
    vmfile_free(&file);
}

KTF_TEST(stilectl_vmfile, a_tree_of_ones_own_says_the_rest)
{
    struct vmfile file;

    ASSERT_STREQ(read_text("name = \"vm\"; kernel = \"k\"; initrd = \"i\"; tree = \"t.dtb\";\n"
                           "on_reboot = \"restart\";",
                           &file),
                 NULL);
    EXPECT_STREQ(file.tree, "/tmp/t.dtb");
    EXPECT_TRUE(file.restarts);
    vmfile_free(&file);
}

/* --- what is wrong, by a line behind those of LEAST ------------------------------------------ */

static const struct {
    const char *line, *fault;
} wrong_lines[] = {
    {"colour = \"blue\";", "4: there is no key colour; stilectl(8) has them all"},
    {"\n\ngroup : { name = 1; }", "6: there is no key group; stilectl(8) has them all"},
    {"vcpus = ;", "4: syntax error"},
    {"memory = 32;", "4: duplicate setting name"},
    {"initrd = 1;", "4: initrd is a text: initrd = \"...\""},
    {"initrd = \"\";", "4: initrd is the path of a file"},
    {"tree = true;", "4: tree is a text: tree = \"...\""},
    {"tree = \"t\";", "3: memory is said by the tree that is given: leave one of them out"},
    {"vcpus = 0;", "4: vcpus is a number from 1 to 64"},
    {"vcpus = 65;", "4: vcpus is a number from 1 to 64"},
    {"vcpus = -1;", "4: vcpus is a number from 1 to 64"},
    {"vcpus = 1.5;", "4: vcpus is a number from 1 to 64"},
    {"vcpus = \"1\";", "4: vcpus is a number from 1 to 64"},
    {"vcpus = [ 1 ];", "4: vcpus is a number from 1 to 64"},
    {"vcpus = 4294967297L;", "4: vcpus is a number from 1 to 64"},
    {"bootargs = 1;", "4: bootargs is a text: bootargs = \"...\""},
    {"mode = \"fast\";", "4: mode is \"assisted\", \"trap\" or \"paravirtual\""},
    {"mode = 1;", "4: mode is \"assisted\", \"trap\" or \"paravirtual\""},
    {"weight = 0;", "4: weight is a number from 1 to 10000"},
    {"weight = 10001;", "4: weight is a number from 1 to 10000"},
    {"cpus = 1;", "4: cpus is a text: cpus = \"...\""},
    {"cpus = \"\";", "4: cpus:  is no number up to 63"},
    {"cpus = \"64\";", "4: cpus: 64 is no number up to 63"},
    {"cpus = \"0-\";", "4: cpus:  is no number up to 63"},
    {"cpus = \"0,x\";", "4: cpus: x is no number up to 63"},
    {"cpus = \"3-1\";", "4: cpus: 3-1 is no list of CPUs: a range of CPUs goes up, as 0-2,5"},
    {"cpus = \"1x\";", "4: cpus: 1x is no list of CPUs, as 0-2,5"},
    {"hv_memory = 0;", "4: hv_memory is a number of KiB from 1 to 1048576"},
    {"hv_memory = 1048577;", "4: hv_memory is a number of KiB from 1 to 1048576"},
    {"privileged = 1;", "4: privileged is true or false, without quotes"},
    {"uart = \"on\";", "4: uart is true or false, without quotes"},
    {"gic = 1;", "4: gic is a number from 2 to 3"},
    {"gic = 4;", "4: gic is a number from 2 to 3"},
    {"on_reboot = \"stop\";", "4: on_reboot is \"restart\" or \"destroy\""},
    {"on_reboot = true;", "4: on_reboot is \"restart\" or \"destroy\""},
    {"pool = 0;", "4: pool is a number of MiB from 1 to 1048576"},
    {"pool = 1;", "4: a pool is for devices, and there are none"},
    {"pool = 64; devices = ( { type = \"virtio\"; backend = \"io\"; } );",
     "4: the pool is a part of the memory, less than 64 MiB"},
    {"devices = \"io\";",
     "4: devices is a list: devices = ( { type = \"virtio\"; backend = \"...\"; } )"},
    {"devices = { type = \"virtio\"; };",
     "4: devices is a list: devices = ( { type = \"virtio\"; backend = \"...\"; } )"},
    {"devices = (\n\"io\" );", "5: a device is { type = \"...\"; backend = \"...\"; }"},
    {"devices = (\n{ type = \"virtio\"; backend = \"io\";\nqueues = 2; } );",
     "6: a device has no queues, but type and backend"},
    {"devices = ( { type = \"virtio\"; } );",
     "4: a device's backend is the name of the VM that serves it"},
    {"devices = ( { type = \"virtio\"; backend = 1; } );",
     "4: a device's backend is the name of the VM that serves it"},
    {"devices = ( { type = \"virtio\"; backend = \"\"; } );",
     "4: a device's backend is the name of the VM that serves it"},
    {"devices = ( { type = \"virtio\"; backend = \"0123456789abcdef0123456789abcdef\"; } );",
     "4: a device's backend is the name of the VM that serves it"},
    {"devices = ( { backend = \"io\"; } );", "4: a device's type is \"virtio\" or \"messages\""},
    {"devices = ( { type = \"pci\"; backend = \"io\"; } );",
     "4: a device's type is \"virtio\" or \"messages\""},
    {"devices = ( { type = 1; backend = \"io\"; } );",
     "4: a device's type is \"virtio\" or \"messages\""},
    {"devices = ( { type = \"messages\"; backend = \"io\"; },\n"
     "{ type = \"messages\"; backend = \"io\"; } );",
     "5: a VM has one entry of type \"messages\", for all such devices"},
    {"devices = ( { type = \"virtio\"; backend = \"a\"; }, { type = \"virtio\"; backend = \"b\"; "
     "},\n"
     "{ type = \"virtio\"; backend = \"c\"; }, { type = \"virtio\"; backend = \"d\"; },\n"
     "{ type = \"virtio\"; backend = \"e\"; } );",
     "6: a VM has at most 4 devices of type \"virtio\""},
};

KTF_TEST(stilectl_vmfile, what_is_wrong_is_told_with_its_line)
{
    char text[1024];

    for (size_t i = 0; i < NR(wrong_lines); i++) {
        (void)snprintf(text, sizeof(text), LEAST "%s\n", wrong_lines[i].line);
        expect_fault(text, wrong_lines[i].fault);
    }
}

KTF_TEST(stilectl_vmfile, a_vm_has_a_name)
{
    static const char wanted[] = "1: name has 1 to 31 characters of ASCII, no spaces and no /";
    static const char *const names[] = {
        "", "a b", "a/b", "\xC3\xA4", "a\\n", "\\x7F", "0123456789abcdef0123456789abcdef"};
    char text[128];
    struct vmfile file;

    for (size_t i = 0; i < NR(names); i++) {
        (void)snprintf(text, sizeof(text), "name = \"%s\"; kernel = \"k\"; memory = 1;", names[i]);
        expect_fault(text, wanted);
    }
    expect_fault("name = 7;", "1: name is a text: name = \"...\"");
    EXPECT_STREQ(
        read_text("name = \"!0123456789abcdef0123456789abc~\"; kernel = \"k\"; memory = 1;", &file),
        NULL);
    EXPECT_EQ(strlen(file.name), 31);
    vmfile_free(&file);
}

KTF_TEST(stilectl_vmfile, what_is_missing_is_told)
{
    expect_fault("", "1: there is no name, which every VM has");
    expect_fault("kernel = \"k\"; memory = 1;", "1: there is no name, which every VM has");
    expect_fault("name = \"vm\"; memory = 1;", "1: there is no kernel, which every VM has");
    expect_fault("name = \"vm\"; kernel = \"k\";",
                 "1: there is no memory, which every VM without a tree of its own has");
    expect_fault("name = \"vm\"; kernel = \"k\"; memory = 0;",
                 "1: memory is a number of MiB from 1 to 1048576");
    expect_fault("name = \"vm\"; kernel = \"k\"; memory = 1048577;",
                 "1: memory is a number of MiB from 1 to 1048576");
    expect_fault("name = \"vm\"; kernel = \"\"; memory = 1;", "1: kernel is the path of a file");
}

KTF_TEST(stilectl_vmfile, keys_of_the_tree_are_the_trees)
{
    static const char *const lines[] = {
        "memory = 1;", "vcpus = 1;",    "bootargs = \"\";", "mode = \"trap\";",
        "weight = 1;", "cpus = \"0\";", "hv_memory = 1;",   "privileged = true;",
        "gic = 3;",    "uart = false;", "devices = ();",    "pool = 1;",
    };
    char text[256], wanted[128];

    for (size_t i = 0; i < NR(lines); i++) {
        (void)snprintf(text, sizeof(text), "name = \"vm\"; kernel = \"k\"; tree = \"t\";\n%s",
                       lines[i]);
        (void)snprintf(wanted, sizeof(wanted),
                       "2: %.*s is said by the tree that is given: leave one of them out",
                       (int)strcspn(lines[i], " "), lines[i]);
        expect_fault(text, wanted);
    }
}

KTF_TEST(stilectl_vmfile, what_is_no_file_is_told)
{
    struct vmfile file;

    EXPECT_STREQ(vmfile_read("/nowhere/vm.cfg", &file),
                 "/nowhere/vm.cfg: No such file or directory");
    vmfile_free(&file);
    EXPECT_STREQ(vmfile_read("/", &file), "/:1: this is no file that describes a VM");
    vmfile_free(&file);
}

/* --- files that nobody has written ----------------------------------------------------------- */

static uint64_t state;

static size_t below(size_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % n;
}

/* Changes a few places: a byte, or a piece that is left out or comes twice. */
static size_t mutate(char *text, size_t bytes, size_t room)
{
    for (size_t n = 1 + below(8); n > 0 && bytes > 1; n--) {
        size_t at = below(bytes), length = 1 + below(bytes - at);

        length = length < 24 ? length : 1 + length % 24;
        switch (below(4)) {
        case 0:
            text[at] = (char)below(256);
            break;
        case 1:
            text[at] = "{}()[];=:\",@#-0\\\n"[below(17)];
            break;
        case 2:
            memmove(text + at, text + at + length, bytes - at - length);
            bytes -= length;
            break;
        default:
            if (bytes + length > room)
                break;
            memmove(text + at + length, text + at, bytes - at);
            bytes += length;
        }
    }
    return bytes;
}

KTF_TEST(stilectl_vmfile, no_file_does_harm)
{
    char text[2048];
    size_t nr_good = 0;

    state = 1;
    for (int i = 0; i < 10000; i++) {
        struct vmfile file;
        size_t bytes = sizeof(all) - 1;

        memcpy(text, all, bytes);
        bytes = mutate(text, bytes, sizeof(text));
        if (!read_bytes(text, bytes, &file)) {
            EXPECT_NOT_NULL(file.name);
            EXPECT_LT(strlen(file.name), STILE_VM_NAME_BYTES);
            EXPECT_NOT_NULL(file.kernel);
            EXPECT_LE(file.nr_backends, VMFILE_DEVICES_MAX);
            nr_good++;
        }
        vmfile_free(&file);
    }
    EXPECT_GT(nr_good, 0);
    EXPECT_LT(nr_good, 10000);
}
