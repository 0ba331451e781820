/* SPDX-License-Identifier: MIT */
/*
 * The machine, as far as this VM's own device tree tells of it.
 */
#ifndef STILECTL_MACHINE_H
#define STILECTL_MACHINE_H

/** machine_gic() - the version of this VM's interrupt controller, 2 or 3; or 0: it has none */
unsigned machine_gic(void);

#endif
