/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.c - carries segments through the stages, finds their connections, holds some back.
 */
#include "lab/forwarder/chain.h"

#include <gio/gio.h>
#include <string.h>

static guint key_hash(gconstpointer key)
{
    return (guint)flow_key_hash(key);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return flow_key_equal(a, b);
}

void chain_init(struct chain *chain)
{
    memset(chain, 0, sizeof(*chain));
    chain->links[0].fd = chain->links[1].fd = -1;
    chain->connections = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    g_queue_init(&chain->by_age);
    g_queue_init(&chain->held);
}

static void held_free(gpointer data)
{
    struct held *held = data;

    frame_free(held->frame);
    g_free(held);
}

void chain_free(struct chain *chain)
{
    g_queue_clear_full(&chain->held, held_free);
    g_hash_table_destroy(chain->connections);
}

/* --- stages ---------------------------------------------------------------------------------------- */

static const struct behaviour *find_behaviour(const char *name)
{
    for (const struct behaviour *b = behaviours; b->name != NULL; b++)
        if (strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

bool chain_parse(struct chain *chain, char **words, GError **error)
{
    struct stage *stage = NULL;

    for (char **word = words; *word != NULL; word++) {
        if (stage != NULL && strchr(*word, '=') != NULL) {
            g_autofree char *keys = g_strconcat("affect port ", stage->behaviour->keys, NULL);
            if (!settings_set(&stage->settings, keys, *word, error)) {
                g_prefix_error(error, "%s: ", stage->behaviour->name);
                return false;
            }
            continue;
        }
        const struct behaviour *behaviour = find_behaviour(*word);
        if (behaviour == NULL || chain->n_stages == CHAIN_STAGES_MAX) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                        behaviour ? "%s: more than %d behaviours" : "%s: no such behaviour", *word,
                        CHAIN_STAGES_MAX);
            return false;
        }
        stage = &chain->stages[chain->n_stages];
        *stage = (struct stage){.behaviour = behaviour, .index = chain->n_stages++};
        settings_init(&stage->settings);
    }
    return true;
}

/* --- connections ----------------------------------------------------------------------------------- */

static void release_at(struct chain *chain, struct connection *connection, unsigned stage,
                       enum direction direction)
{
    struct held *held = connection->memory[stage].held[direction];

    if (held != NULL)
        chain_release(chain, held);
}

static void forget(struct chain *chain, struct connection *connection)
{
    /* Along the way: what one stage lets go the next may hold. */
    for (unsigned i = 0; i < chain->n_stages; i++)
        release_at(chain, connection, i, FORWARD);
    for (unsigned i = chain->n_stages; i-- > 0;)
        release_at(chain, connection, i, REVERSE);
    g_queue_unlink(&chain->by_age, &connection->order);
    g_hash_table_remove(chain->connections, &connection->key);
}

static struct connection *remember(struct chain *chain, const struct flow_key *key)
{
    if (g_hash_table_size(chain->connections) >= CHAIN_CONNECTIONS_MAX)
        forget(chain, g_queue_peek_head(&chain->by_age));

    struct connection *connection =
        g_malloc0(sizeof(*connection) + chain->n_stages * sizeof(connection->memory[0]));
    connection->key = *key;
    connection->number = chain->next_number++;
    connection->order.data = connection;
    g_queue_push_tail_link(&chain->by_age, &connection->order);
    g_hash_table_insert(chain->connections, &connection->key, connection);
    return connection;
}

/* A SYN with another sequence number than before begins another connection on the same ports. */
static struct connection *find_connection(struct chain *chain, const struct frame *frame)
{
    struct flow_key key;
    flow_key_make(&key, &frame->segment.source, &frame->segment.destination);

    struct connection *connection = g_hash_table_lookup(chain->connections, &key);
    bool syn = frame_class(frame) == SEGMENT_SYN;
    if (syn && connection != NULL && connection->syn_seen &&
        connection->isn != frame->segment.seq) {
        forget(chain, connection);
        connection = NULL;
    }
    if (connection == NULL)
        connection = remember(chain, &key);
    if (syn) {
        connection->syn_seen = true;
        connection->isn = frame->segment.seq;
    }
    return connection;
}

/* --- the way through ------------------------------------------------------------------------------- */

static bool affects(const struct stage *stage, const struct frame *frame)
{
    const struct settings *s = &stage->settings;
    uint16_t a = frame->segment.source.port, b = frame->segment.destination.port;

    if (frame->connection->number % s->of >= s->affected)
        return false;
    return (a >= s->port_low && a <= s->port_high) || (b >= s->port_low && b <= s->port_high);
}

/* Counts, too: call once for each segment and stage. */
static bool chooses(const struct stage *stage, const struct frame *frame)
{
    const struct settings *s = &stage->settings;

    if (!(s->directions & 1u << frame->direction) ||
        !(s->segments & SEGMENT_BIT(frame_class(frame))))
        return false;
    uint32_t count = ++stage_memory(stage, frame)->count[frame->direction];
    return s->nth == 0 || s->nth == count;
}

static void send_frame(struct chain *chain, struct frame *frame)
{
    frame_finish(frame);
    link_send(&chain->links[frame->direction == FORWARD ? 1 : 0], frame);
}

struct cut {
    struct chain *chain;
    unsigned stage;
};

static void pass_from(struct chain *chain, unsigned index, struct frame *frame);

static void pass_part(struct frame *part, void *data)
{
    const struct cut *cut = data;

    pass_from(cut->chain, cut->stage, part);
}

/* From the stage `index` on. Beyond the first stage an unsigned index is beyond the last, too. */
static void pass_from(struct chain *chain, unsigned index, struct frame *frame)
{
    for (; index < chain->n_stages; index += frame->direction == FORWARD ? 1u : -1u) {
        struct stage *stage = &chain->stages[index];
        if (!affects(stage, frame))
            continue;
        if (stage->behaviour->cuts && frame_is_super(frame) &&
            (stage->settings.directions & 1u << frame->direction)) {
            frame_cut_super(frame, pass_part, &(struct cut){chain, index});
            return;
        }
        bool chosen = chooses(stage, frame);
        if ((chosen || stage->behaviour->watches) &&
            stage->behaviour->act(chain, stage, frame, chosen) == TAKEN)
            return;
    }
    send_frame(chain, frame);
}

void chain_pass_on(struct chain *chain, const struct stage *stage, struct frame *frame)
{
    pass_from(chain, stage->index + (frame->direction == FORWARD ? 1u : -1u), frame);
}

void chain_take(struct chain *chain, struct frame *frame)
{
    frame->connection = NULL;
    frame->changed = false;
    frame->mtu = chain->links[frame->direction == FORWARD ? 1 : 0].mtu;
    if (!frame_parse(frame)) {
        send_frame(chain, frame);
        return;
    }
    frame->connection = find_connection(chain, frame);
    pass_from(chain, frame->direction == FORWARD ? 0 : chain->n_stages - 1, frame);
}

/* --- segments that wait ---------------------------------------------------------------------------- */

enum { HELD_ROOM = 10000 }; /* octets that may be appended to a segment that waits */

struct held *chain_hold(struct chain *chain, struct stage *stage, struct frame *frame)
{
    if (g_queue_get_length(&chain->held) >= CHAIN_HELD_MAX)
        chain_release(chain, g_queue_peek_head(&chain->held));

    struct held *held = g_new0(struct held, 1);
    held->frame = frame_copy(frame, HELD_ROOM);
    held->stage = stage;
    held->until_us = g_get_monotonic_time() + (gint64)stage->settings.wait_ms * 1000;
    held->to_pass = stage->settings.by;
    g_queue_push_tail(&chain->held, held);
    stage_memory(stage, frame)->held[frame->direction] = held;
    return held;
}

void chain_release(struct chain *chain, struct held *held)
{
    g_queue_remove(&chain->held, held);
    stage_memory(held->stage, held->frame)->held[held->frame->direction] = NULL;
    chain_pass_on(chain, held->stage, held->frame);
    held_free(held);
}

static struct held *first_due(const struct chain *chain)
{
    struct held *first = NULL;

    for (const GList *i = chain->held.head; i != NULL; i = i->next) {
        struct held *held = i->data;
        if (first == NULL || held->until_us < first->until_us)
            first = held;
    }
    return first;
}

int chain_timeout(const struct chain *chain)
{
    const struct held *first = first_due(chain);

    if (first == NULL)
        return -1;
    gint64 left_us = first->until_us - g_get_monotonic_time();
    return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

void chain_expire(struct chain *chain)
{
    struct held *first;

    while ((first = first_due(chain)) != NULL && first->until_us <= g_get_monotonic_time())
        chain_release(chain, first);
}
