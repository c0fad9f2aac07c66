/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_tap.c - the assertions in the Test Anything Protocol, version 13: one test per assertion;
 * one that cannot be judged is skipped, with its reason.
 */
#include "analyze/report.h"

#include <errno.h>

/* In a description '#' would begin a directive, and a line is a test. */
static char *one_line(const char *raw)
{
    char *line = g_utf8_make_valid(raw, -1);
    for (char *p = line; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p) || *p == '#')
            *p = ' ';
    }
    return line;
}

int report_write_tap(const struct report *report, FILE *out)
{
    g_autoptr(GString) lines = g_string_new("TAP version 13\n");
    g_string_append_printf(lines, "1..%u\n", report->assertions->len);
    for (guint i = 0; i < report->assertions->len; i++) {
        const struct report_assertion *assertion = report->assertions->pdata[i];
        g_autofree char *name = one_line(assertion->expression);
        g_autofree char *reason = one_line(assertion->reason != NULL ? assertion->reason : "");
        g_string_append_printf(lines, "%sok %u - %s",
                               assertion->result == ASSERTION_FAILS ? "not " : "", i + 1, name);
        if (assertion->result == ASSERTION_INCONCLUSIVE)
            g_string_append_printf(lines, " # SKIP %s", reason);
        else if (assertion->result == ASSERTION_FAILS)
            g_string_append_printf(lines, "\n# %s", reason);
        g_string_append_c(lines, '\n');
    }
    errno = 0;
    if (fputs(lines->str, out) < 0 || fflush(out) != 0)
        return errno != 0 ? -errno : -EIO;
    return 0;
}
