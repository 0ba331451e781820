/* SPDX-License-Identifier: MIT */
/*
 * The harness on the host: output to stdout, one optional argument as the filter.
 *
 * A unit test whose fakes hand out pages defines its own ktf_free_pages().
 */
#include <stdio.h>

#include "ktf.h"

void ktf_write(const char *text, size_t length)
{
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}

__attribute__((weak)) size_t ktf_free_pages(void)
{
    return 0;
}

int main(int argc, char **argv)
{
    return ktf_run_all(argc > 1 ? argv[1] : NULL) != 0;
}
