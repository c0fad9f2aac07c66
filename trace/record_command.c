// SPDX-License-Identifier: GPL-2.0-or-later
/* record_command.c - `optrail record`: the words of the command, and the summary at its end. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "trace/commands.h"
#include "trace/error.h"
#include "trace/record.h"

enum { BUFFER_KIB = 16384, BUFFER_KIB_MAX = 1 << 20, MEGABYTE = 1000000 };
enum { RING_KIB_MIN = 4, RING_KIB_MAX = 1 << 18, SNAPLEN_MAX = 262144 };

static const char description[] =
    "Records the invocations of sock_ops hooks in cgroups (--cgroup) and the packets of "
    "interfaces\n"
    "(-i; without it, of those that are up) into one pcapng file in order of time. Stops on "
    "SIGINT\n"
    "or SIGTERM, or when COMMAND ends; COMMAND runs in the cgroup when exactly one is given, and "
    "in\n"
    "the network namespace. SIGUSR1 makes it say how far it has come. Everything that was attached "
    "goes away with the process.\n"
    "\n"
    "  optrail record -w trail.pcapng -i eth0 --cgroup /sys/fs/cgroup/system.slice -f 'tcp port "
    "80'\n"
    "  optrail record -w /var/tmp/trail -C 100 -W 10 -i eth0 -s 128 --cgroup /sys/fs/cgroup\n"
    "  optrail record -w - -i eth0 --cgroup /sys/fs/cgroup | wireshark -k -i -\n"
    "  optrail record -w trail.pcapng --cgroup /sys/fs/cgroup/test -- curl http://192.0.2.1/\n";

/* Exit codes: design of the command line; a recording that was cut short is EXIT_ASSERTION. */
static int exit_code_of(const GError *error)
{
    if (g_error_matches(error, TRACE_ERROR, TRACE_ERROR_USAGE))
        return EXIT_USAGE;
    if (g_error_matches(error, TRACE_ERROR, TRACE_ERROR_RUN))
        return EXIT_ASSERTION;
    return EXIT_INPUT;
}

static int report_end(const struct record_settings *settings, const struct record_summary *summary)
{
    g_autofree char *late =
        summary->late > 0
            ? g_strdup_printf("; %" PRIu64 " records came too late for their place", summary->late)
            : g_strdup("");
    command_note("record",
                 "%" PRIu64 " packets (%" PRIu64 " lost), %" PRIu64 " hook invocations (%" PRIu64
                 " lost), %" PRIu64 " octets in %s%s",
                 summary->packets, summary->packets_lost, summary->hooks, summary->hooks_lost,
                 summary->size, settings->file.path, late);
    if (summary->command_status == 0 || settings->command == NULL)
        return EXIT_DONE;
    if (WIFSIGNALED(summary->command_status))
        return command_fail(EXIT_ASSERTION, "record", "command %s: ended by signal %d (%s)",
                            settings->command[0], WTERMSIG(summary->command_status),
                            strsignal(WTERMSIG(summary->command_status)));
    return command_fail(EXIT_ASSERTION, "record", "command %s: exit status %d",
                        settings->command[0], WEXITSTATUS(summary->command_status));
}

/* Parts the words at the first "--": what follows is the command. */
static char **split_command(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--") != 0)
            continue;
        *argc = i;
        return argv[i + 1] != NULL ? argv + i + 1 : NULL;
    }
    return NULL;
}

static int run_record(int argc, char **argv)
{
    g_autofree char *output = NULL, *netns = NULL, *filter = NULL, *ready_file = NULL;
    g_auto(GStrv) interfaces = NULL, cgroups = NULL;
    int snaplen = 0, ring_kib = 0, buffer_kib = BUFFER_KIB;
    int count = 0, megabytes = 0, seconds = 0, files = 0;
    gboolean no_packets = FALSE, durations = FALSE, real_time = FALSE;
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &output,
         "The file to write; - for standard output", "FILE"},
        {"interface", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &interfaces,
         "Capture on this interface; may be given again", "IFACE"},
        {"netns", 0, 0, G_OPTION_ARG_FILENAME, &netns,
         "The interfaces are in this network namespace", "NAME"},
        {"cgroup", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cgroups,
         "Watch the sock_ops hooks of this cgroup and those below; may be given again", "DIR"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &filter,
         "Capture packets that match, see pcap-filter(7)", "FILTER"},
        {"snaplen", 's', 0, G_OPTION_ARG_INT, &snaplen, "Octets kept of a packet; 0: all", "N"},
        {"count", 'c', 0, G_OPTION_ARG_INT, &count,
         "Stop after so many packets (with --no-packets: hook invocations)", "N"},
        {"file-size", 'C', 0, G_OPTION_ARG_INT, &megabytes,
         "Go on in another file after so many millions of octets", "N"},
        {"rotate-seconds", 'G', 0, G_OPTION_ARG_INT, &seconds,
         "Go on in another file after so many seconds; FILE is a template of strftime(3)", "N"},
        {"file-count", 'W', 0, G_OPTION_ARG_INT, &files,
         "With -C: after so many files, write over the first; with -G: stop", "N"},
        {"buffer-size", 'B', 0, G_OPTION_ARG_INT, &buffer_kib,
         "KiB for the packets of an interface on their way (16384)", "KIB"},
        {"ready-file", 0, 0, G_OPTION_ARG_FILENAME, &ready_file,
         "Make this file once everything is attached", "FILE"},
        {"no-packets", 0, 0, G_OPTION_ARG_NONE, &no_packets, "Record hooks only", NULL},
        {"ring-size", 0, 0, G_OPTION_ARG_INT, &ring_kib,
         "KiB for each processor's hook events on their way, a power of two (16384, less on many "
         "processors)",
         "KIB"},
        {"durations", 0, 0, G_OPTION_ARG_NONE, &durations,
         "Time every hook invocation, not only one in 16", NULL},
        {"real-time", 0, 0, G_OPTION_ARG_NONE, &real_time,
         "Run before ordinary processes (SCHED_RR), so that busy processors lose no events", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code;
    char **command = split_command(&argc, argv);
    if (!command_parse(&argc, &argv, entries, command_record.usage, description, &code))
        return code;
    if (argc > 1)
        return command_usage("record", "'%s' is not expected; a command follows --", argv[1]);
    if (output == NULL || output[0] == '\0')
        return command_usage("record", "-w FILE is missing: where to write");
    if (snaplen < 0 || snaplen > SNAPLEN_MAX)
        return command_usage("record", "-s %d: 0 to %d octets", snaplen, SNAPLEN_MAX);
    if (ring_kib != 0 &&
        (ring_kib < RING_KIB_MIN || ring_kib > RING_KIB_MAX || (ring_kib & (ring_kib - 1)) != 0))
        return command_usage("record", "--ring-size %d: a power of two from %d to %d", ring_kib,
                             RING_KIB_MIN, RING_KIB_MAX);
    if (buffer_kib < 1 || buffer_kib > BUFFER_KIB_MAX)
        return command_usage("record", "-B %d: 1 to %d KiB", buffer_kib, BUFFER_KIB_MAX);
    if (count < 0 || megabytes < 0 || seconds < 0 || files < 0)
        return command_usage("record", "-c, -C, -G and -W want numbers above 0");
    if (files > 0 && megabytes == 0 && seconds == 0)
        return command_usage("record", "-W bounds the number of files of -C or -G: one is missing");
    if ((megabytes > 0 || seconds > 0) && strcmp(output, "-") == 0)
        return command_usage("record", "-w -: standard output is one file; -C and -G need names");
    if (no_packets && interfaces != NULL)
        return command_usage("record", "--no-packets and -i contradict each other");
    if (no_packets && cgroups == NULL)
        return command_usage("record", "--no-packets without --cgroup: there is nothing to record");

    const struct record_settings settings = {
        .file = {.path = output,
                 .octets = (uint64_t)megabytes * MEGABYTE,
                 .seconds = (uint64_t)seconds,
                 .count = (unsigned)files},
        .interfaces = interfaces,
        .netns = netns,
        .cgroups = cgroups,
        .filter = filter,
        .ready_file = ready_file,
        .command = command,
        .snaplen = (uint32_t)snaplen,
        .ring = (uint32_t)ring_kib * 1024,
        .buffer = (uint32_t)buffer_kib * 1024,
        .count = (uint64_t)count,
        .packets = !no_packets,
        .every_duration = durations,
        .real_time = real_time,
    };
    struct record_summary summary;
    g_autoptr(GError) error = NULL;
    if (!record_run(&settings, &summary, &error))
        return command_fail(exit_code_of(error), "record", "%s", error->message);
    return report_end(&settings, &summary);
}

const struct command command_record = {
    .name = "record",
    .usage =
        "record -w FILE [-i IFACE]... [--netns NAME] [--cgroup DIR]... [-f FILTER] [-s SNAPLEN] "
        "[-c N] [-C N] [-G N] [-W N] [--ready-file FILE] [--no-packets] [-- COMMAND...]",
    .summary = "Record hook invocations and packets into one capture file",
    .run = run_record,
};
