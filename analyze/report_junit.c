/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_junit.c - the assertions as a JUnit XML file, as CI systems read it: one test per
 * assertion; one that cannot be judged is skipped, with its reason.
 */
#include "analyze/report.h"

#include <errno.h>

/* XML 1.0 (2.2) allows no control characters, not even escaped; captures may hold any. */
static char *escape(const char *raw)
{
    g_autofree char *valid = g_utf8_make_valid(raw, -1);
    GString *allowed = g_string_new(NULL);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        bool forbidden = g_unichar_iscntrl(character) || (character & 0xfffe) == 0xfffe;
        g_string_append_unichar(allowed, forbidden ? ' ' : character);
    }
    char *escaped = g_markup_escape_text(allowed->str, -1);
    g_string_free(allowed, TRUE);
    return escaped;
}

int report_write_junit(const struct report *report, FILE *out)
{
    g_autoptr(GString) cases = g_string_new(NULL);
    unsigned n[] = {0, 0, 0};
    for (guint i = 0; i < report->assertions->len; i++) {
        const struct report_assertion *assertion = report->assertions->pdata[i];
        g_autofree char *name = escape(assertion->expression);
        g_autofree char *reason = escape(assertion->reason != NULL ? assertion->reason : "");
        n[assertion->result]++;
        g_string_append_printf(cases, "    <testcase classname=\"optrail\" name=\"%s\"", name);
        if (assertion->result == ASSERTION_FAILS)
            g_string_append_printf(cases, ">\n      <failure message=\"%s\"/>\n    </testcase>\n",
                                   reason);
        else if (assertion->result == ASSERTION_INCONCLUSIVE)
            g_string_append_printf(cases, ">\n      <skipped message=\"%s\"/>\n    </testcase>\n",
                                   reason);
        else
            g_string_append(cases, "/>\n");
    }
    errno = 0;
    int written = fprintf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites>\n"
        "  <testsuite name=\"optrail\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n"
        "%s"
        "  </testsuite>\n"
        "</testsuites>\n",
        report->assertions->len, n[ASSERTION_FAILS], n[ASSERTION_INCONCLUSIVE], cases->str);
    if (written < 0 || fflush(out) != 0)
        return errno != 0 ? -errno : -EIO;
    return 0;
}
