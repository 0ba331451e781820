/* SPDX-License-Identifier: MIT */
/*
 * What a configuration may leave out, for tests of just that, which are built with each. Included
 * first.
 */
#ifndef FAKES_CONFIG_H
#define FAKES_CONFIG_H

#ifndef CONFIG_ITS
#define CONFIG_ITS 1
#endif
#ifndef CONFIG_SRIOV
#define CONFIG_SRIOV 1
#endif

#endif
