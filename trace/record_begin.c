// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record_begin.c - how a recording begins: the command is made ready, interfaces and hooks are
 * attached, the file is begun, who waits is told, and privileges are given away. See recording.h.
 */
#include "trace/recording.h"

#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "trace/error.h"
#include "trace/netns.h"
#include "trace/ready.h"
#include "trace/tap.h"
#include "wire/command.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum { WHOLE_PACKET = 262144 };

/*
 * Every kind of source there is. The order matters: what fentry sees is put into the slots that
 * the observers read.
 */
const struct source_ops *const source_table[SOURCES] = {&source_observer, &source_fentry,
                                                        &source_mptcp};

static bool fail_errno(GError **error, const char *what, int code)
{
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "%s: %s", what, g_strerror(code));
    return false;
}

static void close_tap(void *tap)
{
    tap_close(tap);
}

static bool open_taps(struct recording *r, GError **error)
{
    const struct record_settings *settings = r->settings;
    g_auto(GStrv) found = NULL;
    char **names = settings->interfaces;
    if (!settings->packets)
        return true;
    if (names == NULL || names[0] == NULL)
        names = found = tap_interfaces(r->netns);
    if (names[0] == NULL) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT,
                    "no interface that is up; name one with -i, or use --no-packets");
        return false;
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        struct tap_settings tap_settings = {
            .interface = names[i],
            .filter = settings->filter,
            .snaplen = settings->snaplen != 0 ? settings->snaplen : WHOLE_PACKET,
            .buffer = settings->buffer,
            .netns = r->netns,
        };
        struct tap *tap = tap_open(&tap_settings, error);
        if (tap == NULL)
            return false;
        g_ptr_array_add(r->taps, tap);
        g_ptr_array_add(r->report, g_strdup_printf("packets: %s%s%s, %s%s, snaplen %u, libpcap",
                                                   names[i], settings->netns != NULL ? " in " : "",
                                                   settings->netns != NULL ? settings->netns : "",
                                                   settings->filter != NULL ? "filter " : "all",
                                                   settings->filter != NULL ? settings->filter : "",
                                                   tap_settings.snaplen));
    }
    return true;
}

static bool attach_sources(struct recording *r, GError **error)
{
    static char *none[] = {NULL};
    struct source_settings settings = {
        .cgroups = r->settings->cgroups != NULL ? r->settings->cgroups : none,
        .ring = r->settings->ring,
        .every_duration = r->settings->every_duration,
        .netns = r->netns,
    };
    if (settings.cgroups[0] == NULL) {
        g_ptr_array_add(r->report, g_strdup("hooks: not watched (no --cgroup)"));
        return true;
    }
    for (size_t i = 0; i < SOURCES; i++) {
        g_autoptr(GError) refused = NULL;
        r->sources[i] = source_table[i]->attach(&settings, r->report, &refused);
        if (r->sources[i] != NULL)
            continue;
        if (source_table[i]->blind == NULL) {
            g_propagate_error(error, g_steal_pointer(&refused));
            return false;
        }
        g_ptr_array_add(r->report,
                        g_strdup_printf("cannot see: %s (%s: %s)", source_table[i]->blind,
                                        source_table[i]->name, refused->message));
    }
    r->hooks = true;
    return true;
}

static bool watch_fd(struct recording *r, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return fd < 0 || epoll_ctl(r->poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Signals, and the kernel's word that the clock was set, come through descriptors. */
static bool open_descriptors(struct recording *r, GError **error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    r->steps = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    r->poll = epoll_create1(EPOLL_CLOEXEC);
    struct itimerspec never = {.it_value.tv_sec = INT64_MAX / 4000000000};
    timerfd_settime(r->steps, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
    bool ok = r->signals >= 0 && r->steps >= 0 && r->poll >= 0 && watch_fd(r, r->signals) &&
              watch_fd(r, r->steps);
    return ok || fail_errno(error, "epoll", errno);
}

/* The file's beginning: section and interfaces. */
static bool begin_file(struct recording *r, GError **error)
{
    unsigned n = 0;
    GString *comment = g_string_new("optrail record");
    for (guint i = 0; i < r->report->len; i++)
        g_string_append_printf(comment, "\n%s", (char *)r->report->pdata[i]);
    r->interfaces = g_new0(struct pcapng_interface, r->taps->len + 1);
    if (r->hooks) {
        r->interfaces[n++] = (struct pcapng_interface){
            .linktype = LINKTYPE_WIRESHARK_UPPER_PDU,
            .name = HOOK_INTERFACE,
            .description = "sock_ops hook invocations",
        };
    }
    r->first_tap_interface = n;
    for (guint i = 0; i < r->taps->len; i++) {
        const struct tap *tap = r->taps->pdata[i];
        r->interfaces[n++] = (struct pcapng_interface){
            .linktype = tap_linktype(tap),
            .snaplen = r->settings->snaplen,
            .name = tap_name(tap),
            .description = r->settings->netns,
            .filter = r->settings->filter,
        };
    }
    int code = file_begin(r->file, comment->str, r->interfaces, n, r->hooks ? 0 : -1,
                          trace_clock_now_realtime(r->clock));
    g_string_free(comment, TRUE);
    return code >= 0 || fail_errno(error, r->settings->file.path, -code);
}

static bool say_ready(const struct recording *r, GError **error)
{
    GString *taps = g_string_new(NULL);
    for (guint i = 0; i < r->taps->len; i++)
        g_string_append_printf(taps, "%s%s", i > 0 ? ", " : "", tap_name(r->taps->pdata[i]));
    GString *blind = g_string_new(NULL);
    for (guint i = 0; i < r->report->len; i++) {
        const char *line = r->report->pdata[i];
        if (g_str_has_prefix(line, "cannot see: "))
            g_string_append_printf(blind, "; %s", line);
    }
    GString *sources = g_string_new(NULL);
    for (size_t i = 0; i < SOURCES; i++) {
        if (r->sources[i] != NULL)
            g_string_append_printf(sources, "%s%s", sources->len > 0 ? ", " : "",
                                   source_table[i]->name);
    }
    command_note("record", "hooks: %s; packets: %s%s; writing %s%s",
                 sources->len > 0 ? sources->str : "none", taps->len > 0 ? taps->str : "none",
                 r->settings->netns != NULL ? " (in the namespace)" : "", file_name(r->file),
                 blind->str);
    g_string_free(taps, TRUE);
    g_string_free(blind, TRUE);
    g_string_free(sources, TRUE);
    ready_notify("READY=1\nSTATUS=recording");
    if (r->settings->ready_file == NULL)
        return true;
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    return g_file_set_contents_full(r->settings->ready_file, pid, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/*
 * The rings hold what happens in some 60 ms at a million events a second: whom other processes keep
 * from running for longer loses events. What the recorder starts is not to inherit it.
 */
static void run_first(void)
{
    const struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0)
        command_note("record", "--real-time: %s; going on as an ordinary process",
                     g_strerror(errno));
}

/* What running needs: looking after the observers, nothing for packets. */
static void drop_capabilities(const struct recording *r)
{
    capng_clear(CAPNG_SELECT_CAPS);
    if (r->hooks)
        capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_BPF, -1);
    /* The files to come may have to be made in a folder of somebody else's. */
    if (r->settings->file.octets > 0 || r->settings->file.seconds > 0)
        capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE, -1);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        command_note("record", "capabilities could not be dropped; going on with all of them");
}

/* What can be refused before anything is touched. */
static bool check_words(const struct record_settings *settings, GError **error)
{
    if (settings->command != NULL) {
        g_autofree char *program = g_find_program_in_path(settings->command[0]);
        if (program == NULL) {
            g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "command %s: not found",
                        settings->command[0]);
            return false;
        }
    }
    if (settings->ready_file != NULL) {
        g_autofree char *folder = g_path_get_dirname(settings->ready_file);
        if (access(folder, W_OK | X_OK) != 0) {
            g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "--ready-file %s: %s",
                        settings->ready_file, g_strerror(errno));
            return false;
        }
        unlink(settings->ready_file); /* of another recording: nobody is to be misled */
    }
    return true;
}

bool recording_begin(struct recording *r, merge_sink sink, int (*wait)(void *user, int fd),
                     GError **error)
{
    const struct record_settings *settings = r->settings;
    r->taps = g_ptr_array_new_with_free_func(close_tap);
    r->report = g_ptr_array_new_with_free_func(g_free);
    if (!check_words(settings, error))
        return false;
    if (settings->netns != NULL && (r->netns = netns_open(settings->netns, error)) < 0)
        return false;
    r->clock = trace_clock_new(NULL, NULL);
    r->file = file_open(&settings->file, trace_clock_now_realtime(r->clock), error);
    if (r->file == NULL || !open_descriptors(r, error))
        return false;
    file_set_wait(r->file, wait, r);
    if (settings->command != NULL) {
        bool one = settings->cgroups != NULL && settings->cgroups[0] != NULL &&
                   settings->cgroups[1] == NULL;
        int code =
            child_start(&r->child, settings->command, one ? settings->cgroups[0] : NULL, r->netns);
        if (code != 0)
            return fail_errno(error, settings->command[0], -code);
    }
    if (!open_taps(r, error) || !attach_sources(r, error) || !begin_file(r, error))
        return false;
    r->merge = merge_new(sink, r);
    for (size_t i = 0; i < SOURCES; i++) {
        if (r->sources[i] != NULL && !watch_fd(r, source_table[i]->fd(r->sources[i])))
            return fail_errno(error, "epoll", errno);
    }
    r->next_sample_ns = trace_clock_now_monotonic(r->clock); /* the first round takes one */
    if (settings->real_time)
        run_first();
    if (!say_ready(r, error))
        return false;
    drop_capabilities(r);
    return settings->command == NULL || child_go(&r->child, settings->command[0], error);
}
