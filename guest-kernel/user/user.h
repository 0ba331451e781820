/* SPDX-License-Identifier: MIT */
/*
 * What a program has to work with.
 */
#ifndef USER_USER_H
#define USER_USER_H

#include <stdint.h>

#include "user/syscalls.h"

/** user_call() - system call @number with two arguments */
int64_t user_call(uint64_t number, uint64_t x0, uint64_t x1);

int main(void);

static inline void user_print(const char *text)
{
    uint64_t length = 0;

    while (text[length] != '\0')
        length++;
    (void)user_call(SYS_WRITE, (uint64_t)text, length);
}

/** user_print_number() - in decimal, up to 20 digits */
static inline void user_print_number(uint64_t number)
{
    char digits[21];
    unsigned int first = sizeof(digits) - 1;

    digits[first] = '\0';
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    user_print(&digits[first]);
}

#endif
