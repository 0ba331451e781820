/* SPDX-License-Identifier: MIT */
/*
 * ktf: the test harness, in the manner of KUnit. The same file runs in the hypervisor, in the
 * guest kernel and on the host; what differs is in two functions each of them supplies.
 *
 * A test in ten lines:
 *
 *     #include "ktf.h"
 *     #include "lib/list.h"
 *
 *     KTF_SUITE(list);
 *
 *     KTF_TEST(list, a_new_list_is_empty)
 *     {
 *         struct list_node head;
 *         list_init(&head);
 *         EXPECT_TRUE(list_empty(&head));
 *     }
 *
 * There is no list of tests to add it to: a linked test runs. A suite is in one file. Suites run in
 * the order of their files' names, cases in the order of their lines. KTF_SUITE takes functions to
 * run around them:
 *
 *     KTF_SUITE(list, .suite_setup = f, .setup = g, .teardown = h, .suite_teardown = i);
 *
 * suite_setup and suite_teardown run once, setup and teardown around every case. All may use the
 * macros below; a case whose setup failed or skipped does not run, nor do the cases of a suite
 * whose suite_setup did. Teardowns always run.
 *
 * KTF_TEST_EACH runs a case once for each element of an array:
 *
 *     static const struct row { uint64_t in, out; } rows[] = {{0, 0}, {1, 4096}};
 *     static void describe(const struct row *row, char *text, size_t size)
 *     {
 *         snprintf(text, size, "%lx", row->in);
 *     }
 *     KTF_TEST_EACH(align, rounds_up, struct row, rows, describe)
 *     {
 *         EXPECT_EQ(align_up(param->in, PAGE_SIZE), param->out);
 *     }
 *
 * EXPECT_* reports a failure and goes on; it may be used anywhere while the case runs, functions
 * it calls, interrupt handlers and threads included. ASSERT_* and SKIP return from the function
 * they are in, so they belong in the case or its setup. Both print both expressions and both
 * values. Numbers compare by value, whatever their types: -1 is not 0xFFFFFFFF.
 *
 * Output is KTAP version 1. A suite that ends with fewer or more free pages than it began with
 * fails.
 */
#ifndef KTF_H
#define KTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- what the environment supplies --- */

/** Writes @length characters to wherever the test's output goes. Called with whole lines. */
void ktf_write(const char *text, size_t length);

/** How many pages the environment's allocator has left; constant if it has none. */
size_t ktf_free_pages(void);

/* --- what it calls --- */

/**
 * ktf_run_all() - run the linked tests
 * @filter: which: a glob with '*' and '?' or, without those, a part of "suite.case"; NULL or ""
 *          for all
 *
 * Returns how many cases failed; parameters count each, a leaking suite counts one, and so does
 * a filter that fits nothing.
 */
int ktf_run_all(const char *filter);

/** Prints a diagnostic line, "# " first, between results. At most 240 characters. */
void ktf_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- suites and cases --- */

struct ktf_suite {
    const char *name;
    const char *file;
    int line;
    void (*suite_setup)(void);
    void (*setup)(void);
    void (*teardown)(void);
    void (*suite_teardown)(void);
};

struct ktf_case {
    const struct ktf_suite *suite;
    const char *name;
    int line;
    void (*run)(const void *param);
    /* Of a parameterised case; else nr_params is 0. */
    const void *params;
    size_t nr_params;
    size_t param_bytes;
    void (*describe)(const void *param, char *text, size_t size);
};

/*
 * Pointers to every suite and case are gathered by the linker, which names the bounds of a section
 * after it (__start_, __stop_) if the section's name is a C identifier and no linker script moves
 * it into another one.
 */
#define KTF_REGISTER_(section_name, type, object)                                                  \
    static const type *const object##_pointer __attribute__((used, section(#section_name))) =      \
        &object

#define KTF_SUITE(suite_, ...)                                                                     \
    static const struct ktf_suite ktf_suite_##suite_ = {                                           \
        .name = #suite_, .file = __FILE__, .line = __LINE__, __VA_ARGS__};                         \
    KTF_REGISTER_(ktf_suites, struct ktf_suite, ktf_suite_##suite_)

#define KTF_TEST(suite_, name_)                                                                    \
    static void ktf_test_##suite_##_##name_(void);                                                 \
    static void ktf_run_##suite_##_##name_(const void *unused)                                     \
    {                                                                                              \
        (void)unused;                                                                              \
        ktf_test_##suite_##_##name_();                                                             \
    }                                                                                              \
    static const struct ktf_case ktf_case_##suite_##_##name_ = {                                   \
        .suite = &ktf_suite_##suite_,                                                              \
        .name = #name_,                                                                            \
        .line = __LINE__,                                                                          \
        .run = ktf_run_##suite_##_##name_,                                                         \
    };                                                                                             \
    KTF_REGISTER_(ktf_cases, struct ktf_case, ktf_case_##suite_##_##name_);                        \
    static void ktf_test_##suite_##_##name_(void)

#define KTF_TEST_EACH(suite_, name_, type_, array_, describe_)                                     \
    static void ktf_test_##suite_##_##name_(const type_ *param);                                   \
    static void ktf_run_##suite_##_##name_(const void *param)                                      \
    {                                                                                              \
        ktf_test_##suite_##_##name_((const type_ *)param);                                         \
    }                                                                                              \
    static void ktf_describe_##suite_##_##name_(const void *param, char *text, size_t size)        \
    {                                                                                              \
        describe_((const type_ *)param, text, size);                                               \
    }                                                                                              \
    static const struct ktf_case ktf_case_##suite_##_##name_ = {                                   \
        .suite = &ktf_suite_##suite_,                                                              \
        .name = #name_,                                                                            \
        .line = __LINE__,                                                                          \
        .run = ktf_run_##suite_##_##name_,                                                         \
        .params = (array_),                                                                        \
        .nr_params = sizeof(array_) / sizeof((array_)[0]),                                         \
        .param_bytes = sizeof((array_)[0]),                                                        \
        .describe = ktf_describe_##suite_##_##name_,                                               \
    };                                                                                             \
    KTF_REGISTER_(ktf_cases, struct ktf_case, ktf_case_##suite_##_##name_);                        \
    static void ktf_test_##suite_##_##name_(const type_ *param)

/* --- comparisons --- */

/** A number or a pointer: its 64 bits, and whether they are to be read as signed. */
struct ktf_value {
    uint64_t bits;
    bool is_signed;
};

enum ktf_operator { KTF_EQ, KTF_NE, KTF_LT, KTF_LE, KTF_GT, KTF_GE };

/** Where a check stands, and how it is written. */
struct ktf_place {
    const char *file;
    int line;
    const char *left;
    const char *right;
};

/* Each returns whether the check holds; if not, it has reported the failure. */
bool ktf_check_compare(struct ktf_place place, enum ktf_operator op, struct ktf_value left,
                       struct ktf_value right);
bool ktf_check_bool(struct ktf_place place, bool wanted, bool found);
bool ktf_check_null(struct ktf_place place, bool wanted_null, const volatile void *pointer);
bool ktf_check_string(struct ktf_place place, const char *left, const char *right);
bool ktf_check_memory(struct ktf_place place, const void *left, const void *right, size_t length);
void ktf_fail(struct ktf_place place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ktf_skip(const char *reason);

/* clang-format off */
#define KTF_IS_SIGNED_(x)                                                                          \
    _Generic((x), char: (char)-1 < 0, signed char: true, short: true, int: true, long: true,       \
             long long: true, default: false)
/* clang-format on */
#define KTF_VALUE_(x)                                                                              \
    ((struct ktf_value){.bits = (uint64_t)(uintptr_t)(x), .is_signed = KTF_IS_SIGNED_(x)})
#define KTF_PLACE_(left_, right_)                                                                  \
    ((struct ktf_place){.file = __FILE__, .line = __LINE__, .left = (left_), .right = (right_)})

#define KTF_EXPECT_(check)                                                                         \
    do {                                                                                           \
        (void)(check);                                                                             \
    } while (0)
#define KTF_ASSERT_(check)                                                                         \
    do {                                                                                           \
        if (!(check))                                                                              \
            return;                                                                                \
    } while (0)

#define KTF_COMPARE_(op, a, a_text, b, b_text)                                                     \
    ktf_check_compare(KTF_PLACE_(a_text, b_text), op, KTF_VALUE_(a), KTF_VALUE_(b))

#define EXPECT_EQ(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_EQ, a, #a, b, #b))
#define EXPECT_NE(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_NE, a, #a, b, #b))
#define EXPECT_LT(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_LT, a, #a, b, #b))
#define EXPECT_LE(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_LE, a, #a, b, #b))
#define EXPECT_GT(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_GT, a, #a, b, #b))
#define EXPECT_GE(a, b) KTF_EXPECT_(KTF_COMPARE_(KTF_GE, a, #a, b, #b))
#define ASSERT_EQ(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_EQ, a, #a, b, #b))
#define ASSERT_NE(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_NE, a, #a, b, #b))
#define ASSERT_LT(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_LT, a, #a, b, #b))
#define ASSERT_LE(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_LE, a, #a, b, #b))
#define ASSERT_GT(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_GT, a, #a, b, #b))
#define ASSERT_GE(a, b) KTF_ASSERT_(KTF_COMPARE_(KTF_GE, a, #a, b, #b))

#define EXPECT_TRUE(a)  KTF_EXPECT_(ktf_check_bool(KTF_PLACE_(#a, ""), true, (a)))
#define EXPECT_FALSE(a) KTF_EXPECT_(ktf_check_bool(KTF_PLACE_(#a, ""), false, (a)))
#define ASSERT_TRUE(a)  KTF_ASSERT_(ktf_check_bool(KTF_PLACE_(#a, ""), true, (a)))
#define ASSERT_FALSE(a) KTF_ASSERT_(ktf_check_bool(KTF_PLACE_(#a, ""), false, (a)))

#define EXPECT_NULL(a)     KTF_EXPECT_(ktf_check_null(KTF_PLACE_(#a, ""), true, (a)))
#define EXPECT_NOT_NULL(a) KTF_EXPECT_(ktf_check_null(KTF_PLACE_(#a, ""), false, (a)))
#define ASSERT_NULL(a)     KTF_ASSERT_(ktf_check_null(KTF_PLACE_(#a, ""), true, (a)))
#define ASSERT_NOT_NULL(a) KTF_ASSERT_(ktf_check_null(KTF_PLACE_(#a, ""), false, (a)))

#define EXPECT_STREQ(a, b) KTF_EXPECT_(ktf_check_string(KTF_PLACE_(#a, #b), (a), (b)))
#define ASSERT_STREQ(a, b) KTF_ASSERT_(ktf_check_string(KTF_PLACE_(#a, #b), (a), (b)))
#define EXPECT_MEMEQ(a, b, length)                                                                 \
    KTF_EXPECT_(ktf_check_memory(KTF_PLACE_(#a, #b), (a), (b), (length)))
#define ASSERT_MEMEQ(a, b, length)                                                                 \
    KTF_ASSERT_(ktf_check_memory(KTF_PLACE_(#a, #b), (a), (b), (length)))

/** Reports a failure in words. */
#define EXPECT_FAIL(...) ktf_fail(KTF_PLACE_("", ""), __VA_ARGS__)
#define ASSERT_FAIL(...)                                                                           \
    do {                                                                                           \
        ktf_fail(KTF_PLACE_("", ""), __VA_ARGS__);                                                 \
        return;                                                                                    \
    } while (0)

/** Ends the case, or in suite_setup the suite, because it makes no sense here. */
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        ktf_skip(reason);                                                                          \
        return;                                                                                    \
    } while (0)

#endif
