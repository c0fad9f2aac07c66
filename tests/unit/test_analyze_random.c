/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_random.c - paths of known behaviour, made at random: the report must be the truth.
 *
 * Every count of every row is compared with what was drawn (random_paths.h). In some seeds
 * everything is wrong at once: then what is claimed must be true, and no more is asked.
 *
 *     test_analyze_random [FIRST LAST]     other seeds than the usual ones
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/random_paths.h"

enum { SEEDS = 2000 };

/* By its client's port, on whichever side it was seen. */
static unsigned id_of_flow(const struct report *report, unsigned flow)
{
    g_autofree char *port = g_strdup_printf(":%u", 20000 + flow);
    for (unsigned i = 0; i < report->flows->len; i++) {
        const struct report_flow *found = g_ptr_array_index(report->flows, i);
        if (g_str_has_suffix(found->client ? found->client : found->client_b, port))
            return found->id;
    }
    return 0;
}

static const struct report_option *row_in(const struct report *report, unsigned flow, unsigned from,
                                          unsigned option, unsigned class)
{
    enum direction direction = from == CLIENT ? DIRECTION_FORWARD : DIRECTION_REVERSE;
    unsigned id = id_of_flow(report, flow);
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        if (row->flow == id && row->segment == class && row->direction == direction &&
            strcmp(row->option, OPTION[option].name) == 0)
            return row;
    }
    return NULL;
}

/* Who dropped what, and which copy it was, nobody tells: but nothing is claimed that was not. */
static bool counts_are_sound(const struct drawing *d, const struct report_option *row,
                             unsigned from, const struct truth *truth)
{
    for (unsigned f = NOPPED; f < FATES; f++)
        if (row->counts[VERDICT_OF[f]] > truth->fates[f])
            return false;
    if (d->fault == DROPS_AND_TELLS && d->drops > 0 && from == CLIENT)
        return row->counts[VERDICT_SEGMENT_LOST] == 0;
    return d->fault == DROPS_SILENTLY || row->counts[VERDICT_SEGMENT_LOST] <= truth->lost;
}

static bool is_count(const struct drawing *d, uint64_t found, uint64_t truth)
{
    return found == truth || (d->fault == CUTS && found == COUNT_UNKNOWN);
}

static bool counts_agree(const struct drawing *d, const struct report_option *row, unsigned from,
                         const struct truth *truth)
{
    if (d->fault == DROPS_AND_TELLS || d->fault == DROPS_SILENTLY || d->fault == BEGINS_LATE)
        return counts_are_sound(d, row, from, truth);
    bool same = is_count(d, row->sent, truth->sent) && is_count(d, row->arrived, truth->arrived);
    for (unsigned f = 0; f < FATES; f++)
        same &= row->counts[VERDICT_OF[f]] == truth->fates[f];
    return same && row->counts[VERDICT_SEGMENT_LOST] == truth->lost &&
           row->counts[VERDICT_INCONCLUSIVE_SNAPLEN] == truth->cut &&
           row->counts[VERDICT_INCONCLUSIVE_NOT_COVERED] == truth->not_covered;
}

static void compare(const struct drawing *d, const struct report *report, unsigned seed,
                    unsigned flow, unsigned from, unsigned option, unsigned class)
{
    const struct truth *truth = &d->truth[flow][from][option][class];
    const struct report_option *found = row_in(report, flow, from, option, class);
    if (truth->sent == 0 && truth->arrived == 0 && truth->not_covered == 0 && truth->missed == 0) {
        if (found)
            fail_msg("seed %u: a row for what was never sent", seed);
        return;
    }
    if (found == NULL)
        fail_msg("seed %u: flow %u has no row for %s", seed, flow + 1, OPTION[option].name);
    if (counts_agree(d, found, from, truth))
        return;
    fail_msg("seed %u (fault %u): flow %u from %u, %s on %s: sent %u/%u arrived %u/%u lost %u/%u "
             "not covered %u/%u cut %u/%u ambiguous %u intact %u/%u nop %u/%u "
             "shortened %u/%u modified %u/%u (found/true)",
             seed, d->fault, flow + 1, from, OPTION[option].name, segment_class_name(class),
             (unsigned)found->sent, (unsigned)truth->sent, (unsigned)found->arrived,
             (unsigned)truth->arrived, (unsigned)found->counts[VERDICT_SEGMENT_LOST],
             (unsigned)truth->lost, (unsigned)found->counts[VERDICT_INCONCLUSIVE_NOT_COVERED],
             (unsigned)truth->not_covered, (unsigned)found->counts[VERDICT_INCONCLUSIVE_SNAPLEN],
             (unsigned)truth->cut, (unsigned)found->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS],
             (unsigned)found->counts[VERDICT_OPTION_INTACT], (unsigned)truth->fates[PASSES],
             (unsigned)found->counts[VERDICT_OPTION_REMOVED_NOP], (unsigned)truth->fates[NOPPED],
             (unsigned)found->counts[VERDICT_OPTION_REMOVED_SHORTENED],
             (unsigned)truth->fates[SHORTENED], (unsigned)found->counts[VERDICT_OPTION_MODIFIED],
             (unsigned)truth->fates[CHANGED]);
}

/* Nothing is claimed to have happened more often than it did. */
static void check_claims(const struct drawing *d, const struct report *report, unsigned seed)
{
    /* That an option arrived is as true of another copy of its segment. */
    unsigned first = d->chaos || d->fault != FAULTLESS ? NOPPED : PASSES;
    uint64_t true_fates[FATES] = {0}, claimed[FATES] = {0};
    const struct truth *truth = &d->truth[0][0][0][0];
    for (unsigned i = 0; i < sizeof(d->truth) / sizeof(*truth); i++)
        for (unsigned f = 0; f < FATES; f++)
            true_fates[f] += truth[i].fates[f];
    for (unsigned i = 0; i < report->options->len; i++)
        for (unsigned f = 0; f < FATES; f++)
            claimed[f] += ((const struct report_option *)g_ptr_array_index(report->options, i))
                              ->counts[VERDICT_OF[f]];
    for (unsigned f = first; f < FATES; f++)
        if (claimed[f] > true_fates[f])
            fail_msg("seed %u (fault %u, chaos %u): %u %s, but %u in truth", seed, d->fault,
                     d->chaos, (unsigned)claimed[f], verdict_name(VERDICT_OF[f]),
                     (unsigned)true_fates[f]);
}

static bool may_be_found(const struct drawing *d, const struct report_finding *finding)
{
    for (unsigned f = 1; f < FATES; f++)
        if (finding->verdict == VERDICT_OF[f])
            return true; /* counted by row */
    if (finding->verdict == VERDICT_PATH_SEQUENCE_REWRITTEN)
        return d->s->shift[CLIENT] != 0;
    if (finding->verdict == VERDICT_PATH_NAT)
        return d->nat;
    /* Where a SYN was not seen rewritten numbers and a proxy look alike, and the report says so. */
    if (finding->verdict == VERDICT_PATH_PROXY)
        return d->chaos && d->fault == BEGINS_LATE && d->s->shift[CLIENT] != 0 &&
               finding->confidence == CONFIDENCE_LIKELY;
    if (finding->verdict == VERDICT_SEGMENT_LOST)
        return d->loss > 0 ||
               (d->fault == DROPS_SILENTLY && finding->confidence == CONFIDENCE_LIKELY);
    if (finding->verdict == VERDICT_SEGMENT_DUPLICATED)
        return d->copies > 0;
    if (finding->verdict == VERDICT_SEGMENT_SPLIT)
        return d->splits > 0;
    if (finding->verdict == VERDICT_SEGMENT_COALESCED)
        return d->merges > 0;
    return verdict_weight(finding->verdict) == WEIGHT_GOOD ||
           verdict_is_inconclusive(finding->verdict);
}

static void check_findings(const struct drawing *d, const struct report *report, unsigned seed)
{
    uint64_t counts[VERDICTS] = {0};
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (!may_be_found(d, finding))
            fail_msg("seed %u (fault %u, chaos %u): %s: %s", seed, d->fault, d->chaos,
                     verdict_name(finding->verdict), finding->explain);
        counts[finding->verdict] += finding->count;
    }
    if (d->fault != FAULTLESS || d->chaos)
        return;
    if (counts[VERDICT_SEGMENT_SPLIT] != d->splits ||
        counts[VERDICT_SEGMENT_COALESCED] != d->merges ||
        counts[VERDICT_SEGMENT_DUPLICATED] != d->copies)
        fail_msg("seed %u: split %u/%u merged %u/%u copied %u/%u (found/true)", seed,
                 (unsigned)counts[VERDICT_SEGMENT_SPLIT], (unsigned)d->splits,
                 (unsigned)counts[VERDICT_SEGMENT_COALESCED], (unsigned)d->merges,
                 (unsigned)counts[VERDICT_SEGMENT_DUPLICATED], (unsigned)d->copies);
}

static void check_seed(unsigned seed)
{
    struct drawing *d = drawing_new(seed);
    unsigned flows = d->flow;
    const struct report *report = analyze_both(d->s);
    check_claims(d, report, seed);
    check_findings(d, report, seed);
    if (!d->chaos) {
        if (report->flows->len != flows)
            fail_msg("seed %u: %u flows, but %u in truth", seed, report->flows->len, flows);
        for (unsigned flow = 0; flow < flows; flow++)
            for (unsigned from = 0; from < 2; from++)
                for (unsigned option = 0; option < OPTIONS; option++)
                    for (unsigned class = 0; class < SEGMENT_CLASSES; class ++)
                        compare(d, report, seed, flow, from, option, class);
    }
    drawing_free(d);
}

struct seeds {
    unsigned first, last;
};

static void what_a_known_path_did_is_found_exactly(void **state)
{
    const struct seeds *seeds = *state;
    for (unsigned seed = seeds->first; seed <= seeds->last; seed++)
        check_seed(seed);
}

int main(int argc, char **argv)
{
    struct seeds seeds = {1, SEEDS};
    if (argc == 3)
        seeds = (struct seeds){(unsigned)atoi(argv[1]), (unsigned)atoi(argv[2])};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(what_a_known_path_did_is_found_exactly, &seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
