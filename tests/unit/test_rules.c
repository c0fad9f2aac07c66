/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rules.c - rule files of program tune: what they say, and that faults are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "bpf/load/program.h"
#include "bpf/load/rules.h"
#include "bpf/load/kernel.h"
#include "wire/command.h"

/* The rules of a file with that text, or NULL with `error`. */
static GArray *rules_of(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rules-XXXXXX", &path, NULL);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    GArray *rules = rules_read(path, error);
    unlink(path);
    return rules;
}

static void refuses(const char *text, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) rules = rules_of(text, &error);

    assert_null(rules);
    assert_int_equal(error->code, EXIT_INPUT);
    if (strstr(error->message, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->message, says);
}

static void a_rule_says_whom_and_what(void **state)
{
    g_autoptr(GArray) rules = rules_of("[rule near]\nremote = 192.0.2.77/24\nremote-port = 443\n"
                                       "iw = 20\ncongestion = reno\necn = yes\n"
                                       "[rule rest]\nsyn-rto-ms = 10\n",
                                       NULL);
    (void)state;
    assert_non_null(rules);
    assert_int_equal(rules->len, 2);
    const struct tune_rule *near = &g_array_index(rules, struct tune_rule, 0);
    const struct tune_rule *rest = &g_array_index(rules, struct tune_rule, 1);
    static const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 0};
    static const uint8_t mask[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    assert_string_equal(near->name, "near");
    assert_memory_equal(near->remote.address, address, sizeof(address));
    assert_memory_equal(near->remote.mask, mask, sizeof(mask));
    assert_int_equal(near->remote_port, 443);
    assert_int_equal(near->sets, 1U << TUNE_IW | 1U << TUNE_CONGESTION | 1U << TUNE_ECN);
    assert_int_equal(near->value[TUNE_IW], 20);
    assert_string_equal(near->congestion, "reno");
    assert_int_equal(near->scope, RULE_IPV4 | RULE_IPV6 | RULE_NEEDS_PEER);
    assert_int_equal(rest->sets, 1U << TUNE_SYN_RTO);
    assert_int_equal(rest->scope, RULE_IPV4 | RULE_IPV6);
    /* Ticks, rounded up: never before the time. */
    assert_true(rest->value[TUNE_SYN_RTO] * kernel_tick_us() >= 10000);
    assert_true((rest->value[TUNE_SYN_RTO] - 1) * kernel_tick_us() < 10000);
}

static void one_familys_prefix_leaves_the_other_out(void **state)
{
    g_autoptr(GArray) six = rules_of("[rule a]\nsame-prefix6 = 44\niw = 9\n", NULL);
    g_autoptr(GArray) four = rules_of("[rule a]\nsame-prefix4 = 24\niw = 9\n", NULL);
    g_autoptr(GArray) both = rules_of("[rule a]\nsame-prefix4=24\nsame-prefix6=44\niw=9\n", NULL);
    (void)state;
    assert_int_equal(g_array_index(six, struct tune_rule, 0).scope, RULE_IPV6 | RULE_NEEDS_PEER);
    assert_int_equal(g_array_index(four, struct tune_rule, 0).scope, RULE_IPV4 | RULE_NEEDS_PEER);
    assert_int_equal(g_array_index(both, struct tune_rule, 0).scope,
                     RULE_IPV4 | RULE_IPV6 | RULE_NEEDS_PEER);
}

static void faults_are_named(void **state)
{
    (void)state;
    refuses("", "0 rules, and there must be 1 to 16");
    refuses("[rule]\niw = 3\n", "[rule]: write [rule NAME]");
    refuses("[other]\niw = 3\n", "write [rule NAME]");
    refuses("[rule a]\nremote = 192.0.2.0/24\n", "[rule a] sets nothing");
    refuses("[rule a]\niw = 0\n", "[rule a] iw: \"0\" is not a number from 1 to 1000");
    refuses("[rule a]\niw = many\n", "\"many\" is not a number");
    refuses("[rule a]\niv = 3\n", "[rule a] iv: there is no such key");
    refuses("[rule a]\nlocal = here\n", "[rule a] local: \"here\" is no prefix");
    refuses("[rule a]\nport = 65536\niw = 3\n", "not a number from 1 to 65535");
    refuses("[rule a]\necn = maybe\n", "\"maybe\" is not yes or no");
    refuses("[rule a]\ncongestion = a-name-that-is-too-long\n", "is no name of an algorithm");
    refuses("[rule a\niw = 3\n", "");
}

static void the_examples_are_sound(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        static const char *const names[] = {"data-centre", "wide-area"};
        const char *source = g_getenv("OPTRAIL_SOURCE");
        g_autofree char *path =
            g_strdup_printf("%s/bpf/tune/%s.rules", source != NULL ? source : "..", names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) rules = rules_read(path, &error);
        if (rules == NULL)
            fail_msg("%s", error->message);
        assert_string_equal(g_array_index(rules, struct tune_rule, 0).name, names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_says_whom_and_what),
        cmocka_unit_test(one_familys_prefix_leaves_the_other_out),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(the_examples_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
