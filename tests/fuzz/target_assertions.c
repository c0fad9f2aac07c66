// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_assertions.c - an expression of `analyze --assert` (analyze/assert.h), and what it says of
 * a report that has rows and findings.
 */
#include "analyze/assert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tools/sample_reports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *expression = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    struct assertion *assertion = assertion_parse(expression, &error);
    CHECK((assertion == NULL) == (error != NULL));
    if (assertion != NULL) {
        g_autoptr(report_t) report = sample_many();
        assertion_check(assertion, report);
        CHECK(report->assertions->len == 1);
    }
    assertion_free(assertion);
    return 0;
}
