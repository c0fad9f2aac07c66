/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mptcp.h - what a connection shows of Multipath TCP, and which connections are subflows of one.
 *
 * Keys are used to compute tokens and are neither kept nor shown.
 * Specification: RFC 8684 (version 1), RFC 6824 (version 0).
 */
#ifndef OPTRAIL_ANALYZE_MPTCP_H
#define OPTRAIL_ANALYZE_MPTCP_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/model.h"
#include "wire/packet.h"

enum mptcp_sign { /* seen on segments of one direction at one vantage point, a bit each */
                  MPTCP_SYN_CAPABLE = 1 << 0, /* MP_CAPABLE on a SYN or SYN-ACK */
                  MPTCP_ACK_CAPABLE = 1 << 1, /* MP_CAPABLE on what came after */
                  MPTCP_JOIN = 1 << 2,        /* MP_JOIN on a SYN or SYN-ACK */
                  MPTCP_DSS = 1 << 3,
                  MPTCP_FAIL = 1 << 4,
                  MPTCP_INFINITE = 1 << 5, /* a mapping of length 0 */
};

struct mptcp_seen {
    uint8_t signs;
    uint32_t plain_data;   /* data segments in a row, up to now, without any option of kind 30 */
    uint64_t last_frame;   /* the last segment with kind 30 */
    uint64_t first_plain;  /* the first of `plain_data` */
    uint64_t syn_frame;    /* SYN or SYN-ACK */
    uint64_t signal_frame; /* MP_FAIL or the infinite mapping */
};

struct mptcp_group { /* one Multipath TCP connection */
    uint32_t token;  /* the server's, when it is known */
    bool token_is_servers;
    uint32_t subflows;
};

struct mptcp {
    struct mptcp_seen seen[VANTAGES][DIRECTIONS];
    struct mptcp_group *group; /* NULL: not known yet */
    uint32_t subflow;          /* number in its group */
    bool join;
};

struct mptcp_tokens; /* all groups, by the tokens of both of their ends */

struct mptcp_tokens *mptcp_tokens_new(void);
void mptcp_tokens_free(struct mptcp_tokens *tokens);

/* Takes a captured segment into account. Of no use where kind 30 was never seen. */
void mptcp_note(struct analysis *analysis, const struct segment *segment);

/* The token and nonce of an MP_JOIN on a SYN: what pairs it whatever was translated. */
bool mptcp_join_identity(struct tcp_options options, uint64_t *identity);

/* Two sides turned out to be one connection: what was noted of `from` is noted of `into` too. */
void mptcp_merge(struct connection *into, const struct connection *from);

/* Did it go back to plain TCP? At the end of a connection (judge_mptcp.c). */
void judge_mptcp(struct analysis *analysis, struct connection *connection);

#endif
