// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record.c - see record.h.
 *
 * One thread: every few milliseconds it fetches what hooks and packets have come, puts them into
 * the merge, and writes what nothing older can precede any more. Each round ends with the octets
 * handed to the kernel, so that a recorder which is killed leaves a whole file.
 */
#include "trace/record.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "trace/error.h"
#include "trace/ready.h"
#include "trace/recording.h"
#include "trace/tap.h"
#include "wire/command.h"
#include "wire/hook.h"

enum {
    TICK_MIN_MS = 2,       /* between two rounds while something happens ... */
    TICK_MAX_MS = 10,      /* ... and while nothing does */
    WINDOW_NS = 200000000, /* how long a record waits for older ones */
    LINGER_NS = 150000000, /* after the command: its last segments are still under way */
    SECOND_NS = 1000000000,
    PATIENCE_NS = 2000000000, /* with a reader that does not read, when it is time to stop */
    WAIT_MS = 100,
    CLOCK_TRIES = 20,
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

/* --- running ----------------------------------------------------------------------------------- */

static void count_losses(struct recording *r)
{
    r->summary->hooks_lost = r->summary->packets_lost = 0;
    for (size_t i = 0; i < SOURCES; i++) {
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

/*
 * The file is a pipe whose reader takes nothing. Waits with it, hearing signals; once the recording
 * is to stop, a reader that does not go on within PATIENCE_NS is left. 0: try again.
 */
static int wait_for_reader(void *user, int fd)
{
    struct recording *r = user;
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = r->signals, .events = POLLIN}};
    uint64_t now = trace_clock_now_monotonic(r->clock);
    if (r->stop && r->give_up_ns == 0)
        r->give_up_ns = now + PATIENCE_NS;
    if (r->stop && now >= r->give_up_ns)
        return -ETIMEDOUT;
    if (poll(fds, G_N_ELEMENTS(fds), WAIT_MS) < 0 && errno != EINTR)
        return -errno;
    if (fds[1].revents != 0)
        read_signals(r);
    if (fds[0].revents != 0)
        r->give_up_ns = 0;
    return 0;
}

/* Fetch what has come: how many records. */
static int fetch_hooks(struct recording *r)
{
    const struct source_sink sink = {r, on_hook, on_mptcp};
    int n = 0;
    for (size_t i = 0; i < SOURCES; i++) {
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
    for (size_t i = 0; i < SOURCES; i++) {
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
    for (size_t i = 0; i < SOURCES; i++) {
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

/* How long to wait for more after a round in which `n` records came. */
static int next_tick(const struct recording *r, int n, int before_ms)
{
    if (complete_ns(r) != UINT64_MAX) /* there is more already */
        return 0;
    return n > 0 ? TICK_MIN_MS : CLAMP(before_ms * 2, TICK_MIN_MS, TICK_MAX_MS);
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
        tick_ms = next_tick(r, n, tick_ms);
    }
    return code;
}

/* --- ending -------------------------------------------------------------------------------------- */

/* Fetches what is still under way and writes everything. */
static int finish(struct recording *r)
{
    for (size_t i = 0; i < SOURCES; i++) {
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
    for (size_t i = 0; i < SOURCES; i++) {
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
    };
    *summary = (struct record_summary){0};
    bool begun = recording_begin(&r, write_packet, wait_for_reader, error);
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
                    code == -ETIMEDOUT ? "its reader does not read" : g_strerror(-code));
        return false;
    }
    return true;
}
