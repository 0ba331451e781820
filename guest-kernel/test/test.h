/* SPDX-License-Identifier: MIT */
/*
 * The tests, as the kernel starts them. Which file implements this is the linker's choice: run.c
 * in the test image, none.c in the other.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

/** test_run() - run the suites that are linked in, and print their results */
void test_run(void);

#endif
