/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the one program: finds the subcommand and hands over to it. */
#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static const struct command *const commands[] = {
    &command_analyze,  &command_record,  &command_load, &command_unload, &command_status,
    &command_programs, &command_options, &command_lab,  &command_extcap,
};

static void print_help(FILE *out)
{
    fputs("optrail follows a TCP option from the eBPF hook that wrote it, onto the wire, through\n"
          "the middleboxes, to the hook that parsed it.\n\nUsage: optrail SUBCOMMAND ...\n\n",
          out);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\noptrail SUBCOMMAND --help tells more; optrail --version says which this is.\n"
        "Exit status: 0 done; 1 an assertion failed; 2 usage; 3 input unusable; 4 inconclusive.\n",
        out);
}

/* What was printed must have arrived: a full disk behind `>` is an error like any other. */
static int finish(const char *command, int code)
{
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0 && errno != EPIPE)
        failed = true;
    if (failed && code == EXIT_DONE)
        return command_fail(EXIT_INPUT, command, "the output could not be written: %s",
                            g_strerror(errno));
    return code;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    /* Numbers in files and reports are the C locale's, whatever the user's is. */
    setlocale(LC_NUMERIC, "C");
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("optrail " OPTRAIL_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return finish(commands[i]->name, commands[i]->run(argc - 1, argv + 1));
    }
    fprintf(stderr, "optrail: no subcommand '%s'\nTry: optrail --help\n", argv[1]);
    return EXIT_USAGE;
}
