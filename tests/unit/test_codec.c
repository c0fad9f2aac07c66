/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_codec.c - octets to values and back, for every built-in option and every kind of field;
 * and that a wrong option is decoded as far as is honest and flagged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/codec.h"

struct fixture {
    struct option_set *set;
};

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->set = option_set_new();
    *state = fixture;
    return (int)option_set_add_builtin(fixture->set, NULL);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    option_set_free(fixture->set);
    g_free(fixture);
    return 0;
}

static const struct option_desc *describe(struct option_set *set, const char *text)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    if (option_set_add_text(set, "x.opt", text, strlen(text), faults) > 0)
        fail_msg("%s", (char *)faults->pdata[0]);
    return option_set_at(set, option_set_size(set) - 1);
}

/* "6f ab" to octets. */
static size_t from_hex(const char *hex, uint8_t out[TCP_OPTION_SPACE])
{
    size_t n = 0;
    for (; *hex != '\0'; hex += hex[0] == ' ' ? 1 : 2) {
        if (*hex == ' ')
            continue;
        out[n++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    }
    return n;
}

static char *to_hex(const uint8_t *octets, size_t n)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "%s%02x", i ? " " : "", octets[i]);
    return g_string_free(out, FALSE);
}

/* Every value that is there as "field=text", with spaces between them. Free with g_free(). */
static char *values_of(const struct codec_option *decoded)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct codec_value *value = &decoded->values[i];
        char text[200];
        if (!value->present || value->field->type == FIELD_RESERVED)
            continue;
        g_string_append_printf(out, "%s%s=%s", out->len ? ", " : "", value->field->name,
                               codec_value_text(value, text, sizeof(text)));
    }
    return g_string_free(out, FALSE);
}

static char *decode(const struct option_desc *desc, const char *hex, struct codec_option *decoded)
{
    uint8_t octets[TCP_OPTION_SPACE];
    size_t n = from_hex(hex, octets);
    codec_decode(desc, octets, n, decoded);
    return values_of(decoded);
}

/* Encodes settings separated by ", "; the octets, or the error's text. Free with g_free(). */
static char *encode(const struct option_desc *desc, const char *settings)
{
    g_auto(GStrv) list = g_strsplit(settings, ", ", -1);
    g_autoptr(GError) error = NULL;
    uint8_t octets[TCP_OPTION_SPACE];
    size_t n = codec_encode(desc, (const char *const *)list, g_strv_length(list), octets, &error);
    assert_int_equal(n == 0, error != NULL);
    return n > 0 ? to_hex(octets, n) : g_strdup(error->message);
}

/* --- the built-ins both ways ------------------------------------------------------------------ */

struct example {
    const char *name, *profile;
    const char *hex;
    const char *values;   /* as codec_value_text() has them */
    const char *settings; /* what encodes to the same octets */
};

static const struct example examples[] = {
    {"uto", NULL, "1c 04 80 01", "granularity=minutes (1), value=1, timeout=60 s",
     "granularity=minutes, value=1"},
    {"uto", NULL, "1c 04 00 22", "granularity=seconds (0), value=34, timeout=34 s", "timeout=34"},
    {"uto", NULL, "1c 04 ff ff", "granularity=minutes (1), value=32767, timeout=1966020 s",
     "timeout=1966020"},
    {"cc", NULL, "fd 06 4f 43 00 02", "algorithm=bbr (2)", "algorithm=bbr"},
    {"cc", NULL, "fd 06 4f 43 00 01", "algorithm=reno (1)", "algorithm=1"},
    {"cc", NULL, "fe 06 4f 43 00 00", "algorithm=vegas (0)", "kind=254, algorithm=vegas"},
    {"iw", NULL, "fd 06 4f 49 00 14", "segments=20 MSS", "segments=20"},
    {"delack", NULL, "fd 06 4f 44 04 0a", "divisor=4, segments=10 MSS", "divisor=4, segments=10"},
    {"rate", NULL, "1e 08 f0 01 00 00 0f a0", "limit=4000 kbit/s", "limit=4000"},
    {"sched", NULL, "1e 06 f0 02 00 01", "scheduler=redundant (1)", "scheduler=redundant"},
    {"delay", NULL, "1e 06 f0 03 00 64", "threshold=100 ms", "threshold=100"},
    {"ito", NULL, "1e 06 f0 04 00 f0", "timeout=240 s", "timeout=240"},
    {"ito", NULL, "1e 06 f1 04 00 f0", "timeout=240 s", "echo=1, timeout=240"},
    {"rate-exid", NULL, "fd 08 4f 52 00 00 0f a0", "limit=4000 kbit/s", "limit=4000"},
    {"sched-exid", NULL, "fd 06 4f 53 00 03", "scheduler=roundrobin (3)", "scheduler=roundrobin"},
    {"delay-exid", NULL, "fd 06 4f 54 00 64", "threshold=100 ms", "threshold=0x64"},
    {"ito-exid", NULL, "fd 06 4f 4f 00 f0", "timeout=240 s", "timeout=240"},
    {"original-cc", "original", "42 04 00 03", "algorithm=cubic (3)", "algorithm=cubic"},
    {"original-iw", "original-iw", "42 04 00 28", "segments=40 MSS", "segments=40"},
    {"original-delack", "original", "43 04 02 64", "divisor=2, segments=100 MSS",
     "divisor=2, segments=100"},
    {"original-rate", "original", "1e 04 f0 0c", "exponent=12, limit=4096 kbit/s", "limit=4096"},
    {"original-rate-kbyte", "original-rate-kbyte", "1e 04 f0 64", "limit=100 KB/s", "limit=100"},
    {"original-ito", "original-ito", "1e 04 f0 f0", "timeout=240 s", "timeout=240"},
    {"original-sched", "original", "1e 04 e0 02", "scheduler=blest (2)", "scheduler=blest"},
    {"original-delay", "original", "1e 04 b1 50", "request=delay (1), threshold=80 ms",
     "request=delay, threshold=80"},
    {"tfo", NULL, "fe 0c f9 89 01 02 03 04 05 06 07 08", "cookie=0x0102030405060708",
     "kind=254, cookie=0102030405060708"},
    {"tfo", NULL, "fd 04 f9 89", "cookie=(empty)", "cookie="},
    {"tcp-eno", NULL, "fd 06 45 4e 01 25", "suboptions=0x0125", "suboptions=01:25"},
    {"accecn0", NULL, "fd 0a ac c0 00 00 01 00 00 02", "ee0b=1 octets, eceb=2 octets",
     "ee0b=1, eceb=2"},
    {"accecn1", NULL, "fd 07 ac c1 00 00 05", "ee1b=5 octets", "ee1b=5"},
    {"smc-r", NULL, "fe 06 e2 d4 c3 d9", "", "kind=254"},
    {"smc-d", NULL, "fe 06 e2 d4 c3 c4", "", "kind=254"},
    {"bpf-selftest", NULL, "fe 07 eb 9f 06 0c fa",
     "has_rto=false, has_random=true, has_delay=true, resend=false, data=0x0cfa",
     "kind=254, has_random=true, has_delay=yes, data=0cfa"},
    {"edo", NULL, "fd 06 0e d0 00 0f", "header_length=15 words of 32 bits", "header_length=15"},
};

static void an_example_decodes(void **state)
{
    const struct example *example = *state;
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    assert_true(option_set_choose_profile(set, example->profile));
    uint8_t octets[TCP_OPTION_SPACE];
    size_t n = from_hex(example->hex, octets);
    const struct option_desc *desc = option_set_find(set, octets, n);
    assert_non_null(desc);
    assert_string_equal(desc->name, example->name);
    struct codec_option decoded;
    g_autofree char *values = decode(desc, example->hex, &decoded);
    assert_string_equal(values, example->values);
    assert_int_equal(decoded.faults, 0);
    assert_int_equal(decoded.length, n);
}

static void an_example_encodes(void **state)
{
    const struct example *example = *state;
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    g_autofree char *hex = encode(option_set_by_name(set, example->name), example->settings);
    assert_string_equal(hex, example->hex);
}

/* --- wrong octets ----------------------------------------------------------------------------- */

struct wrong {
    const char *idea, *name, *hex;
    unsigned faults;
    const char *values;
};

static const struct wrong wrongs[] = {
    {"length 0", "cc", "fd 00 4f 43 00 02", FAULT_MALFORMED, ""},
    {"length 1", "cc", "fd 01 4f 43 00 02", FAULT_MALFORMED, ""},
    {"length 2", "cc", "fd 02", FAULT_MALFORMED, ""},
    {"length 3", "cc", "fd 03 4f", FAULT_MALFORMED, ""},
    {"length 4: no field", "cc", "fd 04 4f 43", FAULT_MALFORMED, ""},
    {"length 5: half a field", "cc", "fd 05 4f 43 00", FAULT_MALFORMED, ""},
    {"length 7: an octet too much", "cc", "fd 07 4f 43 00 02 00", FAULT_MALFORMED,
     "algorithm=bbr (2)"},
    {"length 40 where 6 are there", "cc", "fd 28 4f 43 00 02", FAULT_MALFORMED | FAULT_TRUNCATED,
     "algorithm=bbr (2)"},
    {"length 5 of delack: one field of two", "delack", "fd 05 4f 44 04", FAULT_MALFORMED,
     "divisor=4"},
    {"a range that ends within a field", "accecn0", "fd 08 ac c0 00 00 01 00", FAULT_MALFORMED,
     "ee0b=1 octets"},
    {"a cookie that is too long", "tfo",
     "fd 15 f9 89 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11", FAULT_MALFORMED,
     "cookie=0x0102030405060708090a0b0c0d0e0f1011"},
    {"cut after its kind", "cc", "fd", FAULT_TRUNCATED, ""},
    {"cut after its length", "cc", "fd 06", FAULT_TRUNCATED, ""},
    {"cut within its ExID", "cc", "fd 06 4f", FAULT_TRUNCATED, ""},
    {"cut within its field", "cc", "fd 06 4f 43 00", FAULT_TRUNCATED, ""},
    {"cut between fields", "delack", "fd 06 4f 44 04", FAULT_TRUNCATED, "divisor=4"},
    {"cut within a computed field's source", "uto", "1c 04 80", FAULT_TRUNCATED,
     "granularity=minutes (1)"},
    {"an enum value without a name", "cc", "fd 06 4f 43 00 63", FAULT_RANGE, "algorithm=99"},
    {"below min", "iw", "fd 06 4f 49 00 00", FAULT_RANGE, "segments=0 MSS"},
    {"above max", "iw", "fd 06 4f 49 03 e9", FAULT_RANGE, "segments=1001 MSS"},
    {"2 to the power of 100", "original-rate", "1e 04 f0 64", FAULT_RANGE, "exponent=100"},
    {"more octets than the option has", "cc", "fd 06 4f 43 00 02 01 01", 0, "algorithm=bbr (2)"},
    {"nothing", "cc", "", FAULT_TRUNCATED, ""},
};

static void a_wrong_option_is_decoded_as_far_as_honest(void **state)
{
    const struct wrong *wrong = *state;
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    struct codec_option decoded;
    g_autofree char *values = decode(option_set_by_name(set, wrong->name), wrong->hex, &decoded);
    assert_string_equal(values, wrong->values);
    assert_int_equal(decoded.faults, wrong->faults);
}

static void a_cut_rest_gives_what_is_there(void **state)
{
    struct fixture *fixture = *state;
    const struct option_desc *tfo = option_set_by_name(fixture->set, "tfo");
    struct codec_option decoded;
    uint8_t octets[TCP_OPTION_SPACE];
    codec_decode(tfo, octets, from_hex("fd 0c f9 89 01 02 03", octets), &decoded);
    assert_int_equal(decoded.faults, FAULT_TRUNCATED);
    assert_false(decoded.values[0].present);
    assert_int_equal(decoded.values[0].n_octets, 3);
    assert_null(codec_value_find(&decoded, "cookie"));
    char text[64];
    assert_string_equal(codec_value_text(&decoded.values[0], text, sizeof(text)), "0x010203...");
}

static void the_echo_bit_is_given(void **state)
{
    struct fixture *fixture = *state;
    const struct option_desc *ito = option_set_by_name(fixture->set, "ito");
    struct codec_option decoded;
    g_free(decode(ito, "1e 06 f1 04 00 f0", &decoded));
    assert_true(decoded.echo);
    g_free(decode(ito, "1e 06 f0 04 00 f0", &decoded));
    assert_false(decoded.echo);
}

/* --- every kind of field ---------------------------------------------------------------------- */

static void bits_cross_octets(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc = describe(
        set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=12\n[field a]\nbits=3\n[field b]\n"
             "bits=64\nbase=hex\n[field c]\nbits=12\n[field d]\nbits=1\ntype=bool\n");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, "63 0c a0 00 00 00 00 00 00 00 3f ff", &decoded);
    assert_string_equal(values, "a=5, b=0x0000000000000001, c=4095, d=true");
    g_autofree char *hex = encode(desc, "a=5, b=1, c=4095, d=true");
    assert_string_equal(hex, "63 0c a0 00 00 00 00 00 00 00 3f ff");
    g_autofree char *most = encode(desc, "b=0xFFFFFFFFFFFFFFFF");
    assert_string_equal(most, "63 0c 1f ff ff ff ff ff ff ff e0 00");
}

static void addresses_strings_and_octets(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc = describe(
        set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=24-40\n[field a]\ntype=ipv4\n"
             "[field b]\ntype=ipv6\n[field c]\ntype=bytes\nbits=16\n[field d]\ntype=string\n"
             "bits=rest\n");
    g_autofree char *hex = encode(desc, "a=192.0.2.1, b=2001:db8::1, c=0xbeef, d=a\"b");
    assert_string_equal(hex, "63 1b c0 00 02 01 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 "
                             "be ef 61 22 62");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, hex, &decoded);
    assert_string_equal(values, "a=192.0.2.1, b=2001:db8::1, c=0xbeef, d=\"a\\x22b\"");
}

static void a_string_of_fixed_width_is_filled_up(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc = describe(
        set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=6\n[field a]\ntype=string\nbits=32\n");
    g_autofree char *hex = encode(desc, "a=hi");
    assert_string_equal(hex, "63 06 68 69 00 00");
}

static void a_factor_multiplies(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=4\n[field a]\nbits=16\n"
                      "[field b]\nof=a\nfactor=10\nunit=ms\nmax=1000\n");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, "63 04 00 07", &decoded);
    assert_string_equal(values, "a=7, b=70 ms");
    g_free(decode(desc, "63 04 00 65", &decoded));
    assert_int_equal(decoded.faults, FAULT_RANGE);
    assert_true(decoded.values[1].out_of_range);
    assert_false(decoded.values[0].out_of_range);
}

static void a_product_beyond_64_bits_has_no_value(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=10\n[field a]\nbits=64\n"
                      "[field b]\nof=a\nfactor=2\n");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, "63 0a 80 00 00 00 00 00 00 00", &decoded);
    assert_string_equal(values, "a=9223372036854775808");
    assert_int_equal(decoded.faults, FAULT_RANGE);
    char text[32];
    assert_string_equal(codec_value_text(&decoded.values[1], text, sizeof(text)), "(no value)");
}

static void a_selector_without_a_factor_gives_no_value(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=4\n[field g]\nbits=8\n"
                      "[field a]\nbits=8\n[field b]\nof=a\nfactor-by=g:0=1;1=60\n");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, "63 04 07 05", &decoded);
    assert_string_equal(values, "g=7, a=5");
    assert_int_equal(decoded.faults, FAULT_RANGE);
}

static void two_to_the_power_of_63_is_the_most(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=3\n[field a]\nbits=8\n"
                      "[field b]\nof=a\nexp2=yes\n");
    struct codec_option decoded;
    g_autofree char *most = decode(desc, "63 03 3f", &decoded);
    assert_string_equal(most, "a=63, b=9223372036854775808");
    g_autofree char *beyond = decode(desc, "63 03 40", &decoded);
    assert_string_equal(beyond, "a=64");
    assert_int_equal(decoded.faults, FAULT_RANGE);
}

static void text_is_cut_to_its_room(void **state)
{
    struct fixture *fixture = *state;
    struct codec_option decoded;
    g_free(decode(option_set_by_name(fixture->set, "cc"), "fd 06 4f 43 00 02", &decoded));
    char text[6];
    assert_string_equal(codec_value_text(&decoded.values[0], text, sizeof(text)), "bbr (");
}

/* --- encoding --------------------------------------------------------------------------------- */

struct setting {
    const char *idea, *name, *settings, *result;
};

static const struct setting encodings[] = {
    {"seconds while they fit", "uto", "timeout=32767", "1c 04 7f ff"},
    {"minutes where seconds do not fit", "uto", "timeout=120000", "1c 04 87 d0"},
    {"a time that neither can hold", "uto", "timeout=32768",
     "timeout: 32768 s cannot be represented exactly by 'value'"},
    {"no timeout at all", "uto", "timeout=0", "1c 04 00 00"},
    {"a computed field and its source", "uto", "timeout=34, value=3",
     "value: set twice, or by a computed field too"},
    {"its selector too", "uto", "granularity=seconds, timeout=34",
     "granularity: set twice, or by a computed field too"},
    {"a field twice", "cc", "algorithm=1, algorithm=2",
     "algorithm: set twice, or by a computed field too"},
    {"no power of two", "original-rate", "limit=4000", "limit: 4000 is no power of two"},
    {"a power of two beyond the rule", "original-rate", "limit=4294967296",
     "limit: 4294967296 kbit/s cannot be represented exactly by 'exponent'"},
    {"an unknown field", "cc", "speed=1", "option 'cc' has no field 'speed'"},
    {"a reserved field", "original-sched", "unused=1",
     "option 'original-sched' has no field 'unused'"},
    {"an unknown name", "cc", "algorithm=tahoe",
     "algorithm: 'tahoe' is none of vegas, reno, bbr, cubic"},
    {"a number without a name", "cc", "algorithm=4", "algorithm: 4 has no name"},
    {"no number", "iw", "segments=many", "segments: 'many' is not a number"},
    {"a negative number", "iw", "segments=-1", "segments: '-1' is not a number"},
    {"too large for its bits", "iw", "segments=65536", "segments: 65536 does not fit into 16 bits"},
    {"above max", "iw", "segments=1001",
     "segments: 1001 is out of range: at least 1, at most 1000"},
    {"a field that is not set and may not be zero", "delack", "segments=3",
     "divisor: 0 is out of range: at least 1"},
    {"a kind that is not shared", "cc", "kind=252", "kind: option 'cc' may have 253 or 254"},
    {"a kind where there is no choice", "uto", "kind=28", "option 'uto' has no field 'kind'"},
    {"an echo bit where there is none", "cc", "echo=1", "option 'cc' has no field 'echo'"},
    {"an echo bit of two", "ito", "echo=2", "echo: must be 0 or 1"},
    {"no setting", "cc", "algorithm", "'algorithm' is not FIELD=VALUE"},
    {"half an octet", "tfo", "cookie=123",
     "cookie: '123' is not octets in hexadecimal (at most 40)"},
    {"no octets", "tfo", "cookie=xyz", "cookie: 'xyz' is not octets in hexadecimal (at most 40)"},
    {"too many octets", "tfo", "cookie=0102030405060708090a0b0c0d0e0f1011",
     "cookie: 17 octets, there is room for 16"},
    {"a later field brings the earlier", "accecn0", "eceb=1", "fd 0a ac c0 00 00 00 00 00 01"},
    {"the shortest length with nothing set", "accecn0", "kind=253", "fd 04 ac c0"},
};

static void a_setting_is_encoded_or_refused(void **state)
{
    const struct setting *setting = *state;
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    g_autofree char *result = encode(option_set_by_name(set, setting->name), setting->settings);
    assert_string_equal(result, setting->result);
}

static void an_exid_option_of_kind_254_alone_is_sent_with_it(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc = describe(
        set,
        "[option]\nname=x\ncarrier=exid\nkinds=254\nid=0x1234\nlength=6\n[field a]\nbits=16\n");
    g_autofree char *hex = encode(desc, "a=1");
    assert_string_equal(hex, "fe 06 12 34 00 01");
    g_autofree char *refused = encode(desc, "kind=253");
    assert_string_equal(refused, "kind: option 'x' may have 254");
}

static void octets_of_fixed_width_must_be_all_there(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc = describe(
        set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=6\n[field a]\ntype=bytes\nbits=32\n");
    g_autofree char *few = encode(desc, "a=010203");
    assert_string_equal(few, "a: 3 octets, 4 are needed");
    g_autofree char *many = encode(desc, "a=0102030405");
    assert_string_equal(many, "a: 5 octets, there is room for 4");
}

static void an_address_must_be_one_of_its_family(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=22\n[field four]\ntype=ipv4\n"
                      "[field six]\ntype=ipv6\n");
    g_autofree char *four = encode(desc, "four=2001:db8::1");
    assert_string_equal(four, "four: '2001:db8::1' is no IPv4 address");
    g_autofree char *six = encode(desc, "six=192.0.2.1");
    assert_string_equal(six, "six: '192.0.2.1' is no IPv6 address");
    g_autofree char *twice = encode(desc, "four=192.0.2.1, four=192.0.2.2");
    assert_string_equal(twice, "four: set twice, or by a computed field too");
}

static void a_value_is_found_by_its_fields_name(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=3-4\n[field a]\nbits=8\n"
                      "[field b]\nbits=8\n");
    struct codec_option decoded;
    g_autofree char *values = decode(desc, "63 03 07", &decoded);
    assert_int_equal(codec_value_find(&decoded, "a")->number, 7);
    assert_null(codec_value_find(&decoded, "b")); /* its octet is not there */
    assert_null(codec_value_find(&decoded, "c"));
}

static void the_error_may_be_nobodys(void **state)
{
    struct fixture *fixture = *state;
    const char *settings[] = {"algorithm=tahoe"};
    uint8_t octets[TCP_OPTION_SPACE];
    const struct option_desc *cc = option_set_by_name(fixture->set, "cc");
    assert_int_equal(codec_encode(cc, settings, 1, octets, NULL), 0);
}

/* --- placement -------------------------------------------------------------------------------- */

static void placement_follows_segments_and_direction(void **state)
{
    struct fixture *fixture = *state;
    const struct option_desc *cc = option_set_by_name(fixture->set, "cc");
    assert_int_equal(codec_placement(cc, SEGMENT_ACK, 1), 0);
    assert_int_equal(codec_placement(cc, SEGMENT_DATA, -1), 0);
    assert_int_equal(codec_placement(cc, SEGMENT_SYN, 1), FAULT_MISPLACED);
    assert_int_equal(codec_placement(cc, SEGMENT_ACK, 0), FAULT_MISPLACED);
}

static void anywhere_is_not_on_a_reset(void **state)
{
    struct fixture *fixture = *state;
    const struct option_desc *uto = option_set_by_name(fixture->set, "uto");
    assert_int_equal(codec_placement(uto, SEGMENT_SYN, 0), 0);
    assert_int_equal(codec_placement(uto, SEGMENT_FIN, 1), 0);
    assert_int_equal(codec_placement(uto, SEGMENT_RST, 1), FAULT_MISPLACED);
}

static void an_initial_window_never_stands_on_a_syn(void **state)
{
    struct fixture *fixture = *state;
    const struct option_desc *iw = option_set_by_name(fixture->set, "iw");
    assert_int_equal(codec_placement(iw, SEGMENT_SYN, 1), FAULT_MISPLACED);
    assert_int_equal(codec_placement(iw, SEGMENT_SYNACK, 0), 0);
}

static void the_answer_comes_from_the_other_side(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    const struct option_desc *desc =
        describe(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\ndirection=client\n"
                      "answer=same\n");
    assert_int_equal(codec_placement(desc, SEGMENT_ACK, 0), 0);
}

static size_t add_rows(struct CMUnitTest *tests, size_t n, const char *name, CMUnitTestFunction f,
                       const void *row)
{
    tests[n] = (struct CMUnitTest){name, f, NULL, NULL, (void *)(uintptr_t)row};
    return n + 1;
}

int main(void)
{
#define FIXTURE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest single[] = {
        FIXTURE(a_cut_rest_gives_what_is_there),
        FIXTURE(the_echo_bit_is_given),
        cmocka_unit_test(bits_cross_octets),
        cmocka_unit_test(addresses_strings_and_octets),
        cmocka_unit_test(a_string_of_fixed_width_is_filled_up),
        cmocka_unit_test(a_factor_multiplies),
        cmocka_unit_test(a_product_beyond_64_bits_has_no_value),
        cmocka_unit_test(a_selector_without_a_factor_gives_no_value),
        cmocka_unit_test(two_to_the_power_of_63_is_the_most),
        FIXTURE(text_is_cut_to_its_room),
        cmocka_unit_test(an_exid_option_of_kind_254_alone_is_sent_with_it),
        cmocka_unit_test(octets_of_fixed_width_must_be_all_there),
        cmocka_unit_test(an_address_must_be_one_of_its_family),
        cmocka_unit_test(a_value_is_found_by_its_fields_name),
        FIXTURE(the_error_may_be_nobodys),
        FIXTURE(placement_follows_segments_and_direction),
        FIXTURE(anywhere_is_not_on_a_reset),
        FIXTURE(an_initial_window_never_stands_on_a_syn),
        cmocka_unit_test(the_answer_comes_from_the_other_side),
    };
    struct CMUnitTest
        tests[2 * G_N_ELEMENTS(examples) + G_N_ELEMENTS(wrongs) + G_N_ELEMENTS(encodings)];
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        n = add_rows(tests, n, examples[i].hex, an_example_decodes, &examples[i]);
        n = add_rows(tests, n, examples[i].settings, an_example_encodes, &examples[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++)
        n = add_rows(tests, n, wrongs[i].idea, a_wrong_option_is_decoded_as_far_as_honest,
                     &wrongs[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++)
        n = add_rows(tests, n, encodings[i].idea, a_setting_is_encoded_or_refused, &encodings[i]);
    g_assert(n == G_N_ELEMENTS(tests));
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL) +
           cmocka_run_group_tests_name("single", single, NULL, NULL);
}
