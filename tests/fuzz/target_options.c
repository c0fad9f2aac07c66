// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_options.c - the octets of one option under the built-in descriptions (wire/codec.h).
 * Input: an octet that chooses the profile, then the option from its kind on.
 */
#include "tests/fuzz/fuzz.h"
#include "wire/codec.h"

static struct option_set *set;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    set = option_set_new();
    CHECK(option_set_add_builtin(set, NULL) == 0);
    return 0;
}

/*
 * Sets what was decoded again: the same octets must come of it, where no fault was found. What is
 * not on the wire bit by bit (reserved fields) is not compared.
 */
static void encode_again(const struct codec_option *decoded, const uint8_t *octets)
{
    char values[OPTION_FIELDS_MAX + 2][2 * TCP_OPTION_SPACE + 80];
    const char *settings[OPTION_FIELDS_MAX + 2];
    size_t n = 0;
    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct codec_value *value = &decoded->values[i];
        if (value->field->transform != TRANSFORM_NONE)
            continue;
        if (!value->present ||
            (value->field->type != FIELD_UINT && value->field->type != FIELD_ENUM &&
             value->field->type != FIELD_BOOL))
            return;
        snprintf(values[n], sizeof(values[n]), "%s=%" G_GUINT64_FORMAT, value->field->name,
                 value->number);
        settings[n] = values[n];
        n++;
    }
    if (decoded->desc->carrier == CARRIER_EXID) {
        snprintf(values[n], sizeof(values[n]), "kind=%u", octets[0]);
        settings[n] = values[n];
        n++;
    }
    if (decoded->echo) {
        snprintf(values[n], sizeof(values[n]), "echo=1");
        settings[n] = values[n];
        n++;
    }
    g_autoptr(GError) error = NULL;
    uint8_t again[TCP_OPTION_SPACE];
    struct codec_option twice;
    size_t length = codec_encode(decoded->desc, settings, n, again, &error);
    if (length == 0) /* reserved fields between may be a reason, and a kind that is not its own */
        return;
    codec_decode(decoded->desc, again, length, &twice);
    CHECK(twice.echo == decoded->echo);
    for (size_t i = 0; i < decoded->n_values; i++)
        if (decoded->values[i].field->type == FIELD_UINT ||
            decoded->values[i].field->type == FIELD_ENUM)
            CHECK(twice.values[i].number == decoded->values[i].number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const profiles[] = {NULL, "original", "original-iw", "original-ito",
                                           "original-rate-kbyte"};
    char label[OPTION_LABEL_MAX], text[64];
    if (size < 3)
        return 0;
    option_set_choose_profile(set, profiles[data[0] % G_N_ELEMENTS(profiles)]);
    size_t available = MIN(size - 1, (size_t)TCP_OPTION_SPACE);
    g_autofree uint8_t *octets = fuzz_copy(data + 1, available);
    if (octets[1] >= 2)
        available = MIN(available, octets[1]);
    const struct option_desc *desc = option_set_find(set, octets, available);
    CHECK(strlen(option_label(desc, octets, available, label)) < OPTION_LABEL_MAX);
    if (desc == NULL)
        return 0;
    CHECK(option_set_is_active(set, desc));
    struct codec_option decoded;
    codec_decode(desc, octets, available, &decoded);
    for (size_t i = 0; i < decoded.n_values; i++)
        if (decoded.values[i].present)
            codec_value_text(&decoded.values[i], text, sizeof(text));
    if (decoded.faults == 0)
        encode_again(&decoded, octets);
    return 0;
}
