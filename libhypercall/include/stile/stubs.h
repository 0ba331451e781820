/* SPDX-License-Identifier: MIT */
/*
 * One typed inline stub per line of the call table: stile_<group>_<name>(arguments). And one
 * function for each result of a call: stile_<group>_<name>_<result>(what the stub returned).
 *
 * What each call takes, returns and refuses is said at its line in stile/calls.h. The stubs may be
 * used in any context, once stile_handshake() has succeeded.
 */
#ifndef STILE_STUBS_H
#define STILE_STUBS_H

#include "stile/hvc.h"

/* The six argument registers: the words of the arguments, then zeroes. */
#define STILE_WORDS_ARGS0()               0, 0, 0, 0, 0, 0
#define STILE_WORDS_ARGS1(t1, a1)         stile_##t1##_word(a1), 0, 0, 0, 0, 0
#define STILE_WORDS_ARGS2(t1, a1, t2, a2) stile_##t1##_word(a1), stile_##t2##_word(a2), 0, 0, 0, 0
#define STILE_WORDS_ARGS3(t1, a1, t2, a2, t3, a3)                                                  \
    stile_##t1##_word(a1), stile_##t2##_word(a2), stile_##t3##_word(a3), 0, 0, 0
#define STILE_WORDS_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4)                                          \
    stile_##t1##_word(a1), stile_##t2##_word(a2), stile_##t3##_word(a3), stile_##t4##_word(a4), 0, 0
#define STILE_WORDS_ARGS5(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                  \
    stile_##t1##_word(a1), stile_##t2##_word(a2), stile_##t3##_word(a3), stile_##t4##_word(a4),    \
        stile_##t5##_word(a5), 0
#define STILE_WORDS_ARGS6(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                          \
    stile_##t1##_word(a1), stile_##t2##_word(a2), stile_##t3##_word(a3), stile_##t4##_word(a4),    \
        stile_##t5##_word(a5), stile_##t6##_word(a6)

#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    static inline struct stile_result stile_##group##_##name(STILE_PARAMS_##args)                  \
    {                                                                                              \
        return stile_hvc(STILE_FID(nr), STILE_WORDS_##args);                                       \
    }                                                                                              \
    STILE_GET(stile_##group##_##name, STILE_LIST_##rets)
#include "stile/calls.h"

#endif
