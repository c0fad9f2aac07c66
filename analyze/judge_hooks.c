/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_hooks.c - what hooks and the wire beside them say of each other: written, left, parsed,
 * acted upon.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/join_hooks.h"
#include "analyze/judge.h"
#include "analyze/match_hooks.h"
#include "analyze/trail.h"
#include "wire/bytes.h"

static void say(struct analysis *analysis, struct connection *connection, struct row *row,
                struct sighting *sighting)
{
    if (verdict_is_inconclusive(sighting->verdict))
        sighting->confidence = CONFIDENCE_INCONCLUSIVE;
    sighting->direction = row->direction;
    sighting->option = row->option;
    sighting->segment = row->segment;
    /* The other capture may show the option, and say the same: then it must not count twice. */
    sighting->beside = sighting->verdict == VERDICT_INCONCLUSIVE_SNAPLEN;
    if (sighting->beside)
        row->cut++;
    else
        trail_count(row, sighting->verdict, sighting->confidence);
    evidence_add(analysis, connection, sighting);
}

static void set_frame(struct sighting *sighting, unsigned vantage, uint64_t frame)
{
    *(vantage == VANTAGE_A ? &sighting->frame_a : &sighting->frame_b) = frame;
}

/* --- written ---------------------------------------------------------------------------------- */

/* As far as the filter goes that the capture beside the hook was made with. */
static bool would_be_caught(const struct input *input, const struct side *side,
                            const struct hook_event *write)
{
    static const uint8_t FLAGS[SEGMENT_CLASSES] = {
        [SEGMENT_SYN] = TCP_SYN, [SEGMENT_SYNACK] = TCP_SYN | TCP_ACK,
        [SEGMENT_ACK] = TCP_ACK, [SEGMENT_DATA] = TCP_ACK,
        [SEGMENT_RST] = TCP_RST, [SEGMENT_FIN] = TCP_FIN | TCP_ACK,
    };
    bool low = side->client_is_low == (write->direction == FROM_CLIENT);
    return input_would_catch(input, low ? &side->key.low : &side->key.high,
                             low ? &side->key.high : &side->key.low, FLAGS[write->class],
                             write->length);
}

/* Why a written option was not seen leaving. */
static enum verdict judge_not_seen(const struct analysis *analysis,
                                   const struct connection *connection,
                                   const struct hook_event *write, const char **why)
{
    const struct input *input = analysis->inputs[write->vantage];
    const struct side *side = connection->sides[write->vantage];
    if (input_headers_cut_between(input, write->time_ns - MIN(write->time_ns, HOOK_NEAR_NS),
                                  write->time_ns + HOOK_NEAR_NS)) {
        *why = "the capture beside it cut headers at that moment";
        return VERDICT_INCONCLUSIVE_SNAPLEN;
    }
    if (side == NULL || !side->has_packets) {
        *why = "the capture beside it holds no packet of this connection";
        return VERDICT_INCONCLUSIVE_NOT_COVERED;
    }
    if (write->time_ns + HOOK_NEAR_NS > input->last_ns) {
        *why = "the capture beside it ends there";
        return VERDICT_INCONCLUSIVE_NOT_COVERED;
    }
    if (input_lost_packets_between(input, write->time_ns - MIN(write->time_ns, HOOK_NEAR_NS),
                                   write->time_ns + HOOK_NEAR_NS)) {
        *why = "the capture beside it lost packets at that moment";
        return VERDICT_INCONCLUSIVE_CAPTURE_LOSS;
    }
    if (write->seen_elsewhere) {
        *why = "the other capture shows it, so the one beside the hook missed it";
        return VERDICT_INCONCLUSIVE_CAPTURE_LOSS;
    }
    if (match_hooks_arrived(connection, write)) {
        *why = "a hook at the other end saw it arrive, so the capture beside this one missed it";
        return VERDICT_INCONCLUSIVE_CAPTURE_LOSS;
    }
    if (write->length > 0 && side->has_ack[!write->direction] &&
        (int32_t)(side->highest_ack[!write->direction] - write->seq - write->length) >= 0 &&
        !write->again) {
        *why = "the receiver acknowledged it, so the capture beside it missed it";
        return VERDICT_INCONCLUSIVE_CAPTURE_LOSS;
    }
    if (!would_be_caught(input, side, write)) {
        *why = "the filter of the capture beside it may leave it out";
        return VERDICT_INCONCLUSIVE_NOT_COVERED;
    }
    *why = NULL;
    return VERDICT_HOOK_NOT_ON_WIRE;
}

/* How many of that name stand before it. */
static unsigned rank_of(const struct option_list *list, unsigned index)
{
    unsigned n = 0;
    for (unsigned i = 0; i < index; i++)
        n += list->at[i].identity == list->at[index].identity;
    return n;
}

static bool is_sent(const struct option_list *written, unsigned index,
                    const struct option_list *sent)
{
    const struct option_at *option = &written->at[index];
    const struct option_at *there =
        option_list_find(sent, option->identity, rank_of(written, index));
    return there && there->length == option->length &&
           memcmp(sent->octets + there->offset, written->octets + option->offset,
                  MIN(there->available, option->available)) == 0;
}

/* Of all those of that name that were written: they are one segment, and count once. */
static enum verdict judge_seen(const struct option_list *written, uint32_t by_programs,
                               unsigned index, const struct option_list *sent, const char **why)
{
    bool all = true;
    for (unsigned i = index; i < written->n; i++)
        if (by_programs >> i & 1 && written->at[i].identity == written->at[index].identity)
            all &= is_sent(written, i, sent);
    if (all)
        return VERDICT_HOOK_WRITTEN;
    if (sent->captured < sent->declared) {
        *why = "the capture beside it cut the header";
        return VERDICT_INCONCLUSIVE_SNAPLEN;
    }
    *why = "the segment left the host without it";
    return VERDICT_HOOK_NOT_ON_WIRE;
}

/* One of that name was written before it, and was judged with it. */
static bool was_judged(const struct option_list *written, uint32_t by_programs, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (by_programs >> i & 1 && written->at[i].identity == written->at[index].identity)
            return true;
    return false;
}

void judge_written(struct analysis *analysis, struct connection *connection,
                   const struct hook_event *write, const struct segment *segment)
{
    struct option_list written, sent;
    option_list_read(analysis->identities, write->options, write->options_length,
                     write->options_length, &written);
    if (segment)
        option_list_read(analysis->identities, segment->options, segment->options_captured,
                         segment->options_length, &sent);
    for (unsigned i = 0; i < written.n; i++) {
        struct sighting sighting = {.confidence = CONFIDENCE_CERTAIN,
                                    .event = write->frame,
                                    .event_vantage = write->vantage,
                                    .absent_at = VANTAGES};
        if (!(write->written >> i & 1) || was_judged(&written, write->written, i))
            continue;
        /* The other capture shows it there: what it says of the segment counts. */
        if (segment == NULL && write->told >> i & 1)
            continue;
        sighting.verdict = segment
                               ? judge_seen(&written, write->written, i, &sent, &sighting.detail)
                               : judge_not_seen(analysis, connection, write, &sighting.detail);
        if (segment)
            set_frame(&sighting, segment->vantage, segment->frame);
        else if (sighting.verdict == VERDICT_HOOK_NOT_ON_WIRE) {
            sighting.absent_at = write->vantage;
            if (!input_counts_losses(analysis->inputs[write->vantage]))
                sighting.confidence = CONFIDENCE_LIKELY;
        }
        say(analysis, connection,
            trail_row(analysis, connection, written.at[i].identity, write->direction, write->class),
            &sighting);
    }
}

/* --- parsed ----------------------------------------------------------------------------------- */

static enum verdict judge_unparsed(const struct analysis *analysis, const struct segment *segment,
                                   const char **why)
{
    const struct input *input = analysis->inputs[segment->vantage];
    const struct hook_end *receiver =
        &segment->connection->hooks->ends[segment->vantage][!segment->direction];
    /* No hook runs for a SYN at a listener, a RST, or at a socket that has done its work. */
    if (segment->class == SEGMENT_SYN || segment->class == SEGMENT_RST ||
        segment->receiver_closed || segment->time_ns < receiver->first_ns)
        return VERDICT_NONE;
    /* What came before may be thrown away before any hook: by when it is processed, not by when it
     * came, for a busy socket lets segments wait. If it was not, it fills a hole: then a hook ran
     * for it, or its first copy was lost and nobody can tell. */
    if (segment->again && segment->length > 0)
        return VERDICT_NONE;
    if (input_lost_events_between(input, segment->time_ns - MIN(segment->time_ns, HOOK_NEAR_NS),
                                  segment->time_ns + HOOK_NEAR_NS)) {
        *why = "the recorder lost hook events at that moment";
        return VERDICT_INCONCLUSIVE_EVENTS_LOST;
    }
    if (segment->time_ns + HOOK_NEAR_NS > input->last_ns) {
        *why = "the recording ends there";
        return VERDICT_INCONCLUSIVE_NOT_COVERED;
    }
    return VERDICT_HOOK_NOT_PARSED;
}

void judge_not_parsed(struct analysis *analysis, const struct segment *segment)
{
    struct connection *connection = segment->connection;
    struct option_list options;
    struct sighting sighting = {.confidence = CONFIDENCE_CERTAIN, .absent_at = VANTAGES};
    sighting.verdict = judge_unparsed(analysis, segment, &sighting.detail);
    if (sighting.verdict == VERDICT_NONE)
        return;
    sighting.absent_events = sighting.verdict == VERDICT_HOOK_NOT_PARSED;
    sighting.events_at = segment->vantage;
    sighting.from_ns = segment->time_ns - MIN(segment->time_ns, HOOK_NEAR_NS);
    sighting.to_ns = segment->time_ns + HOOK_NEAR_NS;
    set_frame(&sighting, segment->vantage, segment->frame);
    option_list_read(analysis->identities, segment->options, segment->options_captured,
                     segment->options_length, &options);
    for (unsigned i = 0; i < options.n; i++) {
        /* Hooks are for options that the kernel does not know: only ours are expected in them. */
        if (options.at[i].identity->desc == NULL ||
            option_list_find(&options, options.at[i].identity, 0) != &options.at[i])
            continue;
        say(analysis, connection,
            trail_row(analysis, connection, options.at[i].identity, segment->direction,
                      segment->class),
            &sighting);
    }
}

/* --- acted upon ------------------------------------------------------------------------------- */

static const struct {
    int level, name;
    const char *text;
} SOCKET_OPTIONS[] = {
    {IPPROTO_TCP, TCP_CONGESTION, "TCP_CONGESTION"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
    {IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG"},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, "TCP_WINDOW_CLAMP"},
    {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"},
    {IPPROTO_TCP, 1001, "TCP_BPF_IW"}, /* linux/bpf.h, enum from 1001 on */
    {IPPROTO_TCP, 1002, "TCP_BPF_SNDCWND_CLAMP"},
    {IPPROTO_TCP, 1003, "TCP_BPF_DELACK_MAX"},
    {IPPROTO_TCP, 1004, "TCP_BPF_RTO_MIN"},
    {SOL_SOCKET, SO_MAX_PACING_RATE, "SO_MAX_PACING_RATE"},
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
};

static char *socket_option_text(const struct hook_action *action)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(SOCKET_OPTIONS); i++)
        if (SOCKET_OPTIONS[i].level == action->level && SOCKET_OPTIONS[i].name == action->name)
            return g_strdup(SOCKET_OPTIONS[i].text);
    return g_strdup_printf("level %d, option %d", action->level, action->name);
}

/* Four or eight octets are a number, but for what is known to be a name. */
static bool is_text(const struct hook_action *action)
{
    if (action->kind == HOOK_ACTION_CALL)
        return action->name == HOOK_CALL_SET_SCHEDULER;
    return (action->value_length != 4 && action->value_length != 8) ||
           (action->level == IPPROTO_TCP && action->name == TCP_CONGESTION);
}

/* What was set, as text or number. */
static char *value_text(const struct hook_action *action)
{
    unsigned length = MIN(action->value_length, HOOK_VALUE);
    if (is_text(action)) {
        g_autofree char *raw = g_strndup((const char *)action->value, length);
        g_autofree char *escaped = g_strescape(raw, NULL);
        return g_strdup_printf("\"%s\"", escaped);
    }
    struct bytes number = bytes_of(action->value, length);
    return length < 8 ? g_strdup_printf("%d", (int)(int32_t)bytes_le32(&number))
                      : g_strdup_printf("%" G_GINT64_FORMAT, (gint64)bytes_le64(&number));
}

/* `setsockopt(TCP_CONGESTION, "bbr")`, `bpf_mptcp_set_scheduler("redundant")` */
static char *action_text(const struct hook_action *action)
{
    g_autofree char *value = value_text(action);
    if (action->kind == HOOK_ACTION_CALL) {
        const char *name = hook_call_name((unsigned)action->name);
        return *name == '?' ? g_strdup_printf("call %d(%s)", action->name, value)
                            : g_strdup_printf("%s(%s)", name, value);
    }
    g_autofree char *option = socket_option_text(action);
    return g_strdup_printf("setsockopt(%s, %s)", option, value);
}

static const struct identity *identity_of(struct analysis *analysis,
                                          const struct hook_action *action)
{
    uint8_t length = action->head[1];
    return identify(analysis->identities, action->head,
                    length >= 2 && length < HOOK_HEAD ? length : HOOK_HEAD);
}

void judge_refused(struct analysis *analysis, struct connection *connection, enum vantage vantage,
                   unsigned direction, unsigned class, const struct hook_action *action,
                   uint64_t frame)
{
    g_autofree char *detail = g_strdup_printf(
        "%s: %s", strerrorname_np(-action->result) ?: "unknown errno", g_strerror(-action->result));
    struct sighting sighting = {
        .verdict = action->result == -ENOSPC ? VERDICT_HOOK_NO_SPACE : VERDICT_HOOK_REFUSED,
        .confidence = CONFIDENCE_CERTAIN,
        .event = frame,
        .event_vantage = vantage,
        .detail = detail,
        .absent_at = VANTAGES,
    };
    say(analysis, connection,
        trail_row(analysis, connection, identity_of(analysis, action), direction, class),
        &sighting);
}

void judge_not_written(struct analysis *analysis, struct connection *connection,
                       enum vantage vantage, unsigned direction, unsigned class,
                       const struct identity *option, uint64_t reserved_ns, uint64_t frame)
{
    const struct input *input = analysis->inputs[vantage];
    uint64_t now_ns = input->time_ns;
    /* Invocations that were lost in between may have used the room. */
    bool lost = input_lost_events_between(input, reserved_ns, now_ns);
    if (lost && option == NULL)
        return;
    struct sighting sighting = {
        .verdict = lost ? VERDICT_INCONCLUSIVE_EVENTS_LOST : VERDICT_HOOK_RESERVED_NOT_WRITTEN,
        .confidence = option ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
        .direction = direction,
        .option = option,
        .segment = (int)class,
        .event = frame,
        .event_vantage = vantage,
        .detail = lost     ? "what was to be written in room that was reserved for it"
                  : option ? NULL
                           : "no program says what for",
        .absent_at = VANTAGES,
        .absent_events = !lost,
        .events_at = vantage,
        .from_ns = reserved_ns,
        .to_ns = now_ns,
    };
    if (option)
        say(analysis, connection, trail_row(analysis, connection, option, direction, class),
            &sighting);
    else
        evidence_add(analysis, connection, &sighting);
}

void judge_action(struct analysis *analysis, struct connection *connection, enum vantage vantage,
                  unsigned direction, unsigned class, const struct hook_action *action,
                  uint64_t frame)
{
    struct row *row =
        trail_row(analysis, connection, identity_of(analysis, action), direction, class);
    bool good = action->result >= 0;
    g_autofree char *call = action_text(action);
    g_autofree char *detail =
        good ? g_strdup_printf("%s by program %.*s", call, HOOK_PROGRAM_NAME, action->program)
             : g_strdup_printf("%s failed with %s (%s)", call, g_strerror(-action->result),
                               strerrorname_np(-action->result) ?: "unknown errno");
    struct sighting sighting = {
        .verdict = good ? VERDICT_HOOK_APPLIED : VERDICT_HOOK_ACTION_FAILED,
        .confidence = CONFIDENCE_CERTAIN,
        .event = frame,
        .event_vantage = vantage,
        .detail = detail,
        .absent_at = VANTAGES,
    };
    row->applied += good;
    say(analysis, connection, row, &sighting);
}
