// SPDX-License-Identifier: GPL-2.0-or-later
/* program_iw.c - the row of program iw (bpf/option/iw.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "bpf/load/prefix.h"
#include "bpf/load/program.h"
#include "iw.skel.h"
#include "wire/command.h"

enum { SEGMENTS_MAX = 1000 }; /* as the description has it */

/* Indices into `parameters`. */
enum { SEGMENTS, TRUSTED, LIMIT };

static const struct parameter parameters[] = {
    [SEGMENTS] = {.key = "segments",
                  .type = PARAMETER_NUMBER,
                  .preset = "0",
                  .help = "initial window to ask the peer for; 0: ask for none, only grant",
                  .unit = "MSS",
                  .min = 0,
                  .max = SEGMENTS_MAX},
    [TRUSTED] = {.key = "trusted",
                 .type = PARAMETER_TEXT,
                 .preset = "",
                 .help = "prefixes of peers whose requests are granted; none: nobody's",
                 .unit = "prefixes such as 192.0.2.0/24,2001:db8::/32, or @FILE with one a line"},
    [LIMIT] = {.key = "limit",
               .type = PARAMETER_NUMBER,
               .preset = "40",
               .help = "the most that is granted, whatever is asked for",
               .unit = "MSS",
               .min = 1,
               .max = SEGMENTS_MAX},
    PARAMETER_REPEAT("how often a client sends it; a server has it on each SYN-ACK"),
    PARAMETER_ROLE("which connections it acts on"),
};

/* What parameter `trusted` says, or the file that it names. NULL with an error. */
static char *trusted_text(const struct values *values, GError **error)
{
    const char *text = values->text[TRUSTED];
    char *read = NULL;
    g_autoptr(GError) why = NULL;

    if (text[0] != '@')
        return g_strdup(text);
    if (!g_file_get_contents(text + 1, &read, NULL, &why))
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s", why->message);
    return read;
}

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)program;
    g_autofree char *text = trusted_text(values, error);
    g_autoptr(GArray) prefixes = text != NULL ? prefixes_parse(text, error) : NULL;

    (void)options;
    if (prefixes == NULL) {
        g_prefix_error(error, "--set trusted: ");
        return false;
    }
    if (prefixes->len > TRUSTED_MAX) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set trusted: at most %d prefixes",
                    TRUSTED_MAX);
        return false;
    }
    return true;
}

static bool prepare(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    struct bpf_map *map = bpf_object__find_map_by_name(object, TRUSTED_MAP);
    g_autofree char *text = trusted_text(values, error);

    (void)options;
    return text != NULL && prefixes_fill(map, text, error);
}

const struct program program_iw = {
    .name = "iw",
    .option = "iw",
    .summary = "ask the peer for an initial congestion window, and grant it to those one trusts",
    .details =
        "A client asks on the third ACK of the handshake, a server on its SYN-ACKs. Who is asked\n"
        "sets its initial congestion window, up to limit, when the peer's address is in a trusted\n"
        "prefix and no data was sent yet. Who asks offers a receive window to match; more than "
        "the\n"
        "64 KB that kernels start with needs a larger receive buffer too (program tune).\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = iw_bpf__elf_bytes,
    .check = check,
    .prepare = prepare,
};
