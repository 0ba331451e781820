/* SPDX-License-Identifier: MIT */
/*
 * The smallest kernel that talks: says hello, says back what is typed up to the end of a line,
 * powers off.
 */
#include <stile/hypercall.h>

/* PSCI's, which Stile answers as every firmware does. */
#define SYSTEM_OFF 0x84000008

void *memcpy(void *to, const void *from, size_t count);
void kernel(void);

/* The compiler calls it for copies, and so does the library. */
void *memcpy(void *to, const void *from, size_t count)
{
    char *out = to;

    for (const char *in = from; count > 0; count--)
        *out++ = *in++;
    return to;
}

static void say(const char *text)
{
    (void)stile_console_puts(text, __builtin_strlen(text));
}

/* Waits for a character; 0 if there will be none. */
static char next_character(void)
{
    struct stile_result result;

    do {
        (void)stile_vcpu_yield();
        result = stile_console_read(stile_nr_bytes(1));
    } while (result.status == STILE_SUCCESS && result.value[0] == 0);
    return result.status == STILE_SUCCESS ? (char)result.value[1] : '\0';
}

void kernel(void)
{
    uint32_t agreed = 0;
    char character;

    if (stile_handshake(STILE_CONDUIT_HVC, &agreed) == STILE_SUCCESS) {
        say("outside: hello. Type a line.\n");
        do {
            character = next_character();
            (void)stile_console_puts(&character, 1);
        } while (character != '\n' && character != '\r' && character != '\0');
        say("\noutside: that was all\n");
    }
    (void)stile_hvc(SYSTEM_OFF, 0, 0, 0, 0, 0, 0);
    for (;;)
        ;
}
