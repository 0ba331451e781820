/* SPDX-License-Identifier: MIT */
/*
 * The smallest user of an installed libhypercall; C11 and C++17. Only linked, never run.
 */
#include <stile/hypercall.h>

#ifdef __cplusplus
extern "C"
#endif
    void
    _start(void);

void _start(void)
{
    uint32_t agreed = 0;
    uint64_t done = 0;

    if (stile_handshake(STILE_CONDUIT_HVC, &agreed) != STILE_SUCCESS)
        return;
    if (stile_has_call(STILE_NR_console_write))
        (void)stile_console_puts("hello\n", 6);
    (void)stile_console_write_at(stile_ipa(0), 1);
    (void)stile_memory_map_all(stile_ipa(0), stile_nr_pages(1), &done);
    (void)stile_memory_unmap_all(stile_ipa(0), stile_nr_pages(1), &done);
    stile_panic(stile_call_name(0) != NULL ? stile_error_text(-1) : stile_error_name(-1));
}
