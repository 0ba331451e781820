/* SPDX-License-Identifier: MIT */
/*
 * config/bundle.c: archives that are well, and archives that are not.
 */
#include <stdint.h>
#include <stdlib.h>

#include "fakes/log.h"

#include "config/bundle.c"

#include "ktf.h"

KTF_SUITE(bundle, .setup = log_clear);

#define LIMIT 8

/* An archive that grows; what is read is a copy of exact size, so that ASan sees its end. */
static char archive[16384];
static size_t archive_bytes;
static size_t both_complete; /* of add_two_vms(): where all is there that two VMs need */

static struct vm_files found[LIMIT];

static void pad(void)
{
    while (archive_bytes % 4)
        archive[archive_bytes++] = '\0';
}

static void add_raw(const char *name, uint32_t name_bytes, uint32_t mode, const void *data,
                    uint32_t bytes)
{
    archive_bytes += (size_t)sprintf(archive + archive_bytes,
                                     "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
                                     1, mode, 0, 0, 1, 0, bytes, 0, 0, 0, 0, name_bytes, 0);
    memcpy(archive + archive_bytes, name, name_bytes);
    archive_bytes += name_bytes;
    pad();
    memcpy(archive + archive_bytes, data, bytes);
    archive_bytes += bytes;
    pad();
}

static void add(const char *name, const char *text)
{
    add_raw(name, (uint32_t)strlen(name) + 1, MODE_REGULAR | 0644, text, (uint32_t)strlen(text));
}

static void begin(void)
{
    archive_bytes = 0;
    add_raw(".", 2, MODE_DIRECTORY | 0755, "", 0);
}

static void end(void)
{
    add("TRAILER!!!", "");
    memset(archive + archive_bytes, 0, 100);
    archive_bytes += 100;
}

static void add_two_vms(void)
{
    begin();
    add_raw("one", 4, MODE_DIRECTORY | 0755, "", 0);
    add("one/kernel", "kernel of one");
    add("one/vm.dtb", "tree of one");
    add("./two/vm.dtb", "the tree of two");
    add("./two/kernel", "k");
    both_complete = archive_bytes - 3; /* less the padding */
    add("./two/initrd", "initrd of two");
    end();
}

/* Reads the first @bytes of the archive; what is found points into a copy that is gone. */
static size_t read_first(size_t bytes)
{
    char *copy = malloc(bytes + 1);
    size_t nr;

    memcpy(copy, archive, bytes);
    copy = realloc(copy, bytes > 0 ? bytes : 1);
    memset(found, 0xEE, sizeof(found));
    nr = bundle_read(copy, bytes, found, LIMIT);
    for (size_t i = 0; i < nr; i++) {
        const struct vm_file *files[] = {&found[i].kernel, &found[i].dtb, &found[i].initrd};

        for (unsigned j = 0; j < 3; j++) {
            const char *data = files[j]->data;

            if (!data)
                continue;
            EXPECT_GE(data, copy);
            EXPECT_LE(files[j]->bytes, bytes);
            EXPECT_LE(data + files[j]->bytes, copy + bytes);
        }
        EXPECT_NOT_NULL(found[i].kernel.data);
        EXPECT_NOT_NULL(found[i].dtb.data);
        EXPECT_NOT_NULL(memchr(found[i].name, '\0', sizeof(found[i].name)));
    }
    free(copy);
    return nr;
}

KTF_TEST(bundle, vms_are_found_in_order)
{
    add_two_vms();
    ASSERT_EQ(bundle_read(archive, archive_bytes, found, LIMIT), 2);
    EXPECT_STREQ(found[0].name, "one");
    EXPECT_EQ(found[0].kernel.bytes, 13);
    EXPECT_MEMEQ(found[0].kernel.data, "kernel of one", 13);
    EXPECT_EQ(found[0].dtb.bytes, 11);
    EXPECT_NULL(found[0].initrd.data);
    EXPECT_STREQ(found[1].name, "two");
    EXPECT_MEMEQ(found[1].dtb.data, "the tree of two", 15);
    EXPECT_EQ(found[1].initrd.bytes, 13);
    EXPECT_MEMEQ(found[1].initrd.data, "initrd of two", 13);
    EXPECT_STREQ(log_text, "");
}

KTF_TEST(bundle, an_empty_bundle_is_said_to_be_one)
{
    EXPECT_EQ(bundle_read(NULL, 0, found, LIMIT), 0);
    EXPECT_STREQ(log_text, "bundle: empty or not there\n");
}

KTF_TEST(bundle, something_else_is_no_bundle)
{
    memset(archive, 'x', 1000);
    archive_bytes = 1000;
    EXPECT_EQ(read_first(1000), 0);
    EXPECT_STREQ(log_text, "bundle: not a cpio archive in newc format, at byte 0\n");
}

/* --- one thing wrong at a time; a VM that is well stands before and after ------------------- */

static void begin_wrong(void)
{
    begin();
    add("before/kernel", "kernel");
    add("before/vm.dtb", "tree");
}

static void expect_the_others(const char *message)
{
    add("after/kernel", "kernel");
    add("after/vm.dtb", "tree");
    end();
    ASSERT_EQ(bundle_read(archive, archive_bytes, found, LIMIT), 2);
    EXPECT_STREQ(found[0].name, "before");
    EXPECT_STREQ(found[1].name, "after");
    EXPECT_STREQ(log_text, message);
}

KTF_TEST(bundle, a_vm_without_a_kernel_is_refused)
{
    begin_wrong();
    add("bad/vm.dtb", "tree");
    expect_the_others("bundle: bad/kernel: missing\n");
}

KTF_TEST(bundle, a_vm_without_a_tree_is_refused)
{
    begin_wrong();
    add("bad/kernel", "kernel");
    expect_the_others("bundle: bad/vm.dtb: missing\n");
}

KTF_TEST(bundle, an_empty_file_is_refused)
{
    begin_wrong();
    add("bad/kernel", "");
    add("bad/vm.dtb", "tree");
    expect_the_others("bundle: bad/kernel: empty\n");
}

KTF_TEST(bundle, a_file_that_is_there_twice_is_refused)
{
    begin_wrong();
    add("bad/kernel", "one");
    add("bad/vm.dtb", "tree");
    add("bad/kernel", "another");
    expect_the_others("bundle: bad/kernel: there twice\n");
}

KTF_TEST(bundle, a_symbolic_link_is_refused)
{
    begin_wrong();
    add_raw("bad/kernel", 11, 0120777, "/boot/vmlinuz", 13);
    add("bad/vm.dtb", "tree");
    expect_the_others("bundle: bad/kernel: not a regular file\n");
}

KTF_TEST(bundle, strangers_are_told_of_and_ignored)
{
    begin_wrong();
    add("README", "hello");
    add("/kernel", "absolute");
    add("before/notes", "hello");
    add("before/deep/kernel", "hello");
    expect_the_others("bundle: README: ignored: not in a VM's folder\n"
                      "bundle: /kernel: ignored: not in a VM's folder\n"
                      "bundle: before/notes: ignored: neither kernel, vm.dtb nor initrd\n"
                      "bundle: before/deep/kernel: ignored: neither kernel, vm.dtb nor initrd\n");
}

KTF_TEST(bundle, names_that_are_too_long_or_no_text_are_ignored)
{
    char message[256];

    begin_wrong();
    add("a-name-of-a-vm-that-is-too-long-/kernel", "kernel");
    add("b\033[2Jd/kernel", "kernel");
    snprintf(message, sizeof(message),
             "bundle: a-name-of-a-vm-that-is-too-long-/kernel: ignored: the folder's name is too "
             "long\n"
             "bundle: a name that cannot be shown, before byte %zu: ignored: the folder's name is "
             "not plain text\n",
             archive_bytes);
    expect_the_others(message);
}

KTF_TEST(bundle, vms_beyond_the_limit_are_ignored)
{
    begin();
    for (char name[] = "a/kernel"; name[0] < 'a' + LIMIT + 1; name[0]++)
        add(name, "kernel");
    end();
    EXPECT_EQ(bundle_read(archive, archive_bytes, found, LIMIT), 0);
    EXPECT_EQ(strncmp(log_text, "bundle: i/kernel: ignored: there are too many VMs\n", 50), 0);
}

KTF_TEST(bundle, a_name_that_does_not_end_stops_the_reading)
{
    begin();
    add("one/kernel", "kernel");
    add("one/vm.dtb", "tree");
    add_raw("two/kernelX", 11, MODE_REGULAR, "kernel", 6);
    end();
    EXPECT_EQ(read_first(archive_bytes), 1);
    EXPECT_NOT_NULL(strstr(log_text, "bundle: a name does not end, at byte"));
    EXPECT_EQ(log_lines, 1);
}

KTF_TEST(bundle, sizes_that_leave_the_archive_are_cut_short)
{
    static const char *const sizes[] = {"FFFFFFFF", "7FFFFFFF", "80000000", "00004000"};

    for (unsigned i = 0; i < 4; i++) {
        begin();
        add("one/kernel", "kernel");
        add("one/vm.dtb", "tree");
        size_t header = archive_bytes;

        add("two/kernel", "kernel");
        end();
        memcpy(archive + header + 6 + 8 * FIELD_SIZE, sizes[i], 8);
        log_clear();
        EXPECT_EQ(read_first(archive_bytes), 1);
        EXPECT_STREQ(log_text, "bundle: two/kernel: cut short\n");
        memcpy(archive + header + 6 + 8 * FIELD_NAME, sizes[i], 8);
        log_clear();
        EXPECT_EQ(read_first(archive_bytes), 1);
        EXPECT_NOT_NULL(strstr(log_text, "bundle: cut short in a name, at byte"));
    }
}

KTF_TEST(bundle, numbers_must_be_numbers)
{
    add_two_vms();
    archive[6 + 8 * FIELD_NAME] = 'g';
    EXPECT_EQ(read_first(archive_bytes), 0);
    EXPECT_STREQ(log_text, "bundle: a header has a number that is none, at byte 0\n");
}

/* --- cut and bent everywhere ---------------------------------------------------------------- */

KTF_TEST(bundle, it_may_be_cut_anywhere)
{
    size_t whole;

    add_two_vms();
    whole = archive_bytes;
    for (size_t bytes = 0; bytes < whole; bytes++) {
        size_t nr;

        log_clear();
        nr = read_first(bytes);
        EXPECT_LE(nr, 2);
        /* Whatever is missing is told; only zeroes after the trailer may go unnoticed. */
        if (log_lines == 0)
            EXPECT_TRUE(nr == 2 && bytes >= whole - 103);
        if (nr == 2)
            EXPECT_GE(bytes, both_complete);
    }
}

KTF_TEST(bundle, every_bit_may_be_wrong)
{
    add_two_vms();
    for (size_t bit = 0; bit < archive_bytes * 8; bit++) {
        archive[bit / 8] = (char)(archive[bit / 8] ^ 1 << bit % 8);
        log_clear();
        EXPECT_LE(read_first(archive_bytes), 3);
        archive[bit / 8] = (char)(archive[bit / 8] ^ 1 << bit % 8);
    }
    log_clear();
    EXPECT_EQ(read_first(archive_bytes), 2);
}
