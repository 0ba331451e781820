/* SPDX-License-Identifier: MIT */
/*
 * The one struct ppi: what the PPIs are unless the machine's tree says otherwise.
 */
#include "dev/intid.h"

/* BSA, section 3.6. */
struct ppi ppi = {
    .maintenance = 25,
    .hyp_timer = 26,
    .virt_timer = 27,
    .phys_timer = 30,
    .pmu = 23,
};
