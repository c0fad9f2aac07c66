// SPDX-License-Identifier: GPL-2.0-or-later
/* program_option.c - the row of program option (bpf/option/option.bpf.c): any described option. */
#include <string.h>

#include "bpf/load/program.h"
#include "bpf/load/variable.h"
#include "option.skel.h"
#include "wire/codec.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { NAME, SEGMENTS, REPEAT, ROLE, FIELDS };

static const struct parameter parameters[] = {
    [NAME] = {.key = "name",
              .type = PARAMETER_TEXT,
              .preset = "",
              .help = "which option",
              .unit = "an option's name (optrail options list)"},
    [SEGMENTS] = {.key = "segments",
                  .type = PARAMETER_SEGMENTS,
                  .preset = "ack;data",
                  .help = "on which segments it may stand"},
    [REPEAT] =
        PARAMETER_REPEAT("how often it is sent; on SYN and SYN-ACK, where asked for, always"),
    [ROLE] = PARAMETER_ROLE("which connections it acts on"),
    [FIELDS] = {.key = "fields",
                .type = PARAMETER_TEXT,
                .preset = "",
                .help = "its fields, also one by one as --set FIELD=VALUE",
                .unit = "FIELD=VALUE joined by blanks"},
};

/* Encodes the option; `words` are the fields as they were given, joined. Its length, or 0. */
static size_t encode(const struct values *values, const struct option_set *options,
                     uint8_t octets[TCP_OPTION_SPACE], char **words, GError **error)
{
    const char *name = values->text[NAME];
    const struct option_desc *desc = option_set_by_name(options, name);
    g_autoptr(GPtrArray) settings = g_ptr_array_new();

    if (desc == NULL) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                    "%s%s: --set name=OPTION is one that is described; see: optrail options list",
                    *name != '\0' ? "no option " : "which option", name);
        return 0;
    }
    g_auto(GStrv) joined = g_strsplit(values->text[FIELDS], " ", -1);
    for (size_t i = 0; joined[i] != NULL; i++) {
        if (joined[i][0] != '\0')
            g_ptr_array_add(settings, joined[i]);
    }
    for (guint i = 0; values->fields != NULL && i < values->fields->len; i++)
        g_ptr_array_add(settings, values->fields->pdata[i]);
    size_t length =
        codec_encode(desc, (const char *const *)settings->pdata, settings->len, octets, error);
    if (length == 0) {
        g_prefix_error(error, "--set: ");
        if (error != NULL && *error != NULL) {
            (*error)->domain = LOAD_ERROR;
            (*error)->code = EXIT_USAGE;
        }
        return 0;
    }
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < settings->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", (char *)settings->pdata[i]);
    *words = g_string_free(text, FALSE);
    return length;
}

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)program;
    uint8_t octets[TCP_OPTION_SPACE];
    g_autofree char *words = NULL;

    if (encode(values, options, octets, &words, error) == 0)
        return false;
    if (strlen(words) >= PARAMETER_TEXT_SIZE) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set: the fields are too long together");
        return false;
    }
    return true;
}

static bool configure(const struct program *program, struct variables *variables,
                      const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    uint8_t octets[TCP_OPTION_SPACE] = {0};
    char text[PARAMETER_TEXT_SIZE] = "";
    g_autofree char *words = NULL;
    const struct option_desc *desc = option_set_by_name(options, values->text[NAME]);
    uint32_t length = (uint32_t)encode(values, options, octets, &words, error);
    /* Kind and length, or those and the ExID: what the kernel can search a header for. */
    uint32_t id_length = desc != NULL && desc->carrier == CARRIER_EXID ? 2 + desc->id_bits / 8 : 2;

    if (length == 0)
        return false;
    g_strlcpy(text, words, sizeof(text));
    if (variables_set(variables, "octets", octets, sizeof(octets)) &&
        variables_set(variables, "octets_length", &length, sizeof(length)) &&
        variables_set(variables, "id_length", &id_length, sizeof(id_length)) &&
        variables_set(variables, "fields", text, sizeof(text)))
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "program option was built without its variables");
    return false;
}

const struct program program_option = {
    .name = "option",
    .summary = "send any described option, your own too, with constant field values",
    .details =
        "Puts the option's octets onto the segments that you name, and counts those that the peer\n"
        "sends. It acts on nothing that comes in. Describe an option of your own in a file "
        "(optrail\n"
        "options check FILE), in ~/.config/optrail/options or any folder that --options names;\n"
        "then its fields are parameters:\n"
        "  optrail load option --cgroup DIR --set name=myopt --set segments=ack --set limit=300\n"
        "Several options at once: load it once for each; they are called option-NAME then.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = option_bpf__elf_bytes,
    .instance_by = "name",
    .takes_fields = true,
    .check = check,
    .configure = configure,
};
