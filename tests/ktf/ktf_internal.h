/* SPDX-License-Identifier: MIT */
/*
 * Between the harness's own files.
 */
#ifndef KTF_INTERNAL_H
#define KTF_INTERNAL_H

#include <stdarg.h>

/** ktf_log() with its arguments in a list. */
void ktf_vlog(const char *format, va_list arguments);

/** What runs now has failed. */
void ktf_mark_failed(void);

#endif
