/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.c - see summary.h. */
#include "analyze/summary.h"

#include <string.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static void add_count(uint64_t *sum, uint64_t value)
{
    if (value == COUNT_UNKNOWN)
        return;
    *sum = *sum == COUNT_UNKNOWN ? value : *sum + value;
}

static void add_stages(uint64_t sums[STAGES], const struct report_option *row)
{
    add_count(&sums[STAGE_RESERVED], row->reserved);
    add_count(&sums[STAGE_WRITTEN], row->written);
    add_count(&sums[STAGE_SENT], row->sent);
    add_count(&sums[STAGE_ARRIVED], row->arrived);
    add_count(&sums[STAGE_PARSED], row->parsed);
    add_count(&sums[STAGE_APPLIED], row->applied);
}

static void no_stages(uint64_t sums[STAGES])
{
    for (int stage = 0; stage < STAGES; stage++)
        sums[stage] = COUNT_UNKNOWN;
}

/*
 * Looks an element up by the text of its key, or makes it and appends it to `list`. What is summed
 * here has few distinct keys, however many flows there are.
 */
static gpointer find_or_add(GHashTable *index, GPtrArray *list, char *key, size_t size, bool *fresh)
{
    gpointer element = g_hash_table_lookup(index, key);
    *fresh = element == NULL;
    if (element == NULL) {
        element = g_malloc0(size);
        g_ptr_array_add(list, element);
        g_hash_table_insert(index, key, element);
    } else {
        g_free(key);
    }
    return element;
}

/* A key of a few small numbers, -1 up to 250 each, and a name: quicker than printing them. */
static char *key_of(const char *name, int a, int b, int c, int d)
{
    const int numbers[] = {a, b, c, d};
    size_t length = strlen(name);
    char *key = g_malloc(G_N_ELEMENTS(numbers) + length + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++)
        key[i] = (char)(numbers[i] + 2); /* no NUL */
    memcpy(key + G_N_ELEMENTS(numbers), name, length + 1);
    return key;
}

static GHashTable *index_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* --- trails ------------------------------------------------------------------------------- */

static int compare_trails(gconstpointer a, gconstpointer b)
{
    const struct trail *left = *(const struct trail *const *)a;
    const struct trail *right = *(const struct trail *const *)b;
    int order = COMPARE(left->direction, right->direction);
    if (order == 0)
        order = strcmp(left->option, right->option);
    if (order == 0)
        order = COMPARE(left->segment, right->segment);
    if (order == 0)
        order = COMPARE(verdict_rank(right->verdict), verdict_rank(left->verdict));
    if (order == 0)
        order = COMPARE(right->confidence, left->confidence);
    return order;
}

GPtrArray *summary_trails(const struct report *report)
{
    GPtrArray *trails = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) index = index_new();
    g_autoptr(GHashTable) totals = index_new(); /* rows per direction, option and segment */
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        bool fresh;
        struct trail *trail = find_or_add(index, trails,
                                          key_of(row->option, row->direction, row->segment,
                                                 (int)row->verdict, (int)row->confidence),
                                          sizeof(*trail), &fresh);
        if (fresh) {
            trail->option = row->option;
            trail->direction = row->direction;
            trail->segment = row->segment;
            trail->verdict = row->verdict;
            trail->confidence = row->confidence;
            trail->first_flow = row->flow;
            no_stages(trail->stages);
        }
        trail->flows++;
        trail->first_flow = MIN(trail->first_flow, row->flow);
        add_stages(trail->stages, row);
        char *key = key_of(row->option, row->direction, row->segment, 0, 0);
        guint total = GPOINTER_TO_UINT(g_hash_table_lookup(totals, key));
        g_hash_table_insert(totals, key, GUINT_TO_POINTER(total + 1));
    }
    for (guint i = 0; i < trails->len; i++) {
        struct trail *trail = trails->pdata[i];
        g_autofree char *key = key_of(trail->option, trail->direction, trail->segment, 0, 0);
        trail->of_flows = GPOINTER_TO_UINT(g_hash_table_lookup(totals, key));
    }
    g_ptr_array_sort(trails, compare_trails);
    return trails;
}

/* --- fates -------------------------------------------------------------------------------- */

static int compare_fates(gconstpointer a, gconstpointer b)
{
    const struct fate *left = *(const struct fate *const *)a;
    const struct fate *right = *(const struct fate *const *)b;
    int order = COMPARE(verdict_weight(right->verdict), verdict_weight(left->verdict));
    if (order == 0)
        order = COMPARE(verdict_rank(right->verdict), verdict_rank(left->verdict));
    if (order == 0)
        order = COMPARE(left->direction, right->direction);
    if (order == 0)
        order = strcmp(left->option, right->option);
    return order;
}

/* A fate and the flows that it was counted in, so that each counts once. */
struct tally {
    struct fate *fate;
    unsigned last_with, last_of; /* ids: rows come in order of their flows */
};

GPtrArray *summary_fates(const struct report *report)
{
    GPtrArray *fates = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) index = index_new();
    g_autoptr(GHashTable) tallies = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        bool fresh;
        struct fate *fate = find_or_add(index, fates, key_of(row->option, row->direction, 0, 0, 0),
                                        sizeof(*fate), &fresh);
        if (fresh) {
            fate->option = row->option;
            fate->direction = row->direction;
            fate->verdict = VERDICT_NONE;
            no_stages(fate->stages);
            g_hash_table_insert(tallies, fate, g_new0(struct tally, 1));
        }
        struct tally *tally = g_hash_table_lookup(tallies, fate);
        if (tally->last_of != row->flow)
            fate->of_flows++;
        tally->last_of = row->flow;
        fate->lost += row->counts[VERDICT_SEGMENT_LOST];
        add_stages(fate->stages, row);

        if (fate->segments == 0 || verdict_rank(row->verdict) > verdict_rank(fate->verdict)) {
            fate->verdict = row->verdict;
            fate->confidence = row->confidence;
            fate->flows = fate->segments = 0;
            tally->last_with = 0;
        }
        if (row->verdict == fate->verdict) {
            if (tally->last_with != row->flow)
                fate->flows++;
            tally->last_with = row->flow;
            fate->segments |= SEGMENT_BIT(row->segment);
            fate->confidence = MAX(fate->confidence, row->confidence);
        }
    }
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        g_autofree char *key = key_of(row->option, row->direction, 0, 0, 0);
        struct fate *fate = g_hash_table_lookup(index, key);
        fate->count += row->counts[fate->verdict];
    }
    g_ptr_array_sort(fates, compare_fates);
    return fates;
}

/* --- discoveries -------------------------------------------------------------------------- */

GPtrArray *summary_discoveries(const struct report *report)
{
    /* Findings come worst first, and groups keep the order of their first. */
    GPtrArray *discoveries = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) index = index_new();
    g_autoptr(GHashTable) seen = index_new(); /* which flows a group has counted */
    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = report->findings->pdata[i];
        bool fresh;
        char *key = key_of(finding->option != NULL ? finding->option : "", (int)finding->verdict,
                           finding->direction, finding->segment, (int)finding->confidence);
        char *flow_key = key_of(key, (int)(finding->flow & 0x7f), (int)(finding->flow >> 7 & 0x7f),
                                (int)(finding->flow >> 14 & 0x7f), (int)(finding->flow >> 21));
        struct discovery *discovery =
            find_or_add(index, discoveries, key, sizeof(*discovery), &fresh);
        if (fresh)
            discovery->first = finding;
        discovery->count += finding->count;
        if (finding->flow != 0 && !g_hash_table_contains(seen, flow_key))
            discovery->flows++;
        g_hash_table_add(seen, flow_key);
    }
    return discoveries;
}

/* --- where the captures stand ------------------------------------------------------------- */

char summary_near_sender(const struct report *report, enum direction direction)
{
    char client_side = 0;
    for (guint i = 0; i < report->flows->len; i++) {
        const struct report_flow *flow = report->flows->pdata[i];
        if (flow->client_side == 0)
            continue;
        if (client_side != 0 && client_side != flow->client_side)
            return 0;
        client_side = flow->client_side;
    }
    if (client_side == 0 || direction == DIRECTION_FORWARD)
        return client_side;
    return client_side == 'a' ? 'b' : 'a';
}
