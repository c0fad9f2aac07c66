/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_command.c - `optrail lab`: tries middleboxes on one machine.
 *
 * Checks the words and hands over to the script lab/lab by exec, argument by argument: nothing a
 * user writes passes through a shell. The script's folder is $OPTRAIL_LAB, else share/optrail/lab
 * beside the folder of the program, where an installation has it and a build a link to it.
 */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/commands.h"
#include "wire/command.h"

#define LAB_COUNT_MAX    1000000
#define LAB_BYTES_UNSAID G_MININT

static const char lab_description[] =
    "list shows the middlebox behaviours. run makes a client, a middlebox and a server from "
    "network\n"
    "namespaces, lets something run across them, and takes everything away again.\n"
    "Several behaviours stand in one path as nat+strip-nop; --set NAME.KEY=VALUE means one of "
    "them.\n"
    "\n"
    "Without COMMAND that is the standard experiment: the programs cc and uto at both ends, "
    "traffic,\n"
    "a recording at each end, and the analyzer's report. With COMMAND, it runs at the client, and\n"
    "finds in its environment\n"
    "  OPTRAIL_LAB_SERVER, OPTRAIL_LAB_CLIENT          addresses\n"
    "  OPTRAIL_LAB_{CLIENT,BOX,SERVER}_NETNS           names of the network namespaces\n"
    "  OPTRAIL_LAB_{CLIENT,SERVER}_{CGROUP,INTERFACE}  to load programs on and to record\n"
    "  OPTRAIL_LAB_ON      runs a command elsewhere: \"$OPTRAIL_LAB_ON\" server iperf3 -s\n"
    "With COMMAND and --output, both ends are recorded meanwhile and the report follows.\n"
    "\n"
    "Needs root. Exit status: 0 done; 1 something went wrong; 2 usage; 3 this machine cannot;\n"
    "with COMMAND, its own.";

/* The folder of the lab's scripts, or NULL; free with g_free(). `*program` becomes our own path. */
static char *find_lab(char **program)
{
    *program = g_file_read_link("/proc/self/exe", NULL);
    const char *asked = g_getenv("OPTRAIL_LAB");
    if (asked != NULL && *asked != '\0')
        return g_strdup(asked);
    if (*program == NULL)
        return NULL;
    g_autofree char *bin = g_path_get_dirname(*program);
    return g_build_filename(bin, "..", "share", "optrail", "lab", NULL);
}

/* Replaces this process by the script; returns an exit code only when that fails. */
static int run_script(GPtrArray *words)
{
    g_autofree char *program = NULL;
    g_autofree char *dir = find_lab(&program);
    g_autofree char *script = dir != NULL ? g_build_filename(dir, "lab", NULL) : NULL;
    if (script == NULL || !g_file_test(script, G_FILE_TEST_IS_EXECUTABLE))
        return command_fail(EXIT_INPUT, "lab",
                            "%s: the lab's scripts are not there; OPTRAIL_LAB names their folder",
                            script != NULL ? script : "/proc/self/exe");
    if (program != NULL)
        g_setenv("OPTRAIL", program, FALSE);
    g_ptr_array_insert(words, 0, script);
    g_ptr_array_add(words, NULL);
    /* A shell starts background commands with SIGINT ignored, and bash cannot undo that. The lab
     * must hear it, to take its network away. */
    signal(SIGINT, SIG_DFL);
    fflush(NULL);
    execv(script, (char **)words->pdata);
    return command_fail(EXIT_INPUT, "lab", "%s: %s", script, g_strerror(errno));
}

static void add_number(GPtrArray *words, GStringChunk *strings, const char *option, int value)
{
    g_autofree char *text = g_strdup_printf("%d", value);
    g_ptr_array_add(words, (char *)option);
    g_ptr_array_add(words, g_string_chunk_insert(strings, text));
}

static int run_lab(int argc, char **argv)
{
    gboolean ipv6 = FALSE;
    int connections = 1, bytes = LAB_BYTES_UNSAID;
    g_autofree char *offload = NULL;
    g_autofree char *output = NULL;
    g_auto(GStrv) settings = NULL;
    const GOptionEntry entries[] = {
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings,
         "Set a parameter of BOX; `optrail lab list` shows them", "KEY=VALUE"},
        {"ipv6", '6', 0, G_OPTION_ARG_NONE, &ipv6, "Use IPv6 (default: IPv4)", NULL},
        {"connections", 'n', 0, G_OPTION_ARG_INT, &connections,
         "TCP connections, one after another (default 1)", "N"},
        {"bytes", 'b', 0, G_OPTION_ARG_INT, &bytes,
         "Octets each way on each connection (default 4000, or what BOX needs)", "N"},
        {"offload", 0, 0, G_OPTION_ARG_STRING, &offload,
         "Switch TSO, GSO and GRO on every link (default: as the kernel has them)", "on|off"},
        {"output", 'w', 0, G_OPTION_ARG_FILENAME, &output,
         "Keep the recordings here: a.pcapng (client) and b.pcapng (server)", "DIR"},
        G_OPTION_ENTRY_NULL,
    };

    /* What stands behind the first "--" is the COMMAND, whatever it looks like. */
    int ours = 1;
    while (ours < argc && strcmp(argv[ours], "--") != 0)
        ours++;
    char **behind = argv + ours;
    int n_behind = argc - ours;

    int code;
    if (!command_parse(&ours, &argv, entries, command_lab.usage, lab_description, &code))
        return code;
    if (ours == 2 && strcmp(argv[1], "list") == 0 && n_behind == 0) {
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        g_ptr_array_add(words, (char *)"list");
        return run_script(words);
    }
    if (ours < 2 || (strcmp(argv[1], "run") != 0 && strcmp(argv[1], "list") != 0))
        return command_usage("lab", "say what to do: list, or run BOX");
    if (strcmp(argv[1], "list") == 0)
        return command_usage("lab", "list takes no arguments");
    if (ours != 3)
        return command_usage("lab", ours < 3 ? "run: which BOX? `optrail lab list` shows them"
                                             : "run takes one BOX; a COMMAND stands behind --");
    if (n_behind == 1)
        return command_usage("lab", "no COMMAND behind --");
    if (connections < 1 || connections > LAB_COUNT_MAX)
        return command_usage("lab", "--connections %d: from 1 to %d", connections, LAB_COUNT_MAX);
    if (bytes < 1 && bytes != LAB_BYTES_UNSAID)
        return command_usage("lab", "--bytes %d: from 1 to %d", bytes, G_MAXINT);
    if (offload != NULL && strcmp(offload, "on") != 0 && strcmp(offload, "off") != 0)
        return command_usage("lab", "--offload %s: on or off", offload);

    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GStringChunk) strings = g_string_chunk_new(64);
    g_ptr_array_add(words, (char *)"run");
    g_ptr_array_add(words, argv[2]);
    for (char **setting = settings; setting != NULL && *setting != NULL; setting++) {
        g_ptr_array_add(words, (char *)"--set");
        g_ptr_array_add(words, *setting);
    }
    if (ipv6)
        g_ptr_array_add(words, (char *)"--ipv6");
    add_number(words, strings, "--connections", connections);
    if (bytes > 0)
        add_number(words, strings, "--bytes", bytes);
    if (offload != NULL) {
        g_ptr_array_add(words, (char *)"--offload");
        g_ptr_array_add(words, offload);
    }
    if (output != NULL) {
        g_ptr_array_add(words, (char *)"--output");
        g_ptr_array_add(words, output);
    }
    for (int i = 0; i < n_behind; i++)
        g_ptr_array_add(words, behind[i]);
    return run_script(words);
}

const struct command command_lab = {
    .name = "lab",
    .usage = "lab list | run BOX[+BOX]... [--set KEY=VALUE]... [--ipv6] [-w DIR] [-- COMMAND...]",
    .summary = "Try middleboxes on one machine: client, middlebox and server",
    .run = run_lab,
};
