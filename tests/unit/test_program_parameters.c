/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_program_parameters.c - what --set takes, what it refuses, and that the refusal says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/prefix.h"
#include "bpf/load/program.h"
#include "wire/command.h"

static struct option_set *options;

static int set_up(void **state)
{
    (void)state;
    options = option_set_new();
    return (int)option_set_add_builtin(options, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    option_set_free(options);
    return 0;
}

/* The value that `key` gets when `setting` (NULL: nothing) is given. */
static uint32_t value_of(const char *program_name, const char *key, const char *setting)
{
    const struct program *program = program_by_name(program_name);
    const char *settings[] = {setting, NULL};
    g_auto(program_values) values = {0};
    GError *error = NULL;

    assert_non_null(program);
    if (!parameters_parse(program, options, settings, &values, &error))
        fail_msg("%s", error->message);
    for (size_t i = 0; i < program->n_parameters; i++) {
        if (strcmp(program->parameters[i].key, key) == 0)
            return values.number[i];
    }
    fail_msg("%s has no parameter %s", program_name, key);
    return 0;
}

static void refuses(const char *program_name, const char *first, const char *second,
                    const char *says)
{
    const char *settings[] = {first, second, NULL};
    g_auto(program_values) values = {0};
    g_autoptr(GError) error = NULL;

    assert_false(
        parameters_parse(program_by_name(program_name), options, settings, &values, &error));
    assert_int_equal(error->code, EXIT_USAGE);
    if (strstr(error->message, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->message, says);
    assert_null(strchr(error->message, '\n'));
}

static void presets_hold_when_nothing_is_set(void **state)
{
    (void)state;
    assert_int_equal(value_of("cc", "algorithm", NULL), 3);
    assert_int_equal(value_of("cc", "repeat", NULL), REPEAT_ONCE);
    assert_int_equal(value_of("cc", "role", NULL), ROLE_BOTH);
    assert_int_equal(value_of("uto", "timeout", NULL), 0);
    assert_int_equal(value_of("uto", "upper", NULL), 86400);
    assert_int_equal(value_of("uto", "changeable", NULL), 1);
}

static void enumerations_are_given_by_name(void **state)
{
    (void)state;
    assert_int_equal(value_of("cc", "algorithm", "algorithm=reno"), 1);
    assert_int_equal(value_of("cc", "algorithm", "algorithm=bbr"), 2);
    assert_int_equal(value_of("cc", "repeat", "repeat=until-acked"), REPEAT_UNTIL_ACKED);
    assert_int_equal(value_of("uto", "role", "role=server"), ROLE_SERVER);
    refuses("cc", "algorithm=1", NULL, "algorithm is one of vegas, reno, bbr, cubic, not \"1\"");
    refuses("cc", "algorithm=Reno", NULL, "algorithm is one of");
    refuses("cc", "algorithm=", NULL, "not \"\"");
    refuses("cc", "role=peer", NULL, "role is one of client, server, both");
}

static void numbers_have_a_range(void **state)
{
    (void)state;
    assert_int_equal(value_of("uto", "timeout", "timeout=34"), 34);
    assert_int_equal(value_of("uto", "timeout", "timeout=1966020"), 1966020);
    refuses("uto", "timeout=1966021", NULL, "timeout is a number from 0 to 1966020 (s)");
    refuses("uto", "timeout=-1", NULL, "not \"-1\"");
    refuses("uto", "timeout=34s", NULL, "not \"34s\"");
    refuses("uto", "timeout= 34", NULL, "not \" 34\"");
    refuses("uto", "timeout=0x22", NULL, "a number from");
    refuses("uto", "timeout=99999999999999999999", NULL, "a number from");
    refuses("uto", "lower=0", NULL, "lower is a number from 1 to");
}

static void booleans_are_words(void **state)
{
    (void)state;
    assert_int_equal(value_of("uto", "enabled", "enabled=no"), 0);
    assert_int_equal(value_of("uto", "enabled", "enabled=on"), 1);
    refuses("uto", "enabled=maybe", NULL, "enabled is yes or no, not \"maybe\"");
}

static void what_is_no_setting_is_refused(void **state)
{
    (void)state;
    refuses("cc", "algorithm", NULL, "write KEY=VALUE");
    refuses("cc", "=reno", NULL, "write KEY=VALUE");
    refuses("cc", "algorithms=reno", NULL, "it has algorithm, repeat, role");
    refuses("cc", "algorithm=reno", "algorithm=bbr", "algorithm is set twice");
    refuses("uto", "lower=20", "upper=10", "lower is at most upper, which is 10");
}

static void values_read_as_they_are_written(void **state)
{
    (void)state;
    for (size_t p = 0; programs[p] != NULL; p++) {
        g_auto(program_values) values = {0};
        /* What cannot be loaded without being told more has values too. */
        parameters_parse(programs[p], options, NULL, &values, NULL);
        for (size_t i = 0; i < programs[p]->n_parameters; i++) {
            g_autofree char *text =
                parameter_text(programs[p], &programs[p]->parameters[i], options, &values);
            assert_string_equal(text, programs[p]->parameters[i].preset);
        }
    }
}

static void prefixes_are_judged(void **state)
{
    (void)state;
    assert_int_equal(value_of("iw", "limit", "trusted=192.0.2.0/24,2001:db8::/32"), 40);
    assert_int_equal(value_of("iw", "segments", "segments=1000"), 1000);
    refuses("iw", "segments=1001", NULL, "a number from 0 to 1000 (MSS)");
    refuses("iw", "trusted=192.0.2.0/33", NULL, "\"192.0.2.0/33\" is no prefix");
    refuses("iw", "trusted=192.0.2.0/24,everybody", NULL, "\"everybody\" is no prefix");
    refuses("iw", "trusted=2001:db8::/129", NULL, "is no prefix");
}

static void prefixes_keep_their_bits_alone(void **state)
{
    static const char *const pairs[][2] = {
        {"192.0.2.77/24", "192.0.2.0/24"},
        {"10.255.0.0/9", "10.128.0.0/9"},
        {"192.0.2.1", "192.0.2.1/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"2001:db8::1/32", "2001:db8::/32"},
        {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
        {"::1", "::1/128"},
        {"::/0", "::/0"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        struct prefix prefix;
        assert_true(prefix_parse(pairs[i][0], &prefix, NULL));
        g_autofree char *text = prefix_text(&prefix);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void delays_and_divisors_go_together(void **state)
{
    (void)state;
    assert_int_equal(value_of("delack", "divisor", "divisor=255"), 255);
    refuses("delack", "divisor=256", NULL, "a number from 0 to 255");
    refuses("delack", "segments=4", NULL, "set divisor too");
    refuses("delack", "lower=20000", "upper=10000", "lower is at most upper, which is 10000");
}

static void any_described_option_has_its_fields(void **state)
{
    (void)state;
    assert_int_equal(value_of("option", "segments", "name=tfo"), 0x0c); /* ack and data */
    refuses("option", NULL, NULL, "which option");
    refuses("option", "name=nothing", NULL, "no option nothing");
    refuses("option", "name=cc", "algorithm=tahoe", "algorithm");
    refuses("option", "name=cc", "colour=blue", "colour");
    refuses("option", "name=cc", "segments=rst", "some of syn, synack, ack, data, fin");
    refuses("option", "name=cc", "segments=", "some of syn");
}

static void every_program_has_its_option_and_a_short_name(void **state)
{
    (void)state;
    for (size_t p = 0; programs[p] != NULL; p++) {
        assert_true(strlen(programs[p]->name) < 16);
        assert_null(strchr(programs[p]->name, '-')); /* that begins an instance */
        if (programs[p]->option != NULL)
            assert_non_null(option_set_by_name(options, programs[p]->option));
        size_t size = 0;
        assert_non_null(programs[p]->image(&size));
        assert_true(size > 0);
        assert_ptr_equal(program_by_name(programs[p]->name), programs[p]);
    }
    assert_null(program_by_name("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_hold_when_nothing_is_set),
        cmocka_unit_test(enumerations_are_given_by_name),
        cmocka_unit_test(numbers_have_a_range),
        cmocka_unit_test(booleans_are_words),
        cmocka_unit_test(what_is_no_setting_is_refused),
        cmocka_unit_test(values_read_as_they_are_written),
        cmocka_unit_test(prefixes_are_judged),
        cmocka_unit_test(prefixes_keep_their_bits_alone),
        cmocka_unit_test(delays_and_divisors_go_together),
        cmocka_unit_test(any_described_option_has_its_fields),
        cmocka_unit_test(every_program_has_its_option_and_a_short_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
