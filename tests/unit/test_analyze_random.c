/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_random.c - paths of known behaviour, made at random: the report must be the truth.
 *
 * Each seed draws connections, segments, options and what the path does to each of them, keeps the
 * truth, and compares every count of every row. A seed that fails is printed.
 */
#include "tests/unit/analyze_scene.h"

enum { SEEDS = 400, OPTIONS = 2 };

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

struct truth { /* of one connection */
    uint64_t sent, arrived, lost, fates[FATES];
};

struct drawing {
    struct scene *s;
    GRand *rand;
    unsigned flow; /* index */
    unsigned loss_percent, harm_percent;
    int drift_ns; /* that B's clock gains with each segment: 50 ppm of the time between them */
    struct truth truth[8][2][OPTIONS][SEGMENT_CLASSES]; /* flow, from, option, class */
};

static bool draw(struct drawing *d, unsigned percent)
{
    return g_rand_int_range(d->rand, 0, 100) < (int)percent;
}

static void at_side(struct scene *s, unsigned side, const struct built_segment *p)
{
    if (side == CLIENT)
        at_client_side(s, p);
    else
        at_server_side(s, p);
}

/* What stands at the far end of a segment with an option at its end. */
static struct built_segment harmed(const struct built_segment *p, unsigned option, enum fate fate)
{
    struct built_segment far = *p;
    unsigned at = (unsigned)p->options_length - OPTION[option].length;
    if (fate == NOPPED)
        memset(far.options + at, TCP_KIND_NOP, OPTION[option].length);
    else if (fate == CHANGED)
        memcpy(far.options + at, OPTION[option].changed, OPTION[option].length);
    else if (fate == SHORTENED)
        far.options_length = (uint8_t)at;
    return far;
}

/* A segment across the path; false when it was lost. */
static bool cross(struct drawing *d, unsigned from, const struct built_segment *p, int option,
                  bool may_be_lost)
{
    unsigned class = segment_classify(p->flags, p->payload_length);
    struct truth *truth = option < 0 ? NULL : &d->truth[d->flow][from][option][class];
    d->s->offset_ns += d->drift_ns;
    at_side(d->s, from, p);
    if (truth)
        truth->sent++;
    if (may_be_lost && draw(d, d->loss_percent)) {
        if (truth)
            truth->lost++;
        return false;
    }
    enum fate fate = PASSES;
    if (truth && draw(d, d->harm_percent))
        fate = (enum fate)g_rand_int_range(d->rand, NOPPED, FATES);
    struct built_segment far = option < 0 ? *p : harmed(p, (unsigned)option, fate);
    at_side(d->s, !from, &far);
    if (truth) {
        truth->fates[fate]++;
        truth->arrived += fate == PASSES || fate == CHANGED;
    }
    return true;
}

/* Sends a segment, and again until it arrives when it takes up sequence numbers. */
static void send_one(struct drawing *d, unsigned from, uint8_t flags, uint32_t payload)
{
    int option = draw(d, 50) ? -1 : g_rand_int_range(d->rand, 0, OPTIONS);
    bool counts = payload > 0 || flags & (TCP_SYN | TCP_FIN);
    if (flags & TCP_SYN || (from == SERVER && option == 0))
        option = -1; /* where cc may not stand: that would be another verdict */
    struct built_segment p =
        make_options(d->s, from, flags, payload, option < 0 ? "" : OPTION[option].octets,
                     option < 0 ? 0 : OPTION[option].length);
    while (!cross(d, from, &p, option, true) && counts) {
        uint32_t next = d->s->next[from];
        d->s->next[from] = p.seq;
        p = make_options(d->s, from, flags, payload, option < 0 ? "" : OPTION[option].octets,
                         option < 0 ? 0 : OPTION[option].length);
        d->s->next[from] = next;
    }
}

static void draw_connection(struct drawing *d)
{
    struct scene *s = d->s;
    s->ends[CLIENT].port = s->ends_b[CLIENT].port = (uint16_t)(20000 + d->flow);
    s->next[CLIENT] = g_rand_int(d->rand);
    s->next[SERVER] = g_rand_int(d->rand);
    if (draw(d, 30)) /* soon round the corner */
        s->next[CLIENT] = s->next[SERVER] = 0u - (uint32_t)g_rand_int_range(d->rand, 1, 3000);
    handshake(s);
    for (int i = g_rand_int_range(d->rand, 5, 40); i > 0; i--) {
        uint32_t payload = draw(d, 30) ? 0 : (uint32_t)g_rand_int_range(d->rand, 1, 1400);
        send_one(d, draw(d, 50) ? SERVER : CLIENT, TCP_ACK, payload);
    }
    if (draw(d, 70)) {
        send_one(d, CLIENT, TCP_FIN | TCP_ACK, 0);
        send_one(d, SERVER, TCP_FIN | TCP_ACK, 0);
    }
}

static void compare(const struct drawing *d, const struct report *report, unsigned seed,
                    unsigned flow, unsigned from, unsigned option, unsigned class)
{
    const struct truth *truth = &d->truth[flow][from][option][class];
    const struct report_option *found = NULL;
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        if (row->flow == flow + 1 && row->segment == class &&
            row->direction == (from == CLIENT ? DIRECTION_FORWARD : DIRECTION_REVERSE) &&
            strcmp(row->option, OPTION[option].name) == 0)
            found = row;
    }
    if (truth->sent == 0) {
        if (found)
            fail_msg("seed %u: a row for what was never sent", seed);
        return;
    }
    if (found == NULL)
        fail_msg("seed %u: flow %u has no row for %s", seed, flow + 1, OPTION[option].name);
    bool same = found->sent == truth->sent && found->arrived == truth->arrived &&
                found->counts[VERDICT_SEGMENT_LOST] == truth->lost;
    for (unsigned f = 0; f < FATES; f++)
        same &= found->counts[VERDICT_OF[f]] == truth->fates[f];
    if (!same)
        fail_msg(
            "seed %u: flow %u, %s on %s: sent %u/%u arrived %u/%u lost %u/%u intact %u/%u "
            "nop %u/%u shortened %u/%u modified %u/%u (found/true)",
            seed, flow + 1, OPTION[option].name, segment_class_name(class), (unsigned)found->sent,
            (unsigned)truth->sent, (unsigned)found->arrived, (unsigned)truth->arrived,
            (unsigned)found->counts[VERDICT_SEGMENT_LOST], (unsigned)truth->lost,
            (unsigned)found->counts[VERDICT_OPTION_INTACT], (unsigned)truth->fates[PASSES],
            (unsigned)found->counts[VERDICT_OPTION_REMOVED_NOP], (unsigned)truth->fates[NOPPED],
            (unsigned)found->counts[VERDICT_OPTION_REMOVED_SHORTENED],
            (unsigned)truth->fates[SHORTENED], (unsigned)found->counts[VERDICT_OPTION_MODIFIED],
            (unsigned)truth->fates[CHANGED]);
}

static void check_seed(unsigned seed)
{
    struct drawing *d = g_new0(struct drawing, 1);
    d->rand = g_rand_new_with_seed(seed);
    d->s = scene_new();
    d->s->offset_ns = g_rand_int_range(d->rand, -5000, 5000) * (int64_t)MS;
    d->s->tsval = draw(d, 60) ? 1000 + g_rand_int(d->rand) % 1000000 : 0;
    /* Without timestamps nothing numbers the acknowledgements of IPv6: which was lost, nobody can tell. */
    bool ipv6 = d->s->tsval && draw(d, 30);
    if (ipv6)
        for (unsigned end = 0; end < 2; end++)
            d->s->ends[end] = d->s->ends_b[end] =
                capture_endpoint(end ? "2001:db8:2::1" : "2001:db8:1::1", end ? 80 : 1);
    if (draw(d, 30))
        d->s->ends_b[CLIENT] = capture_endpoint(ipv6 ? "2001:db8:9::9" : "203.0.113.99", 1);
    d->drift_ns = draw(d, 30) ? 500 : 0;
    if (d->s->tsval && draw(d, 30)) {
        d->s->shift[CLIENT] = g_rand_int(d->rand);
        d->s->shift[SERVER] = g_rand_int(d->rand);
    }
    d->loss_percent = draw(d, 50) ? 0 : 10;
    d->harm_percent = draw(d, 30) ? 0 : 20;
    covered_from_here(d->s);
    unsigned flows = (unsigned)g_rand_int_range(d->rand, 1, 8);
    for (d->flow = 0; d->flow < flows; d->flow++)
        draw_connection(d);
    covered_to_here(d->s);
    const struct report *report = analyze_both(d->s);
    assert_int_equal(report->flows->len, flows);
    for (unsigned flow = 0; flow < flows; flow++)
        for (unsigned from = 0; from < 2; from++)
            for (unsigned option = 0; option < OPTIONS; option++)
                for (unsigned class = 0; class < SEGMENT_CLASSES; class ++)
                    compare(d, report, seed, flow, from, option, class);
    scene_free(d->s);
    g_rand_free(d->rand);
    g_free(d);
}

static void what_a_known_path_did_is_found_exactly(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++)
        check_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_known_path_did_is_found_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
