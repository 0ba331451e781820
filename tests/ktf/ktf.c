/* SPDX-License-Identifier: MIT */
/*
 * Running the registered tests, and writing the outcome as KTAP. The checks are in ktf_check.c.
 *
 * KTAP: Documentation/dev-tools/ktap.rst of Linux. Everything about a result stands before its
 * line, indented as deep as the line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktf.h"
#include "ktf_internal.h"

#define LINE_MAX 256
#define INDENT   4

extern const struct ktf_suite *const __start_ktf_suites[];
extern const struct ktf_suite *const __stop_ktf_suites[];
extern const struct ktf_case *const __start_ktf_cases[];
extern const struct ktf_case *const __stop_ktf_cases[];

/* The case, parameter or setup that is running now. */
static struct {
    int depth;
    bool failed;
    const char *skipped; /* the reason, or NULL */
} now;

static struct {
    const char *filter;
    int nr_failed;
} run;

/* --- lines --- */

static void put_vline(const char *prefix, const char *format, va_list arguments)
{
    char line[LINE_MAX];
    size_t length = (size_t)now.depth * INDENT;
    int written;

    memset(line, ' ', length);
    for (; *prefix != '\0'; prefix++)
        line[length++] = *prefix;
    written = vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
    if (written > 0)
        length += (size_t)written;
    if (length > sizeof(line) - 2)
        length = sizeof(line) - 2;
    line[length++] = '\n';
    ktf_write(line, length);
}

__attribute__((format(printf, 1, 2))) static void put_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put_vline("", format, arguments);
    va_end(arguments);
}

void ktf_vlog(const char *format, va_list arguments)
{
    put_vline("# ", format, arguments);
}

void ktf_log(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ktf_vlog(format, arguments);
    va_end(arguments);
}

void ktf_mark_failed(void)
{
    now.failed = true;
}

void ktf_skip(const char *reason)
{
    now.skipped = reason;
}

static void put_result(size_t number, const char *name)
{
    if (now.failed)
        put_line("not ok %u %s", (unsigned)number, name);
    else if (now.skipped)
        put_line("ok %u %s # SKIP %s", (unsigned)number, name, now.skipped);
    else
        put_line("ok %u %s", (unsigned)number, name);
}

static void put_subtest(const char *name, size_t plan)
{
    put_line("KTAP version 1");
    put_line("# Subtest: %s", name);
    put_line("1..%u", (unsigned)plan);
}

/* --- which cases --- */

static bool matches_glob(const char *glob, const char *text)
{
    for (; *glob != '*'; glob++, text++) {
        if (*glob == '\0' || *text == '\0')
            return *glob == *text;
        if (*glob != '?' && *glob != *text)
            return false;
    }
    for (;; text++) {
        if (matches_glob(glob + 1, text))
            return true;
        if (*text == '\0')
            return false;
    }
}

static bool contains(const char *text, const char *part)
{
    size_t length = strlen(part);

    for (; *text != '\0'; text++) {
        if (strncmp(text, part, length) == 0)
            return true;
    }
    return length == 0;
}

static bool is_selected(const struct ktf_case *test)
{
    char name[LINE_MAX];

    if (run.filter == NULL)
        return true;
    (void)snprintf(name, sizeof(name), "%s.%s", test->suite->name, test->name);
    if (strchr(run.filter, '*') || strchr(run.filter, '?'))
        return matches_glob(run.filter, name);
    return contains(name, run.filter);
}

/* Compilers place the pointers in any order; a reader expects that of the source. */

/* The selected case of a suite on the first line after @line, or NULL. */
static const struct ktf_case *next_case(const struct ktf_suite *suite, int line)
{
    const struct ktf_case *found = NULL;

    for (const struct ktf_case *const *entry = __start_ktf_cases; entry < __stop_ktf_cases;
         entry++) {
        const struct ktf_case *test = *entry;

        if (test->suite == suite && test->line > line && is_selected(test) &&
            (found == NULL || test->line < found->line))
            found = test;
    }
    return found;
}

static size_t nr_selected(const struct ktf_suite *suite)
{
    size_t nr = 0;

    for (const struct ktf_case *test = next_case(suite, 0); test;
         test = next_case(suite, test->line))
        nr++;
    return nr;
}

static bool is_before(const struct ktf_suite *a, const struct ktf_suite *b)
{
    int order = strcmp(a->file, b->file);

    return order < 0 || (order == 0 && a->line < b->line);
}

/* The first suite after @last (or of all, if that is NULL) with a selected case, or NULL. */
static const struct ktf_suite *next_suite(const struct ktf_suite *last)
{
    const struct ktf_suite *found = NULL;

    for (const struct ktf_suite *const *suite = __start_ktf_suites; suite < __stop_ktf_suites;
         suite++) {
        if ((last && !is_before(last, *suite)) || next_case(*suite, 0) == NULL)
            continue;
        if (found == NULL || is_before(*suite, found))
            found = *suite;
    }
    return found;
}

/* --- running --- */

static void call(void (*function)(void))
{
    if (function)
        function();
}

/* Runs a case once. What the suite's setup left in failed and skipped holds for it too. */
static void run_once(const struct ktf_case *test, const void *param, size_t number,
                     const char *name, bool suite_failed, const char *suite_skipped)
{
    now.failed = false;
    now.skipped = suite_skipped;
    if (suite_failed) {
        ktf_log("%s: not run, suite_setup failed", name);
        now.failed = true;
    } else if (!suite_skipped) {
        call(test->suite->setup);
        if (!now.failed && !now.skipped)
            test->run(param);
        call(test->suite->teardown);
    }
    if (now.failed)
        run.nr_failed++;
    put_result(number, name);
}

/* A name in a result line ends at '#' and at the line's end. */
static void describe(const struct ktf_case *test, const void *param, char *name, size_t size)
{
    name[0] = '\0';
    test->describe(param, name, size);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '#' || *c < ' ' || *c > '~')
            *c = '_';
    }
}

static void run_each(const struct ktf_case *test, size_t number, bool suite_failed,
                     const char *suite_skipped)
{
    bool failed = false;
    const char *skipped = "every parameter";
    char name[LINE_MAX / 2];

    now.depth++;
    put_subtest(test->name, test->nr_params);
    for (size_t i = 0; i < test->nr_params; i++) {
        const void *param = (const char *)test->params + i * test->param_bytes;

        describe(test, param, name, sizeof(name));
        run_once(test, param, i + 1, name, suite_failed, suite_skipped);
        failed = failed || now.failed;
        skipped = now.skipped ? skipped : NULL;
    }
    now.depth--;
    now.failed = failed;
    now.skipped = skipped;
    put_result(number, test->name);
}

static void check_free_pages(const struct ktf_suite *suite, size_t before)
{
    size_t after = ktf_free_pages();

    if (after == before)
        return;
    ktf_log("%s: LEAK: %u free pages before the suite, %u after it", suite->name, (unsigned)before,
            (unsigned)after);
    now.failed = true;
    run.nr_failed++;
}

static void run_suite(const struct ktf_suite *suite, size_t number)
{
    size_t pages = ktf_free_pages();
    int failed_before = run.nr_failed;
    size_t case_number = 0;

    now.depth++;
    put_subtest(suite->name, nr_selected(suite));
    now.failed = false;
    now.skipped = NULL;
    call(suite->suite_setup);

    bool setup_failed = now.failed;
    const char *skipped = now.skipped;
    for (const struct ktf_case *test = next_case(suite, 0); test;
         test = next_case(suite, test->line)) {
        case_number++;
        if (test->describe)
            run_each(test, case_number, setup_failed, skipped);
        else
            run_once(test, NULL, case_number, test->name, setup_failed, skipped);
    }
    now.failed = false;
    call(suite->suite_teardown);
    if (now.failed)
        run.nr_failed++;
    now.depth--;
    check_free_pages(suite, pages);
    now.failed = run.nr_failed != failed_before;
    now.skipped = skipped;
    put_result(number, suite->name);
}

int ktf_run_all(const char *filter)
{
    size_t nr_suites = 0;
    size_t number = 0;

    run.filter = filter && *filter != '\0' ? filter : NULL;
    run.nr_failed = 0;
    for (const struct ktf_suite *suite = next_suite(NULL); suite; suite = next_suite(suite))
        nr_suites++;

    put_line("KTAP version 1");
    put_line("1..%u", (unsigned)nr_suites);
    for (const struct ktf_suite *suite = next_suite(NULL); suite; suite = next_suite(suite))
        run_suite(suite, ++number);
    if (nr_suites == 0) {
        ktf_log("no test fits the filter");
        run.nr_failed = 1;
    }
    return run.nr_failed;
}
