/* SPDX-License-Identifier: MIT */
/*
 * Macros that unfold the lists of a line of the call table. A line says
 * ARGS2(ipa, base, nr_pages, count), RETS1(nr_pages, done), ERRS2(NOT_MAPPED, BUSY): pasting a
 * prefix onto one of them picks one of the forms below.
 */
#ifndef STILE_LINES_H
#define STILE_LINES_H

#include "stile/errors.h"
#include "stile/types.h"

/* --- arguments ----------------------------------------------------------------------------- */

/* C parameters: "stile_ipa_t base, stile_u32_t flags". */
#define STILE_PARAMS_ARGS0()            void
#define STILE_PARAMS_ARGS1(t1, a1)      stile_##t1##_t a1
#define STILE_PARAMS_ARGS2(t1, a1, ...) stile_##t1##_t a1, STILE_PARAMS_ARGS1(__VA_ARGS__)
#define STILE_PARAMS_ARGS3(t1, a1, ...) stile_##t1##_t a1, STILE_PARAMS_ARGS2(__VA_ARGS__)
#define STILE_PARAMS_ARGS4(t1, a1, ...) stile_##t1##_t a1, STILE_PARAMS_ARGS3(__VA_ARGS__)
#define STILE_PARAMS_ARGS5(t1, a1, ...) stile_##t1##_t a1, STILE_PARAMS_ARGS4(__VA_ARGS__)
#define STILE_PARAMS_ARGS6(t1, a1, ...) stile_##t1##_t a1, STILE_PARAMS_ARGS5(__VA_ARGS__)

/* The same after others: ", stile_ipa_t base, stile_u32_t flags". */
#define STILE_MORE_PARAMS_ARGS0()
#define STILE_MORE_PARAMS_ARGS1(...) , STILE_PARAMS_ARGS1(__VA_ARGS__)
#define STILE_MORE_PARAMS_ARGS2(...) , STILE_PARAMS_ARGS2(__VA_ARGS__)
#define STILE_MORE_PARAMS_ARGS3(...) , STILE_PARAMS_ARGS3(__VA_ARGS__)
#define STILE_MORE_PARAMS_ARGS4(...) , STILE_PARAMS_ARGS4(__VA_ARGS__)
#define STILE_MORE_PARAMS_ARGS5(...) , STILE_PARAMS_ARGS5(__VA_ARGS__)
#define STILE_MORE_PARAMS_ARGS6(...) , STILE_PARAMS_ARGS6(__VA_ARGS__)

/* The arguments out of the registers x1 to x6, after others: ", stile_ipa_from_word(x1)". */
#define STILE_TYPED_ARGS0()
#define STILE_TYPED_ARGS1(t1, a1)         , stile_##t1##_from_word(x1)
#define STILE_TYPED_ARGS2(t1, a1, t2, a2) STILE_TYPED_ARGS1(t1, a1), stile_##t2##_from_word(x2)
#define STILE_TYPED_ARGS3(t1, a1, t2, a2, t3, a3)                                                  \
    STILE_TYPED_ARGS2(t1, a1, t2, a2), stile_##t3##_from_word(x3)
#define STILE_TYPED_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4)                                          \
    STILE_TYPED_ARGS3(t1, a1, t2, a2, t3, a3), stile_##t4##_from_word(x4)
#define STILE_TYPED_ARGS5(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                  \
    STILE_TYPED_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4), stile_##t5##_from_word(x5)
#define STILE_TYPED_ARGS6(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                          \
    STILE_TYPED_ARGS5(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5), stile_##t6##_from_word(x6)

/* Of each of the registers x1 to x6, the bits that must be zero; those of an unused one all are. */
#define STILE_RESERVED_UNUSED   UINT64_MAX
#define STILE_RESERVED_UNUSED_2 STILE_RESERVED_UNUSED, STILE_RESERVED_UNUSED
#define STILE_RESERVED_UNUSED_3 STILE_RESERVED_UNUSED, STILE_RESERVED_UNUSED_2
#define STILE_RESERVED_UNUSED_4 STILE_RESERVED_UNUSED, STILE_RESERVED_UNUSED_3
#define STILE_RESERVED_UNUSED_5 STILE_RESERVED_UNUSED, STILE_RESERVED_UNUSED_4

#define STILE_RESERVED_ARGS0()       STILE_RESERVED_UNUSED, STILE_RESERVED_UNUSED_5
#define STILE_RESERVED_ARGS1(t1, a1) STILE_RESERVED_##t1, STILE_RESERVED_UNUSED_5
#define STILE_RESERVED_ARGS2(t1, a1, t2, a2)                                                       \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_UNUSED_4
#define STILE_RESERVED_ARGS3(t1, a1, t2, a2, t3, a3)                                               \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_##t3, STILE_RESERVED_UNUSED_3
#define STILE_RESERVED_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4)                                       \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_##t3, STILE_RESERVED_##t4,            \
        STILE_RESERVED_UNUSED_2
#define STILE_RESERVED_ARGS5(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                               \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_##t3, STILE_RESERVED_##t4,            \
        STILE_RESERVED_##t5, STILE_RESERVED_UNUSED
#define STILE_RESERVED_ARGS6(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                       \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_##t3, STILE_RESERVED_##t4,            \
        STILE_RESERVED_##t5, STILE_RESERVED_##t6

/* How many arguments. */
#define STILE_COUNT_ARGS0()    0
#define STILE_COUNT_ARGS1(...) 1
#define STILE_COUNT_ARGS2(...) 2
#define STILE_COUNT_ARGS3(...) 3
#define STILE_COUNT_ARGS4(...) 4
#define STILE_COUNT_ARGS5(...) 5
#define STILE_COUNT_ARGS6(...) 6

/* The arguments as a text, for dumps and traces: "ipa base, u32 flags". */
#define STILE_TEXT_ARGS0()            ""
#define STILE_TEXT_ARGS1(t1, a1)      #t1 " " #a1
#define STILE_TEXT_ARGS2(t1, a1, ...) #t1 " " #a1 ", " STILE_TEXT_ARGS1(__VA_ARGS__)
#define STILE_TEXT_ARGS3(t1, a1, ...) #t1 " " #a1 ", " STILE_TEXT_ARGS2(__VA_ARGS__)
#define STILE_TEXT_ARGS4(t1, a1, ...) #t1 " " #a1 ", " STILE_TEXT_ARGS3(__VA_ARGS__)
#define STILE_TEXT_ARGS5(t1, a1, ...) #t1 " " #a1 ", " STILE_TEXT_ARGS4(__VA_ARGS__)
#define STILE_TEXT_ARGS6(t1, a1, ...) #t1 " " #a1 ", " STILE_TEXT_ARGS5(__VA_ARGS__)

/* --- results ------------------------------------------------------------------------------- */

/*
 * A function for each result, STILE_GET(call, STILE_LIST_##rets): <call>_<result>() takes it out of
 * what the call has returned. Of a call that failed it means nothing.
 */
#define STILE_GET(call, ...)            STILE_GET_FORM(call, __VA_ARGS__)
#define STILE_GET_FORM(call, form, ...) form(call, __VA_ARGS__)
#define STILE_GET_ONE(call, i, kind, name)                                                         \
    static inline stile_##kind##_t call##_##name(struct stile_result result)                       \
    {                                                                                              \
        return stile_##kind##_from_word(result.value[i]);                                          \
    }
#define STILE_GET_0(call, none)
#define STILE_GET_1(call, t1, r1)         STILE_GET_ONE(call, 0, t1, r1)
#define STILE_GET_2(call, t1, r1, t2, r2) STILE_GET_1(call, t1, r1) STILE_GET_ONE(call, 1, t2, r2)
#define STILE_GET_3(call, t1, r1, t2, r2, t3, r3)                                                  \
    STILE_GET_2(call, t1, r1, t2, r2) STILE_GET_ONE(call, 2, t3, r3)

/* The form for so many results, and they. */
#define STILE_LIST_RETS0()    STILE_GET_0, 0
#define STILE_LIST_RETS1(...) STILE_GET_1, __VA_ARGS__
#define STILE_LIST_RETS2(...) STILE_GET_2, __VA_ARGS__
#define STILE_LIST_RETS3(...) STILE_GET_3, __VA_ARGS__

/* Of each of the registers x1 to x3, the bits that are zero when the call has succeeded. */
#define STILE_RESERVED_RETS0()       STILE_RESERVED_UNUSED_3
#define STILE_RESERVED_RETS1(t1, r1) STILE_RESERVED_##t1, STILE_RESERVED_UNUSED_2
#define STILE_RESERVED_RETS2(t1, r1, t2, r2)                                                       \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_UNUSED
#define STILE_RESERVED_RETS3(t1, r1, t2, r2, t3, r3)                                               \
    STILE_RESERVED_##t1, STILE_RESERVED_##t2, STILE_RESERVED_##t3

/* The results as a text: "nr_pages done". */
#define STILE_TEXT_RETS0()            ""
#define STILE_TEXT_RETS1(t1, r1)      #t1 " " #r1
#define STILE_TEXT_RETS2(t1, r1, ...) #t1 " " #r1 ", " STILE_TEXT_RETS1(__VA_ARGS__)
#define STILE_TEXT_RETS3(t1, r1, ...) #t1 " " #r1 ", " STILE_TEXT_RETS2(__VA_ARGS__)

/* --- errors -------------------------------------------------------------------------------- */

/* An error of our own, as a bit of a word. */
#define STILE_ERROR_BIT(name) (UINT32_C(1) << (STILE_INVALID_ARGUMENT - STILE_##name))

/* A call's errors as bits, but for those that all have. */
#define STILE_BITS_ERRS0()        UINT32_C(0)
#define STILE_BITS_ERRS1(e1)      STILE_ERROR_BIT(e1)
#define STILE_BITS_ERRS2(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS1(__VA_ARGS__)
#define STILE_BITS_ERRS3(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS2(__VA_ARGS__)
#define STILE_BITS_ERRS4(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS3(__VA_ARGS__)
#define STILE_BITS_ERRS5(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS4(__VA_ARGS__)
#define STILE_BITS_ERRS6(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS5(__VA_ARGS__)
#define STILE_BITS_ERRS7(e1, ...) STILE_ERROR_BIT(e1) | STILE_BITS_ERRS6(__VA_ARGS__)

/* The same as a text: "NOT_MAPPED BUSY". */
#define STILE_TEXT_ERRS0()        ""
#define STILE_TEXT_ERRS1(e1)      #e1
#define STILE_TEXT_ERRS2(e1, ...) #e1 " " STILE_TEXT_ERRS1(__VA_ARGS__)
#define STILE_TEXT_ERRS3(e1, ...) #e1 " " STILE_TEXT_ERRS2(__VA_ARGS__)
#define STILE_TEXT_ERRS4(e1, ...) #e1 " " STILE_TEXT_ERRS3(__VA_ARGS__)
#define STILE_TEXT_ERRS5(e1, ...) #e1 " " STILE_TEXT_ERRS4(__VA_ARGS__)
#define STILE_TEXT_ERRS6(e1, ...) #e1 " " STILE_TEXT_ERRS5(__VA_ARGS__)
#define STILE_TEXT_ERRS7(e1, ...) #e1 " " STILE_TEXT_ERRS6(__VA_ARGS__)

#endif
