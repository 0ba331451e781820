/* SPDX-License-Identifier: MIT */
/*
 * See errata.h.
 */
#include "arch/errata.h"

#include <stddef.h>

#include "arch/cpu.h"

/* MIDR_EL1 (Arm ARM D17.2.100) */
#define MIDR_IMPLEMENTER(midr) ((uint32_t)(midr) >> 24)
#define MIDR_VARIANT(midr)     ((uint32_t)(midr) >> 20 & 0xF)
#define MIDR_PART(midr)        ((uint32_t)(midr) >> 4 & 0xFFF)
#define MIDR_REVISION(midr)    ((uint32_t)(midr)&0xF)
#define IMPLEMENTER_ARM        0x41
#define RELEASE(variant, rev)  ((variant) << 4 | (rev))

uint32_t errata;

uint32_t errata_find(uint64_t midr)
{
    static const struct {
        uint8_t what;
        uint8_t last;
        uint16_t part;
    } table[] = {
#define ERRATUM(what, part, variant, revision, number, name)                                       \
    {ERRATUM_##what, RELEASE(variant, revision), part},
        ERRATA(ERRATUM)
#undef ERRATUM
    };
    uint32_t found = 0;

    if (MIDR_IMPLEMENTER(midr) != IMPLEMENTER_ARM)
        return 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (MIDR_PART(midr) == table[i].part &&
            RELEASE(MIDR_VARIANT(midr), MIDR_REVISION(midr)) <= table[i].last)
            found |= table[i].what;
    return found;
}

void errata_init_pcpu(void)
{
    __atomic_fetch_or(&errata, errata_find(read_sysreg(midr_el1)), __ATOMIC_RELAXED);
}
