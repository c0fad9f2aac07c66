/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_option_set.c - which description an option on the wire belongs to, what two descriptions
 * may not share, what profiles change, what an option is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "wire/option_header.h"
#include "wire/option_set.h"

static struct option_set *builtin(void)
{
    struct option_set *set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    unsigned count = option_set_add_builtin(set, faults);
    if (faults->len > 0)
        print_error("%s\n", (char *)faults->pdata[0]);
    assert_int_equal(count, 0);
    return set;
}

/* Adds `text`; the faults, one a line, "" for none. Free with g_free(). */
static char *add(struct option_set *set, const char *file, const char *text)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    option_set_add_text(set, file, text, strlen(text), faults);
    g_ptr_array_add(faults, NULL);
    return g_strjoinv("\n", (char **)faults->pdata);
}

static void add_right(struct option_set *set, const char *text)
{
    g_autofree char *faults = add(set, "x.opt", text);
    assert_string_equal(faults, "");
}

/* The name of the description that option_set_find() gives for these octets; "-" for none. */
#define FOUND(set, ...) found(set, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static const char *found(const struct option_set *set, const uint8_t *octets, size_t length)
{
    const struct option_desc *desc = option_set_find(set, octets, length);
    return desc != NULL ? desc->name : "-";
}

/* --- the built-ins --------------------------------------------------------------------------- */

static void built_ins_have_no_faults(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_true(option_set_size(set) >= 36);
    for (size_t i = 0; i < option_set_size(set); i++) {
        assert_int_equal(option_set_at(set, i)->index, i);
        assert_true(option_set_at(set, i)->builtin);
        assert_ptr_equal(option_set_by_name(set, option_set_at(set, i)->name),
                         option_set_at(set, i));
    }
    assert_null(option_set_at(set, option_set_size(set)));
}

static void built_ins_are_found_by_their_octets(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0x1c, 4, 0x80, 1), "uto");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x43, 0, 2), "cc");
    assert_string_equal(FOUND(set, 0xfe, 6, 0x4f, 0x43, 0, 2), "cc");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x49, 0, 0x14), "iw");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x44, 4, 10), "delack");
    assert_string_equal(FOUND(set, 0x1e, 8, 0xf0, 1, 0, 0, 0x0f, 0xa0), "rate");
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf0, 2, 0, 1), "sched");
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf0, 3, 0, 100), "delay");
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf0, 4, 0, 240), "ito");
    assert_string_equal(FOUND(set, 0xfd, 8, 0x4f, 0x52, 0, 0, 0, 1), "rate-exid");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x53, 0, 1), "sched-exid");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x54, 0, 1), "delay-exid");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x4f, 0, 1), "ito-exid");
    assert_string_equal(FOUND(set, 0xfe, 4, 0xf9, 0x89), "tfo");
    assert_string_equal(FOUND(set, 0xfd, 4, 0x45, 0x4e), "tcp-eno");
    assert_string_equal(FOUND(set, 0xfe, 13, 0xac, 0xce), "accecn");
    assert_string_equal(FOUND(set, 0xfe, 13, 0xac, 0xc0), "accecn0");
    assert_string_equal(FOUND(set, 0xfe, 13, 0xac, 0xc1), "accecn1");
    assert_string_equal(FOUND(set, 0xfe, 6, 0xe2, 0xd4, 0xc3, 0xd9), "smc-r");
    assert_string_equal(FOUND(set, 0xfe, 6, 0xe2, 0xd4, 0xc3, 0xc4), "smc-d");
    assert_string_equal(FOUND(set, 0xfe, 7, 0xeb, 0x9f, 6, 12, 0xfa), "bpf-selftest");
}

static void the_echo_bit_does_not_change_which_option_it_is(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf1, 4, 0, 240), "ito");
}

static void other_uses_of_subtype_15_are_not_ours(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 0x64), "-");
    /* Four octets are not ours even where octet 3 is one of our experiment ids. */
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 1), "-");
    assert_string_equal(FOUND(set, 0x1e, 3, 0xf0), "-");
    /* The three bits that are zero are part of the header. */
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf2, 2, 0, 1), "-");
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf0, 99, 0, 1), "-");
}

static void a_malformed_option_still_has_its_name(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0xfd, 5, 0x4f, 0x43, 0), "cc");
    assert_string_equal(FOUND(set, 0xfd, 4, 0x4f, 0x43), "cc");
    assert_string_equal(FOUND(set, 0xfd, 40, 0x4f, 0x43, 0, 2), "cc");
    assert_string_equal(FOUND(set, 0x1e, 5, 0xf0, 2, 0), "sched");
    assert_string_equal(FOUND(set, 0x1c, 0), "uto");
    assert_string_equal(FOUND(set, 0x1c, 2), "uto");
}

static void too_few_octets_name_nothing(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0xfd), "-");
    assert_string_equal(FOUND(set, 0xfd, 6), "-");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f), "-");
    assert_string_equal(FOUND(set, 0x1e, 6), "-");
    assert_string_equal(FOUND(set, 0x1e, 6, 0xf0), "-");
    assert_string_equal(FOUND(set, 0xfe, 6, 0xe2, 0xd4, 0xc3), "-");
    assert_null(option_set_find(set, NULL, 0));
}

static void a_cut_option_is_found_by_what_is_left(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x43), "cc");
    assert_string_equal(FOUND(set, 0x1e, 8, 0xf0, 1), "rate");
}

static void stock_kinds_are_nobodys(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    for (unsigned kind = 0; kind < 256; kind++) {
        uint8_t option[40] = {(uint8_t)kind, 4, 0x12, 0x34};
        const struct option_desc *desc = option_set_find(set, option, 4);
        assert_true((desc != NULL) == (kind == 28));
    }
}

/* --- profiles -------------------------------------------------------------------------------- */

static void original_formats_need_their_profile(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_string_equal(FOUND(set, 0x42, 4, 0, 2), "-");
    assert_true(option_set_choose_profile(set, "original"));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 2), "original-cc");
    assert_string_equal(FOUND(set, 0x43, 4, 4, 10), "original-delack");
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 12), "original-rate");
    assert_string_equal(FOUND(set, 0x1e, 4, 0xe0, 2), "original-sched");
    assert_string_equal(FOUND(set, 0x1e, 4, 0xb1, 80), "original-delay");
    assert_true(option_set_choose_profile(set, "original-iw"));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 20), "original-iw");
    assert_true(option_set_choose_profile(set, "original-ito"));
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 240), "original-ito");
    assert_true(option_set_choose_profile(set, "original-rate-kbyte"));
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 100), "original-rate-kbyte");
    assert_true(option_set_choose_profile(set, "original-rate"));
    assert_string_equal(FOUND(set, 0x1e, 4, 0xf0, 100), "original-rate");
    assert_true(option_set_choose_profile(set, "original-cc"));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 20), "original-cc");
}

static void a_profile_leaves_the_other_options_active(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_true(option_set_choose_profile(set, "original"));
    assert_string_equal(FOUND(set, 0x1e, 8, 0xf0, 1, 0, 0, 0x0f, 0xa0), "rate");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x4f, 0x43, 0, 2), "cc");
}

static void a_profile_can_be_left_again(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_true(option_set_choose_profile(set, "original"));
    assert_true(option_set_choose_profile(set, NULL));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 2), "-");
    assert_true(option_set_choose_profile(set, "original"));
    assert_true(option_set_choose_profile(set, ""));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 2), "-");
}

static void an_unknown_profile_changes_nothing(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    assert_true(option_set_choose_profile(set, "original"));
    assert_false(option_set_choose_profile(set, "nonsense"));
    assert_string_equal(FOUND(set, 0x42, 4, 0, 2), "original-cc");
}

static void an_alternative_wins_over_the_everyday_one(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=day\ncarrier=kind\nid=99\nlength=4\n[field a]\nbits=16\n");
    add_right(set, "[option]\nname=alt\ncarrier=kind\nid=99\nlength=4\nprofile=p\n"
                   "[field a]\nbits=16\n");
    assert_string_equal(FOUND(set, 99, 4, 0, 0), "day");
    assert_true(option_set_choose_profile(set, "p"));
    assert_string_equal(FOUND(set, 99, 4, 0, 0), "alt");
    /* The length decides first: a name for a malformed option is the second best. */
    add_right(set, "[option]\nname=long\ncarrier=kind\nid=99\nlength=6\n[field a]\nbits=32\n");
    assert_string_equal(FOUND(set, 99, 6, 0, 0, 0, 0), "long");
}

/* --- preferences ----------------------------------------------------------------------------- */

static void the_length_tells_options_of_one_id_apart(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=four\ncarrier=kind\nid=99\nlength=4\n[field a]\nbits=16\n");
    add_right(set, "[option]\nname=six\ncarrier=kind\nid=99\nlength=6\n[field a]\nbits=32\n");
    assert_string_equal(FOUND(set, 99, 4, 0, 0), "four");
    assert_string_equal(FOUND(set, 99, 6, 0, 0, 0, 0), "six");
    assert_string_equal(FOUND(set, 99, 5, 0, 0, 0), "four");
}

static void an_exid_of_32_bits_may_be_the_profile_of_one_of_16(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=short\ncarrier=exid\nid=0x1234\nlength=4-40\n"
                   "[field a]\nbits=rest\ntype=bytes\n");
    add_right(set, "[option]\nname=long\ncarrier=exid\nid=0x12345678\nlength=6\nprofile=p\n");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x12, 0x34, 0x56, 0x78), "short");
    assert_true(option_set_choose_profile(set, "p"));
    assert_string_equal(FOUND(set, 0xfd, 6, 0x12, 0x34, 0x56, 0x78), "long");
    assert_string_equal(FOUND(set, 0xfd, 6, 0x12, 0x34, 0x56, 0x79), "short");
    assert_string_equal(FOUND(set, 0xfd, 8, 0x12, 0x34, 0x56, 0x78, 0, 0), "short");
}

static void an_exid_option_may_keep_to_one_kind(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=a\ncarrier=exid\nkinds=253\nid=0x1234\nlength=4\n");
    add_right(set, "[option]\nname=b\ncarrier=exid\nkinds=254\nid=0x1234\nlength=4\n");
    assert_string_equal(FOUND(set, 0xfd, 4, 0x12, 0x34), "a");
    assert_string_equal(FOUND(set, 0xfe, 4, 0x12, 0x34), "b");
}

static void every_exid_finds_its_own(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    /* More than the table has slots, and many that share one. */
    for (unsigned i = 0; i < 600; i++) {
        g_autofree char *text = g_strdup_printf(
            "[option]\nname=x%u\ncarrier=exid\nid=0x%04X\nlength=4\n", i, i * 109 & 0xFFFF);
        option_set_add_text(set, "x.opt", text, strlen(text), NULL);
    }
    assert_int_equal(option_set_size(set), 600);
    for (unsigned i = 0; i < 600; i++) {
        uint16_t exid = (uint16_t)(i * 109);
        char name[16];
        snprintf(name, sizeof(name), "x%u", i);
        assert_string_equal(FOUND(set, 0xfd, 4, (uint8_t)(exid >> 8), (uint8_t)exid), name);
    }
}

/* --- what two descriptions may not share ------------------------------------------------------ */

#define KIND99 "carrier=kind\nid=99\nlength=4\n[field a]\nbits=16\n"

static void a_name_is_given_once(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    g_autofree char *faults = add(set, "my/cc.opt", "[option]\n\nname=cc\n" KIND99);
    assert_string_equal(faults, "my/cc.opt:3: the name 'cc' is taken by the built-in cc.opt");
}

static void names_that_are_one_in_c_are_one(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=a-b\n" KIND99);
    g_autofree char *faults =
        add(set, "y.opt", "[option]\nname=a_b\ncarrier=kind\nid=98\nlength=2\n");
    assert_string_equal(faults, "y.opt:2: the name 'a_b' is taken by x.opt");
}

static void octets_are_claimed_once(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    g_autofree char *faults = add(set, "y.opt",
                                  "[option]\nname=mine\ncarrier=exid\nid=0x4F43\nlength=4-40\n"
                                  "[field a]\nbits=rest\ntype=bytes\n");
    assert_string_equal(faults,
                        "y.opt:4: claims the same octets as option 'cc' of the built-in cc.opt");
    assert_null(option_set_by_name(set, "mine"));
}

static void an_exid_of_16_bits_claims_the_longer_ones_that_begin_alike(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    g_autofree char *faults =
        add(set, "y.opt", "[option]\nname=mine\ncarrier=exid\nid=0x4F430002\nlength=6\n");
    assert_string_equal(faults,
                        "y.opt:4: claims the same octets as option 'cc' of the built-in cc.opt");
}

static void a_private_subtype_claims_the_experiments_of_its_length(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    g_autofree char *faults = add(set, "y.opt",
                                  "[option]\nname=mine\ncarrier=mptcp\nid=15\nlength=8\n"
                                  "[field a]\nbits=44\n");
    assert_string_equal(
        faults, "y.opt:4: claims the same octets as option 'rate' of the built-in rate.opt");
    add_right(set, "[option]\nname=other\ncarrier=mptcp\nid=15\nlength=5\n[field a]\nbits=20\n");
}

static void alternatives_may_claim_the_same_octets(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=a\nprofile=p\n" KIND99);
    add_right(set, "[option]\nname=b\nprofile=q\n" KIND99);
    add_right(set, "[option]\nname=c\n" KIND99);
    g_autofree char *faults = add(set, "y.opt", "[option]\nname=d\nprofile=r;q\n" KIND99);
    assert_string_equal(faults, "y.opt:5: claims the same octets as option 'b' of x.opt");
}

static void what_was_right_is_added_beside_what_was_not(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("optrail-test-XXXXXX", NULL);
    static const struct {
        const char *name, *text;
    } files[] = {
        {"b.opt", "[option]\nname=b\nid=98\nlength=2\n"},
        {"a.opt", "[option]\nname=a\n" KIND99},
        {"c.opt", "[option]\nname=c\n" KIND99},
        {"d.txt", "not ours"},
        {".e.opt", "an editor's"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i].name, NULL);
        assert_true(g_file_set_contents(path, files[i].text, -1, NULL));
    }
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    assert_int_equal(option_set_add_dir(set, dir, faults), 2);
    assert_int_equal(option_set_size(set), 1);
    assert_non_null(option_set_by_name(set, "a"));
    g_autofree char *no_carrier = g_strdup_printf("%s/b.opt:1: [option] has no key 'carrier'", dir);
    g_autofree char *twice =
        g_strdup_printf("%s/c.opt:4: claims the same octets as option 'a' of %s/a.opt", dir, dir);
    assert_string_equal(faults->pdata[0], no_carrier);
    assert_string_equal(faults->pdata[1], twice);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i].name, NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
}

static void a_missing_folder_is_no_fault(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    assert_int_equal(option_set_add_dir(set, "/nowhere/at/all", NULL), 0);
}

/* --- labels ---------------------------------------------------------------------------------- */

#define LABEL(desc, ...)                                                                           \
    option_label(desc, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}), label)

static void labels(void **state)
{
    (void)state;
    char label[OPTION_LABEL_MAX];
    g_autoptr(option_set) set = builtin();
    assert_string_equal(LABEL(option_set_by_name(set, "cc"), 0xfd, 6, 0x4f, 0x43), "cc");
    assert_string_equal(LABEL(NULL, 0xfd, 4, 0xbe, 0xe5), "exid-0xBEE5");
    assert_string_equal(LABEL(NULL, 0xfe, 8, 0xbe, 0xe5, 1, 2), "exid-0xBEE5");
    assert_string_equal(LABEL(NULL, 0xfd, 3, 0xbe), "kind-253");
    assert_string_equal(LABEL(NULL, 0x1e, 4, 0xf0, 0x64), "mptcp-15");
    assert_string_equal(LABEL(NULL, 0x1e, 2), "kind-30");
    assert_string_equal(LABEL(NULL, 0x42, 4, 0, 0), "kind-66");
    assert_string_equal(LABEL(NULL, 0x42), "kind-66");
}

/* --- the C header ---------------------------------------------------------------------------- */

static void the_header_is_the_same_each_time(void **state)
{
    (void)state;
    g_autoptr(option_set) one = builtin(), two = builtin();
    g_autofree char *first = option_set_c_header(one), *second = option_set_c_header(two);
    assert_string_equal(first, second);
}

static void the_header_has_what_programs_use(void **state)
{
    (void)state;
    g_autoptr(option_set) set = builtin();
    g_autofree char *header = option_set_c_header(set);
    static const char *const lines[] = {
        "#ifndef OPTRAIL_OPTIONS_H\n",
        "#define OPTRAIL_CC_KIND 253\n",
        "#define OPTRAIL_CC_EXID 0x4F43U\n",
        "#define OPTRAIL_CC_LENGTH 6\n",
        "#define OPTRAIL_CC_ALGORITHM_RENO 1\n",
        "#define OPTRAIL_UTO_KIND 28\n",
        "#define OPTRAIL_RATE_SUBTYPE 15\n",
        "#define OPTRAIL_RATE_EXPERIMENT 0x01\n",
        "#define OPTRAIL_IW_SEGMENTS_MAX 1000\n",
        "#define OPTRAIL_TFO_LENGTH_MAX 20\n",
        "struct optrail_cc {\n\t__u8 kind;\n\t__u8 length;\n\t__be16 exid_be;\n"
        "\t__be16 algorithm_be;\n} __attribute__((packed));\n",
        "OPTRAIL_INLINE __u64 optrail_uto_get_timeout(const void *option)\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        assert_non_null(strstr(header, lines[i]));
    /* Options of a profile that is not chosen are not in it. */
    assert_null(strstr(header, "OPTRAIL_ORIGINAL"));
}

static void texts_cannot_break_out_of_the_header(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=x\ntitle=a */ #error /* b\ncarrier=kind\nid=99\nlength=2\n");
    g_autofree char *header = option_set_c_header(set);
    assert_non_null(strstr(header, "/* x: a * / #error / * b */\n"));
}

static void the_header_computes_as_the_description_says(void **state)
{
    (void)state;
    static const char *const WANTED[] = {
        "\treturn value * 8ULL;\n",
        "\treturn value < 64 ? 1ULL << value : 0;\n",
        "#define OPTRAIL_X_MAC_OFFSET 6\n",
        "#define OPTRAIL_X_MAC_SIZE 6\n",
        "for_", /* a word of C, which a struct's member cannot be */
    };
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=12\n[field raw]\nbits=16\n"
                   "[field for]\nbits=16\n[field mac]\ntype=bytes\nbits=48\n"
                   "[field octets]\nof=raw\nfactor=8\nunit=octets\n"
                   "[field window]\nof=raw\nexp2=yes\n");
    g_autofree char *header = option_set_c_header(set);
    for (size_t i = 0; i < G_N_ELEMENTS(WANTED); i++)
        if (strstr(header, WANTED[i]) == NULL)
            fail_msg("not in the header: %s", WANTED[i]);
}

/* Names of values that differ in signs alone are one macro: the second says so. */
static void a_macro_is_defined_once(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    add_right(set, "[option]\nname=x\ncarrier=kind\nid=99\nlength=3\n[field a]\nbits=8\ntype=enum\n"
                   "values=0:v.1;1:v-1\n");
    g_autofree char *header = option_set_c_header(set);
    assert_non_null(strstr(header, "#define OPTRAIL_X_A_V_1 0\n"));
    assert_non_null(strstr(header, "/* OPTRAIL_X_A_V_1 stands above, for another name */\n"));
}

static void a_folder_that_is_none_is_a_fault(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    assert_int_equal(option_set_add_dir(set, "/dev/null", faults), 1);
    assert_non_null(strstr(faults->pdata[0], "/dev/null"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_ins_have_no_faults),
        cmocka_unit_test(built_ins_are_found_by_their_octets),
        cmocka_unit_test(the_echo_bit_does_not_change_which_option_it_is),
        cmocka_unit_test(other_uses_of_subtype_15_are_not_ours),
        cmocka_unit_test(a_malformed_option_still_has_its_name),
        cmocka_unit_test(too_few_octets_name_nothing),
        cmocka_unit_test(a_cut_option_is_found_by_what_is_left),
        cmocka_unit_test(stock_kinds_are_nobodys),
        cmocka_unit_test(original_formats_need_their_profile),
        cmocka_unit_test(a_profile_leaves_the_other_options_active),
        cmocka_unit_test(a_profile_can_be_left_again),
        cmocka_unit_test(an_unknown_profile_changes_nothing),
        cmocka_unit_test(an_alternative_wins_over_the_everyday_one),
        cmocka_unit_test(the_length_tells_options_of_one_id_apart),
        cmocka_unit_test(an_exid_of_32_bits_may_be_the_profile_of_one_of_16),
        cmocka_unit_test(an_exid_option_may_keep_to_one_kind),
        cmocka_unit_test(every_exid_finds_its_own),
        cmocka_unit_test(a_name_is_given_once),
        cmocka_unit_test(names_that_are_one_in_c_are_one),
        cmocka_unit_test(octets_are_claimed_once),
        cmocka_unit_test(an_exid_of_16_bits_claims_the_longer_ones_that_begin_alike),
        cmocka_unit_test(a_private_subtype_claims_the_experiments_of_its_length),
        cmocka_unit_test(alternatives_may_claim_the_same_octets),
        cmocka_unit_test(what_was_right_is_added_beside_what_was_not),
        cmocka_unit_test(a_missing_folder_is_no_fault),
        cmocka_unit_test(labels),
        cmocka_unit_test(the_header_is_the_same_each_time),
        cmocka_unit_test(the_header_has_what_programs_use),
        cmocka_unit_test(texts_cannot_break_out_of_the_header),
        cmocka_unit_test(the_header_computes_as_the_description_says),
        cmocka_unit_test(a_macro_is_defined_once),
        cmocka_unit_test(a_folder_that_is_none_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
