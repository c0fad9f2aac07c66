/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_option_mutation.c - whatever octets come, in a description or on the wire, nothing breaks:
 * 100,000 mutated descriptions and as many mutated options, from a fixed seed.
 *
 * It proves little without sanitizers and much with them. A description that is still right must
 * also keep the promises that its users rely on: fields within the option, an encoder whose
 * octets decode without a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "wire/codec.h"
#include "wire/option_header.h"

enum { ROUNDS = 100000, SEED = 6994 };

/* The text of every built-in description. */
static GPtrArray *corpus(void)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = g_build_filename("..", "options", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *source = g_getenv("OPTRAIL_SOURCE");
    if (dir == NULL && source != NULL) {
        g_free(folder);
        folder = g_build_filename(source, "options", NULL);
        dir = g_dir_open(folder, 0, NULL);
    }
    assert_non_null(dir);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".opt"))
            g_ptr_array_add(names, g_build_filename(folder, name, NULL));
    for (guint i = 0; i < names->len; i++) {
        char *text = NULL;
        assert_true(g_file_get_contents(names->pdata[i], &text, NULL, NULL));
        g_ptr_array_add(texts, text);
    }
    assert_true(texts->len >= 36);
    return texts;
}

/* Pieces that make a mutated description likelier to be nearly right. */
static const char *const pieces[] = {
    "[field a]\n",
    "bits = 1\n",
    "bits = 64\n",
    "bits = rest\n",
    "type = bytes\n",
    "type = ipv6\n",
    "of = value\n",
    "exp2 = yes\n",
    "factor = 0x7FFFFFFFFFFFFFFF\n",
    "length = 2-40\n",
    "length = 40\n",
    "min = 5\n",
    "max = 0\n",
    "values = 0:a;1:b\n",
    "=",
    ";",
    ":",
    "[",
    "]",
    "\n",
    "\\",
    "\xC3",
    "18446744073709551616",
    "-",
    "carrier = mptcp\nid = 15\n",
    "segments = syn\n",
    "profile = p\n",
    "factor-by = a:0=1\n",
};

static void mutate(GString *text, GRand *random)
{
    unsigned changes = 1 + (unsigned)g_rand_int_range(random, 0, 6);
    while (changes-- > 0 && text->len > 0) {
        gsize at = (gsize)g_rand_int_range(random, 0, (gint32)text->len);
        gsize n = (gsize)g_rand_int_range(random, 0, 12);
        switch (g_rand_int_range(random, 0, 5)) {
        case 0:
            text->str[at] = (char)g_rand_int_range(random, 0, 256);
            break;
        case 1:
            g_string_erase(text, (gssize)at, (gssize)MIN(n, text->len - at));
            break;
        case 2:
            g_string_insert(text, (gssize)at,
                            pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
            break;
        case 3: { /* a stretch of it again somewhere */
            g_autofree char *copy = g_strndup(text->str + at, MIN(n * 4, text->len - at));
            g_string_insert(text, (gssize)g_rand_int_range(random, 0, (gint32)text->len), copy);
            break;
        }
        default:
            g_string_truncate(text, at);
            break;
        }
    }
}

/* What the users of a description rely on. */
static void check_promises(const struct option_desc *desc)
{
    assert_in_range(desc->length_min, 2, desc->length_max);
    assert_in_range(desc->length_max, desc->length_min, TCP_OPTION_SPACE);
    assert_true(desc->n_fields <= OPTION_FIELDS_MAX);
    assert_true(strlen(desc->name) < OPTION_LABEL_MAX);
    unsigned at = desc->header_bits;
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE) {
            assert_true(field->of < desc->n_fields && field->factor_by < desc->n_fields);
            assert_int_equal(desc->fields[field->of].transform, TRANSFORM_NONE);
            continue;
        }
        assert_int_equal(field->offset_bits, at);
        at += field->bits;
        assert_true(at <= desc->length_max * 8);
    }
}

static void use(const struct option_desc *desc, const uint8_t *octets, size_t available)
{
    struct codec_option decoded;
    /* In memory of exactly this size, so that a read beyond it is seen. */
    g_autofree uint8_t *exact = g_memdup2(octets, available);
    codec_decode(desc, exact, available, &decoded);
    for (size_t i = 0; i < decoded.n_values; i++) {
        char text[16];
        codec_value_text(&decoded.values[i], text, sizeof(text));
    }
}

static void mutated_descriptions(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) texts = corpus();
    GRand *random = g_rand_new_with_seed(SEED);
    unsigned right = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const char *original = texts->pdata[g_rand_int_range(random, 0, (gint32)texts->len)];
        GString *text = g_string_new(original);
        mutate(text, random);
        g_autoptr(option_set) set = option_set_new();
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        unsigned count = option_set_add_text(set, "x.opt", text->str, text->len, faults);
        assert_int_equal(count == 0, option_set_size(set) == 1);
        assert_int_equal(count == 0, faults->len == 0);
        for (guint i = 0; i < faults->len; i++) {
            assert_true(g_str_has_prefix(faults->pdata[i], "x.opt:"));
            assert_true(g_utf8_validate(faults->pdata[i], -1, NULL));
            assert_null(strchr(faults->pdata[i], '\n'));
        }
        if (count == 0) {
            const struct option_desc *desc = option_set_at(set, 0);
            check_promises(desc);
            uint8_t octets[TCP_OPTION_SPACE] = {0};
            if (codec_encode(desc, NULL, 0, octets, NULL) > 0) {
                struct codec_option decoded;
                codec_decode(desc, octets, octets[1], &decoded);
                assert_int_equal(decoded.faults, 0);
            }
            use(desc, octets, (size_t)g_rand_int_range(random, 0, TCP_OPTION_SPACE + 1));
            if (right % 16 == 0)
                g_free(option_set_c_header(set));
            right++;
        }
        g_string_free(text, TRUE);
    }
    g_rand_free(random);
    /* Neither all refused nor all taken: the mutations reach behind the first check. */
    assert_in_range(right, ROUNDS / 20, ROUNDS - ROUNDS / 20);
}

static void random_text(void **state)
{
    (void)state;
    GRand *random = g_rand_new_with_seed(SEED + 1);
    for (unsigned round = 0; round < ROUNDS / 10; round++) {
        char text[300];
        size_t length = (size_t)g_rand_int_range(random, 0, sizeof(text));
        for (size_t i = 0; i < length; i++)
            text[i] = (char)g_rand_int_range(random, 0, 256);
        g_autofree char *exact = g_memdup2(text, length);
        g_autoptr(option_set) set = option_set_new();
        assert_true(option_set_add_text(set, "x.opt", exact, length, NULL) > 0);
    }
    g_rand_free(random);
}

static void mutated_options(void **state)
{
    (void)state;
    static const char *const profiles[] = {NULL, "original", "original-iw", "original-rate-kbyte"};
    g_autoptr(option_set) set = option_set_new();
    assert_int_equal(option_set_add_builtin(set, NULL), 0);
    GRand *random = g_rand_new_with_seed(SEED + 2);
    unsigned found = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % 1000 == 0)
            option_set_choose_profile(set, profiles[round / 1000 % G_N_ELEMENTS(profiles)]);
        /* A right option of some description, then octets of it changed. */
        gint32 pick = g_rand_int_range(random, 0, (gint32)option_set_size(set));
        uint8_t octets[TCP_OPTION_SPACE];
        for (size_t i = 0; i < sizeof(octets); i++)
            octets[i] = (uint8_t)g_rand_int_range(random, 0, 256);
        codec_encode(option_set_at(set, (size_t)pick), NULL, 0, octets, NULL);
        for (int changes = g_rand_int_range(random, 0, 4); changes > 0; changes--)
            octets[g_rand_int_range(random, 0, 8)] = (uint8_t)g_rand_int_range(random, 0, 256);

        size_t available = (size_t)g_rand_int_range(random, 0, TCP_OPTION_SPACE + 1);
        if (available >= 2 && available > octets[1])
            available = MAX(octets[1], 2);
        g_autofree uint8_t *exact = g_memdup2(octets, available);
        const struct option_desc *desc = option_set_find(set, exact, available);
        char label[OPTION_LABEL_MAX];
        option_label(desc, exact, available, label);
        assert_true(strlen(label) > 0);
        if (desc == NULL)
            continue;
        assert_true(option_set_is_active(set, desc));
        use(desc, exact, available);
        found++;
    }
    g_rand_free(random);
    assert_in_range(found, ROUNDS / 20, ROUNDS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_descriptions),
        cmocka_unit_test(random_text),
        cmocka_unit_test(mutated_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
