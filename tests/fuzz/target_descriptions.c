// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_descriptions.c - the text of a description of an option (wire/option.h), and options that
 * are decoded after it. Input: the text, up to a NUL or the end; behind it octets of one option.
 *
 * Either the text is faulty and says where, or what it describes keeps its promises: fields within
 * the option, values that an encoder gives back, a C header.
 */
#include <arpa/inet.h>
#include <inttypes.h>

#include "tests/fuzz/fuzz.h"
#include "wire/codec.h"
#include "wire/option_header.h"

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

/* "field=value" as a person would write it; NULL for what has no such text. Free with g_free(). */
static char *setting_of(const struct codec_value *value)
{
    char text[INET6_ADDRSTRLEN];
    g_autoptr(GString) hex = g_string_new(NULL);
    if (!value->present)
        return NULL;
    switch (value->field->type) {
    case FIELD_UINT:
    case FIELD_ENUM:
    case FIELD_BOOL:
        return g_strdup_printf("%s=%" PRIu64, value->field->name, value->number);
    case FIELD_BYTES:
        for (size_t i = 0; i < value->n_octets; i++)
            g_string_append_printf(hex, "%02x", value->octets[i]);
        return g_strdup_printf("%s=%s", value->field->name, hex->str);
    case FIELD_IPV4:
        inet_ntop(AF_INET, value->octets, text, sizeof(text));
        return g_strdup_printf("%s=%s", value->field->name, text);
    case FIELD_IPV6:
        inet_ntop(AF_INET6, value->octets, text, sizeof(text));
        return g_strdup_printf("%s=%s", value->field->name, text);
    case FIELD_STRING:
        return g_strdup_printf("%s=%.*s", value->field->name, (int)value->n_octets,
                               (const char *)value->octets);
    case FIELD_RESERVED:
        break;
    }
    return NULL;
}

/* What octets say, said to the encoder, makes octets that say the same: each number by itself too. */
static void encode_decoded(const struct option_desc *desc, const uint8_t *octets, size_t available)
{
    struct codec_option decoded, again;
    uint8_t made[TCP_OPTION_SPACE];
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
    codec_decode(desc, octets, available, &decoded);
    if (decoded.faults & (FAULT_MALFORMED | FAULT_TRUNCATED))
        return;
    for (size_t i = 0; i < decoded.n_values; i++) {
        const struct codec_value *value = &decoded.values[i];
        g_autoptr(GError) error = NULL;
        char *setting = setting_of(value);
        if (setting == NULL)
            continue;
        if (value->field->transform == TRANSFORM_NONE)
            g_ptr_array_add(settings, setting);
        size_t length = codec_encode(desc, (const char *const *)&setting, 1, made, &error);
        CHECK((length == 0) == (error != NULL));
        if (length > 0 && value->octets == NULL) {
            codec_decode(desc, made, length, &again);
            CHECK(!again.values[i].present || again.values[i].number == value->number);
        }
        if (value->field->transform != TRANSFORM_NONE)
            g_free(setting);
    }
    g_autoptr(GError) error = NULL;
    size_t length =
        codec_encode(desc, (const char *const *)settings->pdata, settings->len, made, &error);
    CHECK((length == 0) == (error != NULL));
    if (length == 0)
        return;
    codec_decode(desc, made, length, &again);
    CHECK((again.faults & (FAULT_MALFORMED | FAULT_TRUNCATED)) == 0);
    for (size_t i = 0; i < decoded.n_values; i++)
        if (decoded.values[i].present && again.values[i].present &&
            decoded.values[i].octets == NULL)
            CHECK(again.values[i].number == decoded.values[i].number);
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
    CHECK(faults->len == MIN(n, OPTION_FAULTS_MAX + 1u) && (n > 0 || option_set_size(set) > 0));
    for (guint i = 0; i < faults->len; i++)
        CHECK(g_str_has_prefix(faults->pdata[i], "fuzz.opt:"));
    for (size_t i = 0; i < option_set_size(set); i++) {
        const struct option_desc *desc = option_set_at(set, i);
        check_fields(desc);
        encode(set, desc);
        if (desc->profiles[0] != NULL)
            CHECK(option_set_choose_profile(set, desc->profiles[0]));
        if (rest >= 2) {
            decode(desc, octets, rest);
            encode_decoded(desc, octets, rest);
        }
    }
    g_autofree char *header = option_set_c_header(set);
    CHECK(header != NULL);
    return 0;
}
