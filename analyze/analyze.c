/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * analyze.c - the pipeline: read, flows, join, judge, report, in one pass over the input.
 *
 * Two captures are read side by side. Until the first joined pair has told how their clocks stand
 * to each other they are read in turns; then whichever lags behind is read on. A wrong clock costs
 * memory, never a verdict.
 */
#include "analyze/analyze.h"

#include <string.h>

#include "analyze/clock.h"
#include "analyze/conclude.h"
#include "analyze/evidence.h"
#include "analyze/filter.h"
#include "analyze/fingerprint.h"
#include "analyze/flows.h"
#include "analyze/input.h"
#include "analyze/join_hooks.h"
#include "analyze/join_packets.h"
#include "analyze/judge.h"
#include "analyze/memory.h"
#include "analyze/mptcp.h"
#include "analyze/mptcp_events.h"
#include "analyze/pair.h"
#include "analyze/pair_index.h"
#include "analyze/retire.h"
#include "analyze/trail.h"
#include "analyze/translate.h"
#include "wire/bytes.h"

enum {
    HOOKS_WAITING_MAX = 32,
    HOOKS_SIDES = 3, /* times as many ends of connections as connections: some wait for a packet */
    PROGRESS_EVERY = 1 << 16,
    EVICT_EVERY = 1 << 10,
    EVICT_AT_ONCE = 512,
    EVICT_EARLY = 64,     /* that wait for stragglers: those behind them have waited less */
    CLOSED_MANY = 1 << 15 /* connections that wait for stragglers, if nothing else waits there */
};

/* After both ends have closed, stragglers are waited for that long (twice the usual MSL). */
static const uint64_t QUIET_NS = 120ull * 1000 * 1000 * 1000;

struct waiting_hook { /* seen before any packet of its connection */
    struct waiting_hook *next;
    struct hook_record record;
    uint64_t frame, time_ns;
};

/* --- segments --------------------------------------------------------------------------------- */

static void replay_hooks(struct analysis *analysis, struct side *side);

/* A side that is new: its counterpart's connection, or one of its own, and the hooks that waited. */
static void connect(struct analysis *analysis, struct side *side, const struct packet *first)
{
    if (!pair_side(analysis, side, first)) {
        retire_make_room(analysis);
        pair_alone(analysis, side);
    }
    replay_hooks(analysis, side);
}

/* Who received segments of that direction has closed, as far as this vantage point saw. */
static bool receiver_closed(const struct side *side, unsigned direction)
{
    return side->rst || side->fin[!direction];
}

static void segment_make(struct segment *s, const struct side *side, const struct input *input,
                         unsigned direction)
{
    const struct packet *packet = &input->packet;
    s->bucket_next = s->earlier = s->later = NULL;
    s->connection = side->connection;
    s->cover = NULL;
    s->time_ns = input->time_ns;
    s->frame = input->frame;
    s->hash = 0;
    s->seq_wire = packet->seq;
    s->ack_wire = packet->ack;
    s->length = packet->payload_length;
    s->window = packet->window;
    s->ip_id = packet->ip_id;
    s->flags = packet->flags;
    s->ttl = packet->ttl;
    s->vantage = side->vantage;
    s->direction = (uint8_t)direction;
    s->class = (uint8_t)segment_classify(packet->flags, packet->payload_length);
    s->payload_known = s->length > 0 && packet->payload_captured >= s->length;
    s->payload = s->payload_known ? fingerprint(packet->payload, s->length) : 0;
    s->twin = TWIN_NONE;
    s->pending = s->again = false;
    s->receiver_closed = receiver_closed(side, direction);
    s->options_length = packet->options_length;
    s->options_captured = packet->options_captured;
    memcpy(s->options, packet->options_captured ? packet->options : (const uint8_t *)"",
           packet->options_captured);
    struct options_glance glance =
        options_glance((struct tcp_options){s->options, s->options_captured, s->options_length});
    s->tsval = glance.tsval;
    s->tsecr = glance.tsecr;
    s->has_timestamps = glance.has_timestamps;
    s->has_mptcp = glance.has_mptcp;
    s->everyday = glance.everyday;
}

/* A retransmission, as this vantage point sees it: nothing in it is new. */
static void note_again(struct segment *s)
{
    uint64_t end = s->seq + s->length + (s->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    uint64_t *sent = &s->connection->sent_up_to[s->vantage][s->direction];
    if (s->class == SEGMENT_RST || end == s->seq)
        return;
    s->again = end <= *sent;
    *sent = MAX(*sent, end);
}

/* The largest payload that each end allows the other, from its SYN. */
static void note_mss(struct connection *connection, const struct segment *s)
{
    struct tcp_options list = {s->options, s->options_captured, s->options_length};
    struct tcp_option option;
    uint32_t *mss = &connection->mss[!s->direction];
    while (tcp_options_next(&list, &option)) {
        if (option.kind != TCP_KIND_MSS || option.length != 4 || option.available < 4)
            continue;
        struct bytes value = bytes_of(option.octets + 2, 2);
        uint32_t announced = bytes_be16(&value);
        *mss = *mss == 0 ? announced : MIN(*mss, announced);
    }
}

/* What may come back mirrored. */
static void note_options(struct analysis *analysis, const struct segment *s,
                         const struct option_list *options)
{
    bool syn = s->flags & TCP_SYN;
    for (unsigned i = 0; i < options->n; i++) {
        const struct option_at *at = &options->at[i];
        const uint8_t *octets = options->octets + at->offset;
        /* No two timestamps are alike but a handshake's, as a box may mirror them. */
        if (at->length > 2 && at->available >= at->length &&
            (syn || octets[0] != TCP_KIND_TIMESTAMPS))
            memory_option(analysis->memory, s, octets, at->length);
    }
}

static void on_segment(struct analysis *analysis, struct input *input)
{
    struct segment s;
    struct option_list options;
    bool from_low, made;
    struct side *side = flows_of_segment(analysis, input->vantage, &input->packet, input->time_ns,
                                         &from_low, &made);
    if (made)
        connect(analysis, side, &input->packet);
    unsigned direction = from_low == side->client_is_low ? FROM_CLIENT : FROM_SERVER;
    segment_make(&s, side, input, direction);
    /* With one capture, twins matter where SYNs are counted: only those are remembered. */
    bool may_be_twin = analysis->n_vantages > 1 || s.flags & TCP_SYN;
    uint64_t identity = may_be_twin ? memory_recall(analysis->memory, &s) : 0;
    flows_note_segment(side, &input->packet, direction, input->time_ns, input->frame);
    if (may_be_twin)
        s.twin = (uint8_t)memory_segment(analysis->memory, identity, &s, input->interface,
                                         input->cooked);
    if (s.length > 0 && analysis->n_vantages > 1)
        pair_by_payload(analysis, side, &s, &input->packet);
    struct connection *connection = side->connection;
    if (s.flags & TCP_SYN) {
        note_mss(connection, &s);
        judge_note_syn(analysis, &s);
        if (!connection->terminated && translate_learn(connection))
            join_retranslate(analysis, connection);
    }
    translate_segment(connection, &s);
    note_again(&s);
    if (s.has_mptcp || connection->mptcp)
        mptcp_note(analysis, &s);
    bool tells = judge_tells(analysis, &s);
    if (tells)
        option_list_read(analysis->identities, s.options, s.options_captured, s.options_length,
                         &options);
    if (!s.everyday) {
        note_options(analysis, &s, &options);
        join_hooks_segment(analysis, &s);
    }
    if (analysis->n_vantages > 1)
        join_segment(analysis, &s);
    else if (tells)
        judge_alone(analysis, &s, &options);
    if (!connection->closing && side_closed(side))
        retire_later(analysis, connection);
}

/* --- hooks ------------------------------------------------------------------------------------ */

static void take_hook(struct analysis *analysis, struct side *side,
                      const struct hook_record *record, uint64_t frame, uint64_t time_ns)
{
    struct flow_key key;
    bool local_low = flow_key_make(&key, &record->local, &record->remote);
    unsigned end = local_low == side->client_is_low ? FROM_CLIENT : FROM_SERVER;
    join_hooks_record(analysis, side->connection, side->vantage, end, record, frame, time_ns);
}

/* The one that has waited longest, which the caller then owns; NULL: none waits. */
static struct waiting_hook *next_waiting(struct side *side)
{
    struct waiting_hook *hook = side->hooks_waiting;
    if (hook == NULL)
        return NULL;
    side->hooks_waiting = hook->next;
    if (side->hooks_waiting == NULL)
        side->hooks_waiting_last = NULL;
    side->n_hooks_waiting--;
    return hook;
}

static void replay_hooks(struct analysis *analysis, struct side *side)
{
    struct waiting_hook *hook;
    while ((hook = next_waiting(side)) != NULL) {
        take_hook(analysis, side, &hook->record, hook->frame, hook->time_ns);
        g_free(hook);
    }
}

static void on_hook(struct analysis *analysis, struct input *input)
{
    bool local_low, made;
    mptcp_events_note_hook(analysis->report, input);
    if (input->hook.local.family == 0 || input->hook.remote.port == 0)
        return; /* a listener: of no connection yet */
    struct side *side =
        flows_of_hook(analysis, input->vantage, &input->hook, input->time_ns, &local_low, &made);
    if (side->connection) {
        take_hook(analysis, side, &input->hook, input->frame, input->time_ns);
        return;
    }
    if (analysis->sides.in_use > HOOKS_SIDES * analysis->connections_max) {
        if (side->hooks_waiting == NULL)
            flows_drop_waiting(analysis, side);
        return;
    }
    /* Its first packet will tell which connection at the other vantage point this is. */
    struct waiting_hook *hook = g_new(struct waiting_hook, 1);
    *hook = (struct waiting_hook){NULL, input->hook, input->frame, input->time_ns};
    *(side->hooks_waiting_last ? &side->hooks_waiting_last->next : &side->hooks_waiting) = hook;
    side->hooks_waiting_last = hook;
    if (++side->n_hooks_waiting < HOOKS_WAITING_MAX)
        return;
    if (analysis->settings->filter == NULL)
        connect(analysis, side, NULL);
    else /* it may be one that nobody asked for: the newest will do for its first packet */
        g_free(next_waiting(side));
}

/* Hooks of a connection that the capture shows no packet of. */
static void take_hooks_without_packets(struct side *side, void *context)
{
    connect(context, side, NULL);
}

static void forget_hooks(struct side *side, void *context)
{
    (void)context;
    while (side->hooks_waiting)
        g_free(next_waiting(side));
}

/* --- the end of connections ------------------------------------------------------------------- */

/* Both ends have closed at each vantage point, and every segment has found its counterpart. */
static bool is_all_told(const struct analysis *analysis, const struct connection *connection)
{
    for (unsigned v = 0; v < analysis->n_vantages; v++)
        if (connection->sides[v] == NULL || !side_closed(connection->sides[v]))
            return false;
    return connection->joining == NULL || connection->joining->waiting == 0;
}

static bool is_quiet(const struct analysis *analysis, const struct connection *connection)
{
    if (analysis->n_closed > CLOSED_MANY && is_all_told(analysis, connection))
        return true;
    for (unsigned v = 0; v < analysis->n_vantages; v++) {
        const struct side *side = connection->sides[v];
        const struct input *input = analysis->inputs[v];
        uint64_t last_ns;
        if (input->kind == INPUT_END)
            continue;
        if (side) {
            last_ns = side->last_ns;
        } else { /* seen at the other vantage point only: it may still come */
            if (!analysis->clock->known || connection->sides[!v] == NULL)
                return false;
            uint64_t here_ns = connection->sides[!v]->last_ns;
            last_ns = v == VANTAGE_B ? here_ns + (uint64_t)analysis->clock->pace_ns
                                     : here_ns - (uint64_t)analysis->clock->pace_ns;
        }
        if (input->time_ns < last_ns + QUIET_NS)
            return false;
    }
    return true;
}

/* Of one side only: the last occasion to find the other. */
static bool pair_now_or_never(struct analysis *analysis, const struct connection *connection)
{
    for (unsigned v = 0; v < VANTAGES; v++)
        if (connection->sides[v] && connection->sides[!v] == NULL)
            return pair_late_same(analysis, connection->sides[v]);
    return false;
}

/* Looks at some of the closed connections, the longest closed first. */
static void evict(struct analysis *analysis)
{
    unsigned early = 0;
    for (unsigned i = 0; i < EVICT_AT_ONCE && analysis->closed; i++) {
        struct connection *connection = retire_next(analysis);
        if (connection->merged) {
            retire_merged(analysis, connection);
            continue;
        }
        if (!is_quiet(analysis, connection)) {
            retire_later(analysis, connection);
            if (++early == EVICT_EARLY)
                return;
            continue;
        }
        if (analysis->n_vantages > 1 && pair_now_or_never(analysis, connection))
            continue; /* it went to another connection, which will be looked at in its turn */
        retire(analysis, connection);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Which input to read on: the one that lags behind, in turns until the clocks are known. */
static struct input *next_input(const struct analysis *analysis, uint64_t turn)
{
    struct input *a = analysis->inputs[VANTAGE_A], *b = analysis->inputs[VANTAGE_B];
    if (b == NULL || b->kind == INPUT_END)
        return a;
    if (a->kind == INPUT_END)
        return b;
    if (!analysis->clock->known)
        return turn % 2 ? b : a;
    return (int64_t)(b->time_ns - a->time_ns) < analysis->clock->pace_ns ? b : a;
}

static void show_progress(const struct analysis *analysis)
{
    uint64_t done = 0, total = 0;
    bool known = true;
    if (analysis->settings->progress == NULL)
        return;
    for (unsigned v = 0; v < analysis->n_vantages; v++) {
        uint64_t size;
        done += input_position(analysis->inputs[v], &size);
        known &= size > 0;
        total += size;
    }
    analysis->settings->progress(done, known ? total : 0, analysis->settings->progress_context);
}

static void read_all(struct analysis *analysis)
{
    for (unsigned v = 0; v < analysis->n_vantages; v++)
        input_next(analysis->inputs[v]);
    for (uint64_t turn = 0;; turn++) {
        struct input *input = next_input(analysis, turn);
        if (input->kind == INPUT_END)
            return;
        if (input->kind == INPUT_SEGMENT)
            on_segment(analysis, input);
        else if (input->kind == INPUT_HOOK)
            on_hook(analysis, input);
        else
            mptcp_events_note(analysis->report, input);
        input_next(input);
        if (turn % EVICT_EVERY == 0)
            evict(analysis);
        if (turn % PROGRESS_EVERY == 0)
            show_progress(analysis);
    }
}

static void slabs_init(struct analysis *analysis)
{
    slab_init(&analysis->joinings, sizeof(struct joining));
    slab_init(&analysis->lanes, VANTAGES * DIRECTIONS * sizeof(struct lane));
    slab_init(&analysis->passages, DIRECTIONS * sizeof(struct passage));
    slab_init(&analysis->connections, sizeof(struct connection));
    slab_init(&analysis->sides, sizeof(struct side));
    slab_init(&analysis->segments, sizeof(struct segment));
    slab_init(&analysis->covers, sizeof(struct cover));
    slab_init(&analysis->rows, sizeof(struct row));
    slab_init(&analysis->evidence, sizeof(struct evidence));
    slab_init(&analysis->hook_events, sizeof(struct hook_event));
    slab_init(&analysis->hook_states, sizeof(struct hook_state));
}

static void slabs_clear(struct analysis *analysis)
{
    struct slab *const slabs[] = {
        &analysis->joinings, &analysis->lanes,       &analysis->passages,    &analysis->connections,
        &analysis->sides,    &analysis->segments,    &analysis->covers,      &analysis->rows,
        &analysis->evidence, &analysis->hook_events, &analysis->hook_states,
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(slabs); i++)
        slab_clear(slabs[i]);
}

int analyze_run(const struct analyze_settings *settings, struct report *report, GError **error)
{
    struct clock_pairs clock = {0};
    struct analysis analysis = {.settings = settings, .report = report, .clock = &clock};
    const char *const files[VANTAGES] = {settings->file_a, settings->file_b};
    const char *const *const more[VANTAGES] = {settings->more_a, settings->more_b};
    struct filter *filter = NULL;
    int result = -1;

    analysis.n_vantages = settings->file_b ? 2 : 1;
    slabs_init(&analysis);
    analysis.identities = identities_new(settings->options);
    analysis.rows_more = g_hash_table_new(trail_row_hash, trail_row_equal);
    analysis.evidence_more = g_hash_table_new(evidence_hash, evidence_equal);
    analysis.pairing = pairing_new();
    analysis.memory = memory_new();
    analysis.mptcp_tokens = mptcp_tokens_new();
    analysis.waiting_max = settings->waiting_max ? settings->waiting_max : WAITING_MAX;
    analysis.connections_max =
        settings->connections_max ? settings->connections_max : CONNECTIONS_MAX;
    analysis.join = join_new();
    if (settings->filter && (filter = filter_new(settings->filter, error)) == NULL)
        goto cleanup;
    for (unsigned v = 0; v < MIN(analysis.n_vantages, (unsigned)VANTAGES); v++) {
        analysis.tables[v] = flow_table_new();
        analysis.inputs[v] = input_open(files[v], more[v], filter, v, error);
        if (analysis.inputs[v] == NULL)
            goto cleanup;
    }
    read_all(&analysis);
    analysis.connections_max = SIZE_MAX; /* nothing more comes, and a table is walked */
    /* With a filter, hooks without packets are of connections that nobody asked for. */
    for (unsigned v = 0; v < analysis.n_vantages; v++)
        flow_table_visit_waiting(analysis.tables[v],
                                 filter ? forget_hooks : take_hooks_without_packets, &analysis);
    conclude(&analysis);
    result = 0;
cleanup:
    for (unsigned v = 0; v < VANTAGES; v++) {
        input_free(analysis.inputs[v]);
        flow_table_free(analysis.tables[v]);
    }
    filter_free(filter);
    join_free(analysis.join);
    pairing_free(analysis.pairing);
    memory_free(analysis.memory);
    mptcp_tokens_free(analysis.mptcp_tokens);
    judge_syns_free(&analysis);
    g_hash_table_destroy(analysis.rows_more);
    g_hash_table_destroy(analysis.evidence_more);
    identities_free(analysis.identities);
    slabs_clear(&analysis);
    return result;
}
