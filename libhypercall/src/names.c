/* SPDX-License-Identifier: MIT */
/*
 * Names and texts of calls and errors, expanded from the tables.
 */
#include "stile/hypercall.h"

const char *stile_error_text(int64_t status)
{
    switch (status) {
#define ERROR_CASE(name, code, text)                                                               \
    case code:                                                                                     \
        return text;
        STILE_ERRORS(ERROR_CASE)
#undef ERROR_CASE
    default:
        return "unknown error";
    }
}

const char *stile_error_name(int64_t status)
{
    switch (status) {
#define ERROR_CASE(name, code, text)                                                               \
    case code:                                                                                     \
        return #name;
        STILE_ERRORS(ERROR_CASE)
#undef ERROR_CASE
    default:
        return "UNKNOWN";
    }
}

const char *stile_call_name(uint32_t nr)
{
    switch (nr) {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    case nr:                                                                                       \
        return #group "_" #name;
#include "stile/calls.h"
    default:
        return NULL;
    }
}
