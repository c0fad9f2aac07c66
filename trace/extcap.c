// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * extcap.c - `optrail extcap`: Optrail as an interface of Wireshark's.
 *
 * Wireshark, tshark and dumpcap run every program of their extcap folder to learn what interfaces
 * there are (--extcap-interfaces), what dialog belongs to one (--extcap-config), and to capture
 * (--capture --fifo FILE). A script of two lines in that folder runs this. The capture is a
 * recording into the fifo; that its reader closes it is how Wireshark ends one.
 *
 * Specification: doc/extcap.adoc of Wireshark; sentences are printed one a line, with {key=value}.
 */
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "trace/commands.h"
#include "trace/error.h"
#include "trace/record.h"
#include "trace/tap.h"

#define EXTCAP_INTERFACE "optrail"

enum { BUFFER = 16 << 20, UPPER_PDU = 252, SNAPLEN_MAX = 262144 };

struct words {
    gboolean interfaces, dlts, config, capture;
    char *version, *interface, *fifo, *filter; /* what Wireshark says */
    char *reload;
    char *cgroup, *device, *netns; /* what the dialog says */
    int snaplen;
};

static int list_interfaces(void)
{
    puts("extcap {version=" OPTRAIL_VERSION "}{display=Optrail}");
    puts("interface {value=" EXTCAP_INTERFACE "}{display=Optrail: packets and sock_ops hooks}");
    return EXIT_DONE;
}

static int list_link_types(void)
{
    /* The file has several; this is that of the hooks. */
    printf("dlt {number=%d}{name=WIRESHARK_UPPER_PDU}{display=Packets and hook invocations}\n",
           UPPER_PDU);
    return EXIT_DONE;
}

/* The folder where cgroup v2 is mounted; NULL: nowhere. Free with g_free(). */
static char *cgroup_root(void)
{
    char *found = NULL;
    FILE *mounts = setmntent("/proc/self/mounts", "r");
    const struct mntent *entry;
    while (mounts != NULL && found == NULL && (entry = getmntent(mounts)) != NULL) {
        if (strcmp(entry->mnt_type, "cgroup2") == 0)
            found = g_strdup(entry->mnt_dir);
    }
    if (mounts != NULL)
        endmntent(mounts);
    return found;
}

static int list_dialog(void)
{
    g_autofree char *root = cgroup_root();
    g_auto(GStrv) names = tap_interfaces(-1);
    printf(
        "arg {number=0}{call=--cgroup}{display=cgroup}{type=string}{default=%s}"
        "{tooltip=Folder of cgroup v2: the sock_ops hooks of it and of those below are recorded; "
        "none: no hooks}{group=Capture}\n",
        root != NULL ? root : "");
    puts("arg {number=1}{call=--device}{display=Interface}{type=selector}"
         "{tooltip=Whose packets are captured}{group=Capture}");
    puts("value {arg=1}{value=}{display=all that are up}{default=true}");
    puts("value {arg=1}{value=none}{display=none (hooks only)}{default=false}");
    for (size_t i = 0; names[i] != NULL; i++)
        printf("value {arg=1}{value=%s}{display=%s}{default=false}\n", names[i], names[i]);
    puts("arg {number=2}{call=--netns}{display=Network namespace}{type=string}"
         "{tooltip=Name or path of the network namespace that the interface is in; none: this one}"
         "{group=Capture}");
    printf("arg {number=3}{call=--snaplen}{display=Octets kept of a packet}{type=integer}"
           "{range=0,%d}{default=0}{tooltip=0: all}{group=Capture}\n",
           SNAPLEN_MAX);
    return EXIT_DONE;
}

static const char *given(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static int capture(const struct words *words)
{
    g_autofree char *root = words->cgroup == NULL ? cgroup_root() : NULL;
    const char *cgroup = words->cgroup != NULL ? given(words->cgroup) : root;
    const char *device = given(words->device);
    char *cgroups[] = {(char *)(uintptr_t)cgroup, NULL};
    char *devices[] = {(char *)(uintptr_t)device, NULL};
    bool packets = device == NULL || strcmp(device, "none") != 0;
    if (given(words->fifo) == NULL)
        return command_usage("extcap", "--fifo FILE is missing: where to write");
    if (words->snaplen < 0 || words->snaplen > SNAPLEN_MAX)
        return command_usage("extcap", "--snaplen %d: 0 to %d octets", words->snaplen, SNAPLEN_MAX);
    if (!packets && cgroup == NULL)
        return command_usage("extcap", "neither a cgroup nor an interface: nothing to capture");
    const struct record_settings settings = {
        .file = {.path = words->fifo},
        .interfaces = packets ? devices : NULL,
        .netns = given(words->netns),
        .cgroups = cgroups,
        .filter = given(words->filter),
        .snaplen = (uint32_t)words->snaplen,
        .buffer = BUFFER,
        .packets = packets,
        .reader_ends = true,
    };
    struct record_summary summary;
    g_autoptr(GError) error = NULL;
    if (!record_run(&settings, &summary, &error))
        return command_fail(g_error_matches(error, TRACE_ERROR, TRACE_ERROR_USAGE) ? EXIT_USAGE
                                                                                   : EXIT_INPUT,
                            "extcap", "%s", error->message);
    return EXIT_DONE;
}

static int run_extcap(int argc, char **argv)
{
    struct words words = {0};
    const GOptionEntry entries[] = {
        {"extcap-interfaces", 0, 0, G_OPTION_ARG_NONE, &words.interfaces, "List the interfaces",
         NULL},
        {"extcap-version", 0, 0, G_OPTION_ARG_STRING, &words.version, "Who asks", "VERSION"},
        {"extcap-interface", 0, 0, G_OPTION_ARG_STRING, &words.interface, "The one in question",
         "NAME"},
        {"extcap-dlts", 0, 0, G_OPTION_ARG_NONE, &words.dlts, "List its link types", NULL},
        {"extcap-config", 0, 0, G_OPTION_ARG_NONE, &words.config, "List its dialog", NULL},
        {"extcap-reload-option", 0, 0, G_OPTION_ARG_STRING, &words.reload, "Of the dialog", "NAME"},
        {"extcap-capture-filter", 0, 0, G_OPTION_ARG_STRING, &words.filter,
         "Capture packets that match, see pcap-filter(7)", "FILTER"},
        {"capture", 0, 0, G_OPTION_ARG_NONE, &words.capture, "Capture", NULL},
        {"fifo", 0, 0, G_OPTION_ARG_FILENAME, &words.fifo, "Into this file", "FILE"},
        {"cgroup", 0, 0, G_OPTION_ARG_FILENAME, &words.cgroup, "As of optrail record", "DIR"},
        {"device", 0, 0, G_OPTION_ARG_STRING, &words.device, "As -i of optrail record; or none",
         "IFACE"},
        {"netns", 0, 0, G_OPTION_ARG_FILENAME, &words.netns, "As of optrail record", "NAME"},
        {"snaplen", 0, 0, G_OPTION_ARG_INT, &words.snaplen, "As of optrail record", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int code;
    if (!command_parse(&argc, &argv, entries, command_extcap.usage,
                       "Wireshark runs this, by a script in its extcap folder.\n", &code))
        return code;
    if (words.interfaces)
        code = list_interfaces();
    else if (words.interface == NULL || strcmp(words.interface, EXTCAP_INTERFACE) != 0)
        code = command_usage("extcap", "--extcap-interface: there is only " EXTCAP_INTERFACE);
    else if (words.dlts)
        code = list_link_types();
    else if (words.config || words.reload != NULL)
        code = list_dialog();
    else if (words.capture)
        code = capture(&words);
    else
        code = command_usage("extcap", "nothing is asked for");
    g_free(words.version);
    g_free(words.interface);
    g_free(words.fifo);
    g_free(words.filter);
    g_free(words.reload);
    g_free(words.cgroup);
    g_free(words.device);
    g_free(words.netns);
    return code;
}

const struct command command_extcap = {
    .name = "extcap",
    .usage = "extcap --extcap-interfaces | --extcap-interface=optrail --capture --fifo FILE",
    .summary = "Be an interface of Wireshark's (run by Wireshark itself)",
    .run = run_extcap,
};
