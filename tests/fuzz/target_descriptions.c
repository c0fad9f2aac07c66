// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_descriptions.c - the text of a description of an option (wire/option.h), and options that
 * are decoded after it. Input: the text, up to a NUL or the end; behind it octets of one option.
 *
 * Either the text is faulty and says where, or what it describes keeps its promises: fields within
 * the option, values that an encoder gives back, a C header.
 */
#include "tests/fuzz/fuzz.h"
#include "wire/codec.h"

static void check_fields(const struct option_desc *desc)
{
    CHECK(desc->length_min <= desc->length_max && desc->length_max <= TCP_OPTION_SPACE);
    CHECK(desc->n_fields <= OPTION_FIELDS_MAX);
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE)
            CHECK(field->of < desc->n_fields);
        else
            CHECK(field->offset_bits + field->bits <= 8 * TCP_OPTION_SPACE);
    }
}

/* What is decoded stays within the option, and every value has a text. */
static void decode(const struct option_desc *desc, const uint8_t *octets, size_t available)
{
    struct codec_option decoded;
    char text[256], tiny[2];
    codec_decode(desc, octets, available, &decoded);
    CHECK(decoded.n_values == desc->n_fields);
    for (size_t i = 0; i < decoded.n_values; i++) {
        const struct codec_value *value = &decoded.values[i];
        if (value->octets != NULL)
            CHECK(value->octets >= octets && value->octets + value->n_octets <= octets + available);
        if (value->present && value->field->type != FIELD_RESERVED) {
            codec_value_text(value, text, sizeof(text));
            CHECK(strlen(text) < sizeof(text));
            codec_value_text(value, tiny, sizeof(tiny));
        }
    }
    for (int segment = 0; segment < SEGMENT_CLASSES; segment++)
        for (int client = -1; client <= 1; client++)
            codec_placement(desc, (enum segment_class)segment, client);
}

/* An option with nothing set is encoded, found again and decoded with nothing lost. */
static void encode(const struct option_set *set, const struct option_desc *desc)
{
    g_autoptr(GError) error = NULL;
    uint8_t octets[TCP_OPTION_SPACE];
    size_t length = codec_encode(desc, NULL, 0, octets, &error);
    if (length == 0) {
        CHECK(error != NULL);
        return;
    }
    CHECK(length >= desc->length_min && length <= desc->length_max && octets[1] == length);
    struct codec_option decoded;
    codec_decode(desc, octets, length, &decoded);
    CHECK((decoded.faults & (FAULT_MALFORMED | FAULT_TRUNCATED)) == 0);
    option_set_find(set, octets, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t text = nul != NULL ? (size_t)(nul - data) : size;
    size_t rest = nul != NULL ? MIN(size - text - 1, (size_t)TCP_OPTION_SPACE) : 0;
    g_autofree uint8_t *octets = fuzz_copy(nul != NULL ? nul + 1 : data, rest);
    g_autofree uint8_t *copy = fuzz_copy(data, text);
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);

    unsigned n = option_set_add_text(set, "fuzz.opt", (const char *)copy, text, faults);
    CHECK(n == faults->len && (n > 0 || option_set_size(set) > 0));
    for (guint i = 0; i < faults->len; i++)
        CHECK(g_str_has_prefix(faults->pdata[i], "fuzz.opt:"));
    for (size_t i = 0; i < option_set_size(set); i++) {
        const struct option_desc *desc = option_set_at(set, i);
        check_fields(desc);
        encode(set, desc);
        if (desc->profiles[0] != NULL)
            CHECK(option_set_choose_profile(set, desc->profiles[0]));
        if (rest >= 2)
            decode(desc, octets, rest);
    }
    g_autofree char *header = option_set_c_header(set);
    CHECK(header != NULL);
    return 0;
}
