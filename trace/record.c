// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record.c - see record.h.
 *
 * One thread: every few milliseconds it fetches what hooks and packets have come, puts them into
 * the merge, and writes what nothing older can precede any more. Each round ends with the octets
 * handed to the kernel, so that a recorder which is killed leaves a whole file.
 */
#include "trace/record.h"

#include <cap-ng.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "trace/child.h"
#include "trace/clock.h"
#include "trace/error.h"
#include "trace/file.h"
#include "trace/merge.h"
#include "trace/netns.h"
#include "trace/ready.h"
#include "trace/source.h"
#include "trace/tap.h"
#include "wire/command.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum {
    TICK_MIN_MS = 2,       /* between two rounds while something happens ... */
    TICK_MAX_MS = 10,      /* ... and while nothing does */
    WINDOW_NS = 200000000, /* how long a record waits for older ones */
    LINGER_NS = 150000000, /* after the command: its last segments are still under way */
    SECOND_NS = 1000000000,
    CLOCK_TRIES = 20,
    WHOLE_PACKET = 262144,
};

/*
 * Every kind of source there is. The order matters: what fentry sees is put into the slots that
 * the observers read.
 */
static const struct source_ops *const source_table[] = {&source_observer, &source_fentry,
                                                        &source_mptcp};

struct recording {
    const struct record_settings *settings;
    struct record_summary *summary;
    struct file *file;
    struct pcapng_interface *interfaces; /* of the file; the hooks' is the first */
    int netns;
    int signals, steps, poll;
    struct trace_clock *clock;
    uint64_t next_sample_ns; /* MONOTONIC */
    struct merge *merge;
    void *sources[G_N_ELEMENTS(source_table)];
    bool hooks;
    uint32_t hook_interface;
    uint64_t hooks_dropped;
    GPtrArray *taps; /* struct tap */
    uint32_t first_tap_interface;
    GPtrArray *report; /* char *: what is used, what cannot be seen */
    struct child child;
    bool terminal; /* somebody watches */
    bool stop;
    uint64_t linger_until_ns; /* MONOTONIC; 0: not set */
};

/* --- records into the merge ------------------------------------------------------------------ */

static int write_packet(void *user, const struct pcapng_packet *packet)
{
    const struct recording *r = user;
    return file_write(r->file, packet);
}

static void push_hook_octets(struct recording *r, uint64_t time_ns, const uint8_t *octets,
                             size_t length, uint64_t dropped)
{
    struct pcapng_packet packet = {
        .interface = r->hook_interface,
        .time_ns = time_ns,
        .captured = (uint32_t)length,
        .length = (uint32_t)length,
        .data = octets,
        .dropcount = dropped,
    };
    merge_push(r->merge, &packet);
}

/*
 * Counts one more. True when it is beyond what is wanted (-c) of the kind that `counts`; the
 * recording then ends.
 */
static bool is_enough(struct recording *r, uint64_t *n, bool counts)
{
    if (counts && r->settings->count > 0) {
        if (*n >= r->settings->count)
            return true;
        r->stop = r->stop || *n + 1 >= r->settings->count;
    }
    (*n)++;
    return false;
}

static void on_hook(void *user, struct hook_record *record, uint64_t dropped)
{
    struct recording *r = user;
    uint8_t octets[HOOK_ENCODED_MAX];
    record->time_ns = trace_clock_realtime(r->clock, record->monotonic_ns);
    if (is_enough(r, &r->summary->hooks, !r->settings->packets))
        return;
    r->hooks_dropped += dropped;
    push_hook_octets(r, record->time_ns, octets, hook_encode(record, octets), dropped);
}

static void on_mptcp(void *user, struct hook_mptcp *event)
{
    struct recording *r = user;
    uint8_t octets[HOOK_ENCODED_MAX];
    event->time_ns = trace_clock_realtime(r->clock, event->monotonic_ns);
    r->summary->mptcp++;
    push_hook_octets(r, event->time_ns, octets, hook_mptcp_encode(event, octets), 0);
}

struct tap_target {
    struct recording *r;
    uint32_t interface;
};

static void on_packet(void *user, const struct tap_packet *from)
{
    const struct tap_target *target = user;
    if (is_enough(target->r, &target->r->summary->packets, true))
        return;
    struct pcapng_packet packet = {
        .interface = target->interface,
        .time_ns = from->time_ns,
        .captured = from->captured,
        .length = from->length,
        .data = from->data,
        .dropcount = from->dropped,
    };
    merge_push(target->r->merge, &packet);
}

/* Takes a sample of the clock into the file; a step ends what the merge can put into order. */
static int sample_clock(struct recording *r, uint64_t dropped)
{
    uint8_t octets[HOOK_ENCODED_MAX];
    struct hook_clock sample;
    int code = 0;
    if (trace_clock_sample(r->clock, CLOCK_TRIES, &sample)) {
        command_note("record", "the clock was set by %+.6f s; recorded",
                     (double)sample.step_ns / 1e9);
        code = merge_restart(r->merge);
        file_stepped(r->file, sample.step_ns);
    }
    if (r->hooks)
        push_hook_octets(r, sample.realtime_ns, octets, hook_clock_encode(&sample, octets),
                         dropped);
    return code;
}

/* --- beginning --------------------------------------------------------------------------------- */

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
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
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
    int code = file_begin(r->file, comment->str, r->interfaces, n, r->hooks ? 0 : -1);
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
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
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

static bool begin(struct recording *r, GError **error)
{
    const struct record_settings *settings = r->settings;
    if (!check_words(settings, error))
        return false;
    if (settings->netns != NULL && (r->netns = netns_open(settings->netns, error)) < 0)
        return false;
    r->clock = trace_clock_new(NULL, NULL);
    r->file = file_open(&settings->file, trace_clock_now_realtime(r->clock), error);
    if (r->file == NULL || !open_descriptors(r, error))
        return false;
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
    r->merge = merge_new(write_packet, r);
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] != NULL && !watch_fd(r, source_table[i]->fd(r->sources[i])))
            return fail_errno(error, "epoll", errno);
    }
    r->next_sample_ns = trace_clock_now_monotonic(r->clock); /* the first round takes one */
    if (!say_ready(r, error))
        return false;
    drop_capabilities(r);
    return settings->command == NULL || child_go(&r->child, settings->command[0], error);
}

/* --- running ----------------------------------------------------------------------------------- */

static void count_losses(struct recording *r)
{
    r->summary->hooks_lost = r->summary->packets_lost = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] != NULL)
            r->summary->hooks_lost += source_table[i]->lost(r->sources[i]);
    }
    for (guint i = 0; i < r->taps->len; i++)
        r->summary->packets_lost += tap_dropped(r->taps->pdata[i]);
    r->summary->size = file_size(r->file);
}

/* The summary so far, for who asks with SIGUSR1. */
static void say_count(struct recording *r)
{
    count_losses(r);
    ready_count_clear();
    command_note("record",
                 "so far %" PRIu64 " packets (%" PRIu64 " lost), %" PRIu64
                 " hook invocations (%" PRIu64 " lost), %" PRIu64 " octets in %s",
                 r->summary->packets, r->summary->packets_lost, r->summary->hooks,
                 r->summary->hooks_lost, r->summary->size, file_name(r->file));
}

static void read_signals(struct recording *r)
{
    struct signalfd_siginfo info;
    while (read(r->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGUSR1)
            say_count(r);
        else if (info.ssi_signo != SIGCHLD)
            r->stop = true;
    }
}

/* Fetch what has come: how many records. */
static int fetch_hooks(struct recording *r)
{
    const struct source_sink sink = {r, on_hook, on_mptcp};
    int n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] != NULL)
            n += MAX(source_table[i]->poll(r->sources[i], &sink), 0);
    }
    return n;
}

static int fetch_packets(struct recording *r)
{
    int n = 0;
    for (guint i = 0; i < r->taps->len; i++) {
        struct tap *tap = r->taps->pdata[i];
        struct tap_target target = {r, r->first_tap_interface + i};
        bool failed = tap_failure(tap) != NULL;
        int got = tap_poll(tap, trace_clock_now_realtime(r->clock), on_packet, &target);
        if (got < 0 && !failed)
            command_note("record", "interface %s: %s; going on without it", tap_name(tap),
                         tap_failure(tap));
        n += MAX(got, 0);
    }
    return n;
}

/* What is done once a second. */
static int tend(struct recording *r)
{
    int code = sample_clock(r, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] == NULL)
            continue;
        g_autofree char *said = source_table[i]->tend(r->sources[i]);
        if (said != NULL) {
            ready_count_clear();
            command_note("record", "%s", said);
        }
    }
    if (r->terminal) {
        const struct record_summary *summary = r->summary;
        count_losses(r);
        const struct ready_count count = {summary->packets, summary->packets_lost, summary->hooks,
                                          summary->hooks_lost, summary->size};
        ready_count_show(&count);
    }
    return code;
}

/* The moment (REALTIME) up to which all sources have given everything. */
static uint64_t complete_ns(const struct recording *r)
{
    uint64_t complete = UINT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] == NULL || source_table[i]->complete_ns == NULL)
            continue;
        uint64_t monotonic = source_table[i]->complete_ns(r->sources[i]);
        if (monotonic != UINT64_MAX)
            complete = MIN(complete, trace_clock_realtime(r->clock, monotonic));
    }
    for (guint i = 0; i < r->taps->len; i++)
        complete = MIN(complete, tap_complete_ns(r->taps->pdata[i]));
    return complete;
}

/* One round. 0 or a negative errno; `*n` is how many records came. */
static int round_once(struct recording *r, int *n)
{
    uint64_t before = trace_clock_now_realtime(r->clock);
    uint64_t monotonic = trace_clock_now_monotonic(r->clock);
    int code = 0;
    if (monotonic >= r->next_sample_ns) {
        code = tend(r);
        r->next_sample_ns = monotonic + SECOND_NS;
    }
    *n = fetch_hooks(r) + fetch_packets(r);
    /* What a source had too much of to give at once is still to come. */
    uint64_t until = MIN(before, complete_ns(r)) - WINDOW_NS;
    if (code == 0)
        code = merge_until(r->merge, until);
    if (code == 0)
        code = file_tick(r->file, until);
    return code == 0 ? file_flush(r->file) : code;
}

static int run(struct recording *r)
{
    int tick_ms = TICK_MIN_MS, code = 0;
    while (code == 0) {
        struct epoll_event events[8];
        int n = epoll_wait(r->poll, events, G_N_ELEMENTS(events), tick_ms);
        for (int i = 0; i < n; i++) {
            uint64_t expired;
            if (events[i].data.fd == r->signals)
                read_signals(r);
            /* The read fails with ECANCELED: the clock was set. */
            else if (events[i].data.fd == r->steps &&
                     read(r->steps, &expired, sizeof(expired)) < 0 && errno == ECANCELED)
                r->next_sample_ns = 0;
        }
        uint64_t now = trace_clock_now_monotonic(r->clock);
        if (child_ended(&r->child, &r->summary->command_status))
            r->linger_until_ns = now + LINGER_NS;
        if (r->stop || file_is_full(r->file) ||
            (r->linger_until_ns != 0 && now >= r->linger_until_ns))
            break;
        code = round_once(r, &n);
        tick_ms = n > 0 ? TICK_MIN_MS : MIN(tick_ms * 2, TICK_MAX_MS);
    }
    return code;
}

/* --- ending -------------------------------------------------------------------------------------- */

/* Fetches what is still under way and writes everything. */
static int finish(struct recording *r)
{
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] != NULL)
            source_table[i]->stop(r->sources[i]);
    }
    /* The kernel hands packets over in blocks, after their time; the HZ of its timers comes on top. */
    uint64_t until = trace_clock_now_monotonic(r->clock) + 3 * tap_delay_ns();
    do {
        g_usleep(TICK_MIN_MS * 1000);
        fetch_packets(r);
    } while (r->taps->len > 0 && trace_clock_now_monotonic(r->clock) < until);
    while (fetch_hooks(r) > 0) /* they are stopped and come to an end */
        ;

    count_losses(r);
    /* Invocations that were lost after the last recorded one: the closing sample tells of them. */
    int code = sample_clock(r, r->summary->hooks_lost - r->hooks_dropped);
    if (code == 0)
        code = merge_until(r->merge, UINT64_MAX);
    for (guint i = 0; i < r->taps->len; i++) {
        const struct tap *tap = r->taps->pdata[i];
        unsigned interface = r->first_tap_interface + i;
        file_untold(r->file, interface, tap_dropped(tap) - file_told(r->file, interface),
                    tap_failure(tap));
    }
    r->summary->late = merge_late(r->merge);
    return code;
}

static void clean_up(struct recording *r)
{
    child_stop(&r->child, &r->summary->command_status);
    for (size_t i = 0; i < G_N_ELEMENTS(source_table); i++) {
        if (r->sources[i] != NULL)
            source_table[i]->detach(r->sources[i]);
    }
    g_ptr_array_unref(r->taps);
    g_ptr_array_unref(r->report);
    merge_free(r->merge);
    trace_clock_free(r->clock);
    if (r->signals >= 0)
        close(r->signals);
    if (r->steps >= 0)
        close(r->steps);
    if (r->poll >= 0)
        close(r->poll);
    if (r->netns >= 0)
        close(r->netns);
}

bool record_run(const struct record_settings *settings, struct record_summary *summary,
                GError **error)
{
    struct recording r = {
        .settings = settings,
        .summary = summary,
        .netns = -1,
        .signals = -1,
        .steps = -1,
        .poll = -1,
        .terminal = isatty(STDERR_FILENO) != 0,
        .taps = g_ptr_array_new_with_free_func(close_tap),
        .report = g_ptr_array_new_with_free_func(g_free),
    };
    *summary = (struct record_summary){0};
    bool begun = begin(&r, error);
    int code = 0;
    if (begun) {
        code = run(&r);
        int last = finish(&r);
        code = code != 0 ? code : last;
    }
    ready_notify("STOPPING=1");
    ready_count_clear();
    int closed = 0;
    if (r.file != NULL) {
        int flushed = file_flush(r.file);
        summary->size = file_size(r.file);
        closed = file_close(r.file);
        closed = flushed != 0 ? flushed : closed;
    }
    clean_up(&r);
    g_free(r.interfaces);
    if (!begun)
        return false;
    code = code != 0 ? code : closed;
    if (code == -EPIPE && settings->reader_ends)
        code = 0;
    if (code != 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_RUN,
                    "%s: %s; what was written before can be read", settings->file.path,
                    g_strerror(-code));
        return false;
    }
    return true;
}
