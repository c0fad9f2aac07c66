/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mptcp.c - what a connection shows of Multipath TCP. See mptcp.h. */
#include "analyze/mptcp.h"

#include "analyze/join_hooks.h"
#include "wire/bytes.h"

enum { MP_CAPABLE = 0, MP_JOIN = 1, DSS = 2, MP_FAIL = 6 };
enum { KEY = 8, DSS_ACK = 0x01, DSS_ACK_8 = 0x02, DSS_MAP = 0x04, DSS_DSN_8 = 0x08 };

struct mptcp_tokens {
    GHashTable *groups; /* token -> struct mptcp_group */
    GPtrArray *all;
};

struct mptcp_tokens *mptcp_tokens_new(void)
{
    struct mptcp_tokens *tokens = g_new0(struct mptcp_tokens, 1);
    tokens->groups = g_hash_table_new(g_direct_hash, g_direct_equal);
    tokens->all = g_ptr_array_new_with_free_func(g_free);
    return tokens;
}

void mptcp_tokens_free(struct mptcp_tokens *tokens)
{
    if (tokens == NULL)
        return;
    g_hash_table_destroy(tokens->groups);
    g_ptr_array_unref(tokens->all);
    g_free(tokens);
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* The most significant 32 bits of the key's hash: SHA-1 in version 0, SHA-256 since. */
static uint32_t token_of(const uint8_t *key, unsigned version)
{
    uint8_t digest[32];
    gsize length = sizeof(digest);
    g_autoptr(GChecksum) checksum =
        g_checksum_new(version == 0 ? G_CHECKSUM_SHA1 : G_CHECKSUM_SHA256);
    g_checksum_update(checksum, key, KEY);
    g_checksum_get_digest(checksum, digest, &length);
    return load_be32(digest);
}

static struct mptcp_group *group_of(struct mptcp_tokens *tokens, uint32_t token)
{
    struct mptcp_group *group = g_hash_table_lookup(tokens->groups, GUINT_TO_POINTER(token));
    if (group == NULL) {
        group = g_new0(struct mptcp_group, 1);
        group->token = token;
        group->subflows = 1; /* number 0 is the initial one, whether it is seen or not */
        g_ptr_array_add(tokens->all, group);
        g_hash_table_insert(tokens->groups, GUINT_TO_POINTER(token), group);
    }
    return group;
}

/* A token of the connection that this subflow opened: `end` is who made it. */
static void own_token(struct analysis *analysis, struct connection *connection, unsigned end,
                      uint32_t token)
{
    struct mptcp *mptcp = connection->mptcp;
    struct mptcp_tokens *tokens = analysis->mptcp_tokens;
    struct mptcp_group *group = mptcp->group;
    if (group == NULL)
        group = mptcp->group = group_of(tokens, token);
    else
        g_hash_table_insert(tokens->groups, GUINT_TO_POINTER(token), group);
    bool server = connection_direction(connection, end) == DIRECTION_REVERSE;
    if (server && !group->token_is_servers) {
        group->token = token;
        group->token_is_servers = true;
    }
}

bool mptcp_join_identity(struct tcp_options list, uint64_t *identity)
{
    struct tcp_option option;
    while (tcp_options_next(&list, &option)) {
        if (option.kind != TCP_KIND_MPTCP || option.length != 12 || option.available < 12 ||
            option.octets[2] >> 4 != MP_JOIN)
            continue;
        *identity = (uint64_t)load_be32(option.octets + 4) << 32 | load_be32(option.octets + 8);
        return true;
    }
    return false;
}

/* --- options ---------------------------------------------------------------------------------- */

static bool is_syn(const struct segment *s)
{
    return s->class == SEGMENT_SYN || s->class == SEGMENT_SYNACK;
}

/* MP_CAPABLE: 4 octets without key, 12 with the sender's, from 20 on with the receiver's too. */
static void on_capable(struct analysis *analysis, const struct segment *s,
                       const struct tcp_option *option, struct mptcp_seen *seen)
{
    unsigned version = option->octets[2] & 0x0f;
    seen->signs |= is_syn(s) ? MPTCP_SYN_CAPABLE : MPTCP_ACK_CAPABLE;
    if (option->length >= 4 + KEY && option->available >= 4 + KEY)
        own_token(analysis, s->connection, s->direction, token_of(option->octets + 4, version));
    if (option->length >= 4 + 2 * KEY && option->available >= 4 + 2 * KEY)
        own_token(analysis, s->connection, !s->direction,
                  token_of(option->octets + 4 + KEY, version));
}

static void on_join(struct analysis *analysis, const struct segment *s,
                    const struct tcp_option *option, struct mptcp_seen *seen)
{
    struct mptcp *mptcp = s->connection->mptcp;
    if (!is_syn(s))
        return;
    seen->signs |= MPTCP_JOIN;
    mptcp->join = true;
    if (s->class != SEGMENT_SYN || option->available < 12 || mptcp->group)
        return;
    mptcp->group = group_of(analysis->mptcp_tokens, load_be32(option->octets + 4));
    mptcp->subflow = mptcp->group->subflows++;
}

static bool is_infinite(const struct tcp_option *option)
{
    unsigned flags = option->octets[3], at = 4;
    if (!(flags & DSS_MAP))
        return false;
    if (flags & DSS_ACK)
        at += flags & DSS_ACK_8 ? 8 : 4;
    at += flags & DSS_DSN_8 ? 8 : 4;
    at += 4; /* subflow sequence number */
    return at + 2 <= option->available && load_be16(option->octets + at) == 0;
}

static void on_option(struct analysis *analysis, const struct segment *s,
                      const struct tcp_option *option, struct mptcp_seen *seen)
{
    seen->last_frame = s->frame;
    if (option->available < 4)
        return;
    unsigned subtype = option->octets[2] >> 4;
    if (subtype == MP_CAPABLE) {
        on_capable(analysis, s, option, seen);
    } else if (subtype == MP_JOIN) {
        on_join(analysis, s, option, seen);
    } else if (subtype == DSS) {
        seen->signs |= MPTCP_DSS;
        if (is_infinite(option) && !(seen->signs & MPTCP_INFINITE)) {
            seen->signs |= MPTCP_INFINITE;
            seen->signal_frame = s->frame;
        }
    } else if (subtype == MP_FAIL && !(seen->signs & MPTCP_FAIL)) {
        seen->signs |= MPTCP_FAIL;
        seen->signal_frame = s->frame;
    }
}

void mptcp_note(struct analysis *analysis, const struct segment *s)
{
    struct tcp_options list = {s->options, s->options_captured, s->options_length};
    struct tcp_option option;
    struct connection *connection = s->connection;
    bool any = false;
    while (s->has_mptcp && tcp_options_next(&list, &option)) {
        if (option.kind != TCP_KIND_MPTCP || option.malformed)
            continue;
        if (connection->mptcp == NULL)
            connection->mptcp = g_new0(struct mptcp, 1);
        any = true;
        on_option(analysis, s, &option, &connection->mptcp->seen[s->vantage][s->direction]);
    }
    if (connection->mptcp == NULL)
        return;
    struct mptcp_seen *seen = &connection->mptcp->seen[s->vantage][s->direction];
    if (is_syn(s) && seen->syn_frame == 0)
        seen->syn_frame = s->frame;
    if (any) {
        seen->plain_data = 0;
    } else if (s->class == SEGMENT_DATA && s->options_captured == s->options_length) {
        if (seen->plain_data++ == 0)
            seen->first_plain = s->frame;
    }
}

void mptcp_merge(struct connection *into, const struct connection *from)
{
    if (from->mptcp == NULL)
        return;
    if (into->mptcp == NULL)
        into->mptcp = g_new0(struct mptcp, 1);
    for (unsigned v = 0; v < VANTAGES; v++)
        for (unsigned d = 0; d < DIRECTIONS; d++)
            if (from->mptcp->seen[v][d].last_frame || from->mptcp->seen[v][d].syn_frame)
                into->mptcp->seen[v][d] = from->mptcp->seen[v][d];
    if (into->mptcp->group == NULL) {
        into->mptcp->group = from->mptcp->group;
        into->mptcp->subflow = from->mptcp->subflow;
    }
    into->mptcp->join |= from->mptcp->join;
}
