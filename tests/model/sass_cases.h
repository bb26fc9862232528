/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Value tests of one instruction: words, operands, and what must come out. */
#ifndef TESTS_MODEL_SASS_CASES_H
#define TESTS_MODEL_SASS_CASES_H

#include "sass_asm.h"

/* What most of the words below share: R1 of R2, R3, R4. */
#define DA (D(1) | A(2))
#define DAB (DA | B(3))
#define DABC (DAB | C(4))

typedef struct Case {
    uint64_t word;
    uint32_t a, b, c, want;
} Case;

static void check_cases(const Case *cases, unsigned n)
{
    Rig *rig = rig_new(32);

    for (unsigned i = 0; i < n; i++) {
        const Case *t = &cases[i];
        uint32_t got = rig_eval(rig, t->word, t->a, t->b, t->c);

        if (got != t->want) {
            char text[128];

            sass_disassemble(t->word, 8, text, sizeof(text));
            g_test_message("case %u: %s (%x, %x, %x) = %x, not %x", i, text,
                           t->a, t->b, t->c, got, t->want);
        }
        g_assert_cmphex(got, ==, t->want);
    }
    rig_free(rig);
}

#define CHECK(cases) check_cases(cases, G_N_ELEMENTS(cases))

#endif
