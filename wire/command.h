/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - the manners that all subcommands share: exit codes, one-line errors, options.
 *
 * A subcommand is one function in the folder that does the work; cli/commands.h lists them.
 */
#ifndef OPTRAIL_WIRE_COMMAND_H
#define OPTRAIL_WIRE_COMMAND_H

#include <glib.h>

enum exit_code {
    EXIT_DONE = 0,         /* done, all assertions hold */
    EXIT_ASSERTION = 1,    /* an assertion failed; also: done, but something went wrong */
    EXIT_USAGE = 2,        /* the words of the command */
    EXIT_INPUT = 3,        /* input is missing or unusable */
    EXIT_INCONCLUSIVE = 4, /* assertions could not be judged */
};

struct command {
    const char *name;
    const char *usage;   /* "analyze A [B] [--format ...]": what stands behind "optrail " */
    const char *summary; /* half a line for `optrail --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns enum exit_code */
};

/* Prints "optrail COMMAND: message" as one line on stderr; returns `code`. */
int command_fail(int code, const char *command, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* As command_fail() with EXIT_USAGE, and a second line that says where help is. */
int command_usage(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A line on stderr that is no error: "optrail COMMAND: message". */
void command_note(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Parses `entries` (GOption, terminated) for the subcommand `command` of `usage`. `description` is
 * shown below the options by --help. True when the command may go on; otherwise `*code` is what
 * to return (0 after --help). "--" ends the options and is left out of `argv`.
 */
gboolean command_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
                       const char *description, int *code);

/*
 * Loads the option descriptions that every reader wants: built-ins, the user's folder, `dir` when
 * not NULL, then the profile. Faulty files are named on stderr and skipped. NULL with the exit
 * code in `*code` when `profile` names none. Free with option_set_free().
 */
struct option_set *command_load_options(const char *command, const char *dir, const char *profile,
                                        int *code);

#endif
