// SPDX-License-Identifier: GPL-2.0-or-later
/* program_explore.c - the row of program explore (bpf/tune/explore.bpf.c). */
#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "bpf/load/loaded.h"
#include "bpf/load/prefix.h"
#include "bpf/load/program.h"
#include "explore.skel.h"
#include "wire/command.h"

enum { WINDOW_MAX = 1000 };

/* Indices into `parameters`. */
enum { START, LEAST, MOST };

static const struct parameter parameters[] = {
    [START] = {.key = "start",
               .type = PARAMETER_NUMBER,
               .preset = "10",
               .help = "initial window of a prefix that nothing is known of",
               .unit = "MSS",
               .min = 1,
               .max = WINDOW_MAX},
    [LEAST] = {.key = "least",
               .type = PARAMETER_NUMBER,
               .preset = "2",
               .help = "never less than this",
               .unit = "MSS",
               .min = 1,
               .max = WINDOW_MAX},
    [MOST] = {.key = "most",
              .type = PARAMETER_NUMBER,
              .preset = "64",
              .help = "never more than this",
              .unit = "MSS",
              .min = 1,
              .max = WINDOW_MAX},
    {.key = "step",
     .type = PARAMETER_NUMBER,
     .preset = "2",
     .help = "more, after an initial window without loss; a loss takes a quarter away",
     .unit = "MSS",
     .min = 1,
     .max = 100},
    {.key = "share",
     .type = PARAMETER_NUMBER,
     .preset = "100",
     .help = "of a hundred connections, how many are learnt from",
     .min = 0,
     .max = 100},
    {.key = "prefix4",
     .type = PARAMETER_NUMBER,
     .preset = "24",
     .help = "bits of an IPv4 address that make a prefix",
     .min = 0,
     .max = 32},
    {.key = "prefix6",
     .type = PARAMETER_NUMBER,
     .preset = "48",
     .help = "bits of an IPv6 address that make a prefix",
     .min = 0,
     .max = 128},
    {.key = "role",
     .type = PARAMETER_ENUM,
     .preset = "both",
     .help = "which connections it acts on",
     .values = role_values},
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)program;
    (void)options;
    if (values->number[LEAST] <= values->number[START] &&
        values->number[START] <= values->number[MOST])
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                "--set: least <= start <= most must hold, not %u, %u, %u", values->number[LEAST],
                values->number[START], values->number[MOST]);
    return false;
}

static void show(const struct map_list *maps, GPtrArray *lines)
{
    struct explore_key key, next;
    struct explored explored;
    int fd = map_list_open(maps, EXPLORE_MAP);

    if (fd < 0)
        return;
    /* The kernel may reshuffle the map meanwhile: no more rows than it holds. */
    void *previous = NULL;
    for (int i = 0; i < EXPLORE_MAX && bpf_map_get_next_key(fd, previous, &next) == 0; i++) {
        key = next;
        previous = &key;
        if (bpf_map_lookup_elem(fd, &key, &explored) != 0)
            continue;
        struct prefix prefix = {.bits = key.bits};
        memcpy(prefix.address, key.address, sizeof(prefix.address));
        g_autofree char *text = prefix_text(&prefix);
        g_ptr_array_add(lines, g_strdup_printf("prefix %s: window %u, connections %u, full initial "
                                               "windows without loss %u, with loss %u",
                                               text, explored.window, explored.connections,
                                               explored.without, explored.losses));
    }
    close(fd);
}

const struct program program_explore = {
    .name = "explore",
    .summary = "learn the initial window for each prefix of peers, from losses (TCP-BPF)",
    .details =
        "A connection starts with the window of its peer's prefix. It grows by step when a full\n"
        "initial window came through without loss, and loses a quarter when some of it was lost.\n"
        "optrail status shows what was learnt; with --replace it is kept.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = explore_bpf__elf_bytes,
    .check = check,
    .show = show,
};
