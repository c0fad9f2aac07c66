/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_command.h - what the files of `optrail options` share and nobody else needs.
 */
#ifndef OPTRAIL_WIRE_OPTIONS_COMMAND_H
#define OPTRAIL_WIRE_OPTIONS_COMMAND_H

#include <glib.h>

#include "wire/option_set.h"

struct options_arguments {
    char *dir, *profile;
    gboolean json;
    int count; /* words behind the action */
    char **words;
};

/* The actions. Each prints to stdout and returns an exit code (wire/command.h). */
int options_list(struct option_set *set, const struct options_arguments *arguments);
int options_show(struct option_set *set, const struct options_arguments *arguments);

/* "kind 28", "exid 0x4F43", "mptcp 14", "mptcp-exp 0x01". Free with g_free(), as all of these. */
char *options_id_text(const struct option_desc *desc);

/* "6" or "4-16". */
char *options_length_text(const struct option_desc *desc);

/* "syn synack", or "any": any segment but RST. */
char *options_segments_text(const struct option_desc *desc);

/* The words of a description's file, by their enums. */
extern const char *const options_sender_names[];
extern const char *const options_answer_names[];
extern const char *const options_carrier_names[];
extern const char *const options_type_names[];

#endif
