// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_analyzer.c - the analyzer as a whole: captures in, every report out. Input: an octet of
 * settings, the length of the first capture in three octets (big-endian), that capture, and a second
 * one, which may be missing.
 */
#include "analyze/analyze.h"
#include "analyze/assert.h"
#include "tests/fuzz/fuzz.h"
#include "wire/bytes.h"

static struct option_set *options;
static FILE *nowhere;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    options = option_set_new();
    CHECK(option_set_add_builtin(options, NULL) == 0);
    nowhere = fopen("/dev/null", "w");
    CHECK(nowhere != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    uint8_t choice = bytes_u8(&input);
    size_t first = (size_t)bytes_u8(&input) << 16 | bytes_be16(&input);
    struct bytes a = bytes_sub(&input, MIN(first, bytes_left(&input)));
    g_autofree char *path_a = NULL, *path_b = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(report_t) report = report_new();
    int fd_a = fuzz_file(a.at, bytes_left(&a), &path_a);
    int fd_b = fuzz_file(input.at, bytes_left(&input), &path_b);
    struct analyze_settings settings = {
        .file_a = path_a,
        .file_b = choice & 1 ? path_b : NULL,
        .options = options,
        .all_options = choice & 2,
        .filter = choice & 4 ? "tcp port 80 or greater 100" : NULL,
        .waiting_max = choice & 8 ? 4 : 0,
    };
    option_set_choose_profile(options, choice & 16 ? "original" : NULL);
    int result = analyze_run(&settings, report, &error);
    CHECK((result == 0) == (error == NULL));
    if (result == 0) {
        struct assertion *assertion = assertion_parse("none failed", NULL);
        if (assertion != NULL)
            assertion_check(assertion, report);
        assertion_free(assertion);
        CHECK(report_write_text(report, nowhere) == 0);
        CHECK(report_write_json(report, nowhere) == 0);
        CHECK(report_write_junit(report, nowhere) == 0);
        CHECK(report_write_tap(report, nowhere) == 0);
    }
    close(fd_a);
    close(fd_b);
    return 0;
}
