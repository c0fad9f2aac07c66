/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random_paths.h - connections across a path that does known things, drawn by a seed.
 *
 * What passes, what the path does to it and what is wrong with B's capture is drawn, and the truth
 * about each option is kept beside the two captures. The same seed draws the same.
 */
#ifndef OPTRAIL_TESTS_RANDOM_PATHS_H
#define OPTRAIL_TESTS_RANDOM_PATHS_H

#include "tests/unit/analyze_scene.h"

enum { OPTIONS = 2, FLOWS = 8, MSS_OCTETS = 1460, PIECES = 4 };

enum fate { PASSES, NOPPED, SHORTENED, CHANGED, FATES };

static const enum verdict VERDICT_OF[FATES] = {
    [PASSES] = VERDICT_OPTION_INTACT,
    [NOPPED] = VERDICT_OPTION_REMOVED_NOP,
    [SHORTENED] = VERDICT_OPTION_REMOVED_SHORTENED,
    [CHANGED] = VERDICT_OPTION_MODIFIED,
};

static const struct {
    const char *name, *octets, *changed;
    uint8_t length;
} OPTION[OPTIONS] = {
    {"cc", CC "\x01\x01", CC_RENO "\x01\x01", 8},
    {"uto", UTO, "\x1c\x04\x00\x23", 4},
};

struct truth { /* of one row */
    uint64_t sent, arrived, lost, fates[FATES];
    uint64_t not_covered, missed; /* of segments that B's capture does not show */
    uint64_t cut;
};

enum fault { FAULTLESS, BEGINS_LATE, CUTS, DROPS_AND_TELLS, DROPS_SILENTLY, FAULTS };

struct drawing {
    struct scene *s;
    GRand *rand;
    bool chaos;                                                 /* everything at once */
    unsigned flow;                                              /* index */
    unsigned loss, harm, split, glue, offload, duplicate, idle; /* per cent of the segments */
    enum fault fault;
    unsigned until_b_begins; /* segments */
    bool b_began, ipv6, nat, handshaking;
    int drift_ns; /* that B's clock gains with each segment: 50 ppm of the time between them */
    uint64_t drops, splits, merges, copies;
    struct truth truth[FLOWS][2][OPTIONS][SEGMENT_CLASSES]; /* flow, from, option, class */
};

static inline bool draw(struct drawing *d, unsigned percent)
{
    return g_rand_int_range(d->rand, 0, 100) < (int)percent;
}

static inline unsigned draw_percent(struct drawing *d, unsigned often, unsigned percent)
{
    return draw(d, d->chaos ? 70 : often) ? percent : 0;
}

/* --- what the captures show ------------------------------------------------------------------- */

/* A segment passes B's capture: is it in the file? What forbids it is the truth, too. */
static inline bool b_shows(struct drawing *d, struct truth *truth)
{
    if (!d->b_began) {
        if (truth)
            truth->not_covered++;
        return false;
    }
    bool drops = d->fault == DROPS_AND_TELLS || d->fault == DROPS_SILENTLY;
    if (!drops || d->handshaking || !draw(d, 10))
        return true;
    d->drops++;
    if (truth)
        truth->missed++;
    return false;
}

static inline bool show(struct drawing *d, unsigned side, const struct built_segment *p,
                        struct truth *truth)
{
    if (side == CLIENT)
        at_client_side(d->s, p);
    else if (b_shows(d, truth))
        at_server_side(d->s, p);
    else
        return false;
    return true;
}

/* The header is longer than what B keeps of it. */
static inline bool is_cut(const struct drawing *d, const struct built_segment *p)
{
    unsigned whole = 40 + (d->ipv6 ? 20 : 0) + (p->options_length + 3u) / 4 * 4;
    return d->s->snaplen_b > 0 && d->s->snaplen_b < whole;
}

static inline void let_b_begin(struct drawing *d)
{
    if (d->b_began || d->until_b_begins-- > 0)
        return;
    d->b_began = true;
    capture_builder_noise(d->s->b, at_b(d->s, d->s->now + 5 * MS));
}

/* --- what the path does ----------------------------------------------------------------------- */

/* What stands at the far end of a segment with an option at its end. */
static inline void harm(struct built_segment *far, unsigned option, enum fate fate)
{
    unsigned at = (unsigned)far->options_length - OPTION[option].length;
    if (fate == NOPPED)
        memset(far->options + at, TCP_KIND_NOP, OPTION[option].length);
    else if (fate == CHANGED)
        memcpy(far->options + at, OPTION[option].changed, OPTION[option].length);
    else if (fate == SHORTENED)
        far->options_length = (uint8_t)at;
}

static inline enum fate draw_fate(struct drawing *d)
{
    return draw(d, d->harm) ? (enum fate)g_rand_int_range(d->rand, NOPPED, FATES) : PASSES;
}

static inline struct truth *truth_of(struct drawing *d, unsigned from,
                                     const struct built_segment *p, int option)
{
    unsigned class = segment_classify(p->flags, p->payload_length);
    return option < 0 ? NULL : &d->truth[d->flow][from][option][class];
}

/* `n` segments of equal size out of one of all of them, each with its options. */
static inline void cut_up(struct drawing *d, const struct built_segment *whole, unsigned n,
                          struct built_segment pieces[])
{
    uint32_t each = whole->payload_length / n;
    for (unsigned i = 0; i < n; i++) {
        pieces[i] = *whole;
        pieces[i].seq += i * each;
        pieces[i].payload_length = i + 1 < n ? each : whole->payload_length - i * each;
        pieces[i].time_ns += i * MS / 100;
        if (i > 0)
            pieces[i].ip_id = ++d->s->ip_id;
    }
}

/*
 * A segment crosses that is one on one side and several on the other: what the hosts do, or a box.
 * It is neither lost nor copied; of those of a box the second part may lack the option.
 */
static inline void cross_in_pieces(struct drawing *d, unsigned from, struct built_segment *whole,
                                   int option, unsigned n, bool cut_here)
{
    struct built_segment pieces[PIECES];
    struct truth *truth = truth_of(d, from, whole, option);
    bool by_box = whole->payload_length <= MSS_OCTETS;
    enum fate fate = truth ? draw_fate(d) : PASSES;
    cut_up(d, whole, n, pieces);
    d->splits += by_box && cut_here;
    d->merges += by_box && !cut_here;
    for (unsigned side = 0; side < 2; side++) { /* first where it is sent */
        unsigned at = side == 0 ? from : !from;
        bool one = cut_here == (side == 0);
        for (unsigned i = 0; i < (one ? 1 : n); i++) {
            struct built_segment *p = one ? whole : &pieces[i];
            bool bears = truth != NULL;
            if (side == 1 && bears) {
                bool lacks = by_box && cut_here && i > 0 && fate == PASSES && draw(d, 50);
                harm(p, (unsigned)option, lacks ? NOPPED : fate);
                bears = !lacks && (fate == PASSES || fate == CHANGED);
            }
            show(d, at, p, NULL);
            if (truth)
                *(side == 0 ? &truth->sent : &truth->arrived) += bears;
        }
    }
    if (truth)
        truth->fates[fate] += cut_here ? 1 : n;
}

/* What is known of the option when the segment was shown here, there, or at one end only. */
static inline void note(struct drawing *d, unsigned from, struct truth *truth, bool near, bool far,
                        enum fate fate, const struct built_segment *at_b)
{
    bool there = fate == PASSES || fate == CHANGED;
    bool sender_cut = from == SERVER && is_cut(d, at_b);
    truth->sent += near && (there || !sender_cut);
    truth->arrived += far && there;
    if (near && far && is_cut(d, at_b))
        truth->cut += there || !sender_cut; /* else nobody saw that there was one */
    else if (near && far)
        truth->fates[fate]++;
}

/* A segment across the path; false when it was lost. */
static inline bool cross(struct drawing *d, unsigned from, const struct built_segment *p,
                         int option, bool may_be_lost)
{
    struct truth *truth = truth_of(d, from, p, option);
    struct built_segment far = *p;
    d->s->offset_ns += d->drift_ns;
    let_b_begin(d);
    bool here = show(d, from, p, truth);
    if (may_be_lost && draw(d, d->loss)) {
        if (truth && here && from == SERVER && is_cut(d, p)) {
            return false; /* nobody saw that there was an option */
        } else if (truth && here) {
            truth->sent++;
            /* What B would have shown, had it been there to show it. */
            *(from == CLIENT && !d->b_began ? &truth->not_covered : &truth->lost) += 1;
        } else if (truth && !d->b_began) {
            truth->not_covered--; /* nobody saw it */
        } else if (truth) {
            truth->missed--;
        }
        return false;
    }
    enum fate fate = truth ? draw_fate(d) : PASSES;
    if (truth)
        harm(&far, (unsigned)option, fate);
    bool there = show(d, !from, &far, truth);
    /* Of one that only A shows, and that came to it without the option, nothing is known. */
    if (truth && !here && from == SERVER && (fate == NOPPED || fate == SHORTENED))
        *(d->b_began ? &truth->missed : &truth->not_covered) -= 1;
    if (truth)
        note(d, from, truth, here, there, fate, from == CLIENT ? &far : p);
    if (here && there && draw(d, d->duplicate)) {
        far.time_ns += MS / 10;
        if (show(d, !from, &far, NULL)) {
            d->copies++;
            if (truth)
                truth->arrived += fate == PASSES || fate == CHANGED;
        }
    }
    return true;
}

/* --- connections ------------------------------------------------------------------------------ */

/* Subflows bear a mapping on what carries data. */
static inline struct built_segment make_one(struct drawing *d, unsigned from, uint8_t flags,
                                            uint32_t payload, bool subflow, int option)
{
    static const char DSS[] = "\x1e\x08\x20\x01\x00\x00\x00\x01";
    struct built_segment p =
        make_options(d->s, from, flags, payload, DSS, subflow ? sizeof(DSS) - 1 : 0);
    if (option >= 0)
        add_option(&p, OPTION[option].octets, OPTION[option].length);
    p.payload = 7; /* data that differ along the stream */
    return p;
}

/* Sends a segment, and again until it arrives when it takes up sequence numbers. */
static inline void send_one(struct drawing *d, unsigned from, uint8_t flags, uint32_t payload,
                            bool subflow)
{
    int option = draw(d, 50) ? -1 : g_rand_int_range(d->rand, 0, OPTIONS);
    bool counts = payload > 0 || flags & (TCP_SYN | TCP_FIN);
    if (option == 0 && (from == SERVER || flags & TCP_FIN))
        option = -1; /* where cc may not stand: that would be another verdict */
    struct built_segment p = make_one(d, from, flags, payload, subflow, option);
    bool whole = d->fault == FAULTLESS || d->chaos;
    if (whole && payload >= PIECES && !(flags & TCP_FIN)) {
        bool offload = payload > MSS_OCTETS;
        if (offload || draw(d, d->split) || draw(d, d->glue)) {
            bool cut_here = draw(d, 100 * d->split / MAX(d->split + d->glue, 1));
            let_b_begin(d);
            cross_in_pieces(d, from, &p, option, offload ? PIECES : 2,
                            offload ? draw(d, 50) : cut_here);
            return;
        }
    }
    while (!cross(d, from, &p, option, true) && counts) {
        uint32_t next = d->s->next[from];
        d->s->next[from] = p.seq;
        p = make_one(d, from, flags, payload, subflow, option);
        d->s->next[from] = next;
    }
}

/* The last octet before what is to come, or none of it, to see whether anybody is there. */
static inline void keep_alive(struct drawing *d, unsigned from)
{
    uint32_t next = d->s->next[from];
    d->s->next[from] = next - 1;
    struct built_segment p = make_one(d, from, TCP_ACK, draw(d, 50), false, -1);
    d->s->next[from] = next;
    if (cross(d, from, &p, -1, true))
        send_one(d, !from, TCP_ACK, 0, false);
}

/* Handshake; that of a subflow is known by its token and a nonce. */
static inline void begin(struct drawing *d, bool subflow)
{
    char join[] = "\x1e\x0c\x10\x00\xaa\xbb\xcc\xdd\x01\x02\x03\x04";
    struct scene *s = d->s;
    join[7] = (char)d->flow;
    put_be32((uint8_t *)join + 8, g_rand_int(d->rand));
    d->handshaking = true;
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    if (subflow)
        add_option(&syn, join, sizeof(join) - 1);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    cross(d, CLIENT, &syn, -1, false);
    cross(d, SERVER, &synack, -1, false);
    cross(d, CLIENT, &ack, -1, false);
    d->handshaking = false;
}

static inline void draw_endpoints(struct drawing *d)
{
    struct scene *s = d->s;
    uint16_t port = (uint16_t)(20000 + d->flow);
    /* Without timestamps nothing numbers the acknowledgements of IPv6: which was lost, nobody can tell. */
    d->ipv6 = s->tsval && draw(d, 30);
    s->ends[CLIENT] = capture_endpoint(d->ipv6 ? "2001:db8:1::1" : "192.0.2.1", port);
    s->ends[SERVER] = capture_endpoint(d->ipv6 ? "2001:db8:2::1" : "198.51.100.1", 80);
    s->ends_b[CLIENT] = s->ends[CLIENT];
    s->ends_b[SERVER] = s->ends[SERVER];
    if (d->nat)
        s->ends_b[CLIENT] = capture_endpoint(d->ipv6 ? "2001:db8:9::9" : "203.0.113.99", port);
    if (d->fault == CUTS) /* right behind the timestamps */
        s->snaplen_b = 40 + (d->ipv6 ? 20 : 0) + (s->tsval ? 12 : 0);
}

static inline void draw_connection(struct drawing *d)
{
    struct scene *s = d->s;
    bool subflow = draw(d, 20);
    draw_endpoints(d);
    s->next[CLIENT] = g_rand_int(d->rand);
    s->next[SERVER] = g_rand_int(d->rand);
    if (draw(d, 30)) /* soon round the corner */
        s->next[CLIENT] = s->next[SERVER] = 0u - (uint32_t)g_rand_int_range(d->rand, 1, 3000);
    begin(d, subflow);
    for (int i = g_rand_int_range(d->rand, 5, 40); i > 0; i--) {
        unsigned from = draw(d, 50) ? SERVER : CLIENT;
        uint32_t payload = draw(d, 30) ? 0 : (uint32_t)g_rand_int_range(d->rand, 1, MSS_OCTETS);
        if (draw(d, d->idle)) {
            keep_alive(d, from);
            continue;
        }
        if (payload > 0 && (d->fault == FAULTLESS || d->chaos) && draw(d, d->offload))
            payload = PIECES * (uint32_t)g_rand_int_range(d->rand, 1000, MSS_OCTETS);
        send_one(d, from, TCP_ACK, payload, subflow);
    }
    if (draw(d, 70)) {
        send_one(d, CLIENT, TCP_FIN | TCP_ACK, 0, subflow);
        send_one(d, SERVER, TCP_FIN | TCP_ACK, 0, subflow);
    }
}

/* What the path does, and what is wrong with B's capture. */
static inline void draw_path(struct drawing *d)
{
    struct scene *s = d->s;
    d->chaos = draw(d, 30);
    d->fault = draw(d, 50) ? FAULTLESS : (enum fault)g_rand_int_range(d->rand, 1, FAULTS);
    s->offset_ns = g_rand_int_range(d->rand, -5000, 5000) * (int64_t)MS;
    s->tsval = draw(d, 60) ? 1000 + g_rand_int(d->rand) % 1000000 : 0;
    d->drift_ns = draw(d, 30) ? 500 : 0;
    d->loss = draw_percent(d, 50, 10);
    d->harm = draw_percent(d, 70, 20);
    d->idle = draw_percent(d, 30, 5);
    d->duplicate = draw_percent(d, 20, 5);
    d->split = draw_percent(d, 20, 20);
    d->glue = draw_percent(d, 20, 20);
    d->offload = draw_percent(d, 20, 20);
    /* Address translation, rewritten numbers, and options stripped: often together. */
    bool together = draw(d, 20);
    bool begins_whole = d->chaos || d->fault != BEGINS_LATE;
    d->nat = begins_whole && (together || draw(d, 30));
    if (begins_whole && (together || draw(d, 30)) && (s->tsval || d->chaos)) {
        s->shift[CLIENT] = g_rand_int(d->rand);
        s->shift[SERVER] = g_rand_int(d->rand);
    }
    if (together)
        d->harm = 30;
    d->b_began = d->fault != BEGINS_LATE;
    d->until_b_begins = (unsigned)g_rand_int_range(d->rand, 1, 100);
    if (d->b_began)
        covered_from_here(s);
}

/* --- a whole drawing -------------------------------------------------------------------------- */

/* The captures and the truth of one seed; `flow` is then how many connections were drawn. */
static inline struct drawing *drawing_new(unsigned seed)
{
    struct drawing *d = g_new0(struct drawing, 1);
    d->rand = g_rand_new_with_seed(seed);
    d->s = scene_new();
    draw_path(d);
    unsigned flows = (unsigned)g_rand_int_range(d->rand, 1, FLOWS);
    for (d->flow = 0; d->flow < flows; d->flow++)
        draw_connection(d);
    d->until_b_begins = 0;
    let_b_begin(d);
    covered_to_here(d->s);
    if (d->fault == DROPS_AND_TELLS)
        capture_builder_dropped(d->s->b, d->drops);
    else if (d->fault == DROPS_SILENTLY)
        capture_builder_no_statistics(d->s->b);
    return d;
}

static inline void drawing_free(struct drawing *d)
{
    scene_free(d->s);
    g_rand_free(d->rand);
    g_free(d);
}

#endif
